"""Schemas that others wrote: read, and checked far enough that scoring with them cannot fail or reach out later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7

from edgejson_bench.errors import DataError
from edgejson_bench.jsonio import canonical, read_json
from edgejson_bench.records import JsonObject

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_DRAFT7 = re.compile(r"https?://json-schema\.org/draft-07/schema#?")


def is_name(text: str) -> bool:
    """Whether ``text`` may name a task or tier: up to 100 ASCII letters, digits, ``_`` and ``-``.

    Such a name is safe in a path, on a terminal and in a table.
    """
    return _NAME.fullmatch(text) is not None


def clipped(value: Any) -> str:
    """``repr``, in which control characters are escaped, cut to fit into a one-line message."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def read_schema(path: Path) -> JsonObject:
    """Read one JSON Schema (draft-07) from ``path``.

    References must resolve within the schema (a validator would otherwise fetch them from the network) and end.

    Raises:
        DataError: missing, not JSON, no valid draft-07 schema, another draft, or a reference that leads nowhere;
            the message names the file and the place in it.
    """
    schema = read_json(path)
    if not isinstance(schema, dict):
        raise DataError(f"{path}: a schema must be a JSON object, this is a {type(schema).__name__}")
    declared = schema.get("$schema", "http://json-schema.org/draft-07/schema#")
    if not (isinstance(declared, str) and _DRAFT7.fullmatch(declared)):
        raise DataError(
            f"{path}: its $schema is {clipped(declared)}, only draft-07 is supported; "
            "convert it, or leave $schema out if it uses nothing that draft-07 lacks"
        )
    try:
        Draft7Validator.check_schema(schema)
        canonical(schema).encode("utf-8")
        problem = _reference_problem(schema)
    except SchemaError as exc:
        place = "/".join(str(part) for part in exc.absolute_path)
        raise DataError(f"{path}: no valid draft-07 schema at {clipped(f'/{place}')}: {clipped(exc.message)}") from None
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{path}: no usable schema ({clipped(str(exc))})") from None
    if problem is not None:
        raise DataError(f"{path}: {problem}")
    return schema


def _reference_problem(schema: JsonObject) -> str | None:
    """What is wrong with the first unusable reference. An empty registry fetches nothing."""
    registry: Registry[Any] = Registry()
    resolver = registry.resolver_with_root(DRAFT7.create_resource(schema))
    finite: set[str] = set()

    def endless(node: Any, followed: frozenset[str]) -> bool:
        """Whether applying ``node`` to one value comes back to a reference in ``followed``."""
        if not isinstance(node, dict):
            return False
        if "$ref" not in node:
            branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, ())]
            branches += [node[key] for key in ("not", "if", "then", "else") if key in node]
            return any(endless(branch, followed) for branch in branches)
        reference = node["$ref"]
        if reference in finite:
            return False
        if reference in followed or endless(resolver.lookup(reference).contents, followed | {reference}):
            return True
        finite.add(reference)
        return False

    for reference in _references(schema):
        try:
            if endless({"$ref": reference}, frozenset()):
                return f"$ref {clipped(reference)} leads back to itself without an end"
        except Unresolvable:
            return f"$ref {clipped(reference)} leads nowhere in this file; copy what it means into it"
    return None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)
