"""What an example must satisfy before it ships: valid, printable and readable back.

Pure functions over examples; the generator raises on what they find and the tests run them over the shipped files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

from edgejson_bench.records import Example, JsonObject

FORMATS = FormatChecker(("date", "date-time", "email"))
"""Formats that the schemas use. Constructing it fails on a format that the installed jsonschema does not know."""


def problems(example: Example, schema: JsonObject) -> list[str]:
    """Everything that is wrong with one example of the form style, as short sentences; empty for a good one."""
    found = gold_problems(example, schema)
    for path, value in nodes(example.gold):
        if not isinstance(value, dict | list) and str(value) not in example.prompt:
            found.append(f"{path}: {value!r} does not occur in the prompt")
    return found


def gold_problems(example: Example, schema: JsonObject) -> list[str]:
    """Everything that is wrong with a gold, whatever its text looks like."""
    validator = Draft7Validator(schema, format_checker=FORMATS)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(example.gold)]
    found += [
        f"{path}: lacks the first key, so it runs into the item before it" for path in headless(example.gold, schema)
    ]
    for path, value in nodes(example.gold):
        if value in ({}, []):
            found.append(f"{path}: empty, so it prints like an absent value")
        elif isinstance(value, str) and (not value or value != value.strip() or not value.isprintable()):
            found.append(f"{path}: {value!r} is empty, has surrounding space or unprintable characters")
    return found


def headless(value: Any, schema: Mapping[str, Any], path: str = "$") -> Iterator[str]:
    """Paths of the array items that don't begin with the first property of their schema."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from headless(child, schema.get("properties", {}).get(key, {}), f"{path}.{key}")
    elif isinstance(value, list):
        items = schema.get("items", {})
        first = next(iter(items.get("properties", ())), None)
        for index, item in enumerate(value):
            if first is not None and next(iter(item), None) != first:
                yield f"{path}[{index}]"
            yield from headless(item, items, f"{path}[{index}]")


def nodes(value: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every value below ``value``, containers included, with its JSON path."""
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        children = ((f"{path}.{key}", child) for key, child in value.items())
    elif isinstance(value, list):
        children = ((f"{path}[{index}]", child) for index, child in enumerate(value))
    for child_path, child in children:
        yield child_path, child
        yield from nodes(child, child_path)
