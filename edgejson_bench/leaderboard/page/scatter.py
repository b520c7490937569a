"""Accuracy against something that costs, on a logarithmic axis, with the Pareto front."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.page.svg import (
    Box,
    Chart,
    draw,
    element,
    label,
    line,
    log_ticks,
    mark,
    place,
    shortened,
    text_width,
    titled,
)
from edgejson_bench.leaderboard.table import Estimate

MAX_POINTS = 40
"""More would hide each other."""
MAX_LABELS = 18
"""The tooltip names the rest."""

WIDTH, HEIGHT = 620.0, 380.0
FRAME = Box(52, 16, WIDTH - 16, HEIGHT - 46)


@dataclass(frozen=True)
class Point:
    """One model in the chart."""

    name: str
    x: float
    """What it costs; positive."""
    exact: Estimate
    """JSONExact."""


@dataclass(frozen=True)
class Level:
    """A height without a place on the axis: rules have no parameters."""

    name: str
    exact: Estimate


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats: none costs as little or less and is right more often. By rising cost."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, -point.exact.value, point.name)):
        if not found or point.exact.value > found[-1].exact.value:
            found.append(point)
    return found


def scatter(
    ident: str,
    title: str,
    x_name: str,
    spell: Callable[[float], str],
    points: Sequence[Point],
    levels: Sequence[Level] = (),
) -> Chart:
    """The chart of ``points``, best first; at least one.

    Of many, the Pareto front is drawn and the best of the others; the note says how many that are.
    """
    best = front(points)
    kept = sorted(best, key=lambda point: -point.exact.value)[:MAX_POINTS]
    kept += [point for point in points if point not in best][: MAX_POINTS - len(kept)]
    axes = _Axes([point.x for point in kept], [*(one.exact.high for one in kept), *(one.exact.high for one in levels)])
    across, taken = _levels(axes, levels)
    parts = [*axes.drawn(x_name, spell), *across, _front(axes, best)]
    taken += [axes.box(point) for point in kept] + _steps(axes, best)
    labels: list[Element] = []
    for point in kept:
        text = shortened(point.name)
        told = f"{point.name}: JSONExact {_interval(point.exact)} %, n = {point.exact.n}; {x_name} {spell(point.x)}"
        parts.append(titled(told, *_drawn(axes, point, point in best)))
        if len(labels) < MAX_LABELS and (found := place(text, *axes.at(point), taken, FRAME)):
            labels.append(found[0])
            taken.append(found[1])
    names = ", ".join(point.name for point in best[:10]) + (" and others" if len(best) > 10 else "")
    drawn = "" if len(kept) == len(points) else f" Drawn: {len(kept)} of {len(points)}, the front and the best others."
    unnamed = "" if len(labels) == len(kept) else " A mark without a name has it as its tooltip."
    note = f"Filled marks are the Pareto front: nothing smaller is right more often. Whiskers: 95 %.{drawn}{unnamed}"
    if x_name.startswith("p50"):
        note = note.replace("nothing smaller", "nothing faster")
    description = f"{x_name} on a logarithmic axis against JSONExact in percent. On the Pareto front: {names}."
    return Chart(title, note, draw(ident, title, description, WIDTH, HEIGHT, [*parts, *labels]))


class _Axes:
    """From numbers to places in the frame."""

    def __init__(self, xs: Sequence[float], highs: Sequence[float]) -> None:
        low, high = min(xs), max(xs)
        # room at both sides for the marks; at least a factor of four is shown
        spread = max(1.25, math.sqrt(4 / (high / low)) if high / low < 4 else 1.25)
        self.low, self.high = low / spread, high * spread
        self.top = max(0.1, math.ceil(10 * max(highs) - 1e-9) / 10)

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

    def drawn(self, x_name: str, spell: Callable[[float], str]) -> list[Element]:
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
                label(spell(tick), x, FRAME.bottom + 13, "middle"),
            ]
        parts.append(line(FRAME.left, FRAME.bottom, FRAME.right, FRAME.bottom, "axis"))
        parts.append(label(f"{x_name} (log scale)", (FRAME.left + FRAME.right) / 2, HEIGHT - 9, "middle", "axis-name"))
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


def _steps(axes: _Axes, best: Sequence[Point]) -> list[Box]:
    """What the front's line occupies, so that no name is struck through."""
    places = [axes.at(point) for point in best]
    ends = [*places[1:], (FRAME.right, places[-1][1])]
    across = [Box(x, y - 1, end, y + 1) for (x, y), (end, _) in zip(places, ends, strict=True)]
    return across + [Box(end - 1, top, end + 1, y) for (_, y), (end, top) in zip(places, ends, strict=True)]


def _levels(axes: _Axes, levels: Sequence[Level]) -> tuple[list[Element], list[Box]]:
    """Dashed lines across with their names at the right where there is room, and what they occupy."""
    parts: list[Element] = []
    taken: list[Box] = []
    for level in sorted(levels, key=lambda level: (-level.exact.value, level.name)):
        y = axes.y(level.exact.value)
        text = f"{shortened(level.name)}: {cells.percent(level.exact.value)}"
        left = FRAME.right - 4 - text_width(text)
        boxes = (Box(left, y + shift - 6, FRAME.right - 4, y + shift + 6) for shift in (8, -8, 21, -21, 34, -34))
        free = [box for box in boxes if box.bottom < FRAME.bottom and not any(box.overlaps(one) for one in taken)]
        drawn = [line(FRAME.left, y, FRAME.right, y, "level")]
        drawn += [label(text, box.right, (box.top + box.bottom) / 2, "end", "label halo muted") for box in free[:1]]
        taken += [Box(FRAME.left, y - 1, FRAME.right, y + 1), *free[:1]]
        told = f"{level.name} (no model): JSONExact {_interval(level.exact)} %, n = {level.exact.n}"
        parts.append(titled(told, *drawn, class_="item baseline"))
    return parts, taken


def _interval(exact: Estimate) -> str:
    return cells.percent_interval(exact.value, exact.low, exact.high)
