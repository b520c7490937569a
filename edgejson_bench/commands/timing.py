"""The command that times a model under MLPerf's scenarios, each in a process of its own."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.console import Console

from edgejson_bench import console
from edgejson_bench.commands.inputs import check_threads, print_json
from edgejson_bench.errors import UsageError

CHILD = "edgejson_bench.commands.timing_child"
PROTOCOL = "v3"
BUSY = 0.25
"""Load per core above which times are said to be doubtful: a core in four had other work in the last minute."""


def latency(arguments: Namespace) -> int:
    """``latency``."""
    from edgejson_bench.environment import usable_cores
    from edgejson_bench.loadgen import record as records
    from edgejson_bench.loadgen import tables
    from edgejson_bench.loadgen.driver import require_loadgen
    from edgejson_bench.machine import cpus_for, machine, physical_cores
    from edgejson_bench.models.engines import check_engine, require_engine
    from edgejson_bench.models.locate import check_spec
    from edgejson_bench.process import run_fresh

    if arguments.rank:
        return _rank(arguments)
    out = Path(arguments.out) if arguments.out else None
    _check(arguments)
    records.check_free(out)
    check_spec(arguments.model)
    check_engine(arguments.engine, arguments.model)
    require_loadgen()
    require_engine(arguments.engine)
    usable = usable_cores() or 1
    threads = arguments.threads or physical_cores() or usable
    if threads > usable:
        raise UsageError(f"--threads {threads}: this process may use {usable} logical cores")
    cpus = cpus_for(threads)
    found: dict[str, Any] = {**machine()}
    beside = {"pinned_cpus": cpus, "load_average": _load(usable)}
    answers = []
    for scenario in ("single_stream", "offline"):
        if arguments.scenario in (scenario.replace("_", "-"), "both"):
            request = {**vars(arguments), "scenario": scenario, "threads": threads, "cpus": cpus, "protocol": PROTOCOL}
            answers.append(run_fresh(CHILD, request, threads))
    record = records.build(found, answers, threads)
    record["hardware"] |= beside
    kept = records.keep(record, out)
    if arguments.json:
        print_json(record)
    else:
        screen = Console(highlight=False)
        screen.print(tables.heading(record))
        screen.print(tables.figures_table(record))
        screen.print(tables.closing(record), soft_wrap=True)
    console.note(f"samples: {kept}")
    return 0


def _rank(arguments: Namespace) -> int:
    """``latency --rank FILE...``."""
    from edgejson_bench.loadgen.ranking import ranking_table, rankings
    from edgejson_bench.loadgen.record import load

    found = rankings([load(Path(name)) for name in arguments.rank])
    if arguments.json:
        print_json(
            [
                {
                    "scenario": ranking.scenario,
                    "workload": ranking.workload,
                    "hardware": ranking.hardware,
                    "rows": [{"rank": rank, "model": row["model"]["name"]} for rank, row in ranking.rows],
                }
                for ranking in found
            ]
        )
        return 0
    screen = Console(highlight=False)
    for number, ranking in enumerate(found):
        screen.print("\n" if number else "", end="")
        screen.print(ranking_table(ranking))
    return 0


def _check(arguments: Namespace) -> None:
    if arguments.queries < 1:
        raise UsageError(f"--queries {arguments.queries}: must be at least 1")
    if arguments.batch_size < 1:
        raise UsageError(f"--batch-size {arguments.batch_size}: must be at least 1")
    if not 0 <= arguments.seed < 2**63:
        raise UsageError(f"--seed {arguments.seed}: must be from 0 to 2^63 - 1")
    check_threads(arguments.threads)


def _load(cores: int) -> list[float] | None:
    """The system's load averages before anything is measured, with a note where somebody else is at work."""
    if not hasattr(os, "getloadavg"):
        return None
    averages = [round(average, 2) for average in os.getloadavg()]
    if averages[0] > BUSY * cores:
        console.note(f"other work is going on here (load {averages[0]} on {cores} cores): times will be too long")
    return averages
