"""Charts drawn by matplotlib for one column of a paper: 84 mm wide, no text below 6 points, colours that the common
kinds of colour blindness keep apart, and marks that differ in shape. What is shown is decided in :mod:`.plots`.
"""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
import textwrap
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from fontTools.ttLib import TTFont
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import Box, log_ticks, place, place_on_line, shortened, steps
from edgejson_bench.leaderboard.palette import ERROR_HEAT, FIRST_DARK, HEAT, SERIES
from edgejson_bench.leaderboard.plots import Matrix, Plot, Point, Scatter, Shares, Whiskers

WIDTH = 3.3
"""Inches: a column of the usual two-column papers, or less."""
TEXT, SMALL, TITLE = 6.5, 6.0, 7.0
"""Points."""
EDGE = 0.04
"""Inches that stay free all around."""
INK, MUTED, GRID, ACCENT = "#1b1f24", "#57606a", "#dde1e6", "#0b57a4"
MARKS = ("o", "s", "^", "D")

UNIT = 1.1 * SMALL / 11 / 72
"""Inches of a unit of :mod:`.labels`, in which text is 11 high: a tenth more than that, because DejaVu is wide."""
MAX_LABELS = 14
MAX_NAME = 22
"""Characters of a name at the edge of a chart."""


def figure(plot: Plot) -> Figure:
    """The drawing of ``plot``."""
    if isinstance(plot, Scatter):
        return _scatter(plot)
    if isinstance(plot, Whiskers):
        return _whiskers(plot)
    return _matrix(plot)


class _Sheet:
    """A white sheet; places are inches from its upper left corner."""

    def __init__(self, height: float, title: str) -> None:
        self.figure = Figure(figsize=(WIDTH, height), facecolor="white")
        self._axes = self.figure.add_axes((0, 0, 1, 1))
        self._axes.set(xlim=(0, WIDTH), ylim=(height, 0))
        self._axes.set_axis_off()
        self.text(shortened(title, 60), EDGE, 0.1, size=TITLE)

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float = SMALL,
        color: str = INK,
        anchor: str = "left",
        rotation: float = 0,
    ) -> None:
        """A line of text around the height ``y``; ``anchor`` (left, center, right) is what of it is at ``x``."""
        self._axes.text(
            x,
            y,
            _drawable(text),
            fontproperties=FontProperties(fname=_font(), size=size),
            color=color,
            ha=anchor,
            va="center_baseline",
            rotation=rotation,
            rotation_mode="anchor",
        )

    def line(self, xs: Sequence[float], ys: Sequence[float], color: str, width: float, style: str = "-") -> None:
        """A line through the places; ``width`` in points."""
        self._axes.plot(xs, ys, color=color, linewidth=width, linestyle=style, solid_capstyle="butt")

    def lines(self, ends: Sequence[tuple[tuple[float, float], tuple[float, float]]], color: str, width: float) -> None:
        """Lines between two places each; ``width`` in points. Many at once cost little more than one."""
        self._axes.add_collection(LineCollection(ends, colors=color, linewidths=width), autolim=False)

    def marks(self, places: Sequence[tuple[float, float]], shape: str, fill: str, edge: str, size: float) -> None:
        """Marks, the last on top; ``size`` in points. Many at once cost little more than one."""
        self._axes.plot(
            [x for x, _ in places],
            [y for _, y in places],
            linestyle="none",
            marker=shape,
            markersize=size,
            markerfacecolor=fill,
            markeredgecolor=edge,
            markeredgewidth=0.6,
        )

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self._axes.add_patch(Rectangle((x, y), width, height, facecolor=fill, edgecolor="white", linewidth=0.4))


def _scatter(plot: Scatter) -> Figure:
    machine = textwrap.wrap(plot.machine, 72)[:2] if plot.machine else []
    top = 0.28 + 0.11 * len(machine)
    height = top + 2.3
    sheet = _Sheet(height, plot.title)
    for number, text in enumerate(machine):
        sheet.text(text, EDGE, 0.23 + 0.11 * number, color=MUTED)
    left, right, bottom = 0.36, WIDTH - EDGE, height - 0.36
    low, high = plot.x_range

    def x(value: float) -> float:
        return left + math.log(value / low) / math.log(high / low) * (right - left)

    def y(value: float) -> float:
        return bottom - min(value / plot.top, 1) * (bottom - top)

    tenths = round(10 * plot.top)
    for tenth in range(0, tenths + 1, 1 if tenths <= 5 else 2):
        sheet.line([left, right], [y(tenth / 10)] * 2, GRID if tenth else MUTED, 0.5)
        sheet.text(f"{10 * tenth}", left - 0.04, y(tenth / 10), anchor="right")
    for tick in log_ticks(low, high):
        sheet.line([x(tick)] * 2, [bottom, bottom + 0.03], MUTED, 0.5)
        sheet.text(plot.spell(tick), x(tick), bottom + 0.1, anchor="center")
    sheet.text(f"{plot.x_name} (log scale)", (left + right) / 2, bottom + 0.26, color=MUTED, anchor="center")
    sheet.text("JSONExact %", 0.08, (top + bottom) / 2, color=MUTED, anchor="center", rotation=90)

    frame = Box(left / UNIT, top / UNIT, right / UNIT, bottom / UNIT)
    taken: list[Box] = []
    for point in plot.points:
        across, down = x(point.x) / UNIT, y(point.exact.value) / UNIT
        taken.append(Box(across - 5, down - 5, across + 5, down + 5))
    for level in sorted(plot.levels, key=lambda level: (-level.exact.value, level.name)):
        at = y(level.exact.value)
        sheet.line([left, right], [at, at], MUTED, 0.6, (0, (4, 3)))  # type: ignore[arg-type]
        text = f"{shortened(level.name, MAX_NAME)}: {cells.percent(level.exact.value)}"
        if box := place_on_line(text, at / UNIT, taken, frame):
            sheet.text(text, box.right * UNIT, (box.top + box.bottom) / 2 * UNIT, color=MUTED, anchor="right")
            taken.append(box)
        taken.append(Box(frame.left, at / UNIT - 1, frame.right, at / UNIT + 1))

    places = [(x(point.x), y(point.exact.value)) for point in plot.front]
    xs = [places[0][0], *(each for place in places[1:] for each in (place[0], place[0])), right]
    ys = [each for place in places for each in (place[1], place[1])]
    sheet.line(xs, ys, ACCENT, 0.8)
    taken += steps([(across / UNIT, down / UNIT) for across, down in places], frame)
    bars = [((x(point.x), y(point.exact.low)), (x(point.x), y(point.exact.high))) for point in plot.points]
    sheet.lines(bars, "#9aa1a9", 0.7)
    for best, fill, edge in ((False, "white", MUTED), (True, ACCENT, "white")):  # the best on top
        drawn = [(x(one.x), y(one.exact.value)) for one in reversed(plot.points) if (one in plot.front) == best]
        sheet.marks(drawn, "o", fill, edge, 4.2)
    _name_points(sheet, plot.points, x, y, taken, frame)
    return sheet.figure


def _name_points(sheet: _Sheet, points: Sequence[Point], x: Any, y: Any, taken: list[Box], frame: Box) -> None:
    """The names of the first points, where there is room."""
    named = 0
    for point in points:
        text = shortened(point.name, MAX_NAME)
        found = place(text, x(point.x) / UNIT, y(point.exact.value) / UNIT, taken, frame)
        if found and named < MAX_LABELS:
            anchor = {"start": "left", "middle": "center", "end": "right"}[found.anchor]
            sheet.text(text, found.x * UNIT, found.y * UNIT, anchor=anchor)
            taken.append(found.box)
            named += 1


def _whiskers(plot: Whiskers) -> Figure:
    several = len(plot.series) > 1
    one, between = 0.115, 0.07
    top = 0.5 if several else 0.36
    height_of_one = one * len(plot.series) + between
    bottom = top + height_of_one * len(plot.entries)
    sheet = _Sheet(bottom + EDGE, plot.title)
    told = [plot.spelled(value) for entry in plot.entries for value in entry.values if value is not None]
    left, right = 1.17, WIDTH - EDGE - 0.12 - _width(max(told, key=len, default=""))
    low, high = plot.range

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    for tick in plot.ticks:
        zero = plot.signed and abs(tick) < 1e-9
        sheet.line([x(tick)] * 2, [top - 0.03, bottom], MUTED if zero else GRID, 0.5)
        sign = "+" if plot.signed and not zero else ""
        sheet.text(f"{100 * tick:{sign}.0f}", x(tick), top - 0.09, anchor="center", color=MUTED)
    if several:
        at = EDGE + 0.03
        for number, name in enumerate(plot.series):
            text = shortened(name, 24)
            sheet.marks([(at, 0.25)], MARKS[number % 4], SERIES[number % 4], "white", 4.5)
            sheet.text(text, at + 0.07, 0.25)
            at += 0.2 + _width(text)
    for row, entry in enumerate(plot.entries):
        y = top + row * height_of_one + between / 2
        name = shortened(entry.name, MAX_NAME)
        middle = y + one * len(plot.series) / 2
        sheet.text(name, left - 0.08, middle, anchor="right", color=MUTED if entry.baseline else INK)
        for number, value in enumerate(entry.values):
            if value is None:
                continue
            at, color = y + one * (number + 0.5), SERIES[number % 4]
            sheet.line([x(value.low), x(value.high)], [at, at], color, 1.1)
            sheet.marks([(x(value.value), at)], MARKS[number % 4], color, "white", 4.2)
            sheet.text(plot.spelled(value), WIDTH - EDGE, at, anchor="right")
    return sheet.figure


def _matrix(plot: Matrix) -> Figure:
    """Models side by side, tasks or kinds of error below each other: papers have more height than width."""
    errors = plot.key == "errors"
    row = 0.22 if errors else 0.135
    left = min(1.2, 0.1 + max(_width(column.name) for column in plot.columns))
    names = [shortened(model.name, MAX_NAME) for model in plot.rows]
    slope = math.radians(50)
    room = WIDTH - EDGE - left
    column = min(  # no name may run over the edge
        0.36, *((room - math.cos(slope) * _width(name)) / (number + 0.5) for number, name in enumerate(names))
    )
    top = 0.38 + math.sin(slope) * max(map(_width, names))
    bottom = top + row * len(plot.columns)
    sheet = _Sheet(bottom + EDGE, plot.title)
    below = (
        "percent of all answers (those of which it is the primary kind)" if errors else "percent of a task's examples"
    )
    sheet.text(below, EDGE, 0.23, color=MUTED)
    for number, (name, model) in enumerate(zip(names, plot.rows, strict=True)):
        x = left + column * (number + 0.5)
        sheet.text(name, x, top - 0.06, rotation=50, color=MUTED if model.baseline else INK)
    for place_, each in enumerate(plot.columns):
        y = top + row * place_
        sheet.text(f"{shortened(each.name, MAX_NAME + 2)}", left - 0.06, y + row / 2, anchor="right")
        for number, model in enumerate(plot.rows):
            _cell(sheet, model, place_, Box(left + column * number, y, left + column * (number + 1), y + row), errors)
    return sheet.figure


def _cell(sheet: _Sheet, model: Shares, place_: int, box: Box, errors: bool) -> None:
    value = model.values[place_]
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    if value is None:
        sheet.text(cells.ABSENT, x, y, color=MUTED, anchor="center")
        return
    step = round(10 * value)
    sheet.box(box.left, box.top, box.right - box.left, box.bottom - box.top, (ERROR_HEAT if errors else HEAT)[step])
    color = "#ffffff" if step >= FIRST_DARK else "#000000"
    if not errors:
        sheet.text(f"{100 * value:.0f}", x, y, color=color, anchor="center")
        return
    sheet.text(_percent(value), x, y - 0.045, color=color, anchor="center")
    sheet.text(f"({_percent(model.within[place_])})", x, y + 0.055, color=color, anchor="center")


def _width(text: str) -> float:
    """About how wide small text is, in inches; digits of DejaVu take 0.64 of its size, letters a little less."""
    return len(text) * 0.63 * SMALL / 72


def _percent(share: float) -> str:
    """Whole percents; what is there is not called none."""
    return f"{100 * share:.0f}" if share == 0 or share >= 0.005 else "<1"


@cache
def _font() -> Path:
    """The font that matplotlib brings (one of the same name on the machine may be another version) without its rules
    for scripts that join letters: cutting a PDF's fonts out of those takes longer than all the rest of drawing."""
    whole = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    folder = Path(tempfile.mkdtemp(prefix="edgejson-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with TTFont(whole, recalcTimestamp=False) as font:
        for rules in {"GDEF", "GPOS", "GSUB"}.intersection(font.keys()):
            del font[rules]
        font.save(folder / whole.name)
    return folder / whole.name


@cache
def _characters() -> frozenset[int]:
    return frozenset(FT2Font(str(_font())).get_charmap())


def _drawable(text: str) -> str:
    """``text`` with a square for each character that the font has not, which matplotlib would warn of."""
    return "".join(character if ord(character) in _characters() else "\u25a1" for character in text)
