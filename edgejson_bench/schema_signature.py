"""A JSON Schema as a short signature: keys, types and enumerations, in the shape of the answer itself.

``{"level": "INFO"|"ERROR", "at": date-time, "tags"?: [string]}``. It takes about a third of the tokens of the schema
and keeps what a model must know to answer; descriptions, bounds and patterns are left out.
"""

from __future__ import annotations

import json
from typing import Any

ANY = "any"
LEFT_OUT = {
    *(
        "$schema",
        "$id",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    ),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "contentEncoding", "contentMediaType"),
}
"""Annotations and bounds: no part of a signature."""
SPELLED = {"type", "format", "enum", "const", "properties", "required", "additionalProperties", "items"}
"""What a signature spells, and one of these by itself: alternatives."""
ALTERNATIVES = ("anyOf", "oneOf")


def signature(schema: Any) -> str:
    """``schema`` in one line.

    A key that may be absent carries ``?``; alternatives are separated by ``|``; a string with a format is named by it;
    ``...`` stands for keys that are free. What has no such spelling (``$ref``, ``not``, conditions, keys by pattern,
    alternatives beside a type) is shown as compact JSON, so that nothing else is left out.
    """
    if not isinstance(schema, dict):
        return ANY if schema is True else _as_json(schema)
    said = schema.keys() - LEFT_OUT
    for key in ALTERNATIVES:
        if said == {key}:
            return "|".join(signature(option) for option in schema[key])
    if said - SPELLED or not isinstance(schema.get("items", {}), dict | bool):
        return _as_json(schema)
    if "enum" in schema:
        return "|".join(_as_json(value) for value in schema["enum"])
    if "const" in schema:
        return _as_json(schema["const"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return "|".join(signature({**schema, "type": one}) for one in kind)
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema)
    if kind == "array" or (kind is None and "items" in schema):
        return f"[{signature(schema.get('items', True))}]"
    if kind is None:
        return ANY
    return str(schema.get("format", kind)) if kind == "string" else str(kind)


def _object(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    parts = [
        f"{_as_json(key)}{'' if key in required else '?'}: {signature(value)}"
        for key, value in schema.get("properties", {}).items()
    ]
    further = schema.get("additionalProperties", True)
    if isinstance(further, dict):
        parts.append(f"...: {signature(further)}")
    elif not parts and further:
        parts.append("...")
    return "{" + ", ".join(parts) + "}"


def _as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
