"""The process that ``latency`` starts for one scenario: pins itself, loads the model, measures, answers, ends."""

from __future__ import annotations

import os
import sys
import time
import traceback
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgejson_bench import process
from edgejson_bench.errors import EdgeJSONError


def main(folder: Path) -> int:
    """Answer the request in ``folder``; 0 if there is a result, 1 if there is a reason why not."""
    request = process.read_request(folder)
    if request["cpus"] is not None:
        os.sched_setaffinity(0, request["cpus"])  # before any library starts threads
    try:
        process.answer(folder, _measure(Namespace(**request), folder))
    except EdgeJSONError as exc:
        if request["debug"]:
            traceback.print_exc()
        process.refuse(folder, exc)
        return 1
    except KeyboardInterrupt:
        return 1  # the parent was interrupted, too, and tells
    return 0


def _measure(request: Namespace, folder: Path) -> dict[str, Any]:
    from edgejson_bench.commands.evaluation import choose_prompt
    from edgejson_bench.commands.inputs import load_data, load_model
    from edgejson_bench.loadgen import memory, workloads
    from edgejson_bench.loadgen.measure import measure
    from edgejson_bench.models.converted import seconds_spent
    from edgejson_bench.models.engines import require_engine
    from edgejson_bench.models.locate import WITHOUT_WEIGHTS
    from edgejson_bench.protocols import get_protocol
    from edgejson_bench.tasks import fingerprint

    dataset = load_data(request.data)
    if request.model not in WITHOUT_WEIGHTS:
        import edgejson_bench.models.transformers  # noqa: F401  # seconds that are not the model's

        require_engine(request.engine)
    started = time.perf_counter()
    model = load_model(request, dataset)
    load_seconds = time.perf_counter() - started - seconds_spent()
    loaded = memory.resident_bytes()
    protocol = get_protocol(request.protocol)
    sizes = {"queries": request.queries, "seed": request.seed, "batch_size": request.batch_size}
    if request.workload == "fixed":
        workload = workloads.fixed(dataset, model, **sizes)
        source = None
    else:
        prompt_format, source = choose_prompt(request, protocol, model)
        workload = workloads.natural(dataset, model, protocol, prompt_format, **sizes)
    measured = measure(request.scenario, workload, model, seed=request.seed, folder=folder)
    identity = model.identity
    split = dataset.split(workloads.SPLIT)
    return {
        "identity": asdict(identity),
        "device": (identity.extra or {}).get("device", "cpu"),
        "workload": {
            "name": workload.name,
            "queries": request.queries,
            "seed": request.seed,
            "data": {"name": dataset.name, "fingerprint": fingerprint(split, dataset.tasks)},
            "protocol": protocol.name if workload.name == "natural" else None,
            "prompt": workload.prompt_format,
            "prompt_source": source,
            "stop": workload.settings.stop,
        },
        "scenario": {
            **measured,
            "load_seconds": load_seconds,
            "memory": {"loaded_bytes": loaded, **memory.peaks()},
        },
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
