"""Accuracy against something that costs, on a logarithmic axis, with the Pareto front."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import Box, log_ticks, place, place_on_line, shortened, steps
from edgejson_bench.leaderboard.page.svg import Chart, draw, element, label, line, mark, titled
from edgejson_bench.leaderboard.plots import Level, Point, Scatter
from edgejson_bench.leaderboard.table import Estimate

MAX_LABELS = 18
"""The tooltip names the rest."""

WIDTH, HEIGHT = 620.0, 380.0
FRAME = Box(52, 16, WIDTH - 16, HEIGHT - 46)


def scatter(ident: str, plot: Scatter) -> Chart:
    """The chart; a mark for whose name there is no room has it as its tooltip."""
    axes = _Axes(plot)
    taken = [axes.box(point) for point in plot.points]
    across = _levels(axes, plot.levels, taken)
    parts = [*axes.drawn(), *across, _front(axes, plot.front)]
    taken += steps([axes.at(point) for point in plot.front], FRAME)
    labels: list[Element] = []
    for point in plot.points:
        text = shortened(point.name)
        cost = f"{plot.x_name} {plot.spell(point.x)}"
        told = f"{point.name}: JSONExact {_interval(point.exact)} %, n = {point.exact.n}; {cost}"
        parts.append(titled(told, *_drawn(axes, point, point in plot.front)))
        if len(labels) < MAX_LABELS and (found := place(text, *axes.at(point), taken, FRAME)):
            labels.append(label(text, found.x, found.y, found.anchor, "label halo"))
            taken.append(found.box)
    best = plot.front
    names = ", ".join(point.name for point in best[:10]) + (" and others" if len(best) > 10 else "")
    unnamed = "" if len(labels) == len(plot.points) else " A mark without a name has it as its tooltip."
    description = f"{plot.x_name} on a logarithmic axis against JSONExact in percent. On the Pareto front: {names}."
    drawing = draw(ident, plot.title, description, WIDTH, HEIGHT, [*parts, *labels])
    return Chart(plot.title, plot.note + unnamed, drawing)


class _Axes:
    """From numbers to places in the frame."""

    def __init__(self, plot: Scatter) -> None:
        self.plot = plot
        self.low, self.high = plot.x_range
        self.top = plot.top

    def at(self, point: Point) -> tuple[float, float]:
        return self.x(point.x), self.y(point.exact.value)

    def x(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return FRAME.left + share * (FRAME.right - FRAME.left)

    def y(self, value: float) -> float:
        return FRAME.bottom - min(value / self.top, 1) * (FRAME.bottom - FRAME.top)

    def box(self, point: Point) -> Box:
        x, y = self.at(point)
        return Box(x - 5, y - 5, x + 5, y + 5)

    def drawn(self) -> list[Element]:
        parts: list[Element] = []
        tenths = round(10 * self.top)
        step = 1 if tenths <= 5 else 2
        for tenth in range(0, tenths + 1, step):
            y = self.y(tenth / 10)
            parts += [line(FRAME.left, y, FRAME.right, y, "grid"), label(f"{10 * tenth}", FRAME.left - 7, y, "end")]
        for tick in log_ticks(self.low, self.high):
            x = self.x(tick)
            parts += [
                line(x, FRAME.bottom, x, FRAME.bottom + 4, "axis"),
                label(self.plot.spell(tick), x, FRAME.bottom + 13, "middle"),
            ]
        parts.append(line(FRAME.left, FRAME.bottom, FRAME.right, FRAME.bottom, "axis"))
        parts.append(
            label(f"{self.plot.x_name} (log scale)", (FRAME.left + FRAME.right) / 2, HEIGHT - 9, "middle", "axis-name")
        )
        middle = (FRAME.top + FRAME.bottom) / 2
        name = label("JSONExact %", 0, 0, "middle", "axis-name")
        parts.append(element("g", name, transform=f"translate(12 {middle:.1f}) rotate(-90)"))
        return parts


def _drawn(axes: _Axes, point: Point, on_front: bool) -> list[Element]:
    x, y = axes.at(point)
    whisker = line(x, axes.y(point.exact.low), x, axes.y(point.exact.high), "whisker faint")
    return [whisker, mark(0, x, y, "front" if on_front else "behind", 4.5)]


def _front(axes: _Axes, best: Sequence[Point]) -> Element:
    """The steps between what is and is not reached."""
    places = [axes.at(point) for point in best]
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in places[1:])
    return element("path", d=f"{path}H{FRAME.right:.1f}", class_="front-line")


def _levels(axes: _Axes, levels: Sequence[Level], taken: list[Box]) -> list[Element]:
    """Dashed lines across with their names at the right where there is room; what they occupy joins ``taken``."""
    parts: list[Element] = []
    for level in sorted(levels, key=lambda level: (-level.exact.value, level.name)):
        y = axes.y(level.exact.value)
        text = f"{shortened(level.name)}: {cells.percent(level.exact.value)}"
        drawn, box = [line(FRAME.left, y, FRAME.right, y, "level")], place_on_line(text, y, taken, FRAME)
        if box is not None:
            drawn.append(label(text, box.right, (box.top + box.bottom) / 2, "end", "label halo muted"))
            taken.append(box)
        taken.append(Box(FRAME.left, y - 1, FRAME.right, y + 1))
        told = f"{level.name} (no model): JSONExact {_interval(level.exact)} %, n = {level.exact.n}"
        parts.append(titled(told, *drawn, class_="item baseline"))
    return parts


def _interval(exact: Estimate) -> str:
    return cells.percent_interval(exact.value, exact.low, exact.high)
