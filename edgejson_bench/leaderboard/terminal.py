"""Boards for a terminal of 100 columns. Submitted text is shown, never obeyed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.table import Table as TerminalTable
from rich.text import Text

from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.table import Board

MAX_ROWS = 50
"""Of a table, about what anyone scrolls back to; the written files have all."""


def terminal_table(board: Board) -> TerminalTable:
    """The rows of a board; parameters, sizes and intervals of tiers are for :mod:`.markdown`, which has the room."""
    table = TerminalTable(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    table.title = Text(printable(board.title), style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    tiers = list(dict.fromkeys(tier for style in board.styles for tier in style.tiers))
    for title in ("JSONExact %", *tiers, "F1", "compl.", "cut/unp", "p50 s", "tok/s"):
        table.add_column(Text(title), justify="right", no_wrap=True)
    for style in board.styles:
        if len(board.styles) > 1:  # a row, not a column: the names of models need the room
            table.add_row("", Text(printable(style.style), style="bold"))
        for row in style.rows[:MAX_ROWS]:
            exact = row.json_exact
            table.add_row(
                cells.ABSENT if row.rank is None else str(row.rank),
                _Name.of(row.model, baseline=row.baseline),
                cells.percent_interval(exact.value, exact.low, exact.high),
                *(cells.percent(row.tiers[tier].value) if tier in row.tiers else cells.ABSENT for tier in tiers),
                f"{row.field_f1.value:.3f}",
                cells.percent(row.compliance.value),
                f"{row.cut}/{row.unparsed}",
                cells.seconds(row.p50_seconds),
                cells.rate(row.decode_tokens_per_second),
            )
        _tell_rest(table, len(style.rows), column=1)
        table.add_section()
    return table


def gap_table(board: Board) -> TerminalTable | None:
    """The layout gaps of a board; None where no submission ran both styles."""
    if not board.gaps:
        return None
    table = TerminalTable(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    table.title = Text("Layout gap: form minus prose on the same golds", style="bold")
    table.add_column("model", overflow="fold")
    for title in ("n", "JSONExact points", "p", "only form/prose", "F1"):
        table.add_column(title, justify="right", no_wrap=True)
    for gap in board.gaps[:MAX_ROWS]:
        exact, fields = gap.json_exact, gap.field_f1
        table.add_row(
            _Name.of(gap.model, baseline=gap.baseline),
            str(exact.n),
            cells.points_interval(exact.value, exact.low, exact.high),
            cells.p_value(gap.p_value),
            f"{gap.only_form}/{gap.only_prose}",
            cells.difference_interval(fields.value, fields.low, fields.high),
        )
    _tell_rest(table, len(board.gaps), column=0)
    return table


def _tell_rest(table: TerminalTable, rows: int, column: int) -> None:
    if rows > MAX_ROWS:
        table.add_row(*[""] * column, Text(f"and {rows - MAX_ROWS:,} more, in LEADERBOARD.md", style="dim"))


@dataclass(frozen=True)
class _Name:
    """A model's name, which breaks behind a hyphen where it has no space: rich would break it at any letter."""

    text: str

    @classmethod
    def of(cls, model: str, *, baseline: bool) -> _Name:
        return cls(printable(model) + (" (no model)" if baseline else ""))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        parts = textwrap.wrap(self.text, width=1, break_long_words=False) or [""]
        return Measurement(max(map(cell_len, parts)), cell_len(self.text)).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for line in textwrap.wrap(self.text, width=options.max_width) or [""]:
            yield Text(line, overflow="fold")
