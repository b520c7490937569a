"""Percentiles of latencies as MLPerf reports them: with few queries an upper bound, with too few none at all.

The formula is that of LoadGen's ``early_stopping.cc``, which is checked against on every run where both apply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

CONFIDENCE = 0.99
"""LoadGen's: the chance that the true percentile is not above the estimate."""


def discarded(queries: int, percentile: float, confidence: float = CONFIDENCE) -> int | None:
    """Which of the highest latencies bounds a percentile, counted from 1; None where there are too few queries.

    It is the largest t for which t or fewer latencies above the percentile, out of ``queries``, would be seen with a
    chance below ``1 - confidence``. LoadGen wants t to be at least 1, where 0 would do.
    """
    above = 1 - percentile
    terms: list[float] = []
    found = None
    for t in range(queries):
        # in logarithms, because 0.9 to the power of some thousand queries is no double any more
        terms.append(
            math.exp(
                math.lgamma(queries + 1)
                - math.lgamma(t + 1)
                - math.lgamma(queries - t + 1)
                + t * math.log(above)
                + (queries - t) * math.log(percentile)
            )
        )
        if math.fsum(terms) >= 1 - confidence:
            break
        if t:
            found = t
    return found


def queries_needed(percentile: float, confidence: float = CONFIDENCE) -> int:
    """The smallest number of queries that allows an estimate: 64 for the 90th percentile, 662 for the 99th."""
    queries = 2
    while discarded(queries, percentile, confidence) is None:
        queries += 1
    return queries


def estimate(latencies: Sequence[int], percentile: float, confidence: float = CONFIDENCE) -> int | None:
    """An upper bound of a percentile, one of ``latencies`` (nanoseconds); None where there are too few of them."""
    t = discarded(len(latencies), percentile, confidence)
    return None if t is None else sorted(latencies)[len(latencies) - t]


def middle(latencies: Sequence[int]) -> int:
    """LoadGen's 50th percentile (nanoseconds): of an even number, the upper of the two in the middle."""
    return sorted(latencies)[len(latencies) // 2]
