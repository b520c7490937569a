"""A submission's model asked again: the same prompts of a few examples, and whether the answers come out the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgejson_bench.evaluate import score_completions
from edgejson_bench.models.base import Model
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Completion, Example
from edgejson_bench.submission_files import Submission
from edgejson_bench.tasks import Dataset, interleaved
from edgejson_bench.verification.verdicts import Again

SAME_TEXTS = 0.9
"""Share of texts that must be the same: another processor's rounding turns a near tie now and then, no more."""


@dataclass(frozen=True)
class Reproduction:
    """What came of asking again."""

    again: Again
    problems: tuple[str, ...]
    """Why the submission does not count as reproduced; empty where it does."""


def sample(submission: Submission, dataset: Dataset, count: int) -> list[Example]:
    """``count`` examples, all tiers in turn, picked by the completions' hash, which no forger foresees."""
    board = submission.record["board"]
    salt = submission.record["completions"]["sha256"]
    examples = [example for example in dataset.split(board["split"]) if example.style in board["styles"]]
    examples.sort(key=lambda example: hashlib.sha256(f"{salt} {example.id}".encode()).digest())
    return interleaved(examples, dataset)[:count]


def reproduce(
    submission: Submission,
    dataset: Dataset,
    completions: Mapping[str, Completion],
    model: Model,
    examples: Sequence[Example],
) -> Reproduction:
    """Ask ``model`` for ``examples`` as the submission says it was asked, and compare.

    Raises:
        DataError, ModelError: the prompts cannot be built for this model.
    """
    record = submission.record
    protocol, settings = get_protocol(record["board"]["protocol"]), record["settings"]
    problems = []
    for key in ("revision", "base_revision", "parameters"):
        claimed, found = record["model"][key], getattr(model.identity, key)
        if claimed != found:
            problems.append(f"model.{key}: claims {claimed!r}, the model here has {found!r}")
    prompts = build_prompts(examples, dataset, protocol, model, settings["prompt"])
    for prompt in prompts:
        claimed = settings["max_new_tokens"].get(prompt.task)
        if claimed != prompt.max_new_tokens:
            problems.append(f"settings.max_new_tokens.{prompt.task}: claims {claimed}, it is {prompt.max_new_tokens}")
    made_here = model.generate(prompts, protocol.settings(settings["batch_size"]))
    answers = {answer.example_id: answer for answer in made_here}
    same_texts = sum(answers[example.id].text == completions[example.id].text for example in examples)
    there, here = (score_completions(dataset, examples, made, protocol.scorer) for made in (completions, answers))
    other = [one.example_id for one, two in zip(there, here, strict=True) if one.json_exact != two.json_exact]
    for example in examples:
        claimed, found = completions[example.id].prompt_tokens, answers[example.id].prompt_tokens
        if claimed != found:
            problems.append(f"completions: {example.id!r}: claims {claimed} prompt tokens, it has {found}")
            break
    if other:
        problems.append(f"completions: {other[0]!r}: right there and wrong here, or the other way round")
    if same_texts < SAME_TEXTS * len(examples):
        problems.append(f"completions: {same_texts} of {len(examples)} texts came out the same")
    again = Again(asked=len(examples), same_texts=same_texts, same_exact=len(examples) - len(other))
    return Reproduction(again, tuple(dict.fromkeys(problems)))
