"""The layout gap: what the form style is worth to a model over prose that says the same. Paired, gold by gold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edgejson_bench.records import Score
from edgejson_bench.scoring.statistics import bootstrap_difference, mean, paired_difference
from edgejson_bench.tasks import pair_key, tier_order

Pair = tuple[Score, Score]
"""The scores of one gold, as form and as prose."""


def layout_gap(scores: Iterable[Score]) -> dict[str, Any] | None:
    """Form minus prose over the golds that were run in both styles, ready for JSON; None where there are none.

    Ids say which examples belong together: they differ in nothing but the style at their end. Fractions, with the
    intervals and tests of :mod:`.statistics`: ``{"n", "json_exact": {"difference", "ci95", "p_value", "only_form",
    "only_prose"}, "field_f1": {"difference", "ci95"}, "tiers": {TIER: the same}}``.
    """
    by_style: dict[str, dict[str, Score]] = {"form": {}, "prose": {}}
    for score in scores:
        if score.style in by_style:
            by_style[score.style][pair_key(score.example_id, score.style)] = score
    form, prose = by_style["form"], by_style["prose"]
    pairs = [(form[key], prose[key]) for key in sorted(form.keys() & prose.keys())]
    if not pairs:
        return None
    tiers = sorted({one.tier for one, _ in pairs}, key=tier_order)
    return {**_gap(pairs), "tiers": {tier: _gap([pair for pair in pairs if pair[0].tier == tier]) for tier in tiers}}


def _gap(pairs: Sequence[Pair]) -> dict[str, Any]:
    exact = paired_difference([form.json_exact for form, _ in pairs], [prose.json_exact for _, prose in pairs])
    form_f1, prose_f1 = [form.field_f1 for form, _ in pairs], [prose.field_f1 for _, prose in pairs]
    return {
        "n": exact.n,
        "json_exact": {
            "difference": exact.difference,
            "ci95": [exact.low, exact.high],
            "p_value": exact.p_value,
            "only_form": exact.only_first,
            "only_prose": exact.only_second,
        },
        "field_f1": {
            "difference": mean([one - other for one, other in zip(form_f1, prose_f1, strict=True)]),
            "ci95": list(bootstrap_difference(form_f1, prose_f1)),
        },
    }
