"""Aggregation: shapes, denominators, order, and what is refused."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from edgejson_bench.records import Score
from edgejson_bench.scoring.report import aggregate
from edgejson_bench.scoring.statistics import bootstrap_mean, wilson

RIGHT = Score("a", "letter", "simple", "form", True, 1.0, True, True, True, None, "json_end")
NO_ZONE = replace(
    RIGHT, json_exact=False, field_f1=0.5, compliance_formats=False, error_kinds=("type", "value_hallucination")
)
CUT = replace(
    RIGHT,
    json_exact=False,
    field_f1=0.0,
    compliance=False,
    compliance_formats=False,
    parsed=False,
    problem="truncated",
    finish_reason="length",
    error_kinds=("truncated",),
)
FAILED = replace(CUT, problem="model_error", finish_reason="error", error_kinds=("model_error",))


def numbered(*scores: Score) -> list[Score]:
    return [replace(score, example_id=f"{number:03}") for number, score in enumerate(scores)]


MIXED = numbered(
    replace(RIGHT, tier="complex", task="network", style="prose"),
    replace(CUT, tier="complex", task="network"),
    replace(RIGHT, tier="medium", task="order"),
    replace(FAILED, tier="medium", task="invoice"),
    replace(NO_ZONE, finish_reason="eos"),
    RIGHT,
)


def test_every_number_has_its_n_and_interval():
    overall = aggregate(MIXED, headline_formats=True)["results"]["form"]["overall"]
    assert overall == {
        "n": 5,
        "json_exact": {"value": 0.4, "ci95": list(wilson(2, 5)), "count": 2},
        "field_f1": {"value": 0.5, "ci95": list(bootstrap_mean([0.0, 1.0, 0.0, 0.5, 1.0]))},
        "compliance": {"value": 0.4, "ci95": list(wilson(2, 5)), "count": 2},
    }


def test_formats_are_reported_apart_where_they_are_not_in_the_headline():
    overall = aggregate(MIXED, headline_formats=False)["results"]["form"]["overall"]
    assert overall["compliance"] == {"value": 0.6, "ci95": list(wilson(3, 5)), "count": 3}
    assert overall["compliance_formats"] == {"value": 0.4, "ci95": list(wilson(2, 5)), "count": 2}


@pytest.mark.parametrize("headline_formats", [True, False])
def test_a_scorer_without_formats_has_its_own_compliance(headline_formats):
    scores = [replace(score, compliance_formats=None) for score in MIXED]
    overall = aggregate(scores, headline_formats)["results"]["form"]["overall"]
    assert overall["compliance"]["count"] == 3
    assert "compliance_formats" not in overall


def test_styles_tiers_and_tasks_come_in_a_fixed_order():
    results = aggregate(MIXED, headline_formats=True)["results"]
    assert list(results) == ["form", "prose"]
    assert list(results["form"]) == ["overall", "tiers", "tasks"]
    assert list(results["form"]["tiers"]) == ["simple", "medium", "complex"]
    assert list(results["form"]["tasks"]) == ["letter", "invoice", "order", "network"]
    assert [metrics["n"] for metrics in results["form"]["tasks"].values()] == [2, 1, 1, 1]
    assert list(results["prose"]["tasks"]) == ["network"]


def test_failures_stay_in_the_denominator():
    metrics = aggregate(numbered(RIGHT, CUT, FAILED, CUT), headline_formats=True)["results"]["form"]["overall"]
    assert (metrics["n"], metrics["json_exact"]["value"], metrics["field_f1"]["value"]) == (4, 0.25, 0.25)


def test_counts_and_errors():
    report = aggregate(MIXED, headline_formats=True)
    assert report["counts"] == {
        "examples": 6,
        "parsed": 4,
        "unparsed": 2,
        "cut": 1,
        "failed": 1,
        "finish": {"eos": 1, "json_end": 3, "length": 1, "error": 1},
    }
    assert list(report["counts"]["finish"]) == ["eos", "json_end", "length", "error"]
    assert list(report["errors"]["unparsed"].items()) == [("model_error", 1), ("truncated", 1)]


def test_kinds_of_error_are_counted_once_as_primary_and_wherever_they_are():
    omitted = replace(NO_ZONE, error_kinds=("field_omission", "type"))
    kinds = aggregate(numbered(*MIXED, omitted, omitted), headline_formats=True)["errors"]["kinds"]
    assert kinds == {
        "form": {
            "n": 5,
            "primary": {"model_error": 1, "truncated": 1, "field_omission": 2, "type": 1},
            "any": {"model_error": 1, "truncated": 1, "field_omission": 2, "type": 3, "value_hallucination": 1},
        },
        "prose": {"n": 0, "primary": {}, "any": {}},
    }
    assert list(kinds["form"]["primary"]) == ["model_error", "truncated", "field_omission", "type"]


def test_the_order_of_scores_does_not_matter():
    shuffled = random.Random(3).sample(MIXED, len(MIXED))
    assert json.dumps(aggregate(shuffled, False)) == json.dumps(aggregate(MIXED, False))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "no scores"),
        ([RIGHT, CUT], "1 examples are scored more than once, the first is 'a'"),
        (numbered(RIGHT, replace(RIGHT, tier="medium")), "task 'letter' is in two tiers, simple and medium"),
        (numbered(RIGHT, replace(RIGHT, compliance_formats=None)), "scores of two scorers"),
        ([replace(CUT, error_kinds=())], "'a' is exact and has a kind of error, or is wrong and has none"),
        ([replace(RIGHT, error_kinds=("type",))], "'a' is exact and has a kind of error, or is wrong and has none"),
    ],
    ids=["none", "twice", "two tiers", "two scorers", "no kind", "kind of nothing"],
)
def test_what_cannot_be_aggregated_is_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        aggregate(scores, headline_formats=True)
