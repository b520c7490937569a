"""The complex tasks' generators: valid, of moderate size, and readable back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.generation import complex as tasks
from edgejson_bench.generation.complex_parts import MAX_CHARS, MIN_CHARS, email, slug, split_whole, thin
from edgejson_bench.generation.complex_payment_kinds import BANKS
from edgejson_bench.generation.form import display_key, print_form
from edgejson_bench.generation.values import Values, cents
from tests.generation.complex_golds import FREE_FORM, FULL, GOLDS, RELEASED, SCHEMAS, SEEDS, by_task


def walk(schema: dict[str, Any], value: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every (sub-schema, value) pair of an object, root first."""
    yield schema, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(schema.get("properties", {}).get(key, {}), item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(schema["items"], item)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def looks_typed(text: str) -> bool:
    """Whether a reader without a schema would take the text for a number, a boolean or null."""
    if text.strip().lower() in ("", "true", "false", "none", "null"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


@by_task
def test_gold_is_valid_with_formats(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])
    validator = Draft7Validator(SCHEMAS[name], format_checker=Draft7Validator.FORMAT_CHECKER)
    for gold in GOLDS[name] + FULL[name]:
        assert [error.message for error in validator.iter_errors(gold)] == []


@by_task
def test_size_is_moderate_and_varied(name: str) -> None:
    sizes = [len(json.dumps(gold, separators=(",", ":"))) for gold in GOLDS[name]]
    assert min(sizes) >= MIN_CHARS
    assert max(sizes) <= MAX_CHARS
    assert max(sizes) > 1.4 * min(sizes)


@by_task
def test_same_stream_same_object_and_no_repeats(name: str) -> None:
    again = [tasks.GENERATORS[name](Values(f"{name}/{seed}")) for seed in range(5)]
    assert json.dumps(again) == json.dumps(GOLDS[name][:5])
    assert len({json.dumps(gold) for gold in GOLDS[name]}) == len(SEEDS)


@by_task
def test_print_can_be_read_back(name: str) -> None:
    """What the form style needs: schema key order, first keys of items, nothing empty, one-line strings."""
    for gold in GOLDS[name] + FULL[name]:
        for schema, value in walk(SCHEMAS[name], gold):
            assert value not in ({}, [], None)
            if isinstance(value, dict) and "properties" in schema:
                order = list(schema["properties"])
                assert list(value) == sorted(value, key=order.index)
            if isinstance(value, list) and "properties" in schema["items"]:
                first = next(iter(schema["items"]["properties"]))
                assert all(next(iter(item)) == first for item in value)
            if isinstance(value, str):
                assert value == " ".join(value.split())
        text = print_form(name, SCHEMAS[name]["title"], gold)
        assert all(str(leaf) in text for leaf in leaves(gold))


@by_task
def test_free_form_values_keep_their_type_in_print(name: str) -> None:
    for gold in GOLDS[name] + FULL[name]:
        for _, value in walk(SCHEMAS[name], gold):
            if not isinstance(value, dict):
                continue
            for key in FREE_FORM:
                entries = value.get(key, {"placeholder": 1})
                assert 1 <= len(entries) <= 4
                for inner, entry in entries.items():
                    assert display_key(inner).lower().replace(" ", "_") == inner
                    assert isinstance(entry, int | float | bool) or not looks_typed(entry)
            condition = value.get("condition_value", 0)
            assert isinstance(condition, int | float | bool) or not looks_typed(condition)


@by_task
def test_schema_matches_the_released_shape_in_its_own_words(name: str) -> None:
    if not RELEASED.is_dir():
        pytest.skip("the released schemas are not beside the project")
    released = json.loads((RELEASED / f"{name}.json").read_text(encoding="utf-8"))

    def shape(node: dict[str, Any]) -> dict[str, Any]:
        kept = {key: node[key] for key in ("type", "format", "enum", "required") if key in node}
        if "properties" in node:
            kept["properties"] = [(key, shape(item)) for key, item in node["properties"].items()]
        if "items" in node:
            kept["items"] = shape(node["items"])
        return kept

    assert shape(SCHEMAS[name]) == shape(released)
    assert SCHEMAS[name]["additionalProperties"] is False
    assert SCHEMAS[name]["description"] != released["description"]


@by_task
def test_every_property_of_the_schema_occurs(name: str) -> None:
    """Nothing in a schema is there for show: each property is filled in some object."""

    def paths(node: dict[str, Any], at: str) -> Iterator[str]:
        for key, item in node.get("properties", {}).items():
            yield f"{at}/{key}"
            yield from paths(item.get("items", item), f"{at}/{key}")

    def present(value: Any, at: str) -> Iterator[str]:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                for key, inner in item.items():
                    yield f"{at}/{key}"
                    yield from present(inner, f"{at}/{key}")

    found = {path for gold in GOLDS[name] for path in present(gold, "")}
    assert set(paths(SCHEMAS[name], "")) <= found


def test_bank_routing_numbers_have_a_valid_check_digit() -> None:
    """ABA: 3, 7, 1 times the nine digits sum to a multiple of ten."""
    for _, routing in BANKS["USD"]:
        assert len(routing) == 9
        assert sum(w * int(d) for w, d in zip((3, 7, 1) * 3, routing, strict=True)) % 10 == 0


def test_parts() -> None:
    v = Values("parts")
    for whole in (3, 100, 987_654):
        for count in (1, 2, 5):
            shares = split_whole(v, whole, count)
            assert sum(shares) == whole
            assert shares == sorted(shares, reverse=True)
    assert cents(1999) == 19.99
    assert email("Ana O'Neil", "acme.example.com") == "ana.o.neil@acme.example.com"
    assert slug("Bauer & Sons, Inc.") == "bauer-sons-inc"
    fields = {"a": 1, "b": None, "c": [], "d": 2}
    assert thin(v, fields, keep=("a",), probability=0.0) == {"a": 1}
    assert len(thin(v, fields, probability=0.0)) == 1
    assert thin(v, fields, probability=1.0) == {"a": 1, "d": 2}
