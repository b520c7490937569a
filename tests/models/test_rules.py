"""The rules: golden texts, and round trips through the printer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgejson_bench.generation.form import print_form
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.models.rules import Rules
from edgejson_bench.records import JsonObject, Prompt, Settings
from edgejson_bench.scoring.exact import typed_equal

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no finding."""
SETTINGS = Settings(stop="json_end", batch_size=1)

STRING = {"type": "string"}
NUMBER = {"type": "number"}


def thing(properties: JsonObject, *, required: Iterable[str] = (), **more: Any) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(required), **more}


def closed(properties: JsonObject) -> JsonObject:
    return thing(properties, additionalProperties=False)


def array(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


def form(*lines: str) -> str:
    return "\n".join(["Parcel", "", *lines, "", "Please extract the parcel information as JSON."])


LEG = thing({"carrier": STRING, "cost": NUMBER, "note": STRING}, required=["carrier"])
STOP = thing({"place": STRING, "minutes": {"type": "integer"}, "late": {"type": "boolean"}})

WITH_SCHEMA = {
    "typed by the schema, not by looks": (
        closed(
            {"zip_code": STRING, "weight_kg": NUMBER, "pieces": {"type": "integer"}, "fragile": {"type": "boolean"}}
        ),
        ["Zip Code: 04129", "Weight Kg: 2.0", "Pieces: 3", "Fragile: False"],
        {"zip_code": "04129", "weight_kg": 2.0, "pieces": 3, "fragile": False},
    ),
    "strings that look like other types": (
        closed({"a": STRING, "b": STRING, "c": STRING}),
        ["A: True", "B: None", "C: 12.5"],
        {"a": "True", "b": "None", "c": "12.5"},
    ),
    "a number that is none stays a string": (
        closed({"weight_kg": NUMBER}),
        ["Weight Kg: about two"],
        {"weight_kg": "about two"},
    ),
    "white space and colons belong to the value": (
        closed({"note": STRING, "link": STRING}),
        ["Note:  two: three ", "Link: https://example.org/a: b"],
        {"note": " two: three ", "link": "https://example.org/a: b"},
    ),
    "an empty string": (closed({"note": STRING, "link": STRING}), ["Note: ", "Link:"], {"note": "", "link": ""}),
    "null where the schema has it": (
        closed({"note": {"type": ["string", "null"]}, "cost": {"type": ["null", "number"]}}),
        ["Note: None", "Cost: None"],
        {"note": None, "cost": None},
    ),
    "the options of an enum keep their types": (
        closed({"grade": {"enum": [1, "2", None]}, "other": {"enum": [1, "2", None]}, "version": {"const": 3}}),
        ["Grade: 1", "Other: 2", "Version: 3"],
        {"grade": 1, "other": "2", "version": 3},
    ),
    "a string over several lines": (
        closed({"address": STRING, "phone": STRING}),
        ["Address: 4 Mill Lane", "", "Oakford, KS 66012", "Phone: 555-0144"],
        {"address": "4 Mill Lane\n\nOakford, KS 66012", "phone": "555-0144"},
    ),
    "a nested string over several lines": (
        closed({"sender": thing({"address": STRING, "phone": STRING}), "cost": NUMBER}),
        ["Sender:", "  Address: 4 Mill Lane", "Oakford, KS 66012", "  Phone: 555-0144", "Cost: 3.5"],
        {"sender": {"address": "4 Mill Lane\nOakford, KS 66012", "phone": "555-0144"}, "cost": 3.5},
    ),
    "dates and options don't go on": (
        closed({"day": {"type": "string", "format": "date"}, "size": {"type": "string", "enum": ["S", "L"]}}),
        ["Day: 2024-05-01", "or so", "Size: L", "or S"],
        {"day": "2024-05-01", "size": "L"},
    ),
    "items run together, the first key required": (
        closed({"legs": array(LEG), "cost": NUMBER}),
        [
            *["Legs:", "  Carrier: Northline", "  Note: dawn", "  Carrier: Sund Ferries", "  Cost: 12.5"],
            *["  Carrier: Northline", "Cost: 40.25"],
        ],
        {
            "legs": [
                {"carrier": "Northline", "note": "dawn"},
                {"carrier": "Sund Ferries", "cost": 12.5},
                {"carrier": "Northline"},
            ],
            "cost": 40.25,
        },
    ),
    "items that begin with any key": (
        closed({"stops": array(STOP)}),
        ["Stops:", "  Minutes: 5", "  Place: Lund", "  Late: True", "  Minutes: 7", "  Late: False", "  Late: True"],
        {"stops": [{"minutes": 5}, {"place": "Lund", "late": True}, {"minutes": 7, "late": False}, {"late": True}]},
    ),
    "arrays in items": (
        closed({"legs": array(thing({"carrier": STRING, "stops": array(STOP), "tags": array(STRING)}))}),
        [
            *["Legs:", "  Carrier: Northline", "  Stops:", "    Place: Lund", "    Place: Ystad", "    Minutes: 9"],
            *["  Tags:", "    cold: chain", "      indented", "    ", "  Carrier: Sund Ferries"],
        ],
        {
            "legs": [
                {
                    "carrier": "Northline",
                    "stops": [{"place": "Lund"}, {"place": "Ystad", "minutes": 9}],
                    "tags": ["cold: chain", "  indented", ""],
                },
                {"carrier": "Sund Ferries"},
            ]
        },
    ),
    "arrays of numbers": (closed({"codes": array(NUMBER)}), ["Codes:", "  4", "  0.5"], {"codes": [4, 0.5]}),
    "nothing below a key": (
        closed({"sender": thing({"phone": STRING}), "tags": array(STRING), "legs": array(LEG), "stops": array(STOP)}),
        ["Sender:", "Tags:", "Legs:", "Stops:"],
        # an item of legs has a carrier, one of stops may print nothing
        {"sender": {}, "tags": [], "legs": [], "stops": [{}]},
    ),
    "free-form and untyped parts are guessed": (
        closed({"extra": {"type": "object"}, "limit": {}, "other": {}, "rows": {}, "words": {}, "nothing": {}}),
        [
            *["Extra:", "  Max Load: 7", "  Zip Code: 04129", "  Inner:", "    On: True", "    Since: None"],
            *["Limit: -0.5", "Other: 1e5", "Rows:", "  A: 1", "  A: 2", "Words:", "  east", "  12", "Nothing:"],
        ],
        {
            "extra": {"max_load": 7, "zip_code": "04129", "inner": {"on": True, "since": None}},
            "limit": -0.5,
            "other": "1e5",
            "rows": [{"a": 1}, {"a": 2}],
            "words": ["east", 12],
            "nothing": {},
        },
    ),
    "properties that are not listed": (
        thing({"note": STRING}, additionalProperties=NUMBER),
        ["Extra Cost: 2.5", "Note: fine"],
        {"extra_cost": 2.5, "note": "fine"},
    ),
    "properties that are not allowed": (
        closed({"weight_kg": NUMBER, "note": STRING}),
        ["Weight Kg: 2.5", "Colour: red", "  Shade: dark", "Note: fine"],
        {"weight_kg": 2.5, "note": "fine"},
    ),
    "names that don't come back from their print": (
        closed({"isLate": {"type": "boolean"}, "18_24": {"type": "integer"}, "dc:title": STRING}),
        ["Islate: True", "18 24: 7", "Dc:Title: Lines"],
        {"isLate": True, "18_24": 7, "dc:title": "Lines"},
    ),
    "nothing at all": (closed({"note": STRING}), [], {}),
}

WITHOUT_SCHEMA = {
    "types are guessed": (
        ["Name: Ada Brandt", "Age: 41", "Score: 7.25", "Active: True", "Manager: None", "Code: 0042"],
        {"name": "Ada Brandt", "age": 41, "score": 7.25, "active": True, "manager": None, "code": "0042"},
    ),
    "structure from indentation": (
        [
            "Sender:",
            "  Phone: 555-0144",
            "  Place:",
            "    City: Lund",
            "Tags:",
            "  cold",
            "  heavy",
            "Extra:",
            "Cost: 3",
        ],
        {"sender": {"phone": "555-0144", "place": {"city": "Lund"}}, "tags": ["cold", "heavy"], "extra": {}, "cost": 3},
    ),
    "a repeated key begins an item": (
        ["Legs:", "  Carrier: A", "  Note: x", "  Carrier: B", "  Cost: 2", "  Note: y", "Cost: 3"],
        {"legs": [{"carrier": "A", "note": "x"}, {"carrier": "B", "cost": 2, "note": "y"}], "cost": 3},
    ),
    "one item looks like an object": (["Legs:", "  Carrier: A"], {"legs": {"carrier": "A"}}),
    "not a key: nothing prints like that": (
        ["Note: see below", "iPhone: 2", " Padded: 3"],
        {"note": "see below\niPhone: 2\n Padded: 3"},
    ),
    "nothing at all": ([], {}),
}


@pytest.mark.parametrize(("schema", "lines", "expected"), WITH_SCHEMA.values(), ids=WITH_SCHEMA.keys())
def test_reads_by_the_schema(schema: JsonObject, lines: list[str], expected: JsonObject) -> None:
    found = read_form(form(*lines), schema)
    assert typed_equal(found, expected), found


@pytest.mark.parametrize(("lines", "expected"), WITHOUT_SCHEMA.values(), ids=WITHOUT_SCHEMA.keys())
def test_reads_without_a_schema(lines: list[str], expected: JsonObject) -> None:
    found = read_form(form(*lines))
    assert typed_equal(found, expected), found


def test_prose_gives_what_it_holds() -> None:
    schema = closed({"note": {"type": "string", "enum": ["fine"]}, "cost": NUMBER})
    assert read_form("Hello Ada,\nthe parcel cost 7 euros.\n\nBest,\nBo", schema) == {}
    assert read_form("Hello Ada,\nCost: 7\nas agreed.", schema) == {"cost": 7}


@pytest.mark.parametrize("text", ["", "\n", "\n\n\n", ":", "a:\n  b:\n", "  A: 1", "A:\n      B: 1", "\ud800: 1"])
@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"type": ["object", 3], "properties": {"a": True, "b": False}},
        {"type": "object", "properties": {"a": {"type": "array", "items": [NUMBER]}}},
        {"type": "object", "properties": None, "additionalProperties": None},
        {"type": "object", "properties": {"a": {"enum": "no list", "type": None}}},
    ],
    ids=json.dumps,
)
def test_odd_texts_and_schemas_are_no_accident(text: str, schema: JsonObject) -> None:
    json.dumps(read_form(text, schema))


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "-1e999", "NaN", "Infinity", "١٢", "1_000"])
def test_numbers_that_json_cannot_hold_stay_strings(number: str) -> None:
    assert read_form(form(f"Cost: {number}"), closed({"cost": NUMBER})) == {"cost": number}
    assert read_form(form(f"Cost: {number}")) == {"cost": number}


def test_deep_nesting_ends_in_text_not_in_a_crash() -> None:
    found = read_form(form(*(f"{'  ' * depth}A:" for depth in range(500))))
    assert json.dumps(found).startswith('{"a": {"a": ')


@unhurried
@given(st.text())
def test_any_text_gives_an_object(text: str) -> None:
    assert isinstance(read_form(text), dict)


# Round trips: schemas of a small family, objects whose first key is always there, printed and read back.

NAMES = ("id", "unit_price", "line_items", "notes", "18_24", "is_read", "reviewFirst", "x", "o'clock")
SCALARS = (STRING, {"type": "integer"}, NUMBER, {"type": "boolean"}, {"type": "string", "enum": ["low", "True", "7"]})

lines = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n"))
"""Whatever can stand on one line, control characters and white space included."""
strings = st.one_of(
    lines,
    # further lines of a value must not look like keys or like items
    st.builds(lambda *parts: "\n".join(parts), lines, st.from_regex(r"([a-z0-9,.]+[a-z0-9,. ]*)?", fullmatch=True)),
)


def schemas(depth: int) -> st.SearchStrategy[JsonObject]:
    """Schemas of objects, ``depth`` objects deep at most."""
    value: st.SearchStrategy[JsonObject] = st.sampled_from(SCALARS)
    if depth > 1:
        inner = schemas(depth - 1)
        value = st.one_of(value, inner, st.builds(array, st.one_of(st.sampled_from(SCALARS), inner)))
    names = st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4)
    return names.flatmap(lambda chosen: st.fixed_dictionaries(dict.fromkeys(chosen, value))).map(closed)


@st.composite
def objects(draw: st.DrawFn, schema: JsonObject) -> JsonObject:
    """An object of ``schema``: its first property always, the others sometimes, in the schema's order."""
    properties = schema["properties"].items()
    return {name: draw(values(s)) for place, (name, s) in enumerate(properties) if place == 0 or draw(st.booleans())}


def values(schema: JsonObject) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": strings,
        "integer": st.integers(-(10**30), 10**30),
        "number": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers()),
        "boolean": st.booleans(),
    }
    if schema["type"] == "object":
        return objects(schema)
    if schema["type"] == "array":
        return st.lists(values(schema["items"]), min_size=1, max_size=3)
    return kinds[schema["type"]]


@unhurried
@given(st.data())
def test_what_is_printed_is_read_back(data: st.DataObject) -> None:
    schema = data.draw(schemas(3))
    gold = data.draw(objects(schema))
    assert typed_equal(read_form(print_form("parcel", "Parcel", gold), schema), gold)


plain_names = st.sampled_from(["id", "unit_price", "notes", "a1_b2", "is_read", "x"])
plain_values = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9), st.booleans(), st.none(), st.just("a b"))
plain_objects = st.dictionaries(
    plain_names,
    st.recursive(
        plain_values,
        lambda inner: st.one_of(
            st.dictionaries(plain_names, inner, min_size=1, max_size=3), st.lists(plain_values, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
)


@unhurried
@given(plain_objects)
def test_guessing_reads_back_what_leaves_no_doubt(gold: JsonObject) -> None:
    assert typed_equal(read_form(print_form("parcel", "Parcel", gold)), gold)


# The adapters.


def prompt(schema: JsonObject | None) -> Prompt:
    return Prompt("p-1", "parcel", "Ignored: 1", form("Zip Code: 8040", "Place: Zürich"), schema, None)


def test_completions_are_compact_json_without_tokens() -> None:
    (completion,) = Rules().generate([prompt(closed({"zip_code": STRING, "place": STRING}))], SETTINGS)
    assert completion.text == '{"zip_code":"8040","place":"Zürich"}'
    assert (completion.finish_reason, completion.prompt_tokens, completion.completion_tokens) == ("eos", None, None)


def test_schema_free_rules_don_t_look_at_the_schema() -> None:
    (completion,) = Rules(schema_free=True).generate([prompt(closed({"zip_code": STRING}))], SETTINGS)
    assert completion.text == '{"zip_code":8040,"place":"Zürich"}'


def test_rules_without_a_schema_say_so() -> None:
    (completion,) = Rules().generate([prompt(None)], SETTINGS)
    assert completion.finish_reason == "error"
    assert completion.error == "task parcel has no schema to read by; use --model rules-schema-free"


@pytest.mark.parametrize(("schema_free", "name"), [(False, "rules"), (True, "rules-schema-free")])
def test_identity_tokens_and_chat(schema_free: bool, name: str) -> None:
    model = Rules(schema_free=schema_free)
    assert (model.identity.spec, model.identity.name, model.identity.kind) == (name, name, "rules")
    assert model.identity.parameters is None
    assert model.count_tokens("a b") is None
    assert model.apply_chat_template("Read this.") == "Read this."


def test_generation_is_lazy() -> None:
    def prompts() -> Iterable[Prompt]:
        yield prompt({})
        pytest.fail("the second prompt was asked for before it was needed")

    assert next(Rules().generate(prompts(), SETTINGS)).example_id == "p-1"
