"""Intervals against values computed elsewhere, and their behaviour at the ends."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.scoring import statistics
from edgejson_bench.scoring.statistics import bootstrap_mean, mean, wilson


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
