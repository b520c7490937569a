"""One scenario of one model in this process: warm-up, LoadGen's test, and the figures from its raw samples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgejson_bench import console
from edgejson_bench.errors import RunError
from edgejson_bench.loadgen.driver import PERCENTILE, LoadGenLog, Scenario, drive
from edgejson_bench.loadgen.early_stopping import CONFIDENCE, estimate, middle, queries_needed
from edgejson_bench.loadgen.workloads import Workload
from edgejson_bench.models.base import Model
from edgejson_bench.records import Completion, Prompt

WARM_UP_TOKENS = 16
"""New tokens of a batch's warm-up at the most: enough for every shape of pass, where whole answers take minutes."""
NANOSECONDS = 10**9
BETWEEN_QUERIES = "nothing is reused between queries, tokens one by one"
WITHIN_BATCH = (
    "rows side by side; within the batch a task's common prefix is prefilled once and guesses from a row's own text "
    "are verified several at a time, which changes no greedy output in float32"
)


def measure(scenario: Scenario, workload: Workload, model: Model, *, seed: int, folder: Path) -> dict[str, Any]:
    """Warm up, let LoadGen run its test, and return the record of the scenario, ready for JSON.

    ``folder`` takes LoadGen's logs. The keys are explained in ``docs/latency.md``.

    Raises:
        ModelError: the model is unusable or cannot keep to the workload.
        RunError: LoadGen's logs are incomplete or contradict our own figures.
    """
    alone = scenario == "single_stream"
    if alone:
        workload = replace(workload, settings=replace(workload.settings, batch_size=1))
    warm_up = _warm_up(workload, model)
    completions: dict[int, Completion] = {}
    work = {str(number): float(prompt.max_new_tokens or 1) for number, prompt in enumerate(workload.prompts)}
    with console.progress(f"{scenario}, {workload.name}", work, lines=True) as advance:

        def answer(queries: Sequence[int]) -> Iterator[int]:
            for query, completion in _answers(workload, model, queries):
                completions[query] = completion
                yield query  # LoadGen takes the time here, before anything below
                workload.check(completion)
                advance(str(query), completion.completion_tokens)

        log = drive(scenario, len(workload.prompts), answer, seed=seed, folder=folder)
    samples = _samples(log, completions)
    figures = single_stream_figures(samples) if alone else offline_figures(samples)
    _hold_against(log, figures, samples)
    return {
        "scenario": scenario,
        **figures,
        "decoding": _decoding(model, samples),
        "batch_size": workload.settings.batch_size,
        "warm_up": warm_up,
        "samples": samples,
        "loadgen": {
            "version": log.version,
            "results": dict(log.results),
            "settings": dict(log.settings),
            "summary": log.summary,
        },
    }


def _decoding(model: Model, samples: Sequence[Mapping[str, Any]]) -> str | None:
    """What was done to be fast, in words; None for models that do not decode."""
    if model.identity.dtype is None:
        return None
    # Only what was decoded alone has times of its own, be it that the batch engine cannot take this model.
    if any("prefill_seconds" in sample for sample in samples):
        return BETWEEN_QUERIES
    return str((model.identity.extra or {}).get("batching", WITHIN_BATCH))


def _answers(workload: Workload, model: Model, queries: Sequence[int]) -> Iterator[tuple[int, Completion]]:
    """Each query with its completion, as they come. An example that comes again waits for a call of its own."""
    waiting = list(queries)
    while waiting:
        asked: dict[str, int] = {}
        for query in waiting:
            asked.setdefault(workload.prompts[query].example_id, query)
        for completion in model.generate([workload.prompts[query] for query in asked.values()], workload.settings):
            yield asked[completion.example_id], completion
        taken = set(asked.values())
        waiting = [query for query in waiting if query not in taken]


def _warm_up(workload: Workload, model: Model) -> dict[str, Any]:
    """Answer the first query, or the first batch cut short; its times are dropped, but for the sum."""
    prompts = _distinct(workload.prompts)[: workload.settings.batch_size]
    if len(prompts) > 1:
        prompts = [
            replace(prompt, max_new_tokens=prompt.max_new_tokens and min(prompt.max_new_tokens, WARM_UP_TOKENS))
            for prompt in prompts
        ]
    started = time.perf_counter()
    for completion in model.generate(prompts, workload.settings):
        if len(prompts) == 1:
            workload.check(completion)
    return {"queries": len(prompts), "seconds": time.perf_counter() - started}


def _distinct(prompts: Sequence[Prompt]) -> list[Prompt]:
    """The first of each example, in their order."""
    first: dict[str, Prompt] = {}
    for prompt in prompts:
        first.setdefault(prompt.example_id, prompt)
    return list(first.values())


def _samples(log: LoadGenLog, completions: Mapping[int, Completion]) -> list[dict[str, Any]]:
    """One raw sample per query, in the order LoadGen issued them; ``latency_ns`` is LoadGen's."""
    samples = []
    for query, latency in log.latencies_ns.items():
        completion = completions[query]
        sample: dict[str, Any] = {
            "query": query,
            "example_id": completion.example_id,
            "latency_ns": latency,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "finish_reason": completion.finish_reason,
        }
        if completion.timing is not None:
            sample["prefill_seconds"] = completion.timing.prefill_seconds
            sample["decode_seconds"] = completion.timing.decode_seconds
        samples.append(sample)
    return samples


def single_stream_figures(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Latency and rates of one request at a time, from its samples. Failed queries are counted apart.

    Rates are total tokens over total seconds; the first new token belongs to prefill, so decode counts the others.
    """
    answered = _answered(samples)
    latencies = [sample["latency_ns"] for sample in answered]
    timed = [sample for sample in answered if "prefill_seconds" in sample]
    prefill = sum(sample["prefill_seconds"] for sample in timed)
    decode = sum(sample["decode_seconds"] for sample in timed)
    p90 = estimate(latencies, PERCENTILE)
    needed = queries_needed(PERCENTILE)
    refused = (
        f"{len(answered)} answered queries are too few: an estimate at {CONFIDENCE:.0%} confidence needs {needed}"
        if p90 is None
        else None
    )
    return {
        **_counts(samples),
        "end_to_end_seconds": {
            "p50": middle(latencies) / NANOSECONDS if latencies else None,
            "p90": None if p90 is None else p90 / NANOSECONDS,
            "p90_refused": refused,
            "min": min(latencies) / NANOSECONDS if latencies else None,
            "max": max(latencies) / NANOSECONDS if latencies else None,
        },
        "time_to_first_token_seconds": _spread([sample["prefill_seconds"] for sample in timed]),
        "prefill_tokens_per_second": sum(s["prompt_tokens"] for s in timed) / prefill if prefill else None,
        "decode_tokens_per_second": sum(s["completion_tokens"] - 1 for s in timed) / decode if decode else None,
    }


def offline_figures(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Throughput with all queries there from the start, from its samples; ``seconds`` end with the last answer.

    Failed queries took time and gave nothing: they are in ``seconds`` and in no rate.
    """
    answered = _answered(samples)
    seconds = max(sample["latency_ns"] for sample in samples) / NANOSECONDS
    new = [sample["completion_tokens"] for sample in answered if sample["completion_tokens"] is not None]
    return {
        **_counts(samples),
        "seconds": seconds,
        "examples_per_second": len(answered) / seconds,
        "tokens_per_second": sum(new) / seconds if new else None,
    }


def _answered(samples: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [sample for sample in samples if sample["finish_reason"] != "error"]


def _counts(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many were answered, and their tokens; None for models without tokens."""
    answered = _answered(samples)
    counts: dict[str, Any] = {"n": len(answered), "failed": len(samples) - len(answered)}
    for key in ("prompt_tokens", "completion_tokens"):
        tokens = [sample[key] for sample in answered if sample[key] is not None]
        counts[key] = {"total": sum(tokens), "min": min(tokens), "max": max(tokens)} if tokens else None
    return counts


def _spread(seconds: list[float]) -> dict[str, float] | None:
    """Middle and ends; the middle as LoadGen takes it."""
    if not seconds:
        return None
    return {"p50": sorted(seconds)[len(seconds) // 2], "min": min(seconds), "max": max(seconds)}


def _hold_against(log: LoadGenLog, figures: Mapping[str, Any], samples: Sequence[Mapping[str, Any]]) -> None:
    """Our figures must be LoadGen's own, where it has them: it does not know that a query failed.

    Raises:
        RunError: they are not, so one of the two counts something else than we think.
    """
    if figures["failed"]:
        return
    if "examples_per_second" in figures:
        pairs = {"samples per second": (figures["examples_per_second"], log.results["result_samples_per_second"])}
    else:
        times, told = figures["end_to_end_seconds"], log.results
        pairs = {
            "50th percentile": (times["p50"], told["result_50.00_percentile_latency_ns"] / NANOSECONDS),
            "90th percentile": (times["p90"] or 0.0, told["early_stopping_latency_ss"] / NANOSECONDS),
        }
    for name, (ours, theirs) in pairs.items():
        if abs(ours - theirs) > 1e-5 * abs(theirs):  # LoadGen prints rates with six digits
            raise RunError(f"{name}: {len(samples)} samples give {ours}, LoadGen {log.version} says {theirs}")
