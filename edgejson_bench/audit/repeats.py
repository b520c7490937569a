"""Examples that are there again: within a split, and in train of what test asks for.

The same gold in another style of the same split is a pair, no repetition; from train to test it leaks in any style.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgejson_bench.audit.findings import Fault
from edgejson_bench.copies import MAX_JACCARD, NearCopies
from edgejson_bench.jsonio import canonical
from edgejson_bench.records import Example


@dataclass(frozen=True, slots=True)
class Likeness:
    """The test text of one style that is most like a train text."""

    style: str
    test: str
    """Example id."""
    train: str
    """Example id, of any style."""
    jaccard: float
    """Shared word 8-grams over all 8-grams of the two; above 0.8 they are near copies."""


def duplicate_faults(examples: Sequence[Example]) -> Mapping[str, Fault]:
    """Faults of one split by example id: each has an earlier one's prompt, or in the same style and task its gold."""
    return _together(
        "duplicate",
        {
            "prompt": _earlier(examples, lambda example: example.prompt),
            "gold": _earlier(examples, lambda example: (example.style, example.task, canonical(example.gold))),
        },
    )


def leaks(train: Sequence[Example], test: Sequence[Example]) -> tuple[Mapping[str, Fault], tuple[Likeness, ...]]:
    """Faults of test examples by id, and the closest pair of texts for every style of test.

    Causes: the ``prompt`` is in train; the ``gold`` is, for the same task, in the same style; it is in another style
    (``twin``); the prompt is a ``near_copy`` of a train prompt.
    """
    prompts: dict[str, str] = {}
    golds: dict[tuple[str, str], dict[str, str]] = {}
    texts = NearCopies()
    for example in train:
        prompts.setdefault(example.prompt, example.id)
        golds.setdefault((example.task, canonical(example.gold)), {}).setdefault(example.style, example.id)
        texts.add(example.id, example.prompt)
    found: dict[str, dict[str, str]] = {"prompt": {}, "gold": {}, "twin": {}, "near_copy": {}}
    closest: dict[str, Likeness] = {}
    for example in test:
        holders = golds.get((example.task, canonical(example.gold)), {})
        if example.style in holders:
            found["gold"][example.id] = holders[example.style]
        elif holders:
            found["twin"][example.id] = next(iter(holders.values()))
        if example.prompt in prompts:
            found["prompt"][example.id] = prompts[example.prompt]
        nearest = texts.nearest(example.prompt)
        if nearest is None:
            continue
        if nearest.jaccard > MAX_JACCARD and example.prompt not in prompts:
            found["near_copy"][example.id] = nearest.name
        if example.style not in closest or closest[example.style].jaccard < nearest.jaccard:
            closest[example.style] = Likeness(example.style, example.id, nearest.name, nearest.jaccard)
    return _together("leak", found), tuple(closest.values())


def _earlier(examples: Iterable[Example], key: Callable[[Example], Hashable]) -> dict[str, str]:
    """Id of the first example with the same key, by the ids of the later ones."""
    first: dict[Hashable, str] = {}
    later = {}
    for example in examples:
        holder = first.setdefault(key(example), example.id)
        if holder != example.id:
            later[example.id] = holder
    return later


_SENTENCES = {
    "prompt": "the prompt is that of {}",
    "gold": "the gold is that of {}",
    "twin": "the gold is that of {}, which says it in another style",
    "near_copy": "the prompt is a near copy of that of {}",
}


def _together(kind: str, others: Mapping[str, Mapping[str, str]]) -> dict[str, Fault]:
    """One fault per example from, by cause, the other example's id by the example's own."""
    ids = dict.fromkeys(example_id for found in others.values() for example_id in found)
    faults = {}
    for example_id in ids:
        causes = tuple(cause for cause, found in others.items() if example_id in found)
        details = tuple(_SENTENCES[cause].format(others[cause][example_id]) for cause in causes)
        faults[example_id] = Fault(kind, causes, details)
    return faults
