"""The published EdgeJSON v3.1 scorer, behaviour for behaviour, so that published numbers can be compared with.

Its distortions are kept on purpose: the corner cases are the protocol. Use the strict scorer for anything new.
"""

from __future__ import annotations

import json
import re
from typing import Any

from edgejson_bench.records import JsonObject

_TWO_LEVELS = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", re.DOTALL)
"""A brace pair that holds text and at most brace pairs one level deep. Braces in strings count like any other."""


def parse_v3_1(text: str) -> Any:
    """Take a JSON value from an output; None where it fails (a parsed ``null`` cannot be told from that).

    The whole stripped text is tried first: any JSON value passes, NaN and Infinity too, and the last of duplicate keys
    wins. If that fails, the first match of a two-level brace pattern that parses is taken. An object nested three
    levels deep with text after it is therefore lost, and an object inside it may be returned in its place.

    Nesting or integers beyond the interpreter's limits, which the published code doesn't handle, count as failure.
    """
    try:
        return json.loads(text.strip())
    except json.JSONDecodeError:
        candidates = _TWO_LEVELS.findall(text)
    except (RecursionError, ValueError):
        return None
    for candidate in candidates:
        try:
            return json.loads(candidate)
        except (RecursionError, ValueError):
            continue
    return None


def exact_v3_1(predicted: Any, expected: JsonObject) -> bool:
    """Python's ``==``: ``True`` equals 1."""
    return bool(predicted == expected)


def field_f1_v3_1(predicted: Any, expected: JsonObject) -> float:
    """F1 over top-level keys; a shared key is correct where its whole value is ``==``."""
    if not predicted and not expected:
        return 1.0
    if not predicted or not expected or not isinstance(predicted, dict):
        return 0.0
    correct = sum(1 for key in expected if key in predicted and predicted[key] == expected[key])
    if not correct:
        return 0.0
    precision, recall = correct / len(predicted), correct / len(expected)
    return 2 * precision * recall / (precision + recall)


def compliance_v3_1(predicted: Any, expected: JsonObject) -> bool:
    """Whether a non-empty object has every top-level key of the gold, each with a value of the gold's Python type.

    int and float stand for each other; bool is its own type. No schema is consulted, and extra keys are no fault.
    """
    if not predicted or not isinstance(predicted, dict):
        return False
    numbers = (int, float)
    for key, value in expected.items():
        if key not in predicted:
            return False
        kind, found = type(value), type(predicted[key])
        if kind is not found and not (kind in numbers and found in numbers):
            return False
    return True
