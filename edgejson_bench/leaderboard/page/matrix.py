"""Models by columns: JSONExact of each task as a heat map, and how often each kind of error occurs as small bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from xml.etree.ElementTree import Element

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import shortened, text_width
from edgejson_bench.leaderboard.page.svg import Chart, draw, element, label, titled
from edgejson_bench.leaderboard.palette import FIRST_DARK, HEAT
from edgejson_bench.leaderboard.plots import Column, Matrix, Shares

NAMES = 190.0
ROW = 22.0
HEAT_COLUMN, BAR_COLUMN = 30.0, 74.0

_Cell = Callable[[Shares, int, float, float], Iterator[Element]]
"""Draws the value of a row in a column, at a place."""


def heat_map(ident: str, plot: Matrix) -> Chart:
    """A cell for each model and task: whole percents, coloured by tenths."""

    def cell(row: Shares, index: int, x: float, y: float) -> Iterator[Element]:
        value = row.values[index]
        if value is None:
            yield label(cells.ABSENT, x + HEAT_COLUMN / 2, y + ROW / 2, "middle", "label muted")
            return
        step = round(10 * value)
        yield element("rect", x=x + 0.5, y=y + 0.5, width=HEAT_COLUMN - 1, height=ROW - 1, fill=HEAT[step])
        class_ = "on-dark" if step >= FIRST_DARK else "on-light"
        yield label(f"{100 * value:.0f}", x + HEAT_COLUMN / 2, y + ROW / 2, "middle", class_)

    description = "A line for each model, a column for each task; each cell is JSONExact in percent, darker is more."
    few = "Tasks have few examples each (the tooltip says how many): a row's details hold their intervals."
    return _chart(ident, plot, few, description, HEAT_COLUMN, cell)


def error_bars(ident: str, plot: Matrix) -> Chart:
    """A bar for each model and kind: how many answers have it, the stronger part those whose primary kind it is."""
    room = BAR_COLUMN - 36

    def cell(row: Shares, index: int, x: float, y: float) -> Iterator[Element]:
        value = row.values[index] or 0.0
        yield element("rect", x=x, y=y + 5, width=room, height=ROW - 10, class_="bar-room")
        if value:
            yield element("rect", x=x, y=y + 5, width=room * value, height=ROW - 10, class_="bar-any")
            yield element("rect", x=x, y=y + 5, width=room * row.within[index], height=ROW - 10, class_="bar-primary")
        shown = f"{100 * value:.0f}" if value == 0 or value >= 0.005 else "<1"
        yield label(shown, x + room + 4, y + ROW / 2, "start", "label" if value else "label muted")

    description = (
        "A line for each model, a column for each kind of error; each bar is the percentage of all answers that have "
        "the kind, its stronger part those in which it is the primary one."
    )
    return _chart(
        ident, plot, "The stronger part: those of which it is the primary kind.", description, BAR_COLUMN, cell
    )


def _chart(
    ident: str,
    plot: Matrix,
    hint: str,
    description: str,
    column_width: float,
    cell: _Cell,
) -> Chart:
    columns, rows = plot.columns, plot.rows
    steep = column_width < 50
    heads = max(text_width(shortened(column.name)) for column in columns) * (0.82 if steep else 0.5) + 16
    top = heads
    left = NAMES + 8
    width = left + column_width * len(columns) + (heads * 0.75 if steep else heads * 0.8)
    parts = list(_heads(columns, left, top, column_width, steep))
    bottom = top + ROW * len(rows)
    for number, row in enumerate(rows):
        y = top + ROW * number
        name = label(shortened(row.name, 28), NAMES, y + ROW / 2, "end", "label muted" if row.baseline else "label")
        drawn = [titled(row.name, name)]
        for index, column in enumerate(columns):
            value = row.values[index]
            told = cells.ABSENT if value is None else f"{cells.percent(value)} %"
            if row.within:
                told += f", primary {cells.percent(row.within[index])} %"
            told = f"{row.name}, {column.name}: {told}, n = {column.n}"
            drawn.append(titled(told, *cell(row, index, left + column_width * index, y)))
        parts.append(element("g", *drawn, class_="baseline" if row.baseline else "model"))
    drawing = draw(ident, plot.title, description, width, bottom + 6, parts)
    return Chart(plot.title, f"{plot.note} {hint}{plot.left_out}", drawing, True)


def _heads(columns: Sequence[Column], left: float, top: float, width: float, steep: bool) -> Iterator[Element]:
    for index, column in enumerate(columns):
        x = left + width * index + (width / 2 if steep else 6)
        turned = f"translate({x:.1f} {top - 8:.1f}) rotate({-55 if steep else -30})"
        name = label(shortened(column.name), 0, 0)
        yield element("g", titled(f"{column.name}, n = {column.n}", name), transform=turned)
