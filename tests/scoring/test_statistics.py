"""Intervals against values computed elsewhere, and their behaviour at the ends."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.scoring import statistics
from edgejson_bench.scoring.statistics import (
    PairedDifference,
    bootstrap_difference,
    bootstrap_mean,
    mcnemar_exact,
    mean,
    mean_difference,
    paired_difference,
    smallest_significant_lead,
    wilson,
)
from tests.scoring.cases import load, params

REFERENCE = load("statistics")
"""Computed by ``tests/cases/statistics_reference.py``."""

COUNTS = st.integers(0, 80)
TABLES = st.tuples(COUNTS, COUNTS, COUNTS, COUNTS).filter(any)
"""Pairs where both, only the first, only the second and neither succeeded."""
UNIT = st.floats(0, 1)
PAIRS = st.lists(st.tuples(UNIT, UNIT, st.sampled_from("abc")), min_size=1, max_size=20)
"""Two values and a cluster."""


def outcomes(both: int, only_first: int, only_second: int, neither: int) -> tuple[list[bool], list[bool]]:
    """Two series with these counts of pairs."""
    counts = {(True, True): both, (True, False): only_first, (False, True): only_second, (False, False): neither}
    pairs = [pair for pair, times in counts.items() for _ in range(times)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def of_table(*counts: int) -> PairedDifference:
    return paired_difference(*outcomes(*counts))


def of_case(case: dict[str, Any]) -> PairedDifference:
    return of_table(*(case[key] for key in ("both", "only_first", "only_second", "neither")))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (39, 158, 0.186, 0.320),  # the published 24.7 %
        (87, 158, 0.473, 0.626),  # the published 55.1 %
        (81, 263, 0.2553, 0.3662),  # this and the next three: Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_known_values(successes, n, low, high):
    digits = 3 if n == 158 else 4
    assert tuple(round(bound, digits) for bound in wilson(successes, n)) == (low, high)


@given(st.integers(1, 5000))
def test_wilson_is_exact_at_the_ends(n):
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


@given(st.integers(1, 5000), st.data())
def test_wilson_holds_the_proportion_and_mirrors(n, data):
    successes = data.draw(st.integers(0, n))
    low, high = wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    assert wilson(n - successes, n) == (pytest.approx(1 - high, abs=1e-12), pytest.approx(1 - low, abs=1e-12))


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (1, 0), (-1, 5), (6, 5), (0, -1)])
def test_wilson_refuses_what_is_no_proportion(successes, n):
    with pytest.raises(ValueError):
        wilson(successes, n)


def test_mean_does_not_depend_on_order():
    values = [1e16, 1.0, -1e16, 1.0] * 10
    assert mean(values) == mean(sorted(values)) == 0.5


@pytest.mark.parametrize("function", [mean, bootstrap_mean])
def test_no_values_have_no_mean(function):
    with pytest.raises(ValueError, match="at least one value"):
        function([])


def test_bootstrap_refuses_no_resamples():
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_mean([1.0], resamples=0)


def test_bootstrap_is_the_same_every_time(monkeypatch):
    values = [0.0, 0.25, 0.5, 1.0, 1.0, 0.75, 0.1]
    first = bootstrap_mean(values)
    assert first == bootstrap_mean(list(values))
    assert first != bootstrap_mean(values, seed=1)
    monkeypatch.setattr(statistics, "_BLOCK_VALUES", 50)
    assert first == bootstrap_mean(values)


def test_bootstrap_agrees_with_the_normal_interval_on_a_large_sample():
    source = random.Random(5)
    values = [source.random() for _ in range(1000)]
    low, high = bootstrap_mean(values)
    half = 1.96 * (1 / 12 / 1000) ** 0.5
    assert (low, high) == (pytest.approx(mean(values) - half, abs=0.003), pytest.approx(mean(values) + half, abs=0.003))


@given(st.floats(0, 1), st.integers(1, 30))
def test_bootstrap_of_equal_values_is_their_mean(value, n):
    values = [value] * n
    assert bootstrap_mean(values, resamples=20) == (mean(values), mean(values))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_bootstrap_stays_within_the_values(values):
    low, high = bootstrap_mean(values, resamples=50)
    assert min(values) - 1e-12 <= low <= high <= max(values) + 1e-12


# The exact McNemar test


@pytest.mark.parametrize("case", REFERENCE["mcnemar"], ids=lambda case: f"{case['only_first']}-{case['only_second']}")
def test_mcnemar_against_statsmodels(case):
    assert mcnemar_exact(case["only_first"], case["only_second"]) == pytest.approx(case["p_value"], rel=1e-9)


def test_mcnemar_without_unequal_pairs_or_with_level_ones_is_1():
    assert mcnemar_exact(0, 0) == mcnemar_exact(1, 1) == mcnemar_exact(50, 50) == 1.0


def test_mcnemar_of_thousands_of_pairs_is_a_number():
    assert 0 < mcnemar_exact(2000, 5000) < 1e-280
    assert mcnemar_exact(0, 5000) == 0.0


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_does_not_care_which_is_first_and_falls_with_the_lead(one, other):
    p = mcnemar_exact(one, other)
    assert p == mcnemar_exact(other, one)
    assert 0 < p <= 1
    if one > other > 0:
        assert mcnemar_exact(one + 1, other - 1) < p


@pytest.mark.parametrize("counts", [(-1, 3), (3, -1)])
def test_mcnemar_refuses_negative_counts(counts):
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(*counts)


@pytest.mark.parametrize("unequal", range(60))
def test_the_smallest_lead_that_counts_is_found(unequal):
    lead = smallest_significant_lead(unequal)
    if unequal < 6:
        assert lead == 6
        return
    assert mcnemar_exact((unequal + lead) // 2, (unequal - lead) // 2) < 0.05
    assert mcnemar_exact((unequal + lead) // 2 - 1, (unequal - lead) // 2 + 1) >= 0.05


# The paired difference of proportions


@pytest.mark.parametrize("case", params(REFERENCE["newcombe"]))
def test_interval_of_a_paired_difference_against_statsmodels_limits(case):
    found = of_case(case)
    assert (found.low, found.high) == pytest.approx(tuple(case["interval"]), abs=1e-12)


@pytest.mark.parametrize("case", params(REFERENCE["newcombe_published"]))
def test_interval_of_a_paired_difference_against_published_examples(case):
    found = of_case(case)
    assert [round(found.low, case["digits"]), round(found.high, case["digits"])] == case["interval"]


def test_a_paired_difference_says_what_it_was_taken_of():
    found = of_table(80, 21, 9, 48)
    assert (found.n, found.only_first, found.only_second) == (158, 21, 9)
    assert found.difference == 12 / 158
    assert found.p_value == mcnemar_exact(21, 9)


@given(TABLES)
def test_interval_of_a_paired_difference_holds_it_and_stays_within_bounds(table):
    found = of_table(*table)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.low < found.high
    if found.difference < 1:
        assert found.difference < found.high
    if found.difference > -1:
        assert found.low < found.difference


@given(TABLES)
def test_a_paired_difference_mirrors_to_the_bit_when_swapped(table):
    first, second = outcomes(*table)
    found, mirrored = paired_difference(first, second), paired_difference(second, first)
    assert (mirrored.difference, mirrored.low, mirrored.high) == (-found.difference, -found.high, -found.low)
    assert (mirrored.only_first, mirrored.only_second) == (found.only_second, found.only_first)
    assert mirrored.p_value == found.p_value


@given(TABLES)
def test_failures_counted_instead_of_successes_mirror_the_difference(table):
    both, only_first, only_second, neither = table
    found, failures = of_table(*table), of_table(neither, only_second, only_first, both)
    assert (failures.low, failures.high) == (pytest.approx(-found.high, abs=1e-9), pytest.approx(-found.low, abs=1e-9))


@pytest.mark.parametrize("table", [t for t in itertools.product(range(3), repeat=4) if any(t)], ids=str)
def test_every_small_table_has_sensible_bounds(table):
    found = of_table(*table)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert found.p_value > 0.05  # at most 4 unequal pairs
    if 0 < sum(table) < 3:
        assert found.high - found.low > 0.5


def test_where_nothing_is_unequal_more_examples_leave_less_open():
    widths = [of_table(0, 0, 0, n).high for n in (1, 5, 25, 158, 1000)]
    assert widths == sorted(widths, reverse=True)
    assert all(width > 0 for width in widths)


def test_what_the_exact_test_finds_the_interval_finds():
    """Not a theorem: it holds for all tables up to n = 60, of which these are the ones at 25."""
    for only_first in range(6, 26):
        for only_second in range(only_first):
            for both in range(26 - only_first - only_second):
                found = of_table(both, only_first, only_second, 25 - both - only_first - only_second)
                assert found.p_value >= 0.05 or found.low > 0


# The bootstrap of a difference


def clusters_of(values: dict[str, Any]) -> tuple[Sequence[float], Sequence[float], Sequence[str]]:
    return values["first"], values["second"], values["clusters"]


def test_bootstrap_of_a_difference_against_scipy():
    """Both are simulations, scipy's of 200,000 resamples: the bounds agree to 1.5 % of the width."""
    first, second, clusters = clusters_of(REFERENCE["bootstrap"])
    for expected, found in (
        (REFERENCE["bootstrap"]["interval"], bootstrap_difference(first, second, resamples=40_000)),
        (REFERENCE["bootstrap"]["clustered"], bootstrap_difference(first, second, clusters, resamples=40_000)),
    ):
        assert found == pytest.approx(expected, abs=0.015 * (expected[1] - expected[0]))


def test_bootstrap_of_a_difference_has_the_bits_it_had():
    first, second, clusters = clusters_of(REFERENCE["bootstrap"])
    assert bootstrap_difference(first, second) == (0.04395333333333333, 0.09288666666666666)
    assert bootstrap_difference(first, second, clusters) == (-0.040653846153846145, 0.1247429906542056)


def test_bootstrap_of_a_difference_does_not_depend_on_the_size_of_its_blocks(monkeypatch):
    first, second, clusters = clusters_of(REFERENCE["bootstrap"])
    plain, clustered = bootstrap_difference(first, second), bootstrap_difference(first, second, clusters)
    monkeypatch.setattr(statistics, "_BLOCK_VALUES", 400)
    assert bootstrap_difference(first, second) == plain != bootstrap_difference(first, second, seed=1)
    assert bootstrap_difference(first, second, clusters) == clustered


@given(PAIRS)
def test_bootstrap_of_a_difference_mirrors_to_the_bit_when_swapped(pairs):
    first, second, clusters = zip(*pairs, strict=True)
    for labels in (None, clusters):
        low, high = bootstrap_difference(first, second, labels, resamples=60)
        assert bootstrap_difference(second, first, labels, resamples=60) == (-high, -low)


@given(PAIRS)
def test_pairs_that_are_clusters_of_one_change_nothing(pairs):
    first, second, _ = zip(*pairs, strict=True)
    plain = bootstrap_difference(first, second, resamples=60)
    assert bootstrap_difference(first, second, list(range(len(first))), resamples=60) == plain
    assert plain[0] == bootstrap_mean([a - b for a, b in zip(first, second, strict=True)], resamples=60)[0]


@given(PAIRS)
def test_bootstrap_of_a_difference_stays_within_the_differences(pairs):
    first, second, clusters = zip(*pairs, strict=True)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    for labels in (None, clusters):
        low, high = bootstrap_difference(first, second, labels, resamples=60)
        assert min(differences) - 1e-12 <= low <= high <= max(differences) + 1e-12


def test_one_cluster_has_no_width_and_its_size_weighs_in_a_resample():
    assert bootstrap_difference([1.0, 0.5], [0.0, 0.0], ["a", "a"]) == (0.75, 0.75)
    low, high = bootstrap_difference([1.0] + [0.0] * 9, [0.0] * 10, ["a"] + ["b"] * 9)
    assert (low, high) == (0.0, 1.0)
    mixed = {total / n for total, n in ((0, 18), (1, 10), (2, 2))}
    assert set(bootstrap_difference([1.0] + [0.0] * 9, [0.0] * 10, ["a"] + ["b"] * 9, resamples=1)) <= mixed


@pytest.mark.parametrize("function", [paired_difference, bootstrap_difference])
def test_series_that_do_not_pair_up_are_refused(function):
    with pytest.raises(ValueError, match="at least one pair"):
        function([], [])
    with pytest.raises(ValueError, match="1 and 2 values"):
        function([True], [True, False])


def test_labels_that_do_not_pair_up_and_no_resamples_are_refused():
    with pytest.raises(ValueError, match="2 pairs but 1 cluster"):
        bootstrap_difference([0.0, 1.0], [0.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_difference([0.0], [0.0], resamples=0)


def test_a_difference_of_means_has_both_intervals_but_none_by_a_single_cluster():
    first, second, clusters = clusters_of(REFERENCE["bootstrap"])
    found = mean_difference(first, second, clusters)
    assert (found.first, found.second) == (mean(first), mean(second))
    assert found.difference == pytest.approx(found.first - found.second)
    assert found.interval == bootstrap_difference(first, second)
    assert found.clustered == bootstrap_difference(first, second, clusters)
    assert found.clusters == len(set(clusters))
    alone = mean_difference(first, second, ["one"] * len(first))
    assert (alone.clustered, alone.clusters) == (None, 1)
    assert alone.interval == found.interval
