"""What charts show, on the page and as figures alike: which rows, which numbers, over which axes. Draws nothing.

The best rows are shown, and how many that are is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import one_line
from edgejson_bench.leaderboard.table import Board, Estimate, Gap, Row, StyleTable
from edgejson_bench.records import JsonObject
from edgejson_bench.scoring.taxonomy import KINDS

MAX_POINTS = 40
"""More would hide each other."""
MAX_MACHINES = 4
"""Latency charts of a style: those of the machines with the most models."""
MAX_LEVELS = 3
"""Baselines drawn as lines."""


@dataclass(frozen=True)
class Limits:
    """Rows of each kind of chart: about a screen each, or a column of paper."""

    tiers: int
    tasks: int
    errors: int
    gaps: int


PAGE = Limits(tiers=15, tasks=30, errors=20, gaps=25)


@dataclass(frozen=True)
class Point:
    """One model in a scatter."""

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


@dataclass(frozen=True)
class Scatter:
    """Accuracy against something that costs, on a logarithmic axis."""

    key: str
    """Of this chart among those of its style: letters and digits."""
    title: str
    machine: str | None
    """Whose times these are, on one line; None where ``x`` is no time."""
    x_name: str
    spell: Callable[[float], str]
    """Names a place on the axis."""
    cheaper: str
    """What a model of smaller ``x`` is called."""
    points: tuple[Point, ...]
    """Those that are drawn: the best of the front, then the best of the others."""
    front: tuple[Point, ...]
    """By rising cost."""
    levels: tuple[Level, ...]
    there: int
    """Points before the choice."""
    more_machines: int = 0
    """Machines that have no chart; told at the first."""

    @property
    def note(self) -> str:
        """How to read it, and of how many models it is."""
        drawn = len(self.points)
        of = "" if drawn == self.there else f" Drawn: {drawn} of {self.there:,}, the front and the best others."
        more = f" {self.more_machines} machines with fewer models are not drawn." if self.more_machines else ""
        front = f"Filled marks are the Pareto front: nothing {self.cheaper} is right more often. Whiskers: 95 %."
        return f"{f'On {self.machine}. ' if self.machine else ''}{front}{of}{more}"

    @property
    def x_range(self) -> tuple[float, float]:
        """Ends of the axis: room at both sides for the marks, and at least a factor of four."""
        low, high = min(point.x for point in self.points), max(point.x for point in self.points)
        spread = max(1.25, math.sqrt(4 / (high / low)) if high / low < 4 else 1.25)
        return low / spread, high * spread

    @property
    def top(self) -> float:
        """Upper end of JSONExact, a whole tenth as a fraction."""
        highs = [point.exact.high for point in self.points] + [level.exact.high for level in self.levels]
        return max(0.1, math.ceil(10 * max(highs) - 1e-9) / 10)


@dataclass(frozen=True)
class Entry:
    """One model's line of dots."""

    name: str
    baseline: bool
    values: Sequence[Estimate | None]
    """One for each series, in their order; None where there is none."""


@dataclass(frozen=True)
class Whiskers:
    """Dots with intervals, a group of them for each model; fractions."""

    key: str
    title: str
    note: str
    series: tuple[str, ...]
    entries: tuple[Entry, ...]
    signed: bool = False
    """Differences around 0, in percentage points; else shares from 0 to 1."""

    @property
    def range(self) -> tuple[float, float]:
        """Ends of the axis; of differences the halves of one around everything there is, with zero inside."""
        if not self.signed:
            return 0.0, 1.0
        values = [value for entry in self.entries for value in entry.values if value is not None]
        low = -0.5 if any(value.low < -0.05 for value in values) else -0.25
        low = -1.0 if any(value.low < -0.5 for value in values) else low
        return low, 1.0 if any(value.high > 0.5 for value in values) else 0.5

    @property
    def ticks(self) -> list[float]:
        """Places on the axis, 0 among them."""
        low, high = self.range
        step = 0.25 if high - low <= 1 else 0.5
        return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]

    def spelled(self, value: Estimate) -> str:
        """A value with its interval."""
        spell = cells.points_interval if self.signed else cells.percent_interval
        return spell(value.value, value.low, value.high)


@dataclass(frozen=True)
class Column:
    """A task or a kind of error."""

    name: str
    n: int
    """Examples."""


@dataclass(frozen=True)
class Shares:
    """One model's values."""

    name: str
    baseline: bool
    values: Sequence[float | None]
    """A fraction for each column."""
    within: Sequence[float] = ()
    """Of errors: the part of each value that is the primary kind."""


@dataclass(frozen=True)
class Matrix:
    """Models by tasks, or by kinds of error."""

    key: str
    """``tasks`` or ``errors``."""
    title: str
    note: str
    """What a value is."""
    left_out: str
    """How many of the rows are drawn; empty where all are, else a sentence after a space."""
    columns: tuple[Column, ...]
    rows: tuple[Shares, ...]


Plot = Scatter | Whiskers | Matrix


def of_style(style: StyleTable, records: Mapping[str, JsonObject], limits: Limits) -> list[Plot]:
    """The charts of one style: accuracy against size and time, tiers, tasks, errors.

    ``records`` are the submissions' contents by folder.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    if not style.rows:
        return []
    return [
        *_parameters(style),
        *_latency(style),
        _tiers(style, limits.tiers),
        _tasks(style, records, limits.tasks),
        *_errors(style, records, limits.errors),
    ]


def of_gaps(gaps: Sequence[Gap], limits: Limits) -> Whiskers:
    """The layout gap of the models with the best prose; ``gaps`` are not empty."""
    kept = gaps[: limits.gaps]
    entries = tuple(Entry(gap.model, gap.baseline, [gap.json_exact]) for gap in kept)
    note = f"Form minus prose, on the same golds. Whiskers: 95 % (Newcombe).{_of(len(kept), len(gaps), 'best prose')}"
    return Whiskers("gap", "Layout gap in JSONExact, points", note, ("form minus prose",), entries, signed=True)


def of_board(board: Board, records: Mapping[str, JsonObject], limits: Limits) -> Iterator[tuple[str, Plot]]:
    """All charts of a board, each after its style; that of the layout gap after an empty one.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    for style in board.styles:
        for plot in of_style(style, records, limits):
            yield style.style, plot
    if board.gaps:
        yield "", of_gaps(board.gaps, limits)


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats: none costs as little or less and is right more often. By rising cost."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, -point.exact.value, point.name)):
        if not found or point.exact.value > found[-1].exact.value:
            found.append(point)
    return found


def scatter(
    key: str,
    title: str,
    x_name: str,
    spell: Callable[[float], str],
    points: Sequence[Point],
    levels: Sequence[Level] = (),
    *,
    cheaper: str = "smaller",
    machine: str | None = None,
    more_machines: int = 0,
) -> Scatter:
    """The chart of ``points``, best first; at least one. Of many, the front is drawn and the best of the others."""
    best = front(points)
    kept = sorted(best, key=lambda point: -point.exact.value)[:MAX_POINTS]
    kept += [point for point in points if point not in best][: MAX_POINTS - len(kept)]
    return Scatter(
        key=key,
        title=title,
        machine=machine,
        x_name=x_name,
        spell=spell,
        cheaper=cheaper,
        points=tuple(kept),
        front=tuple(best),
        levels=tuple(levels),
        there=len(points),
        more_machines=more_machines,
    )


def _parameters(style: StyleTable) -> Iterator[Scatter]:
    models = [row for row in style.rows if not row.baseline and row.parameters is not None]
    if models:
        points = [Point(row.model, float(row.parameters or 0), row.json_exact) for row in models]
        levels = [Level(row.model, row.json_exact) for row in style.rows if row.baseline][:MAX_LEVELS]
        title = f"Accuracy against parameters, {style.style}"
        yield scatter("parameters", title, "parameters", _spell_parameters, points, levels)


def _latency(style: StyleTable) -> Iterator[Scatter]:
    """A chart for each machine that timed a model: times of two machines do not compare."""
    timed: dict[str, list[Row]] = {}
    for row in style.rows:
        if not row.baseline and row.machine is not None and row.p50_seconds:
            timed.setdefault(row.machine, []).append(row)
    machines = sorted(timed, key=lambda machine: (-len(timed[machine]), machine))
    for number, machine in enumerate(machines[:MAX_MACHINES]):
        yield scatter(
            f"latency{number}",
            f"Accuracy against latency, {style.style}",
            "p50 s",
            _spell_seconds,
            [Point(row.model, row.p50_seconds or 0.0, row.json_exact) for row in timed[machine]],
            cheaper="faster",
            machine=one_line(machine),
            more_machines=max(0, len(machines) - MAX_MACHINES) if number == 0 else 0,
        )


def _spell_parameters(number: float) -> str:
    """As tables do, but without zeros at the end."""
    return re.sub(r"\.0+(?=[MB])", "", cells.parameters(round(number)))


def _spell_seconds(seconds: float) -> str:
    """Three digits at most, and no zeros at the end: it names ticks, too."""
    return f"{seconds:.3g}"


def _tiers(style: StyleTable, limit: int) -> Whiskers:
    rows = style.rows[:limit]
    series = tuple(f"{tier} (n = {n})" for tier, n in style.tiers.items())
    entries = tuple(Entry(row.model, row.baseline, [row.tiers.get(tier) for tier in style.tiers]) for row in rows)
    note = f"JSONExact in percent. Whiskers: 95 % (Wilson).{_of(len(rows), len(style.rows))}"
    return Whiskers("tiers", f"JSONExact by tier, {style.style}", note, series, entries)


def _tasks(style: StyleTable, records: Mapping[str, JsonObject], limit: int) -> Matrix:
    rows = style.rows[:limit]
    results = [records[row.submission]["results"][style.style]["tasks"] for row in rows]
    columns = tuple(Column(task, metrics["n"]) for task, metrics in results[0].items())
    shares = tuple(
        Shares(row.model, row.baseline, [_value(tasks, column.name) for column in columns])
        for row, tasks in zip(rows, results, strict=True)
    )
    title, note = f"JSONExact by task, {style.style}", "JSONExact in percent; darker is more."
    return Matrix("tasks", title, note, _of(len(rows), len(style.rows)), columns, shares)


def _value(tasks: JsonObject, name: str) -> float | None:
    if name not in tasks:
        return None
    value: float = tasks[name]["json_exact"]["value"]
    return value


def _errors(style: StyleTable, records: Mapping[str, JsonObject], limit: int) -> Iterator[Matrix]:
    rows = style.rows[:limit]
    kinds = [records[row.submission]["errors"]["kinds"].get(style.style) for row in rows]
    found = {kind for each in kinds if each for kind in each["any"]}
    if not found:
        return
    ordered = [*(kind for kind in KINDS if kind in found), *sorted(found.difference(KINDS))]
    shares = tuple(
        Shares(
            row.model,
            row.baseline,
            [each["any"].get(kind, 0) / style.n if each else None for kind in ordered],
            [each["primary"].get(kind, 0) / style.n if each else 0.0 for kind in ordered],
        )
        for row, each in zip(rows, kinds, strict=True)
    )
    note = "Percent of all answers that have the kind; an answer may have several, of which one is the primary one."
    columns = tuple(Column(kind, style.n) for kind in ordered)
    yield Matrix("errors", f"Kinds of error, {style.style}", note, _of(len(rows), len(style.rows)), columns, shares)


def _of(drawn: int, there: int, which: str = "best") -> str:
    return "" if drawn == there else f" Drawn: the {drawn} {which} of {there:,} rows."
