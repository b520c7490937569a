"""Typed equality: golden cases, and that it is an equality."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from edgejson_bench.scoring.exact import scalar_key, typed_equal
from tests.scoring.cases import SCALARS, VALUES, load, params


@pytest.mark.parametrize("case", params(load("exact")))
def test_golden(case):
    assert typed_equal(case["a"], case["b"]) is case["equal"]
    assert typed_equal(case["b"], case["a"]) is case["equal"]


def test_any_depth_is_compared():
    deep, other = 1, 2
    for _ in range(50_000):
        deep, other = [deep], [other]
    assert typed_equal(deep, deep)
    assert not typed_equal(deep, other)


@given(VALUES)
def test_a_value_equals_its_copy(value):
    assert typed_equal(value, json.loads(json.dumps(value)))


@given(VALUES, VALUES)
def test_is_symmetric_and_stricter_than_python(a, b):
    assert typed_equal(a, b) is typed_equal(b, a)
    if typed_equal(a, b):
        assert a == b


@given(VALUES)
def test_a_changed_value_is_unequal(value):
    assert not typed_equal({"a": value}, {"a": [value]})
    assert not typed_equal([value], [value, value])


@given(SCALARS, SCALARS)
def test_keys_of_leaves_agree_with_equality(a, b):
    assert (scalar_key(a) == scalar_key(b)) is typed_equal(a, b)
    if typed_equal(a, b):
        assert hash(scalar_key(a)) == hash(scalar_key(b))
