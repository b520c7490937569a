"""Kinds of error: golden cases, that every wrong answer has one, and that one fault is one finding."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.records import Example
from edgejson_bench.scoring import taxonomy
from edgejson_bench.scoring.exact import scalar_key, typed_equal
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.scoring.taxonomy import (
    KINDS,
    REPORTED_SHARES,
    Finding,
    classify,
    depth,
    error_kinds,
    pair_items,
)
from edgejson_bench.tasks import load_shipped
from tests.scoring.cases import OBJECTS, VALUES, load, params

EQUALITY = {"strict": typed_equal, "v3.1": operator.eq}


def example(gold: Any, text: str = "", said: dict[str, str] | None = None) -> Example:
    """``said`` holds the words of the text for each leaf."""
    spans = said and {pointer: (text.index(words), text.index(words) + len(words)) for pointer, words in said.items()}
    return Example("a-1", "a", "prose", text, gold, evidence=spans)


@pytest.mark.parametrize("case", params(load("taxonomy")))
def test_golden(case):
    asked = example(case["gold"], case["text"], case.get("said"))
    findings = classify(asked, case["predicted"], None, EQUALITY[case.get("scorer", "strict")])
    expected = [tuple(finding) if len(finding) == 3 else (*finding, None) for finding in case["findings"]]
    assert [(finding.kind, finding.pointer, finding.source) for finding in findings] == expected


def test_a_finding_holds_both_values():
    gold = {"a": 1, "b": 2, "c": ["x", "y"], "d": "Ann"}
    assert classify(example(gold, "Ann"), {"a": "1", "c": ["x"], "d": "Bob", "e": {"f": 1}}, None) == (
        Finding("type", "/a", "1", 1),
        Finding("field_omission", "/b", None, 2),
        Finding("array_length", "/c", 1, 2),
        Finding("value_hallucination", "/d", "Bob", "Ann"),
        Finding("extra_field", "/e", {"f": 1}, None),
    )
    assert classify(example({"c": ["x", "y", "z"]}), {"c": ["z", "x"]}, None)[1:] == (
        Finding("misplaced_value", "/c/0", "z", "x", "/c/2"),
    )


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("truncated", "truncated"),
        ("no_object", "invalid_json"),
        ("not_object", "structure"),
        ("invalid_json", "invalid_json"),
        ("duplicate_key", "invalid_json"),
        ("not_finite", "invalid_json"),
        ("too_deep", "invalid_json"),
        ("model_error", "model_error"),
    ],
)
def test_what_could_not_be_read_has_the_kind_of_its_problem(problem, kind):
    assert classify(example({"a": 1}), None, problem) == (Finding(kind, ""),)


def test_a_part_that_was_read_of_a_cut_answer_is_held_against_the_gold_as_well():
    findings = classify(example({"a": 1, "b": 2}), {"a": 1}, "truncated", operator.eq)
    assert error_kinds(findings) == ("truncated", "field_omission")


def test_a_value_deeper_than_the_strict_parser_reads_is_one_finding():
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    gold = {"a": [[1]], "b": 2}
    (finding,) = classify(example(gold), {"a": value}, None, operator.eq)
    assert (finding.kind, finding.pointer) == ("structure", "")
    assert classify(example({"a": value}), {"a": value}, None, operator.eq) == ()


def test_the_deepest_value_the_strict_parser_reads_is_compared_inside():
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert [finding.kind for finding in classify(example({"a": [[2]]}), {"a": value}, None)] == ["structure"]
    assert classify(example({"a": [[2]]}), {"a": value}, None)[0].pointer == "/a/0/0"


@pytest.mark.parametrize(("value", "levels"), [(1, 0), ({}, 1), ([], 1), ({"a": [1, {"b": 2}]}, 3), ([[], [[]]], 3)])
def test_depth_counts_objects_and_arrays(value, levels):
    assert depth(value) == levels


def test_numbers_that_only_the_published_scorer_reads_are_classified():
    findings = classify(example({"a": 1, "b": 2}), {"a": math.nan, "b": math.inf}, None, operator.eq)
    assert [finding.kind for finding in findings] == ["value_hallucination"] * 2


def test_a_string_longer_than_the_text_is_not_searched_for(monkeypatch):
    searched = []
    monkeypatch.setattr(taxonomy, "occurs", lambda value, text: searched.append(value))
    classify(example({"a": "", "b": ""}, "five!"), {"a": "x" * 5, "b": "x" * 6}, None)
    assert searched == ["x" * 5]


def test_kinds_come_in_the_order_of_precedence_and_once():
    found = [Finding(kind, "") for kind in ("type", "extra_field", "truncated", "type")]
    assert error_kinds(found) == ("truncated", "extra_field", "type")
    assert error_kinds([Finding(kind, "") for kind in reversed(KINDS)]) == KINDS
    assert error_kinds([]) == ()


def test_the_reported_shares_are_of_our_kinds_and_make_up_all():
    assert set(REPORTED_SHARES) < set(KINDS)
    assert sum(REPORTED_SHARES.values()) == pytest.approx(1)


FEW = st.recursive(
    st.sampled_from([1, 0, 1.0, True, False, "1", "a", None, {}, []]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)
"""Values from few pieces, so that two of them are often equal, or nearly."""


@pytest.mark.parametrize("scorer", EQUALITY)
@given(st.data())
def test_a_value_has_findings_exactly_where_it_differs(scorer, data):
    predicted, gold = data.draw(FEW | VALUES), data.draw(FEW | VALUES)
    assume(predicted is not None)
    findings = classify(example(gold, "a 1"), predicted, None, EQUALITY[scorer])
    assert bool(findings) is not EQUALITY[scorer](predicted, gold)
    assert {finding.kind for finding in findings} <= set(KINDS)


@given(OBJECTS, st.data())
def test_one_field_left_out_or_added_is_one_finding(gold, data):
    assume(gold)
    key = data.draw(st.sampled_from(sorted(gold)))
    less = {name: value for name, value in gold.items() if name != key}
    assert [finding.kind for finding in classify(example(gold), less, None)] == ["field_omission"]
    assert [finding.kind for finding in classify(example(less), gold, None)] == ["extra_field"]


@given(st.lists(VALUES, min_size=1, max_size=6), st.data())
def test_one_item_left_out_or_added_is_one_finding(items, data):
    place = data.draw(st.integers(0, len(items) - 1))
    less = items[:place] + items[place + 1 :]
    assert [finding.kind for finding in classify(example({"a": items}), {"a": less}, None)] == ["array_length"]
    assert [finding.kind for finding in classify(example({"a": less}), {"a": items}, None)] == ["array_length"]


@given(st.permutations(range(6)))
def test_items_in_another_order_are_misplaced_and_nothing_else(order):
    gold = [{"name": f"item {number}", "count": number} for number in range(6)]
    findings = classify(example({"a": gold}), {"a": [gold[number] for number in order]}, None)
    assert {finding.kind for finding in findings} <= {"misplaced_value"}
    assert all(finding.predicted == gold[int(finding.source.rpartition("/")[2])] for finding in findings)


@given(st.lists(FEW, max_size=5), st.lists(FEW, max_size=5))
def test_every_item_of_the_shorter_array_has_one_counterpart(predicted, gold):
    pairs = pair_items(predicted, gold)
    places, indices = [*pairs.compared, *pairs.moved], [*pairs.compared.values(), *pairs.moved.values()]
    assert len(set(places)) == len(places) == len(set(indices)) == len(indices) == min(len(predicted), len(gold))
    assert all(typed_equal(predicted[index], gold[place]) for place, index in pairs.moved.items())


def test_wrong_values_in_the_shipped_texts_are_told_apart():
    """Every string of every shipped gold, once replaced by another field's and once by one that nobody wrote."""
    told = 0
    for shipped in load_shipped().split("test"):
        strings = {key: value for key, value in shipped.gold.items() if isinstance(value, str)}
        for key, other in zip(strings, [*strings][1:], strict=False):
            if scalar_key(strings[key]) == scalar_key(strings[other]):
                continue
            (finding,) = classify(shipped, shipped.gold | {key: strings[other]}, None)
            assert (finding.kind, finding.pointer) == ("misplaced_value", f"/{key}")
            assert leaves(shipped.gold)[finding.source] == strings[other]
            (finding,) = classify(shipped, shipped.gold | {key: "Qwertz Uiop"}, None)
            assert (finding.kind, finding.pointer) == ("value_hallucination", f"/{key}")
            told += 1
    assert told > 300
