"""Which charts a board has, and which of its rows they draw: the best, and how many that are is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.page.matrix import Column, Shares, error_bars, heat_map
from edgejson_bench.leaderboard.page.scatter import Level, Point, scatter
from edgejson_bench.leaderboard.page.svg import Chart, one_line
from edgejson_bench.leaderboard.page.whiskers import Entry, whiskers
from edgejson_bench.leaderboard.table import Board, Gap, Row, StyleTable
from edgejson_bench.records import JsonObject
from edgejson_bench.scoring.taxonomy import KINDS

MAX_TIER_ROWS, MAX_HEAT_ROWS, MAX_ERROR_ROWS, MAX_GAP_ROWS = 15, 30, 20, 25
"""Rows of a chart: about a screen each."""
MAX_MACHINES = 4
"""Latency charts of a style: those of the machines with the most models."""
MAX_LEVELS = 3
"""Baselines drawn as lines."""


def style_charts(ident: str, style: StyleTable, records: Mapping[str, JsonObject]) -> list[Chart]:
    """The charts of one style: accuracy against size and time, tiers, tasks, errors.

    ``ident`` begins their ids; ``records`` are the submissions' contents by folder.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    if not style.rows:
        return []
    return [
        *_parameters(ident, style),
        *_latency(ident, style),
        _tiers(ident, style),
        _tasks(ident, style, records),
        *_errors(ident, style, records),
    ]


def gap_chart(ident: str, gaps: Sequence[Gap]) -> Chart:
    """The layout gap of the models with the best prose; ``gaps`` are not empty."""
    kept = gaps[:MAX_GAP_ROWS]
    entries = [Entry(gap.model, gap.baseline, [gap.json_exact]) for gap in kept]
    note = f"Form minus prose, on the same golds. Whiskers: 95 % (Newcombe).{_of(len(kept), len(gaps), 'best prose')}"
    return whiskers(f"{ident}-gap", "Layout gap in JSONExact, points", note, ["form minus prose"], entries, signed=True)


def board_ident(board: Board) -> str:
    """What the ids of a board begin with: unique on the page, letters and digits alone."""
    return f"b{board.fingerprint[:16]}-{''.join(f'{ord(c):x}' for c in board.protocol)}"


def _parameters(ident: str, style: StyleTable) -> Iterator[Chart]:
    models = [row for row in style.rows if not row.baseline and row.parameters is not None]
    if models:
        points = [Point(row.model, float(row.parameters or 0), row.json_exact) for row in models]
        levels = [Level(row.model, row.json_exact) for row in style.rows if row.baseline][:MAX_LEVELS]
        title = f"Accuracy against parameters, {style.style}"
        yield scatter(f"{ident}-parameters", title, "parameters", lambda x: cells.parameters(round(x)), points, levels)


def _latency(ident: str, style: StyleTable) -> Iterator[Chart]:
    """A chart for each machine that timed a model: times of two machines do not compare."""
    timed: dict[str, list[Row]] = {}
    for row in style.rows:
        if not row.baseline and row.machine is not None and row.p50_seconds:
            timed.setdefault(row.machine, []).append(row)
    machines = sorted(timed, key=lambda machine: (-len(timed[machine]), machine))
    for number, machine in enumerate(machines[:MAX_MACHINES]):
        points = [Point(row.model, row.p50_seconds or 0.0, row.json_exact) for row in timed[machine]]
        chart = scatter(
            f"{ident}-latency{number}", f"Accuracy against latency, {style.style}", "p50 s", _spell_seconds, points
        )
        others = len(machines) - MAX_MACHINES
        more = f" {others} machines with fewer models are not drawn." if others > 0 and number == 0 else ""
        yield Chart(chart.title, f"On {one_line(machine)}. {chart.note}{more}", chart.svg)


def _spell_seconds(seconds: float) -> str:
    """Three digits at most, and no zeros at the end: it names ticks, too."""
    return f"{seconds:.3g}"


def _tiers(ident: str, style: StyleTable) -> Chart:
    rows = style.rows[:MAX_TIER_ROWS]
    series = [f"{tier} (n = {n})" for tier, n in style.tiers.items()]
    entries = [Entry(row.model, row.baseline, [row.tiers.get(tier) for tier in style.tiers]) for row in rows]
    note = f"JSONExact in percent. Whiskers: 95 % (Wilson).{_of(len(rows), len(style.rows))}"
    return whiskers(f"{ident}-tiers", f"JSONExact by tier, {style.style}", note, series, entries)


def _tasks(ident: str, style: StyleTable, records: Mapping[str, JsonObject]) -> Chart:
    rows = style.rows[:MAX_HEAT_ROWS]
    results = [records[row.submission]["results"][style.style]["tasks"] for row in rows]
    columns = [Column(task, "", metrics["n"]) for task, metrics in results[0].items()]
    shares = [
        Shares(row.model, row.baseline, [_value(tasks, column.name) for column in columns])
        for row, tasks in zip(rows, results, strict=True)
    ]
    note = (
        "JSONExact in percent; darker is more. Tasks have few examples each (the tooltip says how many): "
        f"a row's details hold their intervals.{_of(len(rows), len(style.rows))}"
    )
    return heat_map(f"{ident}-tasks", f"JSONExact by task, {style.style}", note, columns, shares)


def _value(tasks: JsonObject, name: str) -> float | None:
    if name not in tasks:
        return None
    value: float = tasks[name]["json_exact"]["value"]
    return value


def _errors(ident: str, style: StyleTable, records: Mapping[str, JsonObject]) -> Iterator[Chart]:
    rows = style.rows[:MAX_ERROR_ROWS]
    kinds = [records[row.submission]["errors"]["kinds"].get(style.style) for row in rows]
    found = {kind for each in kinds if each for kind in each["any"]}
    if not found:
        return
    ordered = [*(kind for kind in KINDS if kind in found), *sorted(found.difference(KINDS))]
    shares = [
        Shares(
            row.model,
            row.baseline,
            [each["any"].get(kind, 0) / style.n if each else None for kind in ordered],
            [each["primary"].get(kind, 0) / style.n if each else 0.0 for kind in ordered],
        )
        for row, each in zip(rows, kinds, strict=True)
    ]
    note = (
        "Percent of all answers that have the kind; dark: those in which it is the primary one. An answer may have "
        f"several kinds.{_of(len(rows), len(style.rows))}"
    )
    columns = [Column(kind, "", style.n) for kind in ordered]
    yield error_bars(f"{ident}-errors", f"Kinds of error, {style.style}", note, columns, shares)


def _of(drawn: int, there: int, which: str = "best") -> str:
    return "" if drawn == there else f" Drawn: the {drawn} {which} of {there:,} rows."
