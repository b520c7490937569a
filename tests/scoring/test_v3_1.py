"""The published scorer: golden corner cases, and limits the published code leaves to the interpreter."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.v3_1 import compliance_v3_1, exact_v3_1, field_f1_v3_1, parse_v3_1
from tests.scoring.cases import JSON_ISH, OBJECTS, load, params


@pytest.mark.parametrize("case", params(load("v3_1")))
def test_golden_parse(case):
    value = parse_v3_1(case["text"])
    assert (value is not None) is case["parsed"]
    if "value" in case:
        assert typed_equal(value, case["value"])


@pytest.mark.parametrize("case", params([case for case in load("v3_1") if case["parsed"]]))
def test_golden_scores(case):
    value, gold = parse_v3_1(case["text"]), case["gold"]
    assert exact_v3_1(value, gold) is case["exact"]
    assert field_f1_v3_1(value, gold) == pytest.approx(case["field_f1"])
    assert compliance_v3_1(value, gold) is case["compliance"]


def test_nan_is_a_value():
    assert math.isnan(parse_v3_1('{"a": NaN}')["a"])
    assert math.isinf(parse_v3_1("-Infinity"))


@pytest.mark.parametrize("text", ["[" * 200_000 + "]" * 200_000, "9" * 10_000, "x {" + '"a": ' + "9" * 10_000 + "}"])
def test_limits_of_the_interpreter_count_as_failure(text):
    assert parse_v3_1(text) is None


@pytest.mark.parametrize("piece", ["{", "{a", "{{}", "{ {} ", "{}{", "}{"])
def test_long_brace_soup_is_read(piece):
    assert parse_v3_1(piece * 20_000) in (None, {})


@given(OBJECTS)
def test_gold_alone_scores_full_marks(gold):
    assert exact_v3_1(gold, gold)
    assert field_f1_v3_1(gold, gold) == 1.0
    assert compliance_v3_1(gold, gold) is bool(gold)


@given(JSON_ISH, OBJECTS)
def test_any_text_scores_within_bounds(text, gold):
    value = parse_v3_1(text)
    assert 0.0 <= field_f1_v3_1(value, gold) <= 1.0
    assert isinstance(exact_v3_1(value, gold), bool)
    assert isinstance(compliance_v3_1(value, gold), bool)
