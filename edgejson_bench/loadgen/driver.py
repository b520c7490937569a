"""LoadGen itself: it decides when which query is made and takes the times; we answer and read its logs.

Exceptions must not cross its C++ code (its logging thread then crashes the process), so they wait until it is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

from edgejson_bench.errors import MissingExtra, RunError

Scenario = Literal["single_stream", "offline"]
SCENARIOS: tuple[str, ...] = get_args(Scenario)
LOADGEN_NAMES = {"single_stream": "SingleStream", "offline": "Offline"}

PACKAGE = "mlcommons-loadgen"
PERCENTILE = 0.9
"""MLPerf's percentile of single-stream latency."""
MLLOG = ":::MLLOG "

Answer = Callable[[Sequence[int]], Iterator[int]]
"""Takes the numbers of queries and yields each as soon as it is answered."""


@dataclass(frozen=True)
class LoadGenLog:
    """What LoadGen wrote of one test."""

    version: str
    latencies_ns: Mapping[int, int]
    """Nanoseconds from the issue of the test's query to its answer, by query, in the order they were issued."""
    results: Mapping[str, Any]
    """Everything of its detail log that it calls a result."""
    settings: Mapping[str, Any]
    """The effective settings."""
    summary: str
    """Its summary for people, word for word."""


def require_loadgen() -> None:
    """Make sure that LoadGen and what else a measurement needs is installed.

    Raises:
        MissingExtra: it is not; the message holds the install line.
    """
    try:
        import mlperf_loadgen
        import psutil  # noqa: F401
    except ImportError as exc:
        raise MissingExtra(
            f"latency needs MLPerf's LoadGen and psutil ({exc.name} is missing): pip install 'edgejson-bench[latency]'"
        ) from None
    del mlperf_loadgen


def drive(scenario: Scenario, queries: int, answer: Answer, *, seed: int, folder: Path) -> LoadGenLog:
    """Let LoadGen make each of ``queries`` queries once, in its own order.

    Single-stream: one after the other. Offline: all at once. ``answer`` runs in this thread; what it raises comes out
    of here after LoadGen has ended. ``folder`` takes LoadGen's logs.

    Raises:
        MissingExtra: LoadGen is not installed.
        RunError: LoadGen's logs are not complete.
    """
    require_loadgen()
    import mlperf_loadgen as loadgen

    failures: list[BaseException] = []

    def issue(samples: Sequence[Any]) -> None:
        waiting = {sample.index: sample.id for sample in samples}
        if not failures:
            try:
                for index in answer(list(waiting)):
                    loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(waiting.pop(index), 0, 0)])
            except BaseException as exc:  # noqa: BLE001  # raised again below; see the module's docstring
                failures.append(exc)
        # Only after a failure is anything left; LoadGen waits for every answer.
        loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(id_, 0, 0) for id_ in waiting.values()])

    system = loadgen.ConstructSUT(issue, lambda: None)
    library = loadgen.ConstructQSL(queries, queries, lambda _: None, lambda _: None)
    # An empty name for the audit settings: LoadGen would take a file audit.config in the current folder.
    loadgen.StartTestWithLogSettings(
        system, library, _settings(loadgen, scenario, queries, seed), _logs(loadgen, folder), ""
    )
    loadgen.DestroyQSL(library)
    loadgen.DestroySUT(system)
    if failures:
        raise failures[0]
    return read_logs(folder, queries)


def _settings(loadgen: Any, scenario: Scenario, queries: int, seed: int) -> Any:
    settings = loadgen.TestSettings()
    settings.scenario = getattr(loadgen.TestScenario, LOADGEN_NAMES[scenario])
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_query_count = settings.max_query_count = queries
    # The number of queries alone ends a test; MLPerf's own submissions also ask for ten minutes.
    settings.min_duration_ms = 0
    # Each query once: otherwise LoadGen draws with replacement, and runs of one seed could leave some out.
    settings.performance_issue_unique = True
    settings.single_stream_target_latency_percentile = PERCENTILE
    settings.qsl_rng_seed = settings.sample_index_rng_seed = settings.schedule_rng_seed = seed
    return settings


def _logs(loadgen: Any, folder: Path) -> Any:
    output = loadgen.LogOutputSettings()
    output.outdir = str(folder)
    output.copy_summary_to_stdout = False
    logs = loadgen.LogSettings()
    logs.log_output = output
    logs.log_mode = loadgen.LoggingMode.EndOfTestOnly  # its thread sleeps while we measure
    logs.enable_trace = True  # the only place where it says each query's latency
    return logs


def read_logs(folder: Path, queries: int) -> LoadGenLog:
    """Read what LoadGen left in ``folder`` after a test of so many queries.

    Raises:
        RunError: a file or a query is missing, or LoadGen says that something went wrong.
    """
    try:
        details = (folder / "mlperf_log_detail.txt").read_text(encoding="utf-8")
        trace = (folder / "mlperf_log_trace.json").read_text(encoding="utf-8")
        summary = (folder / "mlperf_log_summary.txt").read_text(encoding="utf-8")
    except OSError as exc:
        raise RunError(f"LoadGen left no {Path(str(exc.filename)).name}, so there is no result") from None
    results: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for line in details.splitlines():
        if not line.startswith(MLLOG):
            continue
        entry = json.loads(line.removeprefix(MLLOG))
        if entry["metadata"]["is_error"]:
            raise RunError(f"LoadGen reports an error: {entry['key']}: {entry['value']}")
        if entry["key"].startswith(("result_", "early_stopping_")):
            results[entry["key"]] = entry["value"]
        elif entry["key"].startswith("effective_"):
            settings[entry["key"].removeprefix("effective_")] = entry["value"]
    latencies = dict(sorted(_latencies(trace), key=lambda pair: pair[1][0]))
    if sorted(latencies) != list(range(queries)):
        raise RunError(f"LoadGen's trace tells the latency of {len(latencies)} of {queries} queries")
    return LoadGenLog(
        version=metadata.version(PACKAGE),
        latencies_ns={index: nanoseconds for index, (_, nanoseconds) in latencies.items()},
        results=results,
        settings=settings,
        summary=summary,
    )


def _latencies(trace: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Query, and its place in the order of issue and latency. By lines: the file as a whole is no valid JSON."""
    for line in trace.splitlines():
        if line.startswith('{"name":"Sample",') and '"ph":"b"' in line:
            told = json.loads(line.rstrip(","))["args"]
            yield told["sample_idx"], (told["sample_seq"], told["complete_ns"])
