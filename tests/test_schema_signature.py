"""Schemas as signatures: every spelling, and that nothing of a shipped schema that decides an answer is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from edgejson_bench.protocols import schema_definition
from edgejson_bench.schema_signature import signature
from edgejson_bench.tasks import load_shipped

TASKS = load_shipped().tasks
STRING, NUMBER, NULL = {"type": "string"}, {"type": "number"}, {"type": "null"}

CASES: dict[str, tuple[Any, str]] = {
    "true": (True, "any"),
    "false": (False, "false"),
    "empty": ({}, "any"),
    "described only": ({"description": "whatever it is"}, "any"),
    "string": (STRING, "string"),
    "string with bounds and a pattern": ({"type": "string", "minLength": 1, "pattern": "^x"}, "string"),
    "integer": ({"type": "integer", "minimum": 1, "maximum": 5}, "integer"),
    "number": (NUMBER, "number"),
    "boolean": ({"type": "boolean"}, "boolean"),
    "null": (NULL, "null"),
    "date": ({"type": "string", "format": "date"}, "date"),
    "date-time": ({"type": "string", "format": "date-time"}, "date-time"),
    "email": ({"type": "string", "format": "email"}, "email"),
    "format of what is no string": ({"type": "number", "format": "float"}, "number"),
    "enum": ({"type": "string", "enum": ["INFO", "ERROR"]}, '"INFO"|"ERROR"'),
    "enum of several types": ({"enum": [1, 2.5, None, True, "ä|b"]}, '1|2.5|null|true|"ä|b"'),
    "enum with a line break": ({"enum": ["a\nb", 'a"b']}, r'"a\nb"|"a\"b"'),
    "const": ({"const": "v1"}, '"v1"'),
    "const null": ({"const": None}, "null"),
    "const object": ({"const": {"a": [1, 2]}}, '{"a":[1,2]}'),
    "type list": ({"type": ["string", "null"]}, "string|null"),
    "type list with a format": ({"type": ["string", "null"], "format": "date"}, "date|null"),
    "type list with an array": ({"type": ["array", "null"], "items": NUMBER}, "[number]|null"),
    "anyOf": ({"anyOf": [STRING, {"type": "array", "items": NUMBER}]}, "string|[number]"),
    "oneOf": ({"oneOf": [{"const": 0}, STRING, NULL]}, "0|string|null"),
    "array": ({"type": "array", "items": STRING}, "[string]"),
    "array of anything": ({"type": "array"}, "[any]"),
    "array of nothing": ({"type": "array", "items": False}, "[false]"),
    "array of arrays": ({"type": "array", "items": {"type": "array", "items": NUMBER}}, "[[number]]"),
    "array of an enum": ({"type": "array", "items": {"enum": ["a", "b"]}}, '["a"|"b"]'),
    "array of objects": (
        {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "array", "items": NUMBER}}}},
        '[{"at"?: [number]}]',
    ),
    "object": (
        {"type": "object", "properties": {"a": STRING, "b": NUMBER}, "required": ["b", "a"]},
        '{"a": string, "b": number}',
    ),
    "optional keys": (
        {"type": "object", "properties": {"a": STRING, "b": NUMBER}, "required": ["b"]},
        '{"a"?: string, "b": number}',
    ),
    "object without its type": ({"properties": {"a": True}}, '{"a"?: any}'),
    "object in an object": (
        {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": STRING}}}, "required": ["a"]},
        '{"a": {"b"?: string}}',
    ),
    "keys that need quoting": (
        {"type": "object", "properties": {'a "b"': STRING, "größe\n": NUMBER}, "required": []},
        r'{"a \"b\""?: string, "größe\n"?: number}',
    ),
    "closed object": (
        {"type": "object", "properties": {"a": STRING}, "required": ["a"], "additionalProperties": False},
        '{"a": string}',
    ),
    "free keys": ({"type": "object"}, "{...}"),
    "free keys, said": ({"type": "object", "additionalProperties": True}, "{...}"),
    "free keys of one type": ({"type": "object", "additionalProperties": NUMBER}, "{...: number}"),
    "free keys of objects": (
        {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": STRING}}},
        '{...: {"a"?: string}}',
    ),
    "$ref": ({"$ref": "#/definitions/place"}, '{"$ref":"#/definitions/place"}'),
    "$ref of a property": (
        {"type": "object", "properties": {"at": {"$ref": "#/definitions/place"}}, "required": ["at"]},
        '{"at": {"$ref":"#/definitions/place"}}',
    ),
    "not": ({"not": STRING}, '{"not":{"type":"string"}}'),
    "allOf": ({"allOf": [STRING, {"minLength": 2}]}, '{"allOf":[{"type":"string"},{"minLength":2}]}'),
    "condition": (
        {"type": "object", "properties": {"a": STRING}, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        '{"type":"object","properties":{"a":{"type":"string"}},"if":{"required":["a"]},"then":{"required":["b"]}}',
    ),
}


@pytest.mark.parametrize(("schema", "expected"), CASES.values(), ids=CASES)
def test_each_kind_of_schema_has_its_spelling(schema: Any, expected: str) -> None:
    assert signature(schema) == expected


LOST: dict[str, tuple[Any, str]] = {
    "properties beside anyOf": (
        {"properties": {"aa": STRING, "bb": STRING}, "anyOf": [{"required": ["aa"]}, {"required": ["bb"]}]},
        "bb",
    ),
    "a type beside oneOf": ({"type": "integer", "oneOf": [{"minimum": 5}, {"maximum": 1}]}, "integer"),
    "what a $ref refers to": (
        {"properties": {"at": {"$ref": "#/definitions/p"}}, "definitions": {"p": {"properties": {"zip": STRING}}}},
        "zip",
    ),
    "keys by pattern": ({"type": "object", "patternProperties": {"^x-": {"enum": ["value"]}}}, "value"),
    "further keys beside named ones": (
        {"properties": {"a": STRING}, "additionalProperties": {"enum": ["value"]}},
        "value",
    ),
}
"""What the docstring says is never left out silently, and a word of it."""


@pytest.mark.parametrize(("schema", "word"), LOST.values(), ids=LOST)
def test_what_has_no_spelling_is_not_lost(schema: Any, word: str) -> None:
    assert word in signature(schema)


WRONG: dict[str, tuple[Any, str]] = {
    "an object that may be null": (
        {"type": ["object", "null"], "properties": {"a": STRING}, "required": ["a"]},
        '{"a": string}|null',
    ),
    "an object that may hold nothing": ({"type": "object", "additionalProperties": False}, "{}"),
}


@pytest.mark.parametrize(("schema", "expected"), WRONG.values(), ids=WRONG)
def test_objects_at_the_edge_have_their_spelling(schema: Any, expected: str) -> None:
    assert signature(schema) == expected


def property_names(schema: Any) -> Iterator[str]:
    """Names of the properties at every depth of ``schema``."""
    if isinstance(schema, list):
        for item in schema:
            yield from property_names(item)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from property_names(value)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_shipped_schema_becomes_a_shorter_line_with_all_its_keys(task: Any) -> None:
    shown = signature(task.schema)
    names = set(property_names(task.schema))
    assert shown.isprintable()
    assert len(names) >= 3
    assert [
        name for name in names if f"{json.dumps(name)}: " not in shown and f"{json.dumps(name)}?: " not in shown
    ] == []
    assert len(shown) < 0.6 * len(schema_definition(task.schema))
    assert '"type"' not in shown.replace('"type": ', "").replace('"type"?: ', "")  # nothing fell back to JSON


def test_it_does_not_change_the_schema() -> None:
    before = json.dumps(TASKS["invoice"].schema)
    assert signature(TASKS["invoice"].schema) == signature(TASKS["invoice"].schema)
    assert json.dumps(TASKS["invoice"].schema) == before
