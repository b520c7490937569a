"""MLPerf's percentile estimate: known values, the plain sum it stands for, and LoadGen's own answers."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest

from edgejson_bench.loadgen.driver import drive
from edgejson_bench.loadgen.early_stopping import discarded, estimate, middle, queries_needed


@pytest.mark.parametrize(("percentile", "needed"), [(0.9, 64), (0.99, 662), (0.5, 11)])
def test_the_fewest_queries_are_those_that_mlperf_names(percentile: float, needed: int) -> None:
    assert queries_needed(percentile) == needed
    assert discarded(needed, percentile) == 1
    assert discarded(needed - 1, percentile) is None


def chance(queries: int, t: int) -> Fraction:
    """That t or fewer of ``queries`` latencies are above the 90th percentile, in exact arithmetic."""
    return sum(
        (math.comb(queries, k) * Fraction(1, 10) ** k * Fraction(9, 10) ** (queries - k) for k in range(t + 1)),
        Fraction(0),
    )


@pytest.mark.parametrize("queries", [64, 80, 81, 100, 199, 200, 500])
def test_the_estimate_is_the_lowest_latency_that_the_binomial_tail_allows(queries: int) -> None:
    t = discarded(queries, 0.9)
    assert t is not None
    assert chance(queries, t) < Fraction(1, 100) <= chance(queries, t + 1)
    latencies = list(range(queries, 0, -1))
    assert estimate(latencies, 0.9) == queries - t + 1


def test_with_the_fewest_queries_the_estimate_is_the_worst_latency() -> None:
    assert estimate([5] * 63 + [9], 0.9) == 9
    assert estimate([5] * 63, 0.9) is None
    assert estimate([], 0.9) is None


def test_so_many_queries_that_the_powers_are_no_doubles_any_more() -> None:
    assert 0.9**20_000 == 0.0
    t = discarded(20_000, 0.9)
    assert t is not None
    assert 1850 < t < 1950  # 2000 less 2.33 standard deviations of 42.4


@pytest.mark.parametrize(("latencies", "value"), [([7], 7), ([1, 9], 9), ([3, 1, 2], 2), ([4, 1, 3, 2], 3)])
def test_the_middle_is_the_upper_one_of_an_even_number(latencies: list[int], value: int) -> None:
    assert middle(latencies) == value


@pytest.mark.parametrize("queries", [63, 64, 81, 100, 257])
def test_loadgen_says_the_same(queries: int, tmp_path: Path) -> None:
    log = drive("single_stream", queries, iter, seed=1, folder=tmp_path)
    latencies = list(log.latencies_ns.values())
    assert log.results["early_stopping_latency_ss"] == (estimate(latencies, 0.9) or 0)
    assert log.results["early_stopping_met"] is (queries >= 64)
    assert log.results["result_50.00_percentile_latency_ns"] == middle(latencies)
