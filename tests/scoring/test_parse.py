"""The strict parser: golden cases, limits, and agreement with ``json`` on what is plain JSON."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.parse import MAX_INTEGER_DIGITS, Parsed, parse
from tests.scoring.cases import JSON_ISH, OBJECTS, load, params


@pytest.mark.parametrize("case", params(load("parse")))
def test_golden(case):
    parsed = parse(case["text"])
    assert parsed.problem == case["problem"]
    assert typed_equal(parsed.value, case["value"])
    taken = None if parsed.end is None else case["text"][parsed.start : parsed.end]
    assert taken == case["taken"]


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def test_depth_limit_does_not_depend_on_the_interpreter():
    assert parse(nested(MAX_DEPTH)).value is not None
    assert parse(nested(MAX_DEPTH + 1)).problem == "too_deep"
    assert parse(nested(100_000)).problem == "too_deep"
    assert parse("[" * 100_000).problem == "not_object"


def test_a_caller_near_the_recursion_limit_gets_a_verdict():
    text = nested(MAX_DEPTH)

    def descend(levels: int) -> Parsed:
        return parse(text) if levels == 0 else descend(levels - 1)

    used = 0
    frame = sys._getframe()
    while frame is not None:
        used, frame = used + 1, frame.f_back
    assert descend(sys.getrecursionlimit() - used - 60).problem in (None, "too_deep")


def test_integers_are_read_up_to_a_fixed_length():
    longest = "-" + "9" * MAX_INTEGER_DIGITS
    assert parse(f'{{"a": {longest}}}').value == {"a": int(longest)}
    assert parse(f'{{"a": {longest}9}}').problem == "invalid_json"
    assert parse('{"a": ' + "9" * 100_000 + "}").problem == "invalid_json"


def test_offsets_count_from_the_start_of_the_text():
    parsed = parse(' ```json\n{"a": 1}\n```')
    assert (parsed.start, parsed.end) == (9, 17)
    assert (parse("none").start, parse("none").end) == (None, None)
    assert (parse("x {").start, parse("x {").end) == (2, None)


@given(OBJECTS, st.sampled_from(["", " ", "\n```json\n", "```", "The answer: "]), JSON_ISH)
def test_a_printed_object_is_read_back(value, before, after):
    parsed = parse(before + json.dumps(value) + after)
    assert parsed.problem is None
    assert typed_equal(parsed.value, value)


@given(OBJECTS, st.data())
def test_a_cut_object_is_never_read_as_another(value, data):
    text = json.dumps(value)
    cut = data.draw(st.integers(1, len(text) - 1))
    assert parse(text[:cut]).problem == "truncated"


@given(JSON_ISH)
def test_gives_either_an_object_or_a_reason(text):
    parsed = parse(text)
    assert (parsed.value is None) == (parsed.problem is not None)
    if parsed.value is not None:
        assert json.loads(text[parsed.start : parsed.end]) == parsed.value


@given(st.text())
def test_takes_any_text(text):
    assert parse(text).problem in {None, "no_object", "not_object", "truncated", "invalid_json", "duplicate_key"}
