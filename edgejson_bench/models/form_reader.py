"""The form style read back: an object from its indented ``Key: value`` lines, with or without a schema.

The inverse of :func:`edgejson_bench.generation.form.print_form`, by rules alone. It knows no task and no example,
and it never fails: of a text in another style it returns what it recognises, often nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgejson_bench.generation.form import display_key
from edgejson_bench.records import JsonObject

FREE_FORM: Mapping[str, Any] = {"type": "object"}
"""The schema that says nothing about an object's properties: keys, structure and types are all guessed."""

MAX_DEPTH = 50
"""Nesting that is read as such, so that no text can exhaust the stack. The deepest released gold has 6 levels."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_CLOSING = re.compile(r"Please extract the .* information as JSON\.")
_KEY_END = re.compile(r":(?: |\Z)")
_STEP = "  "


def read_form(text: str, schema: Mapping[str, Any] = FREE_FORM) -> JsonObject:
    """The object that ``text`` prints.

    With a schema, keys, structure and types come from it. Where it says nothing (and everywhere without one), a key is
    any text that :func:`display_key` could have printed, a repeated key means an array of objects, bare lines mean
    an array of scalars, and a value is what prints as that text: an integer, a number, a boolean, null, or a string.
    """
    reader = _Reader(_body(text))
    rows = reader.objects("", schema, (), one=True)
    return rows[0] if rows else {}


def property_name(display: str) -> str:
    """``Unit Price`` -> ``unit_price``: the property that most likely prints as this key."""
    return display.lower().replace(" ", "_")


def read_scalar(text: str, schema: Mapping[str, Any]) -> Any:
    """One printed value, typed by its schema; a text of no fitting type stays a string."""
    types = _types(schema)
    for option in _options(schema):
        if str(option) == text:
            return option
    if not types:
        return _guess(text)
    if "null" in types and text == "None":
        return None
    if "boolean" in types and text in ("True", "False"):
        return text == "True"
    if types & {"integer", "number"} and (number := _number(text)) is not None:
        return number
    return text


def _guess(text: str) -> Any:
    """The value that Python prints as ``text``; ``007`` and ``1e5`` are strings, no number prints like that."""
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    number = _number(text)
    return text if number is None or str(number) != text else number


def _number(text: str) -> int | float | None:
    match = _NUMBER.fullmatch(text)
    # Python refuses to convert integers of more than 4300 digits; nobody prints a quantity of 100
    if match is None or len(text) > 100:
        return None
    value = json.loads(text)
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _body(text: str) -> list[str]:
    """The lines between heading and closing request. Only line feeds end a line: other breaks belong to values."""
    lines = text.split("\n")
    if len(lines) > 1 and not lines[1]:
        del lines[:2]
    if len(lines) > 1 and not lines[-2] and _CLOSING.fullmatch(lines[-1]):
        del lines[-2:]
    return lines


def _subschema(schema: Any) -> Mapping[str, Any]:
    """``true``, ``false`` and anything unexpected say nothing about a value."""
    return schema if isinstance(schema, Mapping) else {}


def _types(schema: Mapping[str, Any]) -> set[str]:
    stated = schema.get("type")
    if isinstance(stated, str):
        return {stated}
    if isinstance(stated, list):
        return {name for name in stated if isinstance(name, str)}
    implied = {"object": "properties", "array": "items"}
    return {name for name, keyword in implied.items() if keyword in schema}


def _options(schema: Mapping[str, Any]) -> Iterator[Any]:
    options = schema.get("enum")
    yield from options if isinstance(options, list) else ()
    if "const" in schema:
        yield schema["const"]


def _may_break(schema: Mapping[str, Any]) -> bool:
    """Whether a value may run over several lines: free text, or nothing known; no name from a list, no date."""
    return _types(schema) <= {"string", "null"} and not any(word in schema for word in ("enum", "const", "format"))


@dataclass(frozen=True)
class _Key:
    """A key of an object, and what is known about it."""

    name: str
    schema: Mapping[str, Any]
    position: int | None
    """Place among the keys that the schema lists, in whose order they print; None for other keys."""


class _Level:
    """The keys that may stand at one indentation."""

    def __init__(self, indent: str, schema: Mapping[str, Any]) -> None:
        self.indent = indent
        self._keys: dict[str, _Key] = {}
        for position, (name, subschema) in enumerate(_subschema(schema.get("properties")).items()):
            self._keys.setdefault(display_key(name), _Key(name, _subschema(subschema), position))
        further = schema.get("additionalProperties", True)
        self._further = None if further is False else _subschema(further)

    def key(self, display: str) -> _Key:
        """The key that prints like this."""
        return self._keys.get(display) or _Key(property_name(display), self._further or {}, None)

    def split(self, line: str) -> tuple[str, str | None] | None:
        """Printed key and text of a field of this level, None for any other line.

        The text is None where nothing follows the colon: an empty string prints as ``Key: ``.
        """
        if not line.startswith(self.indent):
            return None
        rest = line[len(self.indent) :]
        end = _KEY_END.search(rest)
        if end is None:
            return None
        display = rest[: end.start()]
        if display not in self._keys and (self._further is None or not _is_printable(display)):
            return None
        return display, rest[end.end() :] if end[0] == ": " else None


def _is_printable(display: str) -> bool:
    """Whether some property name prints as this key."""
    return bool(display) and display == display.strip() and display_key(property_name(display)) == display


@dataclass(frozen=True)
class _Text:
    """The scalar read last, kept because the next line may belong to it."""

    holder: Any
    """The object or array that holds it."""
    at: Any
    """Its key or index there."""
    text: str
    schema: Mapping[str, Any]


@dataclass
class _Reader:
    """A cursor over the lines. Every method leaves it on the first line that it did not understand as its own."""

    lines: list[str]
    at: int = 0
    last: _Text | None = None

    def objects(
        self, indent: str, schema: Mapping[str, Any], outer: tuple[_Level, ...], *, one: bool
    ) -> list[JsonObject]:
        """The objects printed from here on at ``indent``: at most ``one``, or the run-together items of an array.

        Items print their keys in the schema's order, so a key that does not come after the one before it begins the
        next item. That settles every item with a required key. Without a schema, only a repeated key tells.
        """
        level = _Level(indent, schema)
        rows: list[JsonObject] = []
        before = -1
        while self.at < len(self.lines):
            found = level.split(self.lines[self.at])
            if found is None:
                if self._take_foreign((*outer, level)):
                    continue
                break
            display, text = found
            key = level.key(display)
            out_of_order = key.position is not None and key.position < before
            if not rows or (not one and (key.name in rows[-1] or out_of_order)):
                rows.append({})
                before = -1
            if key.position is not None:
                before = key.position
            self.at += 1
            self.last = None
            rows[-1][key.name] = self._value(rows[-1], key, text, (*outer, level))
        return rows

    def _value(self, row: JsonObject, key: _Key, text: str | None, outer: tuple[_Level, ...]) -> Any:
        """The value of ``row``'s field: ``text`` on its own line, or the deeper lines that follow it."""
        schema = key.schema
        types = _types(schema)
        if text is None and len(outer) < MAX_DEPTH:
            indent = outer[-1].indent + _STEP
            if "array" in types:
                return self._array(indent, _subschema(schema.get("items")), outer)
            if "object" in types:
                rows = self.objects(indent, schema, outer, one=True)
                return rows[0] if rows else {}
            if not types:
                return self._guessed(indent, outer)
        self.last = _Text(row, key.name, text or "", schema)
        return read_scalar(text or "", schema)

    def _array(self, indent: str, items: Mapping[str, Any], outer: tuple[_Level, ...]) -> list[Any]:
        types = _types(items)
        if not types:
            found = self._guessed(indent, outer)
            return found if isinstance(found, list) else [found] if found else []
        if "object" not in types:
            return self._scalars(indent, items, outer)
        # An item without any key prints nothing. The released data has such items (where no key is required), and
        # never an empty array, so nothing printed is one empty item where the schema allows it.
        return self.objects(indent, items, outer, one=False) or ([] if items.get("required") else [{}])

    def _scalars(self, indent: str, items: Mapping[str, Any], outer: tuple[_Level, ...]) -> list[Any]:
        values: list[Any] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith(indent):
                text = line[len(indent) :]
                self.last = _Text(values, len(values), text, items)
                values.append(read_scalar(text, items))
                self.at += 1
            elif not self._take_foreign(outer, indent):
                break
        return values

    def _guessed(self, indent: str, outer: tuple[_Level, ...]) -> Any:
        """Whatever the deeper lines look like: an object, an array of objects, an array of scalars, or ``{}``."""
        line = self.lines[self.at] if self.at < len(self.lines) else ""
        if _Level(indent, FREE_FORM).split(line) is not None:
            rows = self.objects(indent, FREE_FORM, outer, one=False)
            return rows[0] if len(rows) == 1 else rows
        return self._scalars(indent, {}, outer) if line.startswith(indent) else {}

    def _take_foreign(self, levels: tuple[_Level, ...], items: str | None = None) -> bool:
        """Take the lines that are neither a field of any level nor, indented by ``items``, an item of an array.

        They are the further lines of the string before them (a postal address), or nothing. False if there are none.
        """
        start = self.at
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if (items is not None and line.startswith(items)) or any(level.split(line) for level in levels):
                break
            self.at += 1
        last = self.last
        if self.at > start and last is not None and _may_break(last.schema):
            text = "\n".join([last.text, *self.lines[start : self.at]])
            last.holder[last.at] = read_scalar(text, last.schema)
        return self.at > start
