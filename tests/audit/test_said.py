"""Evidence that does not say its leaf, and values that a text says nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgejson_bench.audit.findings import Fault
from edgejson_bench.audit.said import FieldWords, evidence_faults, frame_words, not_found_fault
from edgejson_bench.records import Example
from tests.audit.made import PARCEL, WORDS, prose

TEXT = "Twelve kilos, handle with care: the Bike Bros box is due at 2:15 pm UTC on 3 March 2024."
GOLD = {"carrier": "Bike Bros", "weight": 12, "fragile": True, "due": "2024-03-03T14:15:00Z"}
MARKED = {
    "carrier": "Bike Bros",
    "weight": "Twelve",
    "fragile": "handle with care",
    "due": "2:15 pm UTC on 3 March 2024",
}


def words(pointer: str) -> Any:
    return WORDS.get(pointer.removeprefix("/"))


def faults(gold: dict[str, Any], known: FieldWords | None = words, **marked: str) -> list[Fault]:
    return evidence_faults(prose("x", PARCEL, gold, TEXT, **marked), known)


def test_evidence_that_says_every_leaf_has_no_fault() -> None:
    assert faults(GOLD, **MARKED) == []


def test_without_evidence_there_is_nothing_to_check() -> None:
    assert faults(GOLD) == []


@pytest.mark.parametrize(
    ("changes", "cause", "detail"),
    [
        ({"weight": 13}, "wrong_span", "/weight: 'Twelve' does not say 13"),
        ({"fragile": False}, "wrong_span", "/fragile: 'handle with care' does not say False"),
        (
            {"due": "2024-03-03T15:15:00Z"},
            "wrong_span",
            "/due: '2:15 pm UTC on 3 March 2024' does not say '2024-03-03T15:15:00Z'",
        ),
        ({"carrier": "Bike Bro"}, "wrong_span", "/carrier: 'Bike Bros' does not say 'Bike Bro'"),
        ({"note": "new"}, "no_span", "/note: no words are marked for it"),
        ({"carrier": None}, "wrong_span", "/carrier: 'Bike Bros' does not say None"),
    ],
)
def test_a_gold_that_its_evidence_does_not_say(changes: dict[str, Any], cause: str, detail: str) -> None:
    assert faults({**GOLD, **changes}, **MARKED) == [Fault("contradiction", (cause,), (detail,))]


def test_a_span_for_what_is_no_leaf() -> None:
    fewer = {key: value for key, value in GOLD.items() if key != "weight"}
    detail = "/weight: 'Twelve' is marked, but the gold has no such leaf"
    assert faults(fewer, **MARKED) == [Fault("contradiction", ("no_leaf",), (detail,))]


def test_several_faults_of_one_example_are_one_finding() -> None:
    (found,) = faults({**GOLD, "weight": 13, "note": "new"}, **MARKED)
    assert found.causes == ("no_span", "wrong_span")
    assert len(found.details) == 2


def test_where_a_tasks_words_are_not_known_only_another_value_contradicts() -> None:
    assert faults({**GOLD, "weight": 13}, None, **MARKED) == [
        Fault("contradiction", ("wrong_span",), ("/weight: 'Twelve' does not say 13",)),
        Fault("not_found", ("unread_span",), ("/fragile: 'handle with care' does not say True",)),
    ]


def test_our_own_words_come_from_the_frame_files() -> None:
    known = frame_words("notification")
    assert known is not None
    assert "urgent" in (known("/priority") or {})
    assert known("/title") is None
    assert frame_words("parcel") is None


SAID: dict[str, tuple[Any, str]] = {
    "a string": ("Bike Bros", "The Bike Bros were late."),
    "a number": (1240.5, "It cost $1,240.50 in all."),
    "a number word": (12, "Twelve kilos."),
    "a date": ("2024-03-03", "See you on 3 March 2024."),
    "a truth value in other words": (True, "Handle with care."),
    "null": (None, "Nothing."),
    "an empty object": ({}, "Nothing."),
    "an empty text": ("", "Nothing."),
    "a word without an end": ("x" * 5000, f"Attached: {'x' * 5000}."),
}


@pytest.mark.parametrize("case", SAID)
def test_what_a_text_says_is_found(case: str) -> None:
    value, text = SAID[case]
    assert not_found_fault(Example("x", "parcel", "prose", text, {"value": value})) is None


@pytest.mark.parametrize("value", ["Bike", 13, 0.5, "2024-03-04", "x" * 5000])
def test_what_a_text_does_not_say_is_not_found(value: Any) -> None:
    text = "Bikes weigh 12 kilos. 3 March 2024. " + "y" * 5000
    found = not_found_fault(Example("x", "parcel", "prose", text, {"a": [{"b": value}]}))
    assert found is not None
    assert (found.kind, found.causes, len(found.details)) == ("not_found", ("nowhere",), 1)
    assert found.details[0].startswith("/a/0/b: ")


def test_a_text_of_one_endless_word_is_searched_quickly() -> None:
    """Searching it as it is takes half an hour."""
    example = Example("x", "parcel", "prose", "a" * 200_000, {"weight": 12, "carrier": "Post"})
    found = not_found_fault(example)
    assert found is not None
    assert len(found.details) == 2
    assert not_found_fault(replace(example, gold={"carrier": "a" * 200_000})) is None
