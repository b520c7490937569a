"""A JSON Schema as a short signature: keys, types and enumerations, in the shape of the answer itself.

``{"level": "INFO"|"ERROR", "at": date-time, "tags"?: [string]}``. It takes about a third of the tokens of the schema
and keeps what a model must know to answer; descriptions, bounds and patterns are left out.
"""

from __future__ import annotations

import json
from typing import Any

ANY = "any"


def signature(schema: Any) -> str:
    """``schema`` in one line.

    A key that may be absent carries ``?``; alternatives are separated by ``|``; a string with a format is named by it.
    What has no such spelling (``$ref``, ``not``, conditions) is shown as compact JSON, so nothing is left out silently.
    """
    if not isinstance(schema, dict):
        return ANY if schema is True else _as_json(schema)
    if "enum" in schema:
        return "|".join(_as_json(value) for value in schema["enum"])
    if "const" in schema:
        return _as_json(schema["const"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return "|".join(signature(option) for option in schema[key])
    if any(key in schema for key in ("$ref", "allOf", "not", "if")):
        return _as_json(schema)
    kind = schema.get("type")
    if isinstance(kind, list):
        return "|".join(signature({**schema, "type": one}) for one in kind)
    if kind == "object" or "properties" in schema:
        return _object(schema)
    if kind == "array":
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
    if not parts:  # keys are free; their values may be constrained
        further = schema.get("additionalProperties", True)
        parts = [f"...: {signature(further)}"] if isinstance(further, dict) else ["..."]
    return "{" + ", ".join(parts) + "}"


def _as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
