"""The YAML subset: whatever is written is read back the same, on lines of bounded width, without references."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.errors import SubmissionError
from edgejson_bench.submission_yaml import MAX_DEPTH, dump, key_path, load

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(" ab\n\t\x85\u2028#:-'\"\\é", max_size=300),  # long enough to be folded
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(
        ["yes", "NO", "null", "~", "", "2026-01-01", "1e5", "0x1f", "1:30", "<<", "=", ".nan", "- a", "*a"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any):
    assert load(dump({"value": value})) == {"value": value}


def test_small_collections_take_one_line_and_large_ones_many():
    metric = {"value": 0.5, "ci95": [0.25, 0.75], "count": 4}
    text = dump({"n": 8, "json_exact": metric, "long": {f"key-{number}": "x" * 20 for number in range(6)}})
    assert "\njson_exact: {value: 0.5, ci95: [0.25, 0.75], count: 4}\n" in text
    assert "\nlong:\n  key-0: xxxxxxxxxxxxxxxxxxxx\n  key-1: " in text


def test_what_comes_twice_is_written_twice():
    same = {"a": [1, 2]}
    assert dump({"first": same, "second": same}) == "{first: {a: [1, 2]}, second: {a: [1, 2]}}\n"


@pytest.mark.parametrize("text", ["1_000", "0b11", "017", "1:30", "+1", ".5", "True", "NULL", "on", "1" * 19])
def test_spellings_that_json_does_not_have_are_refused(text: str):
    with pytest.raises(SubmissionError, match="is not a value that submissions use"):
        load(f"a: {text}")
    assert load(f"a: '{text}'") == {"a": text}


def test_nesting_has_a_limit():
    assert load("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(SubmissionError, match="nested deeper than"):
        load("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_places_are_named_on_one_line():
    assert key_path([]) == "top level"
    assert key_path(["results", "form", 3, "v3.1"]) == "results.form[3].v3.1"
    assert key_path(["a\nb", "\x1b"]) == r"'a\nb'.'\x1b'"
