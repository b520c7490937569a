"""The charts of a board as SVG for the page. What they show is decided in :mod:`edgejson_bench.leaderboard.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgejson_bench.leaderboard import plots
from edgejson_bench.leaderboard.page.matrix import error_bars, heat_map
from edgejson_bench.leaderboard.page.scatter import scatter
from edgejson_bench.leaderboard.page.svg import Chart
from edgejson_bench.leaderboard.page.whiskers import whiskers
from edgejson_bench.leaderboard.table import Board, Gap, StyleTable
from edgejson_bench.records import JsonObject


def style_charts(ident: str, style: StyleTable, records: Mapping[str, JsonObject]) -> list[Chart]:
    """The charts of one style. ``ident`` begins their ids; ``records`` are the submissions' contents by folder.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    return [_chart(f"{ident}-{plot.key}", plot) for plot in plots.of_style(style, records, plots.PAGE)]


def gap_chart(ident: str, gaps: Sequence[Gap]) -> Chart:
    """The layout gap; ``gaps`` are not empty."""
    return _chart(f"{ident}-gap", plots.of_gaps(gaps, plots.PAGE))


def board_ident(board: Board) -> str:
    """What the ids of a board begin with: unique on the page, letters and digits alone."""
    return f"b{board.fingerprint[:16]}-{''.join(f'{ord(c):x}' for c in board.protocol)}"


def _chart(ident: str, plot: plots.Plot) -> Chart:
    if isinstance(plot, plots.Scatter):
        return scatter(ident, plot)
    if isinstance(plot, plots.Whiskers):
        return whiskers(ident, plot)
    return heat_map(ident, plot) if plot.key == "tasks" else error_bars(ident, plot)
