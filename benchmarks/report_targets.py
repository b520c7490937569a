"""The targets on the performance page: what was aimed at, and whether the records reached it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import common
from decoding_sides import HARNESS_NAME
from report_cells import Record, decoding_alone, scaled, share, table, yes_no

from edgejson_bench.markdown_text import escape

OWN = ("this engine", "--engine")
"""How names of sides begin that are this package's."""


def targets(records: Sequence[Record]) -> Iterator[str]:
    """What was aimed at, and whether it was reached."""
    rows = [row for record in records for row in _targets(record)]
    if rows:
        yield "## Targets"
        yield table(("what", "target", "measured", "met"), rows)


def _targets(record: Record) -> Iterator[tuple[str, ...]]:
    weights = escape(record["weights"])
    if record["benchmark"] == "decoding":
        yield from _ratio_targets(record, weights)
    elif record["benchmark"] == "limits":
        aim = record["targets"]["quality_pass_over_limit"]
        for dtype, found in record["dtypes"].items():
            over = found["quality_pass"]["over_limit"]
            what = f"quality pass over its arithmetic at the peak, {weights}, {dtype}"
            yield what, f"at most {aim}", common.shown(over), yes_no(over["median"] <= aim)
        decodes = {name: one["decode"]["share_of_limit"] for name, one in decoding_alone(record).items()}
        if reached := {name: one for name, one in decodes.items() if one is not None}:
            best, aim = max(reached, key=lambda name: reached[name]), record["targets"]["decode_share"]
            what = f"decode alone, the best share of the bandwidth: {best}, {weights}"
            yield what, f"at least {100 * aim:.0f} %", share(reached[best]), yes_no(reached[best] >= aim)
    elif record["benchmark"] == "harness_cost":
        aims = record["targets"]
        took, aim = record["harness_share"], aims["harness_share"]
        measured = common.shown(scaled(took, 100), 1) + " %"
        what = f"harness, share of a run of {record['sample']['n']} prompts, {weights}"
        yield what, f"at most {100 * aim:.0f} %", measured, yes_no(took["median"] <= aim)
        for kind in ("exact", "mixed"):
            rate, aim = record["scoring"][kind], aims["scored_examples_per_second"]
            what = f"scoring, {kind} answers, examples/s"
            yield what, f"at least {aim:.0f}", common.shown(rate, 0), yes_no(rate["median"] >= aim)
        seconds, aim = record["commands"]["help"]["seconds"], aims["help_seconds"]
        yield "`edgejson-bench --help`, s", f"at most {aim}", common.shown(seconds, 3), yes_no(seconds["median"] <= aim)


def _ratio_targets(record: Record, weights: str) -> Iterator[tuple[str, ...]]:
    aims = record["targets"]
    for comparison in record["comparisons"]:
        rates = {side["name"]: [one["examples_per_second"] for one in side["passes"]] for side in comparison["sides"]}
        first = comparison["sides"][0]["name"]
        of = f"{weights}, n={comparison['n']}"
        for name in (name for name in aims["over"] if name in rates):
            yield _ratio_target(f"{first} over {name}", rates[first], rates[name], aims["over"][name], of)
        own = [name for name in rates if name.startswith(OWN)]
        if HARNESS_NAME in rates and len(own) > 1:
            best = max(own, key=lambda name: common.spread(rates[name])["median"])
            aim = aims["fastest_over_harness"]
            what = f"the fastest, {best}, over {HARNESS_NAME}"
            yield _ratio_target(what, rates[best], rates[HARNESS_NAME], aim, of)


def _ratio_target(what: str, own: Sequence[float], other: Sequence[float], aim: float, of: str) -> tuple[str, ...]:
    ratio = common.spread([a / b for a, b in zip(own, other, strict=True)])
    told = f"{escape(what)}, examples/s, {of}"
    return told, f"at least {aim:g}", common.shown(ratio), yes_no(ratio["median"] >= aim)
