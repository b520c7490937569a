"""The words that a comparison is put into, from golden cases, and how its numbers are spelled."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench import conclusions
from edgejson_bench.conclusions import conclude
from edgejson_bench.scoring.statistics import MeanDifference, PairedDifference, paired_difference
from tests.scoring.cases import load, params

NO_F1 = MeanDifference(0.5, 0.5, 0.0, (-0.1, 0.1), (-0.1, 0.1), 24)


def paired(both: int, only_a: int, only_b: int, neither: int) -> PairedDifference:
    return paired_difference(
        [True] * (both + only_a) + [False] * (only_b + neither),
        [True] * both + [False] * only_a + [True] * only_b + [False] * neither,
    )


@pytest.mark.parametrize("case", params(load("conclusions")))
def test_a_comparison_is_concluded_in_one_sentence_and_qualified_by_field_f1(case: dict[str, Any]) -> None:
    difference, interval, by_task, tasks = case["f1"]
    field_f1 = MeanDifference(
        0.5 + difference, 0.5, difference, tuple(interval), None if by_task is None else tuple(by_task), tasks
    )
    both, only_a, *_ = case["pairs"]
    assert conclude("form", both + only_a, paired(*case["pairs"]), field_f1) == case["text"]


def test_the_test_without_the_interval_establishes_nothing() -> None:
    exact = PairedDifference(0.04, -0.001, 0.08, 0.04, 15, 5, 250)
    assert conclude("prose", 100, exact, NO_F1) == (
        "On prose, a difference is not established: A leads by +4.0 points JSONExact [-0.1, +8.0], p = 0.0400 (n=250); "
        "the exact test finds one, but the interval holds 0."
    )


@given(st.tuples(*[st.integers(0, 40)] * 4).filter(any))
def test_exactly_one_side_is_called_better_and_only_with_evidence(table: tuple[int, int, int, int]) -> None:
    both, only_a, only_b, neither = table
    exact = paired(*table)
    text = conclude("form", both + only_a, exact, NO_F1)
    assert ("is better than" in text) == (exact.p_value < 0.05)
    assert ("A is better than B" in text) == (exact.p_value < 0.05 and only_a > only_b)
    mirrored = conclude("form", both + only_b, paired(both, only_b, only_a, neither), NO_F1)
    if "A and B" not in text and "neither" not in text:
        assert mirrored == text.translate(str.maketrans("AB", "BA"))
    else:
        assert "established" in mirrored


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1.00"), (0.62, "0.62"), (0.0499, "0.0499"), (0.0007, "0.0007"), (0.0001, "0.0001"), (3e-9, "<0.0001")],
)
def test_p_values_keep_the_digits_that_matter(p: float, text: str) -> None:
    assert conclusions.p_value(p) == text


def test_differences_are_signed_and_zero_is_not() -> None:
    assert [conclusions.points(x) for x in (0.12, -0.005, 0.0, -0.0, -0.0001)] == ["+12.0", "-0.5", "0.0", "0.0", "0.0"]
    assert conclusions.points_interval(-1, 1) == "[-100.0, +100.0]"
    assert conclusions.f1_interval((-0.0001, 0.5)) == "[0.000, +0.500]"
