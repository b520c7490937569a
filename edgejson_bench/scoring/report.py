"""From scores to the numbers of a report: per style, tier and task, each with n and a 95 % interval.

Pure arithmetic over complete lists of scores; files, models and tables are others' business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from edgejson_bench.records import FinishReason, Score
from edgejson_bench.scoring.layout import layout_gap
from edgejson_bench.scoring.statistics import bootstrap_mean, mean, wilson
from edgejson_bench.scoring.taxonomy import KINDS
from edgejson_bench.tasks import style_order, tier_order


def aggregate(
    scores: Sequence[Score], headline_formats: bool, twins: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The ``results``, ``layout_gap``, ``counts`` and ``errors`` of a report, ready for JSON; values are fractions.

    ``scores`` must hold one score per example of what was run: unparsed, cut and failed ones count in every
    denominator. With ``headline_formats``, ``compliance`` asserts formats; without it, they are reported apart as
    ``compliance_formats``. A scorer that knows no formats (v3.1) has its own compliance in either case. ``twins``
    maps form examples to prose ones of the same gold; without any there is no layout gap.

    The result depends on the scores, not on their order.

    Raises:
        ValueError: no scores, an example scored twice, a task in two tiers, scores of two scorers, or kinds of error
            where there is none or the other way round.
    """
    _check(scores)
    ordered = sorted(scores, key=lambda score: score.example_id)
    results = {
        style: _style_results([score for score in ordered if score.style == style], headline_formats)
        for style in sorted({score.style for score in ordered}, key=style_order)
    }
    finish = Counter(score.finish_reason for score in ordered)
    problems = Counter(score.problem for score in ordered if score.problem is not None)
    parsed = sum(score.parsed for score in ordered)
    return {
        "results": results,
        "layout_gap": layout_gap(ordered, twins or {}),
        "counts": {
            "examples": len(ordered),
            "parsed": parsed,
            "unparsed": len(ordered) - parsed,
            "cut": finish["length"],
            "failed": finish["error"],
            "finish": {reason: finish[reason] for reason in get_args(FinishReason) if finish[reason]},
        },
        "errors": {
            "unparsed": dict(sorted(problems.items())),
            "kinds": {style: _kinds([score for score in ordered if score.style == style]) for style in results},
        },
    }


def _check(scores: Sequence[Score]) -> None:
    if not scores:
        raise ValueError("no scores to aggregate")
    twice = sorted(id_ for id_, times in Counter(score.example_id for score in scores).items() if times > 1)
    if twice:
        raise ValueError(f"{len(twice)} examples are scored more than once, the first is {twice[0]!r}")
    tiers: dict[str, str] = {}
    for score in scores:
        if tiers.setdefault(score.task, score.tier) != score.tier:
            raise ValueError(f"task {score.task!r} is in two tiers, {tiers[score.task]} and {score.tier}")
    if len({score.compliance_formats is None for score in scores}) > 1:
        raise ValueError("scores of two scorers: some know formats, some don't")
    if odd := [score.example_id for score in scores if score.json_exact is bool(score.error_kinds)]:
        raise ValueError(f"{odd[0]!r} is exact and has a kind of error, or is wrong and has none")


def _kinds(scores: list[Score]) -> dict[str, Any]:
    """How many answers are wrong, and of them how many have each kind of error: as the primary one, and at all."""
    wrong = [score.error_kinds for score in scores if not score.json_exact]
    primary, any_ = Counter(kinds[0] for kinds in wrong), Counter(kind for kinds in wrong for kind in kinds)
    return {
        "n": len(wrong),
        "primary": {kind: primary[kind] for kind in KINDS if primary[kind]},
        "any": {kind: any_[kind] for kind in KINDS if any_[kind]},
    }


def _style_results(scores: list[Score], headline_formats: bool) -> dict[str, Any]:
    tiers: dict[str, list[Score]] = {}
    tasks: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        tiers.setdefault(score.tier, []).append(score)
        tasks.setdefault((score.tier, score.task), []).append(score)
    return {
        "overall": _metrics(scores, headline_formats),
        "tiers": {tier: _metrics(tiers[tier], headline_formats) for tier in sorted(tiers, key=tier_order)},
        "tasks": {
            task: _metrics(tasks[tier, task], headline_formats)
            for tier, task in sorted(tasks, key=lambda place: (tier_order(place[0]), place[1]))
        },
    }


def _metrics(scores: list[Score], headline_formats: bool) -> dict[str, Any]:
    structure = [score.compliance for score in scores]
    formats = [score.compliance_formats for score in scores if score.compliance_formats is not None]
    fields = [score.field_f1 for score in scores]
    metrics = {
        "n": len(scores),
        "json_exact": _proportion([score.json_exact for score in scores]),
        "field_f1": {"value": mean(fields), "ci95": list(bootstrap_mean(fields))},
        "compliance": _proportion(formats if formats and headline_formats else structure),
    }
    if formats and not headline_formats:
        metrics["compliance_formats"] = _proportion(formats)
    return metrics


def _proportion(outcomes: Sequence[bool]) -> dict[str, Any]:
    count, n = sum(outcomes), len(outcomes)
    return {"value": count / n, "ci95": list(wilson(count, n)), "count": count}
