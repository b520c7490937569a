"""A latency record for people, in a terminal of 100 columns. Names are shown, never obeyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.loadgen.workloads import FIXED_NEW_TOKENS, FIXED_PROMPT_TOKENS

TITLES = {"single_stream": "single-stream", "offline": "offline"}


def heading(record: Mapping[str, Any]) -> Text:
    """Model and workload in one line."""
    workload = record["workload"]
    if workload["name"] == "fixed":
        told = f"fixed workload ({FIXED_PROMPT_TOKENS} tokens in, {FIXED_NEW_TOKENS} out)"
    else:
        told = f"natural workload ({workload['protocol']}, {workload['prompt']} prompt)"
    queries = f"{workload['queries']} queries, seed {workload['seed']}"
    return Text(f"{printable(record['model']['name'])}, {told}, {queries}", style="bold")


def figures_table(record: Mapping[str, Any]) -> Table:
    """One column per scenario, one line per figure that any of them has."""
    scenarios = record["scenarios"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for name in scenarios:
        table.add_column(TITLES[name], justify="right", no_wrap=True)
    columns = [dict(_figures(record, scenario)) for scenario in scenarios.values()]
    for label in dict.fromkeys(label for column in columns for label in column):
        values = [column.get(label, cells.ABSENT) for column in columns]
        if set(values) != {cells.ABSENT}:
            table.add_row(label, *values)
    return table


def closing(record: Mapping[str, Any]) -> Text:
    """Why a figure is missing, and the machine, outside of which the figures say nothing."""
    lines = []
    single = record["scenarios"].get("single_stream")
    if single and single["end_to_end_seconds"]["p90_refused"]:
        lines.append(f"no p90: {single['end_to_end_seconds']['p90_refused']}")
    hardware = record["hardware"]
    lines.append(printable(machine_line(hardware)))
    lines.append(f"ranks with rows of hardware {hardware['fingerprint'][:12]} alone")
    return Text("\n".join(lines))


def machine_line(hardware: Mapping[str, Any]) -> str:
    """Processor, cores, memory, what is known of virtual, device and threads."""
    parts = [hardware["cpu"]]
    if hardware["physical_cores"] is not None:
        parts.append(f"{hardware['physical_cores']} cores ({hardware['cores']} logical)")
    else:
        parts.append(f"{hardware['cores']} logical cores")
    if hardware["memory_gib"] is not None:
        parts.append(f"{hardware['memory_gib']} GiB memory")
    if hardware["virtual"] is not None:
        parts.append("virtual" if hardware["virtual"] else "not virtual")
    if hardware["device"] != "cpu":
        parts.append(f"on {hardware['device']}")
    parts.append(f"{hardware['threads']} thread{'s' if hardware['threads'] != 1 else ''}")
    return ", ".join(parts)


def _figures(record: Mapping[str, Any], scenario: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "answered / failed", f"{scenario['n']} / {scenario['failed']}"
    for name, label in (("prompt_tokens", "tokens in, total"), ("completion_tokens", "tokens out, total")):
        yield label, cells.ABSENT if scenario[name] is None else str(scenario[name]["total"])
    if scenario["scenario"] == "single_stream":
        times, first = scenario["end_to_end_seconds"], scenario["time_to_first_token_seconds"]
        yield "latency p50, s", cells.seconds(times["p50"])
        yield "latency p90 (early stopping), s", cells.seconds(times["p90"])
        yield "time to first token p50, s", cells.seconds(first and first["p50"])
        yield "prefill, tokens/s", cells.rate(scenario["prefill_tokens_per_second"])
        yield "decode, tokens/s", cells.rate(scenario["decode_tokens_per_second"])
    else:
        yield "rows side by side", str(scenario["batch_size"])
        yield "examples/s", f"{scenario['examples_per_second']:.3g}"
        yield "tokens out/s", cells.rate(scenario["tokens_per_second"])
    memory = scenario["memory"]
    yield "peak memory (RSS)", cells.size(memory["peak_rss_bytes"])
    yield "peak GPU memory", cells.size(memory["peak_vram_bytes"])
    yield "model files", cells.size(record["model"]["size_bytes"])
    yield "load, s", cells.seconds(scenario["load_seconds"])
