"""Whether a text says its gold's values: by the marked words where there is evidence, else by looking everywhere.

Spellings are read back by :mod:`edgejson_bench.spellings`; what a task's own words stand for comes from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

from edgejson_bench.audit.findings import Fault, shown
from edgejson_bench.records import Example
from edgejson_bench.scoring.exact import scalar_key
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.spellings import Words, expresses, occurs, readings

FieldWords = Callable[[str], Words | None]
"""Phrases of the field at a JSON pointer, by the value they stand for; None where the field has no words of its own."""

TaskWords = Callable[[str], FieldWords | None]
"""The words of a task, by its name; None where nobody has written them down."""

_ENDLESS_WORD = re.compile(r"(\w{100})\w+")
"""The search for spellings takes time by the square of a word's length: 114 s for 40,000 letters in a row."""


def frame_words(task: str) -> FieldWords | None:
    """The words that our own prose is written with, from the task's frame file; None for a task that has none.

    Raises:
        DataError: the frame file is broken.
    """
    from edgejson_bench.generation import prose
    from edgejson_bench.generation.prose.checks import field_of
    from edgejson_bench.generation.prose.frames import load

    if not (resources.files(prose) / "frames" / f"{task}.yaml").is_file():
        return None
    file = load(task)
    return lambda pointer: file.phrases(field_of(pointer))


def evidence_faults(example: Example, words: FieldWords | None) -> list[Fault]:
    """What is wrong with the marked words of a gold's leaves; none where nothing is marked at all.

    ``contradiction``: a leaf without words (``no_span``), words for what is no leaf (``no_leaf``), and words that
    do not say their leaf's value (``wrong_span``). Where the task's words are not known, a span is wrong only if it can
    be read as another value of the leaf's type; otherwise the leaf is ``not_found``.
    """
    if example.evidence is None:
        return []
    values = leaves(example.gold)
    wrong = [
        ("no_span", f"{pointer}: no words are marked for it") for pointer in values.keys() - example.evidence.keys()
    ]
    unread: list[str] = []
    for pointer, (start, end) in example.evidence.items():
        phrase = example.prompt[start:end]
        if pointer not in values:
            wrong.append(("no_leaf", f"{pointer}: {shown(phrase)} is marked, but the gold has no such leaf"))
            continue
        value = values[pointer]
        if expresses(phrase, value, words(pointer) if words else None):
            continue
        sentence = f"{pointer}: {shown(phrase)} does not say {shown(value)}"
        if words is not None or _says_another(phrase, value):
            wrong.append(("wrong_span", sentence))
        else:
            unread.append(sentence)
    found = []
    if wrong:
        wrong.sort()
        causes = tuple(dict.fromkeys(cause for cause, _ in wrong))
        found.append(Fault("contradiction", causes, tuple(sentence for _, sentence in wrong)))
    if unread:
        found.append(Fault("not_found", ("unread_span",), tuple(unread)))
    return found


def not_found_fault(example: Example) -> Fault | None:
    """The values of a gold that its text says nowhere, in any spelling known here.

    Truth values, nulls, empty objects and empty arrays are left out: there are too many ways to say them.
    """
    text = _shortened(example.prompt)
    details = [
        f"{pointer}: {shown(value)} was not found in the text"
        for pointer, value in leaves(example.gold).items()
        if _can_be_found(value) and not occurs(_shortened(value), text)
    ]
    return Fault("not_found", ("nowhere",), tuple(details)) if details else None


def _can_be_found(value: Any) -> bool:
    return value is not None and value != "" and not isinstance(value, bool | dict | list)


def _shortened(value: Any) -> Any:
    """A text with its endless words cut short, which keeps the search for spellings quick."""
    return _ENDLESS_WORD.sub(r"\1", value) if isinstance(value, str) else value


def _says_another(phrase: str, value: Any) -> bool:
    """Whether a phrase can be read as a number, date or truth value of the kind that ``value`` is."""
    kind = scalar_key(value)[0]
    return any(scalar_key(reading)[0] == kind for reading in _beyond_itself(phrase))


def _beyond_itself(phrase: str) -> Iterator[Any]:
    yield from (reading for reading in readings(phrase) if reading != phrase)
