"""From a data set to rows of tokens: the same prompts as in evaluation, the train split alone, a slice held out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from edgejson_bench.copies import NearCopies
from edgejson_bench.errors import UsageError
from edgejson_bench.jsonio import canonical
from edgejson_bench.protocols import completion_text, prompt_text
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, load_shipped, pairs, select
from edgejson_bench.training import scramble
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import DataChoice, Recipe

SPLIT = "train"
"""The only split that is ever trained on."""


@dataclass(frozen=True)
class TrainingData:
    """What is learnt from, and what is kept aside to look at."""

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]


def choose(dataset: Dataset, choice: DataChoice) -> TrainingData:
    """The examples that a recipe trains on and those it holds out, decided by their ids.

    Per task and style, the ``held_out`` share whose ids have the smallest sha256 is kept aside (rounded up, but never
    all of them); of the others, the first ``share`` in that order is trained on. Where one gold is told in both
    styles, its two texts go by one id, so that neither is trained on while the other is held out.

    Raises:
        DataError: there is no train split, or no example of a style in it.
    """
    groups: dict[tuple[str, str], list[Example]] = {}
    chosen = select(dataset, SPLIT, styles=choice.styles)
    forms = {prose: form for form, prose in pairs(chosen).items()}  # the two texts of a gold are held out together
    for example in chosen:
        groups.setdefault((example.task, example.style), []).append(example)
    train: list[Example] = []
    held_out: list[Example] = []
    for group in groups.values():
        group.sort(key=lambda example: hashlib.sha256(forms.get(example.id, example.id).encode()).digest())
        aside = min(math.ceil(choice.held_out * len(group)), len(group) - 1)
        used = max(1, round(choice.share * (len(group) - aside)))
        held_out += group[:aside]
        train += group[aside : aside + used]
    return TrainingData(tuple(train), tuple(held_out))


def with_generated(
    chosen: TrainingData, dataset: Dataset, choice: DataChoice, words: Sequence[str] = ()
) -> TrainingData:
    """``chosen`` and, for each of ``choice.generated`` numbers, another train split: of the generator's making with the
    number as its seed, or of the golds of ``chosen`` told anew.

    What equals a record of the shipped data, or is a near copy of a shipped test text, is left out: the generator's own
    checks know only the data of their seed. Of the styles that the recipe takes. Scrambled forms are made of ``words``
    and of those of the shipped train split.

    Raises:
        UsageError: ``dataset`` is not the shipped one, for which alone there is a generator.
    """
    if not choice.generated:
        return chosen
    if dataset.name != "edgejson":
        raise UsageError(f"data.generated is {choice.generated}, but there is no generator for data set {dataset.name}")
    shipped = load_shipped()
    words = list(dict.fromkeys((*scramble.words_of(shipped.split(SPLIT)), *words)))
    numbers = range(choice.generated_from, choice.generated_from + choice.generated)
    if choice.generated_golds == "same":  # a form of a gold is a copy unless it is scrambled: that comes first
        told = [one for number in numbers for one in _told_anew(chosen.train, shipped, choice, number, words)]
        told = [one for one in told if one.style in choice.styles]
        more = _without_copies(_scrambled(told, shipped, choice, words), shipped, of="test")
    else:
        made = [one for number in numbers for one in _generated(number, choice) if one.style in choice.styles]
        more = _scrambled(_without_copies(made, shipped, of="any"), shipped, choice, words)
    return replace(chosen, train=(*chosen.train, *more))


def _generated(number: int, choice: DataChoice) -> Iterator[Example]:
    """The train split of the generator with the seed of that number."""
    from edgejson_bench.generation import splits

    for task_splits in splits.build(splits.SEED + number, further_frames=choice.further_frames).values():
        for example in task_splits[SPLIT]:
            yield replace(example, id=f"{example.id}-seed{number}")


def _told_anew(
    examples: Sequence[Example], shipped: Dataset, choice: DataChoice, number: int, words: Sequence[str]
) -> list[Example]:
    from edgejson_bench.training.retelling import retold

    return retold(
        examples,
        shipped,
        number,
        further_frames=choice.further_frames,
        exchanged=choice.exchanged,
        exchanged_forms=choice.exchanged_forms,
        exchanged_presence=choice.exchanged_presence,
        words=words,
    )


def _without_copies(examples: Iterable[Example], shipped: Dataset, of: Literal["test", "any"]) -> list[Example]:
    """``examples`` less those with a text that ships or came before, a near copy of a test text, a gold of the test
    split or, for ``any``, a gold that ships or came before."""
    tests = {task: NearCopies() for task in shipped.tasks}
    for example in shipped.split("test"):
        tests[example.task].add(example.id, example.prompt)
    seen = {example.prompt for split in shipped.splits.values() for example in split}
    golds = {canonical(e.gold) for name, split in shipped.splits.items() for e in split if of in (name, "any")}
    kept: list[Example] = []
    for example in examples:
        gold = canonical(example.gold)
        if example.prompt in seen or gold in golds or tests[example.task].find(example.prompt):
            continue
        seen.add(example.prompt)
        if of == "any":
            golds.add(gold)
        kept.append(example)
    return kept


def _scrambled(
    examples: Sequence[Example], shipped: Dataset, choice: DataChoice, words: Sequence[str]
) -> list[Example]:
    """``examples``, a share of each task's forms scrambled: those whose ids have the smallest sha256."""
    ids: dict[str, list[str]] = {}
    for example in examples:
        if example.style == "form":
            ids.setdefault(example.task, []).append(example.id)
    chosen: set[str] = set()
    for same in ids.values():
        # not by the id alone, by which an epoch chooses what it visits
        same.sort(key=lambda example_id: hashlib.sha256(f"scrambled/{example_id}".encode()).digest())
        chosen.update(same[: round(choice.scrambled * len(same))])
    schemas = {name: task.schema or {} for name, task in shipped.tasks.items()}
    return [
        scramble.scrambled(example, schemas[example.task], words, choice.sparse) if example.id in chosen else example
        for example in examples
    ]


def to_rows(examples: Sequence[Example], dataset: Dataset, recipe: Recipe, tokenizer: Any) -> list[Row]:
    """The token rows of ``examples``, in order.

    Prompt and completion are tokenised apart, as they are when a model answers.

    Raises:
        DataError: the recipe's prompt shows the schema and the data has none.
    """
    rows = []
    end = (tokenizer.eos_token_id,) if recipe.end_token else ()
    for example in examples:
        prompt = prompt_text(recipe.prompt, dataset.tasks[example.task].schema, example.prompt)
        gold = completion_text(recipe.prompt, example.gold)
        rows.append(
            Row(
                example.id,
                example.task,
                dataset.tier(example),
                example.style,
                tuple(tokenizer(prompt, verbose=False)["input_ids"]),
                (*tokenizer(gold, add_special_tokens=False, verbose=False)["input_ids"], *end),
            )
        )
    return rows
