"""Latency records side by side: a ranking of its own for every machine, scenario and workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from edgejson_bench.console import printable
from edgejson_bench.jsonio import canonical
from edgejson_bench.leaderboard import cells
from edgejson_bench.loadgen.tables import TITLES, machine_line

MODELS_OWN = ("prompt", "prompt_source")
"""What of a workload may differ within a ranking: every model is asked with the prompt it was trained with."""
COLUMNS = {
    "single_stream": ("p50 s", "p90 s", "first token s", "decode tok/s", "failed", "peak mem."),
    "offline": ("examples/s", "tok/s", "rows", "failed", "peak mem."),
}


@dataclass(frozen=True)
class Ranking:
    """Rows that may be compared."""

    scenario: str
    workload: Mapping[str, Any]
    hardware: Mapping[str, Any]
    """The first row's; all rows have its fingerprint."""
    rows: tuple[tuple[int | None, Mapping[str, Any]], ...]
    """Rank and record, best first. Equal figures share a rank; where some requests failed there is none."""

    @property
    def title(self) -> str:
        """Scenario, workload and machine in one line."""
        asked = f"{self.workload['name']}, {self.workload['queries']} queries, seed {self.workload['seed']}"
        return f"{TITLES[self.scenario]}, {asked}; {machine_line(self.hardware)} ({self.hardware['fingerprint'][:12]})"


def rankings(records: Sequence[Mapping[str, Any]]) -> list[Ranking]:
    """Sort records into rankings: single-stream by p50 latency, offline by examples per second.

    Records of another hardware fingerprint, scenario, data set, number of queries or seed never share one.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        asked = {key: value for key, value in record["workload"].items() if key not in MODELS_OWN}
        for scenario in record["scenarios"]:
            key = canonical([scenario, asked, record["hardware"]["fingerprint"]])
            groups.setdefault(key, []).append({**record, "scenario": record["scenarios"][scenario]})
    return [_ranking(groups[key]) for key in sorted(groups)]


def ranking_table(ranking: Ranking) -> Table:
    """One ranking for a terminal of 100 columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    table.title = Text(printable(ranking.title), style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    for title in COLUMNS[ranking.scenario]:
        table.add_column(title, justify="right", no_wrap=True)
    for rank, row in ranking.rows:
        name = Text(printable(row["model"]["name"]))
        table.add_row(cells.ABSENT if rank is None else str(rank), name, *_cells(row["scenario"]))
    return table


def _ranking(rows: Sequence[Mapping[str, Any]]) -> Ranking:
    ordered = sorted(rows, key=lambda row: (_worth(row) is None, _worth(row) or 0.0, row["model"]["name"]))
    worths = [_worth(row) for row in ordered]
    ranks = [None if worth is None else worths.index(worth) + 1 for worth in worths]
    first = rows[0]
    return Ranking(
        first["scenario"]["scenario"], first["workload"], first["hardware"], tuple(zip(ranks, ordered, strict=True))
    )


def _worth(row: Mapping[str, Any]) -> float | None:
    """What is ranked by, less is better; None where requests failed, which took less time than answers."""
    scenario = row["scenario"]
    if scenario["failed"]:
        return None
    if scenario["scenario"] == "offline":
        return -float(scenario["examples_per_second"])
    return float(scenario["end_to_end_seconds"]["p50"])


def _cells(scenario: Mapping[str, Any]) -> Iterator[str]:
    if scenario["scenario"] == "single_stream":
        times, first = scenario["end_to_end_seconds"], scenario["time_to_first_token_seconds"]
        yield cells.seconds(times["p50"])
        yield cells.seconds(times["p90"])
        yield cells.seconds(first and first["p50"])
        yield cells.rate(scenario["decode_tokens_per_second"])
    else:
        yield f"{scenario['examples_per_second']:.3g}"
        yield cells.rate(scenario["tokens_per_second"])
        yield str(scenario["batch_size"])
    yield str(scenario["failed"])
    yield cells.size(scenario["memory"]["peak_rss_bytes"])
