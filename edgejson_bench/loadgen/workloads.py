"""What is asked while the clock runs: the benchmark's own prompts, or a fixed number of tokens in and out.

A workload names every query before the first is made, the same for every model and machine of one seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from edgejson_bench.errors import DataError, ModelError
from edgejson_bench.models.base import Model
from edgejson_bench.protocols import PromptFormat, Protocol, build_prompts
from edgejson_bench.records import Completion, Example, Prompt, Settings
from edgejson_bench.tasks import Dataset

WorkloadName = Literal["natural", "fixed"]
WORKLOADS: tuple[str, ...] = get_args(WorkloadName)

SPLIT = "test"
FIXED_PROMPT_TOKENS, FIXED_NEW_TOKENS = 256, 128
SHIFTS = 64
"""From how many places of a text a piece of exactly so many tokens is tried before giving up."""


@dataclass(frozen=True)
class Workload:
    """The queries of a measurement, before anything of LoadGen."""

    name: WorkloadName
    prompts: tuple[Prompt, ...]
    """One per query. An example comes again only after all others."""
    settings: Settings
    """``batch_size`` is that of the offline scenario; single-stream goes one by one."""
    prompt_format: PromptFormat | None
    """None where the text is not a protocol's (fixed)."""

    def check(self, completion: Completion) -> None:
        """Make sure that a completion is what the workload promises.

        Raises:
            ModelError: a fixed length was not kept, because the model's context is too short or it failed.
        """
        if self.name != "fixed":
            return
        counts = (completion.prompt_tokens, completion.completion_tokens)
        if counts != (FIXED_PROMPT_TOKENS, FIXED_NEW_TOKENS):
            why = completion.error or f"it had {counts[0]} in and {counts[1]} out; is its context too short?"
            raise ModelError(
                f"the model cannot do {FIXED_PROMPT_TOKENS} tokens in and {FIXED_NEW_TOKENS} out ({why}); "
                "use --workload natural"
            )


def natural(
    dataset: Dataset,
    model: Model,
    protocol: Protocol,
    prompt_format: PromptFormat,
    *,
    queries: int,
    seed: int,
    batch_size: int,
) -> Workload:
    """The test split's prompts under a protocol, which also says where the model stops.

    Raises:
        DataError, ModelError: as :func:`edgejson_bench.protocols.build_prompts`; the split is empty.
    """
    examples = chosen(dataset.split(SPLIT), queries, seed)
    prompts = build_prompts(examples, dataset, protocol, model, prompt_format)
    return Workload("natural", tuple(prompts), protocol.settings(batch_size), prompt_format)


def fixed(dataset: Dataset, model: Model, *, queries: int, seed: int, batch_size: int) -> Workload:
    """Texts of the test split cut to 256 of the model's tokens, special tokens left out; 128 new ones, come what may.

    No two prompts are of one task, so the batch engine has nothing to share between them.

    Raises:
        ModelError: the model has no tokens, or no text comes to exactly 256 of them.
        DataError: the split is empty.
    """
    if model.count_tokens("") is None:
        raise ModelError(
            f"{model.identity.spec}: has no tokens, so no number of them can be asked for; use --workload natural"
        )
    split = dataset.split(SPLIT)
    order = chosen(split, len(split), seed)
    prompts = []
    for number, example in enumerate(chosen(split, queries, seed)):
        text = exactly(FIXED_PROMPT_TOKENS, _texts(order, number), model)
        prompts.append(
            Prompt(
                example_id=example.id,
                task=f"fixed-{number}",
                text=text,
                input=text,
                schema=None,
                max_new_tokens=FIXED_NEW_TOKENS,
                adds_special_tokens=False,
            )
        )
    return Workload("fixed", tuple(prompts), Settings(stop="length", batch_size=batch_size), None)


def chosen(examples: Sequence[Example], queries: int, seed: int) -> list[Example]:
    """Examples for so many queries: pass after pass over all of them, each pass in its own order.

    The order is that of sha256 sums, which every machine and every version of Python computes alike.

    Raises:
        DataError: there are no examples.
    """
    if not examples:
        raise DataError(f"the {SPLIT} split of this data is empty, so there is nothing to time")
    found: list[Example] = []
    for turn in range(-(-queries // len(examples))):
        found += _shuffled(examples, f"{seed} {turn}")
    return found[:queries]


def _shuffled(examples: Sequence[Example], salt: str) -> list[Example]:
    return sorted(examples, key=lambda example: hashlib.sha256(f"{salt} {example.id}".encode()).hexdigest())


def _texts(examples: Sequence[Example], start: int) -> Iterator[str]:
    """The examples' texts from one on, round and round; empty texts would never come to a length."""
    if not any(example.prompt.strip() for example in examples):
        raise DataError(f"the texts of the {SPLIT} split are all empty, so there is nothing to time")
    while True:
        for offset in range(len(examples)):
            yield examples[(start + offset) % len(examples)].prompt


def exactly(tokens: int, texts: Iterator[str], model: Model) -> str:
    """The beginning of ``texts``, joined, that has exactly so many of the model's tokens.

    Raises:
        ModelError: there is none.
    """

    def count(text: str) -> int:
        found = model.count_tokens(text)
        assert found is not None, "a model either has tokens or not"
        return found

    text = ""
    while count(text) < 2 * tokens:
        text += next(texts) + "\n\n"
    for shift in range(SHIFTS):
        piece = _cut(text[shift:], tokens, count)
        if count(piece) == tokens:
            return piece
    raise ModelError(
        f"{model.identity.spec}: no text could be cut to exactly {tokens} of its tokens; use --workload natural"
    )


def _cut(text: str, tokens: int, count: Callable[[str], int]) -> str:
    """A shortest beginning with ``tokens`` tokens or more: with more where its last character is several tokens."""
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        if count(text[:middle]) < tokens:
            low = middle
        else:
            high = middle
    return text[:high]
