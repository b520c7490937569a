"""Texts in the form layout: each way in which a gold can part from its text, and none that is no fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.audit.findings import Fault
from edgejson_bench.audit.form_text import form_fault, is_form, without_empty_items
from edgejson_bench.generation.form import print_form
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.scoring.compliance import SchemaChecker
from edgejson_bench.tasks import Task
from tests.audit.made import PARCEL, PARCELS, TRIP, TRIPS, form


def fault(task: Task, gold: JsonObject, text_of: JsonObject | None = None) -> Fault | None:
    """The fault of ``gold`` beside the text that ``text_of`` (or else itself) prints to."""
    prompt = print_form(task.name, task.title, gold if text_of is None else text_of)
    return form_fault(Example("x", task.name, "form", prompt, gold), task, SchemaChecker(task.schema or {}))


def test_the_layout_is_known_by_heading_blank_lines_and_request() -> None:
    text = form("x", PARCEL, PARCELS[0]).prompt
    assert is_form(text)
    assert is_form(text.replace("Parcel\n", "=== Another Heading ===\n"))
    assert is_form(print_form("parcel", "Parcel", {}))
    for other in (
        "",
        "\n\n\n",
        text.replace("Please", "Kindly"),
        text.replace("\n\n", "\n"),
        f"{text}\n",
        "a\n" + text,
    ):
        assert not is_form(other), other


@pytest.mark.parametrize(("task", "gold"), [*((PARCEL, g) for g in PARCELS), *((TRIP, g) for g in TRIPS)])
def test_a_gold_beside_its_own_print_has_no_fault(task: Task, gold: JsonObject) -> None:
    assert fault(task, gold) is None


CONTRADICTIONS = {
    "a value that the text does not have": (
        {**PARCELS[1], "due": "2024-01-01T00:00:00Z"},
        PARCELS[1],
        ("added",),
        "/due: the gold has '2024-01-01T00:00:00Z', the text has no such line",
    ),
    "another value": (
        {**PARCELS[1], "weight": -12},
        PARCELS[1],
        ("changed",),
        "/weight: the text says 12, the gold -12",
    ),
    "a line that the gold lacks": (
        {"carrier": "Bike Bros", "weight": 12},
        PARCELS[1],
        ("dropped",),
        "/fragile: the text has False, the gold lacks it",
    ),
    "a value of another type": (
        {"carrier": "Bike Bros", "weight": "heavy", "fragile": False},
        PARCELS[1],
        ("changed",),
        "/weight: the text says 12, the gold 'heavy'",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_say_where_and_what(case: str) -> None:
    gold, text_of, causes, detail = CONTRADICTIONS[case]
    assert fault(PARCEL, gold, text_of) == Fault("contradiction", causes, (detail,))


def test_an_item_too_few_is_told_once() -> None:
    fewer = {"driver": "Ada", "stops": [{"place": "Bonn"}]}
    found = fault(TRIP, fewer, TRIPS[0])
    assert found == Fault("contradiction", ("dropped",), ("/stops: the text has 2 items, the gold 1",))


def test_long_texts_are_shown_where_they_part() -> None:
    long = "The driver of the third car from the left, as seen from the platform where the buses stop"
    found = fault(TRIP, {"driver": f"{long} today"}, {"driver": f"{long} on Mondays"})
    assert found is not None
    assert "on Mondays" in found.details[0]
    assert "today" in found.details[0]


def test_the_order_of_keys_and_the_spelling_of_numbers_are_no_fault() -> None:
    backwards = dict(reversed(PARCELS[0].items()))
    assert fault(PARCEL, backwards, PARCELS[0]) is None
    assert fault(PARCEL, {"carrier": "Post", "weight": 2}, {"carrier": "Post", "weight": 2.0}) is None


AMBIGUITIES: dict[str, tuple[JsonObject, tuple[str, ...]]] = {
    "an empty item between others": (
        {"driver": "Ada", "stops": [{"place": "Ulm"}, {}, {"place": "Bonn"}]},
        ("empty_items",),
    ),
    "nothing but an empty item, which the reader takes for one": ({"driver": "Ada", "stops": [{}]}, ("empty_items",)),
    "no item, which the reader takes for an empty one": ({"driver": "Ada", "stops": []}, ("empty_items",)),
    "an item that begins with an optional key": (
        {"driver": "Ada", "stops": [{"place": "Ulm"}, {"minutes": 5}]},
        ("item_borders",),
    ),
    "an item whose keys are out of order, so that it reads as two": (
        {"driver": "Ada", "stops": [{"minutes": 5, "place": "Ulm"}]},
        ("item_borders",),
    ),
    "both": (
        {"driver": "Ada", "stops": [{"place": "Ulm"}, {"minutes": 5}, {}]},
        ("empty_items", "item_borders"),
    ),
}


@pytest.mark.parametrize("case", AMBIGUITIES)
def test_ambiguities_are_found_with_their_cause(case: str) -> None:
    gold, causes = AMBIGUITIES[case]
    found = fault(TRIP, gold)
    assert found is not None
    assert (found.kind, found.causes) == ("ambiguous", causes)
    assert found.details[0].startswith("/stops: the gold has ")


def test_another_reading_that_the_schema_forbids_is_no_ambiguity() -> None:
    schema = TRIP.schema or {}
    stops = {**schema["properties"]["stops"], "minItems": 2}
    strict = Task("trip", "medium", {**schema, "properties": {**schema["properties"], "stops": stops}})
    gold, _ = AMBIGUITIES["an item that begins with an optional key"]
    assert fault(strict, gold) is None
    assert fault(TRIP, gold) is not None


def test_a_text_that_cannot_be_read_back_is_no_ambiguity() -> None:
    """The reader drops the second line of what cannot have one; what it returns prints to another text."""
    assert fault(PARCEL, {"carrier": "Post", "due": "soon\n(perhaps)"}) is None


def test_without_a_schema_contradictions_are_found_and_ambiguities_are_not() -> None:
    task = Task("parcel", "simple", None)
    example = form("x", PARCEL, PARCELS[1])
    assert form_fault(example, task, None) is None
    other = replace(example, gold={**PARCELS[1], "weight": 13})
    found = form_fault(other, task, None)
    assert found is not None
    assert found.causes == ("changed",)
    gold, _ = AMBIGUITIES["both"]
    assert form_fault(form("x", TRIP, gold), Task("trip", "medium", None), None) is None


def test_a_text_too_large_to_compare_is_still_a_contradiction() -> None:
    many = {"driver": "Ada", "stops": [{"place": f"P{n}", "minutes": n} for n in range(600)]}
    other = {"driver": "Ada", "stops": [{"place": f"Q{n}", "minutes": n} for n in range(600)]}
    found = fault(TRIP, many, other)
    assert found is not None
    assert found.kind == "contradiction"
    assert "too large" in found.details[0]


stops = st.lists(
    st.fixed_dictionaries({"place": st.sampled_from(["Ulm", "Bonn", "Kiel"])}, optional={"minutes": st.integers(0, 9)}),
    min_size=1,
    max_size=4,
).map(lambda items: [{key: item[key] for key in ("place", "minutes") if key in item} for item in items])
trips = st.fixed_dictionaries({"driver": st.sampled_from(["Ada", "Alan"])}, optional={"stops": stops})


@given(trips)
def test_items_with_their_first_key_and_in_order_are_never_a_fault(gold: JsonObject) -> None:
    assert fault(TRIP, gold) is None


@given(trips, trips)
def test_two_such_golds_contradict_each_other_exactly_where_they_differ(gold: JsonObject, other: JsonObject) -> None:
    found = fault(TRIP, gold, other)
    assert (found is not None and found.kind == "contradiction") == (gold != other)


values = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_without_empty_items_nothing_prints_differently(value: Any) -> None:
    def has_empty_item(part: Any) -> bool:
        children = list(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())
        return (isinstance(part, list) and {} in children) or any(map(has_empty_item, children))

    bare = without_empty_items(value)
    assert (bare == value) == (not has_empty_item(value))
    assert print_form("t", "T", {"v": bare}) == print_form("t", "T", {"v": value}) or has_nested_lists(value)


def has_nested_lists(value: Any) -> bool:
    """Arrays in arrays are printed as Python shows them, empty items and all."""
    if isinstance(value, list):
        return any(isinstance(item, list) or has_nested_lists(item) for item in value)
    return isinstance(value, dict) and any(map(has_nested_lists, value.values()))
