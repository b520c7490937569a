"""Texts in the form layout against their golds: what the text says otherwise, and what it leaves open.

Decided by printing and reading back alone, with the project's own printer and reader; a heading is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from edgejson_bench.audit.findings import Fault, shown_apart
from edgejson_bench.generation.form import print_form
from edgejson_bench.models.form_reader import FREE_FORM, read_form
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.scoring.compliance import SchemaChecker
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.fields import below, leaves
from edgejson_bench.scoring.taxonomy import Finding as Difference
from edgejson_bench.scoring.taxonomy import classify
from edgejson_bench.tasks import Task

MAX_COMPARED = 1_000_000
"""Leaves of the text times leaves of the gold up to which they are held against each other one by one."""

_CLOSING = re.compile(re.escape(print_form("", "title", {}).rpartition("\n")[2]).replace("title", ".*"))
"""The request at the end, whatever the task's title."""


def is_form(prompt: str) -> bool:
    """Whether a text is laid out as :func:`print_form` does: heading, blank line, fields, blank line, request."""
    return _body(prompt) is not None


def form_fault(example: Example, task: Task, checker: SchemaChecker | None) -> Fault | None:
    """What is wrong between a text in the form layout and its gold.

    ``contradiction``: the text reads otherwise than the gold's own print does. The order of keys and the spelling of
    numbers make no difference. Causes: the gold has something ``added``, ``changed`` or ``dropped``.

    ``ambiguous``: the text is what the gold prints to, and a valid object other than the gold prints to it too: the one
    that the reader returns, or the gold without the array items that print nothing. Causes: ``empty_items``, or
    ``item_borders`` where items merge, or one reads as two, because an optional key begins the item or is out of order.
    Not looked at where there is no schema. That any item of optional keys could be read as several smaller ones is no
    finding: an item goes on as long as its keys come in the schema's order.
    """
    schema = FREE_FORM if task.schema is None else task.schema
    said, meant = read_form(example.prompt, schema), read_form(print_form("", task.title, example.gold), schema)
    if not typed_equal(said, example.gold) and not typed_equal(said, meant):
        return _contradiction(example, said, meant)
    if checker is None:
        return None
    for other in (said, without_empty_items(example.gold)):
        if not typed_equal(other, example.gold) and checker.check(other).structure and _prints_alike(example, other):
            return _ambiguity(example, other)
    return None


def without_empty_items(value: Any) -> Any:
    """``value`` without the array items that print nothing: empty objects, and nothing else."""
    if isinstance(value, dict):
        return {key: without_empty_items(child) for key, child in value.items()}
    if isinstance(value, list):
        return [without_empty_items(item) for item in value if item != {}]
    return value


def _body(text: str) -> list[str] | None:
    """The lines between heading and request; None for a text of another layout."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or lines[1] or lines[-2] or not _CLOSING.fullmatch(lines[-1]):
        return None
    return lines[2:-2]


def _prints_alike(example: Example, other: JsonObject) -> bool:
    printed = _body(print_form("", "-", other))
    return printed in (_body(example.prompt), _body(print_form("", "-", example.gold)))


def _contradiction(example: Example, said: JsonObject, meant: JsonObject) -> Fault:
    if len(leaves(said)) * len(leaves(meant)) > MAX_COMPARED:
        return Fault("contradiction", ("changed",), ("$: the text reads otherwise; too large to say where",))
    found = [_told(difference) for difference in classify(replace(example, gold=meant, evidence=None), said, None)]
    causes = {cause for cause, _ in found}
    return Fault(
        "contradiction",
        tuple(cause for cause in ("added", "changed", "dropped") if cause in causes),
        tuple(sentence for _, sentence in found),
    )


def _told(difference: Difference) -> tuple[str, str]:
    """Cause and sentence of one difference, in which the text is the answer and the gold the gold."""
    place = difference.pointer or "$"
    text, gold = shown_apart(difference.predicted, difference.gold)
    if difference.kind == "field_omission":
        return "added", f"{place}: the gold has {gold}, the text has no such line"
    if difference.kind == "extra_field":
        return "dropped", f"{place}: the text has {text}, the gold lacks it"
    if difference.kind == "array_length":
        cause = "dropped" if difference.predicted > difference.gold else "added"
        return cause, f"{place}: the text has {_items(difference.predicted)}, the gold {gold}"
    return "changed", f"{place}: the text says {text}, the gold {gold}"


def _ambiguity(example: Example, other: JsonObject) -> Fault:
    bare_gold, bare_other = without_empty_items(example.gold), without_empty_items(other)
    causes = []
    if not typed_equal(bare_gold, example.gold) or not typed_equal(bare_other, other):
        causes.append("empty_items")
    if not typed_equal(bare_gold, bare_other):
        causes.append("item_borders")
    others = _lengths(other)
    details = [
        f"{place}: the gold has {_items(count)}, but {others[place]} can print the same"
        for place, count in _lengths(example.gold).items()
        if others.get(place, count) != count
    ]
    return Fault("ambiguous", tuple(causes), tuple(details) or ("$: another object prints the same",))


def _lengths(value: Any) -> dict[str, int]:
    """Number of items of every array, by its place."""

    def walk(part: Any, place: str) -> Iterator[tuple[str, int]]:
        if isinstance(part, list):
            yield place, len(part)
        if isinstance(part, dict | list):
            for key, child in part.items() if isinstance(part, dict) else enumerate(part):
                yield from walk(child, below(place, key))

    return dict(walk(value, ""))


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
