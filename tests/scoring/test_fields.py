"""Leaf-level F1: golden cases, a brute-force check of the alignment, and bounds."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.fields import align, field_f1, leaves
from edgejson_bench.scoring.parse import parse
from tests.scoring.cases import VALUES, load, params


@pytest.mark.parametrize("case", params(load("fields")))
def test_golden(case):
    score = field_f1(case["predicted"], case["gold"])
    matched, predicted, gold = case["matched"], case["predicted_leaves"], case["gold_leaves"]
    assert (score.matched, score.predicted, score.gold) == (matched, predicted, gold)
    assert score.precision == matched / predicted
    assert score.recall == matched / gold
    assert score.f1 == pytest.approx(2 * matched / (predicted + gold))


def test_leaves_are_named_by_json_pointer():
    value = {"a": [1, {"b": None}], "c/d": {"e~f": True, "": "x"}, "g": {}, "h": []}
    expected = {"/a/0": 1, "/a/1/b": None, "/c~1d/e~0f": True, "/c~1d/": "x", "/g": {}, "/h": []}
    assert leaves(value) == expected
    assert list(leaves(value)) == list(expected)


@pytest.mark.parametrize("leaf", ["x", 0, None, {}, []])
def test_a_bare_leaf_is_at_the_root(leaf):
    assert leaves(leaf) == {"": leaf}


def test_a_long_made_up_array_is_scored():
    item = {"id": 7, "name": "x", "tags": ["b", "a", "b"]}
    gold = {"items": [{"id": i, "name": "n", "tags": ["a", "b"]} for i in range(8)]}
    predicted = {"items": [{**item, "id": 7 - i % 8, "price": i} for i in range(20_000)]}
    score = field_f1(predicted, gold)
    # Ids run backwards, yet over so many items that every gold item finds its own, with both of its tags.
    assert (score.matched, score.predicted, score.gold) == (8 * 3, 20_000 * 6, 8 * 4)


def test_a_long_right_array_is_scored_without_the_quadratic_part():
    gold = {"items": [{"id": i, "name": str(i)} for i in range(5_000)]}
    assert field_f1(gold, gold).f1 == 1.0
    assert field_f1({"items": gold["items"][1:]}, gold).matched == 2 * 4_999


def test_the_deepest_value_the_parser_takes_is_scored():
    value = parse('{"a":[' * (MAX_DEPTH // 2) + "1" + "]}" * (MAX_DEPTH // 2)).value
    other = parse('{"a":[' * (MAX_DEPTH // 2) + "2" + "]}" * (MAX_DEPTH // 2)).value
    assert field_f1(value, value).f1 == 1.0
    assert field_f1(value, other).f1 == 0.0


def matched_by_brute_force(predicted: Any, gold: Any) -> int:
    """The definition: try every order-preserving pairing of array items."""
    if isinstance(predicted, dict) and isinstance(gold, dict) and predicted and gold:
        return sum(matched_by_brute_force(predicted[key], gold[key]) for key in predicted.keys() & gold.keys())
    if isinstance(predicted, list) and isinstance(gold, list) and predicted and gold:
        return max(
            sum(matched_by_brute_force(a, b) for a, b in zip(some, others, strict=True))
            for size in range(min(len(predicted), len(gold)) + 1)
            for some in combinations(predicted, size)
            for others in combinations(gold, size)
        )
    return int(list(leaves(predicted)) == list(leaves(gold)) == [""] and typed_equal(predicted, gold))


FEW = st.recursive(
    st.sampled_from([1, 2, True, "1", None, {}, []]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=7,
)
"""Values from few pieces, so that two of them often share leaves."""


@given(FEW, FEW)
def test_alignment_matches_as_much_as_the_best_of_all_pairings(predicted, gold):
    assert field_f1(predicted, gold).matched == matched_by_brute_force(predicted, gold)


@given(st.lists(FEW, max_size=4), st.lists(FEW, max_size=4))
def test_alignment_of_arrays_matches_as_much_as_the_best_of_all_pairings(predicted, gold):
    assert field_f1(predicted, gold).matched == matched_by_brute_force(predicted, gold)


@given(VALUES | FEW, VALUES | FEW)
def test_bounds_and_symmetry(predicted, gold):
    score, swapped = field_f1(predicted, gold), field_f1(gold, predicted)
    assert 0 <= score.matched <= min(score.predicted, score.gold)
    assert 0.0 <= score.f1 <= 1.0
    assert (score.precision, score.recall, score.f1) == (swapped.recall, swapped.precision, swapped.f1)
    assert (score.predicted, score.gold) == (len(leaves(predicted)), len(leaves(gold)))
    assert min(score.precision, score.recall) - 1e-12 <= score.f1 <= max(score.precision, score.recall) + 1e-12


@given(VALUES | FEW, VALUES | FEW)
def test_is_one_exactly_for_equal_values(predicted, gold):
    assert field_f1(gold, gold).f1 == 1.0
    assert (field_f1(predicted, gold).f1 == 1.0) is typed_equal(predicted, gold)


@given(st.lists(VALUES, min_size=2, max_size=5))
def test_a_missing_first_item_costs_that_item_only(items):
    score = field_f1(items[1:], items)
    assert score.matched == len(leaves(items)) - len(leaves(items[0]))
    assert score.precision == 1.0


@given(st.lists(FEW, max_size=5), st.lists(FEW, max_size=5))
def test_the_pairs_of_an_alignment_rise_and_match_what_the_score_counts(predicted, gold):
    pairs = align(predicted, gold)
    assert (list(pairs), list(pairs.values())) == (sorted(pairs), sorted(set(pairs.values())))
    matched = [field_f1(predicted[index], gold[place]).matched for place, index in pairs.items()]
    assert all(matched)
    assert not (predicted and gold) or sum(matched) == field_f1(predicted, gold).matched


@pytest.mark.parametrize(
    ("predicted", "gold", "pairs"),
    [
        (["b", "c"], ["a", "b", "c"], {1: 0, 2: 1}),
        (["a", "x", "c"], ["a", "b", "c"], {0: 0, 2: 2}),
        (["x"] * 5 + ["a"], ["a"], {0: 5}),
        (["x"], ["a"], {}),
        ([], ["a"], {}),
        ([{"n": 1, "q": 0}, {"n": 3, "q": 2}], [{"n": 1, "q": 1}, {"n": 2, "q": 2}, {"n": 3, "q": 3}], {0: 0, 1: 1}),
    ],
)
def test_align(predicted, gold, pairs):
    assert align(predicted, gold) == pairs
