"""Boards for a terminal of 100 columns. Submitted text is shown, never obeyed."""

from __future__ import annotations

from rich.table import Table as TerminalTable
from rich.text import Text

from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.table import Board


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
        for row in style.rows:
            exact = row.json_exact
            table.add_row(
                cells.ABSENT if row.rank is None else str(row.rank),
                Text(printable(row.model) + (" (no model)" if row.baseline else "")),
                cells.percent_interval(exact.value, exact.low, exact.high),
                *(cells.percent(row.tiers[tier].value) if tier in row.tiers else cells.ABSENT for tier in tiers),
                f"{row.field_f1.value:.3f}",
                cells.percent(row.compliance.value),
                f"{row.cut}/{row.unparsed}",
                cells.seconds(row.p50_seconds),
                cells.rate(row.decode_tokens_per_second),
            )
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
    for gap in board.gaps:
        exact, fields = gap.json_exact, gap.field_f1
        table.add_row(
            Text(printable(gap.model) + (" (no model)" if gap.baseline else "")),
            str(exact.n),
            cells.points_interval(exact.value, exact.low, exact.high),
            cells.p_value(gap.p_value),
            f"{gap.only_form}/{gap.only_prose}",
            cells.difference_interval(fields.value, fields.low, fields.high),
        )
    return table
