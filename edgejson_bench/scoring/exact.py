"""Equality of JSON values as JSON sees it, not as Python does. The only definition of equality in the strict scorer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

_PLAIN = (str, int, bool)
"""Of two scalars of one of these types, Python's equality is ours."""


def scalar_key(value: Any) -> tuple[str, Hashable]:
    """A hashable key of a leaf: two leaves are equal exactly where their keys are.

    A leaf is a scalar, ``{}`` or ``[]``. Numbers are compared by value, so 5 equals 5.0 and, Python comparing int and
    float without rounding, 2**53 + 1 does not equal float(2**53).
    """
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, dict | list):
        return (type(value).__name__, None)
    return (type(value).__name__, value)


def typed_equal(a: Any, b: Any) -> bool:
    """Whether two parsed JSON values are the same value.

    ``true`` is not 1, ``"5"`` is not 5, 5 equals 5.0, ``null`` equals only itself; the order of array items counts, the
    order of object keys does not. Any depth is compared: there is no recursion.
    """
    pairs = [(a, b)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is type(b) and type(a) in _PLAIN:
            if a != b:
                return False
        elif isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            pairs.extend((value, b[key]) for key, value in a.items())
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs.extend(zip(a, b, strict=True))
        elif scalar_key(a) != scalar_key(b):
            return False
    return True
