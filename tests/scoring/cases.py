"""Golden cases of the scorers, from ``tests/cases/*.json``, and the values that hypothesis draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The same examples on every run, and no verdict that depends on how busy the machine is.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

CASES = Path(__file__).resolve().parents[1] / "cases"

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(["", '"', "\\", "{", "}", "[", "]", "`", "a/b", "~"]),
)
KEYS = st.sampled_from(["a", "b", "c", "a/b", "~", ""]) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)

JSON_ISH = st.lists(
    st.sampled_from([*'{}[]:,"\\`\n ', "```", "json", '"a"', "1", "{}", '{"a": 1}', "NaN", "true", "é"]), max_size=40
).map("".join)
"""Texts that are nearly JSON, and now and then are."""


def load(name: str) -> Any:
    """One file of cases, parsed."""
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


def params(cases: list[dict[str, Any]]) -> list[Any]:
    """The cases as pytest parameters, named by their names."""
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    assert all(case["reason"] for case in cases), "a case must say why it is there"
    return [pytest.param(case, id=case["name"]) for case in cases]
