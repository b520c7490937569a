"""What is wrong with a wrong answer: every difference to the gold, each of one kind.

Decided by the values, the text and its evidence alone; whether an answer is wrong at all is the scorer's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.records import Example
from edgejson_bench.scoring.exact import scalar_key, typed_equal
from edgejson_bench.scoring.fields import align, below, leaves
from edgejson_bench.spellings import occurs, readings

KINDS = (
    "model_error",
    "truncated",
    "invalid_json",
    "structure",
    "field_omission",
    "extra_field",
    "array_length",
    "type",
    "value_hallucination",
    "misplaced_value",
)
"""Kinds of error. Of several in one answer, the first in this order is the primary one."""

REPORTED_SHARES = {
    "field_omission": 0.42,
    "type": 0.24,
    "value_hallucination": 0.18,
    "structure": 0.10,
    "invalid_json": 0.06,
}
"""Published for Maaza-SLM-360M (paper, error analysis): 50 errors, by hand, one of five kinds each."""

_UNREAD = {
    "model_error": "model_error",
    "truncated": "truncated",
    "not_object": "structure",
    "no_object": "invalid_json",
    "invalid_json": "invalid_json",
    "duplicate_key": "invalid_json",
    "not_finite": "invalid_json",
    "too_deep": "invalid_json",
}
"""Kinds of what could not be read, by the score's ``problem``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an answer."""

    kind: str
    """One of ``KINDS``."""
    pointer: str
    """JSON pointer of the place; indices are the gold's, those of an item in the wrong order the answer's."""
    predicted: Any = None
    """What the answer has there, of ``array_length`` how many items; None for what it lacks."""
    gold: Any = None
    """What the gold has there, of ``array_length`` how many items; None for what it lacks."""
    source: str | None = None
    """Of a misplaced value: pointer of the gold leaf or item that it is. The place's own pointer means that the answer
    repeats the text's words for it in a spelling that is not the gold's. None where only the text holds the value."""


@dataclass(frozen=True, slots=True)
class ItemPairs:
    """Which items of two arrays are held against each other: indices of the answer by indices of the gold."""

    compared: dict[int, int]
    """Items that stand for each other, right or wrong."""
    moved: dict[int, int]
    """Equal items in another order."""


def classify(
    example: Example, value: Any, problem: str | None, equal: Callable[[Any, Any], bool] = typed_equal
) -> tuple[Finding, ...]:
    """Everything that is wrong with an answer, in the order of the gold.

    ``value`` is what the scorer read, None where it read nothing; ``problem`` says why it could not, or could not read
    all. ``equal`` is the scorer's equality. There is a finding exactly where there is a problem or the values differ.

    Array items are held against each other as field F1 does, so an item too few is one finding and leaves the others
    alone. A value nested more deeply than the strict parser reads is one ``structure`` finding.
    """
    unread = () if problem is None else (Finding(_UNREAD[problem], ""),)
    if value is None or equal(value, example.gold):
        return unread
    if depth(value) > MAX_DEPTH:
        return (*unread, Finding("structure", "", value, example.gold))
    return (*unread, *_Comparison(example, equal).unequal("", value, example.gold))


def error_kinds(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The kinds among ``findings``, each once, the primary one first."""
    found = {finding.kind for finding in findings}
    return tuple(kind for kind in KINDS if kind in found)


def depth(value: Any) -> int:
    """Levels of objects and arrays: 0 for a scalar, 1 for ``{}``. No recursion, so any value will do."""
    levels, parts = 0, [value]
    while parts := [part for part in parts if isinstance(part, dict | list)]:
        levels += 1
        parts = [child for part in parts for child in (part.values() if isinstance(part, dict) else part)]
    return levels


def pair_items(predicted: Sequence[Any], gold: Sequence[Any]) -> ItemPairs:
    """Find each gold item's counterpart.

    First come the pairs of field F1, then equal items wherever they are; what is left is paired in order, between the
    same neighbours before anywhere else. The longer array has items over.
    """
    compared = align(predicted, gold)
    moved: dict[int, int] = {}
    taken = set(compared.values())
    free = [index for index in range(len(predicted)) if index not in taken]
    for place in (place for place in range(len(gold)) if place not in compared):
        index = next((index for index in free if typed_equal(predicted[index], gold[place])), None)
        if index is not None:
            moved[place] = index
            free.remove(index)
    settled = [(-1, -1), *compared.items(), (len(gold), len(predicted))]
    for (place, index), (next_place, next_index) in pairwise(settled):
        left = (other for other in range(place + 1, next_place) if other not in moved)
        compared.update(zip(left, [other for other in free if index < other < next_index], strict=False))
    left = (place for place in range(len(gold)) if place not in compared and place not in moved)
    taken = set(compared.values())
    compared.update(zip(left, [index for index in free if index not in taken], strict=False))
    return ItemPairs(dict(sorted(compared.items())), moved)


class _Comparison:
    """One answer held against one gold."""

    def __init__(self, example: Example, equal: Callable[[Any, Any], bool]) -> None:
        self._example = example
        self._equal = equal

    def differences(self, pointer: str, predicted: Any, gold: Any) -> Iterator[Finding]:
        if not self._equal(predicted, gold):
            yield from self.unequal(pointer, predicted, gold)

    def unequal(self, pointer: str, predicted: Any, gold: Any) -> Iterator[Finding]:
        if isinstance(predicted, dict) and isinstance(gold, dict):
            yield from self._members(pointer, predicted, gold)
        elif isinstance(predicted, list) and isinstance(gold, list):
            yield from self._items(pointer, predicted, gold)
        elif isinstance(predicted, dict | list) or isinstance(gold, dict | list):
            yield Finding("structure", pointer, predicted, gold)
        elif scalar_key(predicted)[0] != scalar_key(gold)[0]:
            yield Finding("type", pointer, predicted, gold)
        else:
            yield self._wrong_value(pointer, predicted, gold)

    def _members(self, pointer: str, predicted: dict[str, Any], gold: dict[str, Any]) -> Iterator[Finding]:
        for key, expected in gold.items():
            if key in predicted:
                yield from self.differences(below(pointer, key), predicted[key], expected)
            else:
                yield Finding("field_omission", below(pointer, key), gold=expected)
        for key, found in predicted.items():
            if key not in gold:
                yield Finding("extra_field", below(pointer, key), predicted=found)

    def _items(self, pointer: str, predicted: list[Any], gold: list[Any]) -> Iterator[Finding]:
        if len(predicted) != len(gold):
            yield Finding("array_length", pointer, len(predicted), len(gold))
        pairs = pair_items(predicted, gold)
        wrong = [
            finding
            for place, index in pairs.compared.items()
            for finding in self.differences(below(pointer, place), predicted[index], gold[place])
        ]
        yield from wrong
        if not wrong and not pairs.moved and len(predicted) == len(gold):
            # Items in another order that only the published scorer takes for equal: [true, "x"] as ["x", 1].
            yield Finding("misplaced_value", pointer, predicted, gold)
        for place, index in pairs.moved.items():
            expected = gold[index] if index < len(gold) else None
            yield Finding("misplaced_value", below(pointer, index), predicted[index], expected, below(pointer, place))

    def _wrong_value(self, pointer: str, predicted: Any, gold: Any) -> Finding:
        source = self._sources.get(scalar_key(predicted))
        if source is None and not self._in_text(predicted):
            return Finding("value_hallucination", pointer, predicted, gold)
        return Finding("misplaced_value", pointer, predicted, gold, source)

    def _in_text(self, value: Any) -> bool:
        if isinstance(value, bool):
            return False  # a text says "no" or "on" for many reasons: only the leaves of the gold tell
        if isinstance(value, str) and len(value) > len(self._example.prompt):
            return False  # searching for a string of a million characters takes seconds
        return occurs(value, self._example.prompt)

    @cached_property
    def _sources(self) -> dict[Any, str]:
        """The first leaf of the gold by value, and by what the text's words for it can be read as, or are."""
        sources: dict[Any, str] = {}
        for pointer, leaf in leaves(self._example.gold).items():
            sources.setdefault(scalar_key(leaf), pointer)
        for pointer, (start, end) in (self._example.evidence or {}).items():
            for reading in readings(self._example.prompt[start:end]):
                sources.setdefault(scalar_key(reading), pointer)
        return sources
