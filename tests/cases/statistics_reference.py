"""Computes ``statistics.json`` with scipy and statsmodels, which the package and its tests do without.

Run it in an environment of its own (``pip install scipy==1.17.1 statsmodels==0.15.0``), from this folder:
``python statistics_reference.py > statistics.json``. Nothing of the package is used here.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

import numpy as np
import scipy
import statsmodels
from scipy.stats import binomtest, bootstrap
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

DISCORDANT = [
    (1, 0),
    (5, 0),
    (6, 0),
    (0, 6),
    (7, 1),
    (8, 1),
    (6, 16),
    (12, 14),
    (27, 0),
    (40, 19),
    (131, 98),
    (700, 800),
]

TABLES = [
    ("both agree always", "No pair is unequal and a margin is empty.", (54, 0, 0, 0)),
    ("both fail always", "The same at the other end.", (0, 0, 0, 158)),
    ("nothing unequal, both kinds of equal", "phi is 1 before its correction.", (60, 0, 0, 98)),
    ("everything unequal, level", "phi is -1.", (0, 25, 25, 0)),
    ("everything unequal, one way", "The difference is 1.", (0, 30, 0, 0)),
    ("one pair, equal", "The smallest n.", (1, 0, 0, 0)),
    ("one pair, unequal", "The smallest n.", (0, 1, 0, 0)),
    ("correction stops at 0", "both x neither - only x only is positive, but at most n / 2.", (1, 1, 7, 12)),
    ("negative phi", "It is not corrected.", (2, 12, 14, 12)),
    ("a test split", "A difference of moderate size at n = 158.", (80, 21, 9, 48)),
    ("a large split", "Bounds close in on the difference.", (5100, 900, 700, 3300)),
]

PUBLISHED = [
    (
        "complete response",
        "Cavo 2012, in Fagerland, Lydersen and Laake, chapter 8; as tested by R's contingencytables",
        (59, 6, 16, 80),
        (-0.1186, -0.0046),
        4,
    ),
    (
        "thallium stress test",
        "Altman, Statistics with Confidence, 2000, page 52; the worked example of the R package biostatUZH",
        (14, 5, 0, 22),
        (0.011, 0.226),
        3,
    ),
]


def mcnemar_case(first: int, second: int) -> dict[str, Any]:
    p = mcnemar([[3, first], [second, 4]], exact=True).pvalue
    assert math.isclose(p, binomtest(first, first + second, 0.5).pvalue, rel_tol=1e-9), "the two libraries disagree"
    return {"only_first": first, "only_second": second, "p_value": float(p)}


def newcombe(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """Method 10 in arrays, on statsmodels' Wilson limits; a, b, c, d: both, only first, only second, neither."""
    n = a + b + c + d
    share = np.array([a + b, a + c]) / n
    low, high = (np.array(limits) for limits in proportion_confint(np.array([a + b, a + c]), n, method="wilson"))
    covariance, spread = a * d - b * c, np.sqrt(float((a + b) * (c + d) * (a + c) * (b + d)))
    corrected = covariance if covariance < 0 else max(covariance - n / 2, 0)
    phi = corrected / spread if spread else 0.0
    correlation = np.array([[1, -phi], [-phi, 1]])
    below = np.array([share[0] - low[0], high[1] - share[1]])
    above = np.array([high[0] - share[0], share[1] - low[1]])
    difference = share[0] - share[1]
    return float(difference - np.sqrt(below @ correlation @ below)), float(
        difference + np.sqrt(above @ correlation @ above)
    )


def bootstrap_case() -> dict[str, Any]:
    source = random.Random(11)
    clusters = [f"t{int(12 * source.random() ** 2)}" for _ in range(150)]
    shift = {name: source.uniform(-0.2, 0.3) for name in sorted(set(clusters))}
    first = [round(source.random(), 3) for _ in clusters]
    second = [
        round(min(1.0, max(0.0, value - shift[name] + source.gauss(0, 0.1))), 3)
        for value, name in zip(first, clusters, strict=True)
    ]
    differences = np.array(first) - np.array(second)
    labels = np.array(clusters)
    totals = np.array([differences[labels == name].sum() for name in sorted(set(clusters))])
    sizes = np.array([(labels == name).sum() for name in sorted(set(clusters))])
    options: dict[str, Any] = {"method": "percentile", "n_resamples": 200_000, "batch": 1000, "rng": 5}
    plain = bootstrap((differences,), np.mean, **options).confidence_interval
    clustered = bootstrap(
        (totals, sizes), lambda t, s, axis: t.sum(axis) / s.sum(axis), paired=True, vectorized=True, **options
    ).confidence_interval
    return {
        "first": first,
        "second": second,
        "clusters": clusters,
        "interval": [float(plain.low), float(plain.high)],
        "clustered": [float(clustered.low), float(clustered.high)],
    }


def main() -> None:
    names = ("both", "only_first", "only_second", "neither")
    result = {
        "computed_with": {
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
            "numpy": np.__version__,
        },
        "mcnemar": [mcnemar_case(*counts) for counts in DISCORDANT],
        "newcombe": [
            {"name": name, "reason": reason, **dict(zip(names, cells, strict=True)), "interval": newcombe(*cells)}
            for name, reason, cells in TABLES
        ],
        "newcombe_published": [
            {
                "name": name,
                "reason": source,
                **dict(zip(names, cells, strict=True)),
                "interval": limits,
                "digits": digits,
            }
            for name, source, cells, limits, digits in PUBLISHED
        ],
        "bootstrap": bootstrap_case(),
    }
    print("{\n" + ",\n".join(f"  {json.dumps(key)}: {_lines(value)}" for key, value in result.items()) + "\n}")


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"    {json.dumps(item)}" for item in value) + "\n  ]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
