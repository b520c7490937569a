"""The strict parser: the first JSON object of an output, or the reason why there is none. It repairs nothing."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.records import JsonObject

MAX_INTEGER_DIGITS = 640
"""Longest integer that is read: the smallest limit Python's own conversion can be set to, so no setting matters."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The first JSON value of a text."""

    value: JsonObject | None
    """The object; None where there is none."""
    problem: str | None
    """Why there is none: ``no_object``, ``not_object``, ``truncated``, ``invalid_json``, ``duplicate_key``,
    ``not_finite`` or ``too_deep``; None where there is one."""
    start: int | None
    """Offset of the value's opening bracket; None where the text has no value."""
    end: int | None
    """Offset just past the bracket that closed or broke the value; None where the text ended first."""


class _RefusedError(Exception):
    """JSON that ``json.loads`` would take and this parser does not; its argument is the problem's code."""


def parse(text: str) -> Parsed:
    """Take the first JSON object from a model's output.

    White space and one opening code fence are skipped. If the text then begins with ``[``, its first value is an
    array and there is no object. Otherwise the value begins at the first ``{`` and ends where its brackets close;
    text after that is ignored. The first value decides: where it is broken, neither an object inside it nor a
    later one is taken in its place.

    Problems, in the order they are looked for:

    * ``no_object``: no ``{`` anywhere;
    * ``not_object``: the first value is an array, complete or not;
    * ``invalid_json`` or ``too_deep``: a bracket closes what was not open, or opens more than ``MAX_DEPTH`` levels;
    * ``truncated``: the text ends before the value does;
    * then the first fault in reading order: ``not_finite`` (NaN, Infinity, or a number too large for a float, such as
      1e999), ``duplicate_key`` (found where its object closes), or ``invalid_json`` (anything else that RFC 8259
      forbids, and integers of more than ``MAX_INTEGER_DIGITS`` digits).

    For every text whose value ends, ``parse(text[: parsed.end]) == parsed``.
    """
    scanner = JsonEnd()
    end = scanner.feed(text)
    start = scanner.start
    if start is None:
        return Parsed(None, "no_object", None, None)
    if scanner.is_array:
        return Parsed(None, "not_object", start, end)
    if end is None:
        return Parsed(None, "truncated", start, None)
    if scanner.problem is not None:
        return Parsed(None, scanner.problem, start, end)
    try:
        return Parsed(_load(text[start:end]), None, start, end)
    except _RefusedError as refused:
        problem = str(refused)
    except ValueError:
        problem = "invalid_json"
    except RecursionError:  # MAX_DEPTH is far below the usual limit; a caller may have used most of it up
        problem = "too_deep"
    return Parsed(None, problem, start, end)


def _load(text: str) -> JsonObject:
    value: JsonObject = json.loads(
        text,
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
        parse_float=_finite,
        parse_int=_short,
    )
    return value


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _RefusedError("duplicate_key")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise _RefusedError("not_finite")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _RefusedError("not_finite")
    return number


def _short(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise _RefusedError("invalid_json")
    return int(digits)
