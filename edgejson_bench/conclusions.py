"""What may be concluded from two runs on the same examples, in plain words, and how its numbers are spelled.

It computes no statistics: it reads those of :mod:`.scoring.statistics`. The runs are called A and B.
"""

from __future__ import annotations

from edgejson_bench.scoring.statistics import ALPHA, MeanDifference, PairedDifference, smallest_significant_lead

LEAST_P = 0.0001
"""A smaller p-value is shown as being below this."""

FEWEST = smallest_significant_lead(0)
"""With fewer items, or tasks, even unanimous ones differ by chance too often for a bootstrap to establish anything."""


def conclude(style: str, first_exact: int, exact: PairedDifference, field_f1: MeanDifference) -> str:
    """A sentence on JSONExact, and a second one where field F1 qualifies it.

    ``first_exact`` counts the examples that A got right. A difference is established where the exact test and the
    interval both say so.
    """
    sentence = f"On {style}, {_on_exact(first_exact, exact)}"
    better = _side((exact.low, exact.high)) if exact.p_value < ALPHA else 0
    qualified = _on_field_f1(field_f1, better) if exact.n >= FEWEST else None
    return f"{sentence} {qualified}" if qualified else sentence


def points(fraction: float) -> str:
    """``0.12`` -> ``+12.0``, in points of a percentage; never a signed zero."""
    return _signed(100 * fraction, 1)


def points_interval(low: float, high: float) -> str:
    """``[+5.1, +18.9]``, in points of a percentage."""
    return f"[{points(low)}, {points(high)}]"


def f1(value: float) -> str:
    """A signed difference of field F1: ``+0.031``."""
    return _signed(value, 3)


def f1_interval(interval: tuple[float, float]) -> str:
    """``[+0.005, +0.060]``."""
    return f"[{f1(interval[0])}, {f1(interval[1])}]"


def p_value(p: float) -> str:
    """A p-value, with the digits to tell it from 0.05: ``0.0007``, ``0.62``, ``<0.0001``."""
    if p < LEAST_P:
        return f"<{LEAST_P}"
    return f"{p:.4f}" if p < 0.1 else f"{p:.2f}"


def _on_exact(first_exact: int, exact: PairedDifference) -> str:
    n, unequal = exact.n, exact.only_first + exact.only_second
    if unequal == 0:
        same = (
            f"A and B are right on the same {first_exact} of" if first_exact else "neither A nor B is right on any of"
        )
        return (
            f"no difference is established: {same} {n} examples, which leaves "
            f"{points_interval(exact.low, exact.high)} points JSONExact open; {_reach(unequal, n)}."
        )
    leader, other = ("A", "B") if exact.difference >= 0 else ("B", "A")
    low, high = (exact.low, exact.high) if leader == "A" else (-exact.high, -exact.low)
    p = f"p = {p_value(exact.p_value)}" if exact.p_value >= LEAST_P else f"p < {LEAST_P}"
    figures = f"{points(abs(exact.difference))} points JSONExact {points_interval(low, high)}, {p} (n={n})"
    lead = f"{leader} leads by {figures}" if exact.difference else f"A and B are level, {figures}"
    if exact.p_value < ALPHA and low > 0:
        return f"{leader} is better than {other}: {figures}."
    if exact.p_value < ALPHA:
        return f"a difference is not established: {lead}; the exact test finds one, but the interval holds 0."
    if low > 0:
        return (
            f"a difference is not established: {lead}; the interval leaves 0 out, but the exact test, the stricter of "
            "the two, finds none."
        )
    return f"no difference is established: {lead}; {_reach(unequal, n)}."


def _reach(unequal: int, n: int) -> str:
    """What this comparison could have shown."""
    needed = smallest_significant_lead(unequal)
    if needed > n:
        return f"with n={n} none can be"
    return f"with {unequal} of {n} pairs unequal, only a lead of {100 * needed / n:.1f} points or more would count"


def _on_field_f1(field_f1: MeanDifference, better: int) -> str | None:
    """Where field F1 says something else than ``better``: 1 if JSONExact is better for A, -1 for B, 0 if it is open."""
    plain = _side(field_f1.interval)
    figures = f"A - B is {f1(field_f1.difference)} {f1_interval(field_f1.interval)}"
    if field_f1.clustered is not None:
        figures += f", with whole tasks resampled {f1_interval(field_f1.clustered)}"
        by_task = _side(field_f1.clustered)
        if plain and not by_task:
            return f"In field F1 {figures}: that difference may hang on a few tasks."
        if by_task and not plain and field_f1.clusters >= FEWEST:
            return (
                f"In field F1 {figures}: the interval by task, narrow with few tasks, establishes no difference alone."
            )
    if plain in (0, better):
        return None
    leader = "A" if plain > 0 else "B"
    but = f"{leader} is the better one" if better else f"{leader} is ahead"
    return f"In field F1 {but}: {figures}."


def _side(interval: tuple[float, float]) -> int:
    """1 for A and -1 for B where the interval leaves 0 out, else 0."""
    return (interval[0] > 0) - (interval[1] < 0)


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+.{decimals}f}"
    return text if float(text) else text[1:]
