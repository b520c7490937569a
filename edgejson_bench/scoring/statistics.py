"""Confidence intervals for proportions and means. The same input gives the same bits on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution: a two-sided 95 % interval."""

_BLOCK_VALUES = 500_000
"""Values resampled at once. The stream of draws, and so the result, does not depend on it."""


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
    if not values:
        raise ValueError("a mean needs at least one value")
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}: must be at least 1")
    # RandomState, not Generator: its stream is frozen for good (NEP 19), and reports must not change with numpy.
    random = np.random.RandomState(seed)
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    # In blocks, so that memory stays small. Summed by fsum: numpy's sum differs in the last bit between processors.
    block = max(1, _BLOCK_VALUES // n)
    means: list[float] = []
    for done in range(0, resamples, block):
        drawn = random.randint(0, n, size=(min(block, resamples - done), n), dtype=np.int64)
        means += [math.fsum(row) / n for row in array[drawn].tolist()]
    means.sort()
    # Order statistics (inverse of the empirical distribution), so every bound is the mean of some resample.
    return means[math.ceil(0.025 * resamples) - 1], means[math.ceil(0.975 * resamples) - 1]
