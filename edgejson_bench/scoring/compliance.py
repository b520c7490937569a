"""Whether a value satisfies its task's JSON Schema (draft-07), with formats and without. It never fetches a schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from edgejson_bench.errors import DataError
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.tasks import Task

REQUIRED_FORMATS = ("date-time", "date", "email")
"""Formats of the tasks' schemas. jsonschema passes every string of a format whose checker is not installed."""

UNLIKE = {"$ref", "multipleOf", "pattern", "patternProperties"}
"""Keywords that two validators can see differently: other regular expressions, rounding, ways to resolve references."""

PLAIN = {
    *("type", "enum", "const", "required", "additionalProperties", "additionalItems", "pattern", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}
"""Keywords that see no format below them: what fails one of them fails without formats, too."""
CONDITIONAL = {"then", "else"}
"""Keywords that apply by what ``if`` says, which formats can turn."""

MAX_MESSAGE = 200
"""Longest error text in characters; jsonschema quotes the whole offending value."""


@dataclass(frozen=True, slots=True)
class Compliance:
    """How a value stands to a schema."""

    structure: bool
    """It satisfies the schema, ``format`` left out."""
    formats: bool
    """It satisfies the schema, ``format`` asserted. Never true where ``structure`` is false."""
    first_error: str | None
    """The first thing wrong, formats included, with its place: ``$.items[0].price: ...``; None where ``formats``."""


class _Error(NamedTuple):
    """What jsonschema says first of a value."""

    told: str
    without_formats: bool
    """It is certain that the value fails without formats, too."""


class SchemaChecker:
    """Checks values against one schema.

    Raises:
        DataError: the schema is no valid draft-07 schema, refers to something outside itself or to itself without end,
            or the installed jsonschema cannot check formats.
    """

    def __init__(self, schema: JsonObject) -> None:
        require_formats(Draft7Validator.FORMAT_CHECKER.checkers)
        if not isinstance(schema, dict):
            raise DataError(f"the schema must be a JSON object, it is {_short(repr(schema))}; mend the schema file")
        name = f"schema {_short(repr(schema['title']))}" if "title" in schema else "the schema"
        try:
            Draft7Validator.check_schema(schema)
        except SchemaError as error:
            raise DataError(
                f"{name} is not a valid JSON Schema (draft-07) at {error.json_path}: {_short(error.message)}"
            ) from None
        self._name = name
        # An empty registry: a $ref to some URL is an error here, never a download.
        registry: Registry[Any] = Registry()
        self._structure = Draft7Validator(schema, registry=registry)
        self._formats = Draft7Validator(schema, registry=registry, format_checker=Draft7Validator.FORMAT_CHECKER)
        self._compiled = _compiled(schema)
        try:
            self._structure.is_valid({})
        except RecursionError:
            raise DataError(f"{name} refers to itself without end; mend its $ref") from None
        except Unresolvable as error:
            raise self._unresolvable(error) from None

    def check(self, value: Any) -> Compliance:
        """Check one value.

        Raises:
            DataError: a ``$ref`` of the schema leads nowhere.
        """
        if self._compiled is not None and _passes(self._compiled, value):
            return Compliance(True, True, None)
        found = self._first_error(self._formats, value)
        if found is None:
            return Compliance(True, True, None)
        structure = not found.without_formats and self._first_error(self._structure, value) is None
        return Compliance(structure, False, found.told)

    def _first_error(self, validator: Draft7Validator, value: Any) -> _Error | None:
        try:
            error: ValidationError | None = next(validator.iter_errors(value), None)
        except Unresolvable as unresolvable:
            raise self._unresolvable(unresolvable) from None
        except (OverflowError, RecursionError) as limit:
            # A huge integer under multipleOf, or a value as deep as a recursive schema allows: no sane gold has either.
            return _Error(f"$: cannot be checked ({limit})", without_formats=False)
        if error is None:
            return None
        without_formats = error.validator in PLAIN and not CONDITIONAL.intersection(error.absolute_schema_path)
        return _Error(_short(f"{error.json_path}: {error.message}"), without_formats)

    def _unresolvable(self, error: Unresolvable) -> DataError:
        return DataError(f"{self._name}: $ref {error.ref!r} leads nowhere; only references within it are followed")


def checker_for(schema: JsonObject) -> SchemaChecker:
    """The checker of ``schema``; schemas of the same text share one, since making it costs as much as many checks.

    Raises:
        DataError: as :class:`SchemaChecker`.
    """
    return _made(json.dumps(schema))


@lru_cache(maxsize=256)
def _made(text: str) -> SchemaChecker:
    return SchemaChecker(json.loads(text))


def _compiled(schema: JsonObject) -> jsonschema_rs.Draft7Validator | None:
    """A compiled validator that passes nothing that jsonschema refuses; None for schemas where the two may differ.

    It passes a right answer in a tenth of the time, and asks jsonschema's own functions about formats.
    """
    if _keys(schema) & UNLIKE:
        return None
    formats = {
        name: lambda text, name=name: Draft7Validator.FORMAT_CHECKER.conforms(text, name)
        for name in Draft7Validator.FORMAT_CHECKER.checkers
    }
    try:
        return jsonschema_rs.Draft7Validator(schema, formats=formats, validate_formats=True)
    except (ValueError, jsonschema_rs.ValidationError):  # it is stricter about schemas
        return None


def _passes(compiled: jsonschema_rs.Draft7Validator, value: Any) -> bool:
    """Whether the compiled validator passes ``value``; False also for what it cannot read, such as a deep nesting."""
    try:
        return compiled.is_valid(value)
    except (ValueError, TypeError):
        return False


def _keys(part: Any) -> set[str]:
    """All keys of all objects below ``part``: the schema's keywords, and more."""
    found: set[str] = set()
    pending = [part]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            found |= part.keys()
        pending += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return found


def require_formats(known: Iterable[str]) -> None:
    """Make sure that every format of ``REQUIRED_FORMATS`` is among the ``known`` ones.

    Raises:
        DataError: one is not, and would pass unchecked; the message holds the install line.
    """
    missing = sorted(set(REQUIRED_FORMATS) - set(known))
    if missing:
        raise DataError(
            f"jsonschema cannot check format {', '.join(missing)}; install its format extra: "
            'python -m pip install "jsonschema[format]"'
        )


def golds_pass_formats(examples: Iterable[Example], tasks: Mapping[str, Task]) -> bool:
    """Whether every gold satisfies its schema with formats asserted.

    Headline compliance includes formats only then: timestamps in the released data have no zone, so there a perfect
    extractor would be marked down for the gold's own fault. False also where a task has no schema.

    Raises:
        DataError: a schema is unusable.
    """
    checkers: dict[str, SchemaChecker] = {}
    for example in examples:
        schema = tasks[example.task].schema
        if schema is None:
            return False
        if example.task not in checkers:
            checkers[example.task] = checker_for(schema)
        if not checkers[example.task].check(example.gold).formats:
            return False
    return True


def formats_asserted(scorer: str, examples: Iterable[Example], tasks: Mapping[str, Task]) -> bool:
    """Whether a report's compliance asserts formats: the scorer knows them and the data keeps to them."""
    return scorer == "strict" and golds_pass_formats(examples, tasks)


def _short(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 3]}..."
