"""Dots with 95 % whiskers, a row of them for each model: tiers, and the layout gap."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from edgejson_bench.leaderboard.labels import shortened, text_width
from edgejson_bench.leaderboard.page.svg import Chart, draw, label, line, mark, titled
from edgejson_bench.leaderboard.plots import Whiskers

WIDTH = 620.0
NAMES = 190.0
"""Width of the column of names."""
NUMBERS = 118.0
"""Width of the column of numbers."""
LINE = 14.0
"""Height of one dot's line."""
BETWEEN = 9.0
"""Room between models."""


def whiskers(ident: str, plot: Whiskers) -> Chart:
    """The chart: fractions as percent from 0 to 100, or percentage points around 0."""
    series, entries, signed = plot.series, plot.entries, plot.signed
    several = len(series) > 1
    top = 42.0 if several else 24.0
    height_of_one = LINE * len(series) + BETWEEN
    bottom = top + height_of_one * len(entries)
    left, right = NAMES + 10, WIDTH - NUMBERS - 10
    low, high = plot.range

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts: list[Element] = []
    for tick in plot.ticks:
        parts += [
            line(x(tick), top - 6, x(tick), bottom, "zero" if signed and abs(tick) < 1e-9 else "grid"),
            label(
                f"{100 * tick:+.0f}" if signed and abs(tick) > 1e-9 else f"{100 * tick:.0f}",
                x(tick),
                top - 14,
                "middle",
            ),
        ]
    if several:
        parts += _legend(series, left)
    for number, entry in enumerate(entries):
        y = top + number * height_of_one
        middle = y + LINE * len(series) / 2
        drawn = [label(shortened(entry.name, 28), NAMES, middle, "end", "label muted" if entry.baseline else "label")]
        told = []
        for which, value in enumerate(entry.values):
            if value is None:
                continue
            at = y + LINE * (which + 0.5)
            drawn += [
                line(x(value.low), at, x(value.high), at, f"whisker series-{which % 4}"),
                mark(which, x(value.value), at, f"series-{which % 4}", 4),
                label(plot.spelled(value), WIDTH - 4, at, "end", "label small"),
            ]
            told.append(f"{series[which]} {plot.spelled(value)}, n = {value.n}")
        extra = " (no model)" if entry.baseline else ""
        parts.append(
            titled(f"{entry.name}{extra}: {'; '.join(told)}", *drawn, class_="item baseline" if extra else "item")
        )
    unit = "percentage points" if signed else "percent"
    names = ", ".join(series)
    description = f"A line for each of {len(entries)} models; dots with 95 % intervals, in {unit}: {names}."
    return Chart(plot.title, plot.note, draw(ident, plot.title, description, WIDTH, bottom + 6, parts))


def _legend(series: Sequence[str], left: float) -> list[Element]:
    parts: list[Element] = []
    at = left
    for which, name in enumerate(series):
        text = shortened(name, 24)
        parts += [mark(which, at + 4, 9, f"series-{which % 4}", 4), label(text, at + 13, 9)]
        at += 34 + text_width(text)
    return parts
