"""Single-stream latency on a small fixed sample: one request at a time, nothing reused, warm-up dropped.

A batch's time is nobody's latency, so this is a pass of its own after the quality pass.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Iterable, Sequence
from typing import Any

from edgejson_bench.models.base import Model
from edgejson_bench.records import Completion, Example, Prompt, Settings
from edgejson_bench.tasks import Dataset, tier_order

PER_TIER = {"simple": 2, "medium": 2, "complex": 1}
"""Queries per tier, about as the test split has them; one complex query of a rambling model takes minutes."""


def latency_sample(examples: Sequence[Example], dataset: Dataset) -> list[Example]:
    """The same few examples for everybody: per tier, those whose ids have the smallest sha256.

    Of the form style alone where that is among ``examples``, so that runs of form and of both styles time the same
    requests. A run of prose alone times prose.
    """
    form = [example for example in examples if example.style == "form"]
    by_tier: dict[str, list[Example]] = {}
    for example in sorted(form or examples, key=lambda example: hashlib.sha256(example.id.encode()).hexdigest()):
        by_tier.setdefault(dataset.tier(example), []).append(example)
    return [example for tier in sorted(by_tier, key=tier_order) for example in by_tier[tier][: PER_TIER.get(tier, 1)]]


def measure(model: Model, prompts: Iterable[Prompt], settings: Settings) -> Iterable[dict[str, Any]]:
    """Yield one raw sample per prompt; the first prompt is answered once before, unmeasured, to warm up.

    A sample: ``example_id, prompt_tokens, completion_tokens, finish_reason, end_to_end_seconds`` and, for models
    that tell them apart, ``prefill_seconds`` (to the first token, tokenisation left out) and ``decode_seconds``.
    """
    alone = Settings(stop=settings.stop, batch_size=1, text_rule=settings.text_rule)
    for number, prompt in enumerate(prompts):
        if number == 0:
            _answer(model, prompt, alone)
        started = time.perf_counter()
        completion = _answer(model, prompt, alone)
        seconds = time.perf_counter() - started
        sample: dict[str, Any] = {
            "example_id": prompt.example_id,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "finish_reason": completion.finish_reason,
            "end_to_end_seconds": seconds,
        }
        if completion.timing is not None:
            sample["prefill_seconds"] = completion.timing.prefill_seconds
            sample["decode_seconds"] = completion.timing.decode_seconds
        yield sample


def _answer(model: Model, prompt: Prompt, settings: Settings) -> Completion:
    (completion,) = model.generate([prompt], settings)
    return completion


def summarise(samples: Sequence[dict[str, Any]], hardware: dict[str, Any]) -> dict[str, Any]:
    """The numbers that tables show, from raw samples, which are kept beside them.

    Rates are total tokens over total seconds. The first new token belongs to prefill, so decode counts the others.
    Failed requests have no latency and are left out of the figures; their number is ``failed``.
    """
    answered = [sample for sample in samples if sample["finish_reason"] != "error"]
    times = [sample["end_to_end_seconds"] for sample in answered]
    timed = [sample for sample in answered if "prefill_seconds" in sample]
    prefill = sum(sample["prefill_seconds"] for sample in timed)
    decode = sum(sample["decode_seconds"] for sample in timed)
    return {
        "scenario": "single_stream",
        "workload": "natural",
        "n": len(answered),
        "failed": len(samples) - len(answered),
        "end_to_end_seconds": {"p50": statistics.median(times), "min": min(times), "max": max(times)}
        if times
        else None,
        "prefill_tokens_per_second": sum(s["prompt_tokens"] for s in timed) / prefill if prefill else None,
        "decode_tokens_per_second": sum(s["completion_tokens"] - 1 for s in timed) / decode if decode else None,
        "hardware": hardware,
        "samples": list(samples),
    }
