"""The layout gap: what the form style is worth to a model over prose that says the same. Paired, gold by gold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgejson_bench.records import Score
from edgejson_bench.scoring.statistics import bootstrap_difference, mean, paired_difference
from edgejson_bench.tasks import tier_order

Pair = tuple[Score, Score]
"""The scores of one gold, as form and as prose."""


def layout_gap(scores: Iterable[Score], twins: Mapping[str, str]) -> dict[str, Any] | None:
    """Form minus prose over the golds that were scored in both styles, ready for JSON; None where there are none.

    ``twins`` says which examples belong together, as :func:`edgejson_bench.tasks.pairs` does. Fractions, with the
    intervals and tests of :mod:`.statistics`: ``{"n", "json_exact": {"difference", "ci95", "p_value", "only_form",
    "only_prose"}, "field_f1": {"difference", "ci95"}, "tiers": {TIER: the same}}``.
    """
    by_id = {score.example_id: score for score in scores}
    pairs = [(by_id[form], by_id[prose]) for form, prose in sorted(twins.items()) if {form, prose} <= by_id.keys()]
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
