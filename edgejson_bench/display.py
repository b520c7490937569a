"""Tables for people: tasks, one task, the results of a run. Built from plain records, printed by the CLI."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from edgejson_bench.complexity import Complexity
from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.records import Example
from edgejson_bench.scoring.taxonomy import KINDS, REPORTED_SHARES
from edgejson_bench.tasks import Task


def tasks_table(rows: Sequence[Complexity], *, with_tokens: bool) -> Table:
    """Tiers and tasks in order of measured complexity."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("task", no_wrap=True)
    unit = "tokens" if with_tokens else "chars"
    for title in ("leaves", "depth", "arrays", "train", "test", f"gold\n{unit}", "\nmax", f"schema\n{unit}"):
        table.add_column(title, justify="right", no_wrap=True)
    tier = None
    for row in rows:
        if row.tier != tier:
            tier = row.tier
            table.add_row(Text(printable(tier), style="bold"))
        gold = row.gold_tokens if with_tokens else row.gold_characters
        schema = row.schema_tokens if with_tokens else row.schema_characters
        table.add_row(
            f"  {printable(row.task)}",
            *(str(value) for value in (row.leaves, row.depth, row.arrays, row.train, row.test)),
            "-" if gold is None else f"{gold.median:.0f}",
            "-" if gold is None else str(gold.maximum),
            "-" if schema is None else str(schema),
        )
    trained, tested = sum(row.train for row in rows), sum(row.test for row in rows)
    table.add_row(Text(f"{len(rows)} tasks", style="bold"), "", "", "", str(trained), str(tested))
    return table


def task_text(task: Task, example: Example | None) -> Text:
    """Schema, one prompt and its gold."""
    text = Text()
    text.append(f"{task.name}  ({task.tier})\n\n", style="bold")
    text.append("Schema\n", style="bold")
    schema = "none" if task.schema is None else json.dumps(task.schema, indent=2, ensure_ascii=False)
    text.append(printable(schema) + "\n\n")
    if example is None:
        text.append("No example in this split.\n")
        return text
    text.append(f"Prompt  {printable(example.id)}\n", style="bold")
    text.append(printable(example.prompt) + "\n\n")
    text.append("Gold\n", style="bold")
    text.append(printable(json.dumps(example.gold, indent=2, ensure_ascii=False)))
    return text


def results_table(report: Mapping[str, Any]) -> Table:
    """JSONExact with its interval, field F1 and compliance, overall, per tier and, for a single style, per task."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("style")
    table.add_column("", no_wrap=True)
    for title in ("n", "JSONExact %", "95 % interval", "field F1", "compliance %"):
        table.add_column(title, justify="right", no_wrap=True)
    for style, result in report["results"].items():
        table.add_row(style, Text("all", style="bold"), *_metrics(result["overall"]))
        for tier, metrics in result["tiers"].items():
            table.add_row("", f"{tier}", *_metrics(metrics))
        table.add_section()
        if len(report["results"]) == 1:
            for task, metrics in result["tasks"].items():
                table.add_row("", Text(printable(task), style="dim"), *_metrics(metrics), style="dim")
    return table


def tasks_by_style(report: Mapping[str, Any]) -> Table:
    """JSONExact and field F1 of every task, the styles side by side."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", style="dim")
    table.add_column("task", no_wrap=True)
    styles = list(report["results"])
    for style in styles:
        for title in (f"{style} n", "JSONExact %", "F1"):
            table.add_column(Text(printable(title)), justify="right", no_wrap=True)
    for task in dict.fromkeys(task for style in styles for task in report["results"][style]["tasks"]):
        cells: list[str] = []
        for style in styles:
            metrics = report["results"][style]["tasks"].get(task)
            cells += ["-"] * 3 if metrics is None else _short(metrics)
        table.add_row(Text(printable(task)), *cells)
    return table


def layout_gap_table(gap: Mapping[str, Any]) -> Table:
    """What the form style is worth over prose with the same golds, overall and per tier, with intervals and p."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("layout gap\nform - prose", no_wrap=True)
    for title in ("JSONExact\npoints", "\np", "right only as\nform/prose", "\nfield F1"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_row(Text("all", style="bold"), *_gap(gap))
    for tier, part in gap["tiers"].items():
        table.add_row(Text(printable(tier)), *_gap(part))
    return table


def counts_line(report: Mapping[str, Any]) -> str:
    """How the completions ended and what was wrong with those that could not be parsed."""
    counts = report["counts"]
    line = (
        f"{counts['examples']} examples: {counts['parsed']} parsed, {counts['unparsed']} unparsed, "
        f"{counts['cut']} cut at the token budget, {counts['failed']} failed"
    )
    if unparsed := report["errors"]["unparsed"]:
        line += " (" + ", ".join(f"{problem} {n}" for problem, n in unparsed.items()) + ")"
    return line


def errors_table(report: Mapping[str, Any]) -> Table | None:
    """Kinds of error among the wrong answers, by the primary one, beside the published shares; None without errors."""
    kinds = {style: kinds for style, kinds in report["errors"]["kinds"].items() if kinds["n"]}
    if not kinds:
        return None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("style")
    table.add_column("kind of error", no_wrap=True)
    for title in ("primary", "share %", "any", "reported %"):
        table.add_column(title, justify="right", no_wrap=True)
    for style, counts in kinds.items():
        table.add_row(Text(printable(style)), Text("wrong answers", style="bold"), str(counts["n"]))
        for kind in (kind for kind in KINDS if kind in counts["any"] or kind in REPORTED_SHARES):
            primary, reported = counts["primary"].get(kind, 0), REPORTED_SHARES.get(kind)
            table.add_row(
                "",
                kind,
                str(primary),
                f"{100 * primary / counts['n']:.1f}",
                str(counts["any"].get(kind, 0)),
                "" if reported is None else f"{100 * reported:.0f}",
            )
    table.caption = "reported: 50 errors of Maaza-SLM-360M, by hand, in five kinds"
    table.caption_justify = "left"
    return table


def equivalence_line(found: Mapping[str, Any]) -> str:
    """What decoding alone said of the run's completions, in one line."""
    same, exact = found["identical"], found["json_exact"]
    ours, theirs = found.get("engine"), found.get("reference_engine")  # not in what was measured before there were any
    where = "" if ours == theirs else f" by {theirs} instead of {ours}"
    line = (
        f"decoded alone in {found['reference_dtype']}{where}, "
        f"{same['count']} of {found['n']} completions are identical; "
        f"JSONExact {exact['run']} in the run, {exact['alone']} alone"
    )
    if found["divergences"]:
        first = found["divergences"][0]
        margin = "" if first["margin"] is None else f", where the margin is {first['margin']:g}"
        line += f"; first to differ: {first['example_id']} at token {first['token']}{margin}"
    return line


def latency_line(latency: Mapping[str, Any]) -> str:
    """Single-stream latency in one line."""
    times = latency["end_to_end_seconds"]
    if times is None:
        return "latency: no request was answered"
    line = f"latency, one request at a time (n={latency['n']}): p50 {times['p50']:.3g} s"
    rates = (
        f"{name} {latency[f'{name}_tokens_per_second']:.0f} tok/s"
        for name in ("prefill", "decode")
        if latency[f"{name}_tokens_per_second"] is not None
    )
    hardware = latency["hardware"]
    where = f"{hardware['cpu']}, {hardware['cores']} cores"
    if hardware.get("device") not in (None, "cpu"):
        where += f", {hardware['device']}"
    return ", ".join([line, *rates]) + f"; {where}"


def _metrics(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    exact = metrics["json_exact"]
    low, high = exact["ci95"]
    return (
        str(metrics["n"]),
        f"{100 * exact['value']:.1f}",
        f"{100 * low:.1f}-{100 * high:.1f}".replace("100.0", "100"),
        f"{metrics['field_f1']['value']:.3f}",
        f"{100 * metrics['compliance']['value']:.1f}",
    )


def _gap(gap: Mapping[str, Any]) -> tuple[str, ...]:
    exact, fields = gap["json_exact"], gap["field_f1"]
    return (
        cells.points_interval(exact["difference"], *exact["ci95"]),
        cells.p_value(exact["p_value"]),
        f"{exact['only_form']}/{exact['only_prose']} of {gap['n']}",
        cells.difference_interval(fields["difference"], *fields["ci95"]),
    )


def _short(metrics: Mapping[str, Any]) -> list[str]:
    return [str(metrics["n"]), f"{100 * metrics['json_exact']['value']:.1f}", f"{metrics['field_f1']['value']:.3f}"]
