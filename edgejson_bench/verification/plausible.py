"""What no honest run can hold: days that are none, answers beyond their budget, latencies of requests never made.

Re-scoring proves that the numbers follow from the completions. These checks are about the completions and about what
has no completion to follow from. They find carelessness and clumsy forgery; a careful forger needs ``--reproduce``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.latency import latency_sample
from edgejson_bench.models.engines import ENGINES
from edgejson_bench.protocols import PROTOCOLS, PromptFormat
from edgejson_bench.records import Completion, Example
from edgejson_bench.submission_files import Submission
from edgejson_bench.tasks import Dataset

CLOCK_TOLERANCE = 1e-6
"""Submitted seconds have six decimals, so the parts of a request may add up to that much more than the whole."""

CONTEXT_UNIT = 64
"""Every published model's context is a multiple of it."""

SHOWN = 3
"""Completions that are named for one fault; the others are counted."""


def implausible(submission: Submission, dataset: Dataset, completions: Mapping[str, Completion]) -> list[str]:
    """One line per thing that cannot be, with the key's path.

    Args:
        submission: its form is checked and its ids are exactly the board's.
        dataset: the board's data.
        completions: the submission's, by example id.
    """
    record = submission.record
    examples = {example.id: example for example in dataset.split(record["board"]["split"])}
    asked = [example for example in examples.values() if example.style in record["board"]["styles"]]
    return [
        *_date(record["date"]),
        *_model(record["model"]),
        *_settings(record["settings"], {example.task for example in asked}),
        *_completions(record, examples, completions),
        *_latency(record["latency"], asked, dataset),
    ]


def _date(said: str) -> Iterator[str]:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        yield f"date: {said!r} is no day"
        return
    if day > datetime.now(UTC).date() + timedelta(days=1):
        yield f"date: {said} has not come yet"


def _model(model: Mapping[str, Any]) -> Iterator[str]:
    # Other engines than transformers give their own name as the kind of all that they compute.
    merged = model["kind"] in ENGINES and model["base_revision"] is not None
    if model["adapter"] != (merged or model["kind"] == "peft"):
        yield f"model.adapter: is {model['adapter']}, but model.kind is {model['kind']!r}"
    if model["adapter"] and not model["base"]:
        yield "model.base: is missing, and an adapter needs one"
    if model["kind"] != "rules" and not model["parameters"]:
        yield f"model.parameters: is missing, and a model of kind {model['kind']!r} has some"


def _settings(settings: Mapping[str, Any], tasks: set[str]) -> Iterator[str]:
    if settings["prompt"] not in get_args(PromptFormat):
        yield f"settings.prompt: {settings['prompt']!r} is not known; known are {', '.join(get_args(PromptFormat))}"
    budgets = settings["max_new_tokens"]
    for task in sorted(tasks - budgets.keys()):
        yield f"settings.max_new_tokens.{task}: is missing"
    for task in sorted(budgets.keys() - tasks):
        yield f"settings.max_new_tokens.{task}: is no task of the board"


def _completions(
    record: Mapping[str, Any], examples: Mapping[str, Example], completions: Mapping[str, Completion]
) -> Iterator[str]:
    budgets = record["settings"]["max_new_tokens"]
    stops_early = PROTOCOLS[record["board"]["protocol"]].stop == "json_end"
    faults: dict[str, list[str]] = {}
    for example_id, completion in completions.items():
        for fault in _faults(completion, budgets.get(examples[example_id].task), stops_early):
            faults.setdefault(fault, []).append(example_id)
    for fault, ids in faults.items():
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        yield f"completions: {', '.join(map(repr, sorted(ids)[:SHOWN]))}{more}: {fault}"


def _faults(completion: Completion, budget: int | None, stops_early: bool) -> Iterator[str]:
    made, reason = completion.completion_tokens, completion.finish_reason
    if (reason == "error") != (completion.error is not None):
        yield "an error and the finish reason 'error' go together"
    if reason == "error":
        return
    if made is not None and made < 1:
        yield "answered with no token at all"
    if made is not None and budget is not None and made > budget:
        yield "has more tokens than its task's budget"
    if reason == "length" and (made is None or (made != budget and not _fills_context(completion))):
        yield "says that it was cut, and used up neither its task's budget nor a context"
    end = JsonEnd().feed(completion.text)
    if reason == "json_end" and not stops_early:
        yield "says that it was stopped where the JSON closed, and the protocol does not stop there"
    elif reason == "json_end" and end is None:
        yield "says that it was stopped where the JSON closed, and the JSON is open"
    elif reason in ("length", "eos") and stops_early and made is not None and end is not None:
        yield "goes on although the JSON is closed, where the protocol stops"


def _fills_context(completion: Completion) -> bool:
    """Whether prompt and answer together are as long as a context may be: models have multiples of this."""
    return ((completion.prompt_tokens or 0) + (completion.completion_tokens or 0)) % CONTEXT_UNIT == 0


def _latency(latency: Mapping[str, Any] | None, asked: list[Example], dataset: Dataset) -> Iterator[str]:
    if latency is None:
        return
    timed = sorted(sample["example_id"] for sample in latency["samples"])
    expected = sorted(example.id for example in latency_sample(asked, dataset))
    if timed != expected:
        yield f"latency.samples: are of {', '.join(timed) or 'nothing'}; the board times {', '.join(expected)}"
    for number, sample in enumerate(latency["samples"]):
        where = f"latency.samples[{number}]"
        parts = sample.get("prefill_seconds", 0.0) + sample.get("decode_seconds", 0.0)
        if parts > sample["end_to_end_seconds"] + CLOCK_TOLERANCE:
            yield f"{where}: its parts take {parts:.6f} s, the whole {sample['end_to_end_seconds']:.6f} s"
        if sample["end_to_end_seconds"] <= 0:
            yield f"{where}.end_to_end_seconds: nothing takes no time"
    seconds = [sample["end_to_end_seconds"] for sample in latency["samples"]]
    if len(seconds) > 1 and all(one == other for one, other in pairwise(seconds)):
        yield "latency.samples: all took the same time to the microsecond"
