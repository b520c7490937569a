"""Intervals and tests for proportions, means and paired differences, and nothing about what they are taken of.

The same input gives the same bits on every machine.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution: a two-sided 95 % interval."""

ALPHA = 0.05
"""A p-value below this counts as evidence of a difference; it matches the 95 % intervals."""

_BLOCK_VALUES = 500_000
"""Values resampled at once. The stream of draws, and so the result, does not depend on it."""


@dataclass(frozen=True)
class PairedDifference:
    """What two series of yes/no outcomes on the same items differ by."""

    difference: float
    """Share of the first minus share of the second, a fraction of -1 to 1."""
    low: float
    """Lower end of the 95 % interval of ``difference``."""
    high: float
    """Its upper end."""
    p_value: float
    """Exact two-sided McNemar."""
    only_first: int
    """Items that the first alone got."""
    only_second: int
    """Items that the second alone got."""
    n: int
    """Items."""


@dataclass(frozen=True)
class MeanDifference:
    """What the means of two series of values of the same items differ by, in the unit of the values."""

    first: float
    """Mean of the first."""
    second: float
    """Mean of the second."""
    difference: float
    """First minus second."""
    interval: tuple[float, float]
    """95 % paired bootstrap interval of ``difference``."""
    clustered: tuple[float, float] | None
    """The same with whole clusters resampled; None where there is but one, which tells nothing about others."""
    clusters: int
    """Number of clusters."""


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson score interval of a proportion, as fractions (Wilson 1927; no continuity correction).

    The bound is exactly 0 with no success and exactly 1 with no failure, where rounding would leave a remainder.

    Raises:
        ValueError: ``n`` is not positive, or ``successes`` is not within 0..n.
    """
    if n < 1:
        raise ValueError(f"a proportion needs at least one trial, n is {n}")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}: must be within 0..{n}")
    p = successes / n
    centre = p + z * z / (2 * n)
    margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - margin) / scale
    high = 1.0 if successes == n else (centre + margin) / scale
    return low, high


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, correctly rounded, so that it depends neither on order nor on the processor.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    return math.fsum(values) / len(values)


def bootstrap_mean(values: Sequence[float], seed: int = 0, resamples: int = 2000) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean (Efron 1979), in the unit of ``values``.

    Raises:
        ValueError: there are no values, or no resamples are asked for.
    """
    means = _resampled_means(values, [1] * len(values), seed, resamples)
    # Order statistics (inverse of the empirical distribution), so every bound is the mean of some resample.
    return means[math.ceil(0.025 * resamples) - 1], means[math.ceil(0.975 * resamples) - 1]


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar p-value of paired yes/no outcomes (McNemar 1947): twice the smaller binomial tail.

    Pairs with equal outcomes say nothing about the difference, so only the two kinds of unequal ones enter. 1 where
    there are none. Computed in whole numbers and rounded once.

    Raises:
        ValueError: a count is negative.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts of pairs are {only_first} and {only_second}: must not be negative")
    discordant = only_first + only_second
    ways = tail = 1
    for k in range(min(only_first, only_second)):
        ways = ways * (discordant - k) // (k + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << discordant))


def smallest_significant_lead(discordant: int) -> int:
    """How many more of ``discordant`` unequal pairs one side must win for :func:`mcnemar_exact` to be below 0.05.

    Where there are so few that no outcome can be, the answer is the fewest that can, all won by one side: six.

    Raises:
        ValueError: the count is negative.
    """
    for lead in range(discordant % 2, discordant + 1, 2):
        if mcnemar_exact((discordant + lead) // 2, (discordant - lead) // 2) < ALPHA:
            return lead
    return next(lead for lead in itertools.count(discordant + 1) if mcnemar_exact(lead, 0) < ALPHA)


def paired_difference(first: Sequence[bool], second: Sequence[bool]) -> PairedDifference:
    """Difference of two proportions on the same items, with its 95 % interval and the exact McNemar test.

    ``first[i]`` and ``second[i]`` are the outcomes on item i. The interval is method 10 of Newcombe (1998, Statistics
    in Medicine 17:2635-2650): the Wilson limits of both proportions, squared and added, less twice their product
    times the outcomes' correlation phi (shrunk by a continuity correction). It is bounded by -1 and 1, and wider than
    nothing where no outcome differs. Interval and test are different methods: near p = 0.05 they can disagree.

    Raises:
        ValueError: there are no outcomes, or not equally many.
    """
    n = _pairs(first, second)
    yes_first, yes_second = sum(map(bool, first)), sum(map(bool, second))
    both = sum(1 for a, b in zip(first, second, strict=True) if a and b)
    only_first, only_second = yes_first - both, yes_second - both
    difference = (only_first - only_second) / n
    phi = _corrected_phi(both, only_first, only_second, n - both - only_first - only_second)
    p_first, p_second = yes_first / n, yes_second / n
    low_first, high_first = wilson(yes_first, n)
    low_second, high_second = wilson(yes_second, n)
    below = _square_and_add(p_first - low_first, high_second - p_second, phi)
    above = _square_and_add(high_first - p_first, p_second - low_second, phi)
    return PairedDifference(
        difference=difference,
        low=max(-1.0, difference - below),  # never beyond but by a rounding
        high=min(1.0, difference + above),
        p_value=mcnemar_exact(only_first, only_second),
        only_first=only_first,
        only_second=only_second,
        n=n,
    )


def bootstrap_difference(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean of ``first[i] - second[i]``, in the unit of the values.

    Pairs are resampled whole. With ``clusters`` (one label per pair), whole clusters are: the statistic is then the
    resample's total difference over its number of pairs. With few clusters that interval is too narrow, and with a
    single one it has no width at all. Exchanging the two series mirrors the interval exactly.

    Raises:
        ValueError: there are no values, not equally many, or no resamples are asked for.
    """
    n = _pairs(first, second)
    if clusters is not None and len(clusters) != n:
        raise ValueError(f"{n} pairs but {len(clusters)} cluster labels")
    members: dict[Hashable, list[float]] = {}
    for label, a, b in zip(range(n) if clusters is None else clusters, first, second, strict=True):
        members.setdefault(label, []).append(a - b)
    totals = [math.fsum(differences) for differences in members.values()]
    means = _resampled_means(totals, [len(differences) for differences in members.values()], seed, resamples)
    tail = math.ceil(0.025 * resamples)
    return means[tail - 1], means[-tail]  # as many resamples beyond either bound, so that it mirrors


def mean_difference(first: Sequence[float], second: Sequence[float], clusters: Sequence[Hashable]) -> MeanDifference:
    """Difference of two means on the same items, with both intervals of :func:`bootstrap_difference`.

    Raises:
        ValueError: there are no values, or not equally many, or not a cluster label for each.
    """
    _pairs(first, second)
    different = len(set(clusters))
    return MeanDifference(
        first=mean(first),
        second=mean(second),
        difference=mean([a - b for a, b in zip(first, second, strict=True)]),
        interval=bootstrap_difference(first, second),
        clustered=bootstrap_difference(first, second, clusters) if different > 1 else None,
        clusters=different,
    )


def _pairs(first: Sequence[object], second: Sequence[object]) -> int:
    if not first:
        raise ValueError("a paired difference needs at least one pair")
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} values do not pair up")
    return len(first)


def _corrected_phi(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Correlation of a 2x2 table, its numerator taken n/2 towards 0 where positive; 0 where a margin is empty."""
    n = both + only_first + only_second + neither
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    product = both * neither - only_first * only_second
    corrected = max(0.0, product - n / 2) if product > 0 else product
    return corrected / math.sqrt(margins)


def _square_and_add(one: float, other: float, phi: float) -> float:
    # In this order, exchanging the two gives the same bits; a rounding can take it below 0.
    return math.sqrt(max(0.0, one * one + other * other - 2 * phi * (one * other)))


def _resampled_means(totals: Sequence[float], sizes: Sequence[int], seed: int, resamples: int) -> list[float]:
    """Sum over size of every resample of groups with these totals and sizes, sorted."""
    if not totals:
        raise ValueError("a mean needs at least one value")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}: must be at least 1")
    # RandomState, not Generator: its stream is frozen for good (NEP 19), and reports must not change with numpy.
    random = np.random.RandomState(seed)
    values, counts = np.asarray(totals, dtype=np.float64), np.asarray(sizes, dtype=np.int64)
    groups = len(values)
    # In blocks, so that memory stays small. Summed by fsum: numpy's sum differs in the last bit between processors.
    block = max(1, _BLOCK_VALUES // groups)
    means: list[float] = []
    for done in range(0, resamples, block):
        drawn = random.randint(0, groups, size=(min(block, resamples - done), groups), dtype=np.int64)
        drawn_sizes = counts[drawn].sum(axis=1).tolist()
        means += [math.fsum(row) / n for row, n in zip(values[drawn].tolist(), drawn_sizes, strict=True)]
    return sorted(means)
