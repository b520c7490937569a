"""``docs/performance.md`` from what the benchmarks printed: ``report.py FILES... > docs/performance.md``.

A file holds the output of one script, whose last line is its record. Nothing is measured here, and no figure is written
that a record doesn't hold. Records of a machine that had other work, or of different machines, are refused.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import common
import peaks
from report_cells import Record, decoding_alone, number, share, table
from report_targets import targets

from edgejson_bench.errors import CheckFailed, DataError, UsageError
from edgejson_bench.leaderboard.cells import p_value, percent_interval, points_interval
from edgejson_bench.markdown_text import escape
from edgejson_bench.scoring.statistics import ALPHA

BUSY = 0.1
"""Share of the machine that others may use before a benchmark begins. An idle Linux uses one or two hundredths."""

HEAD = """\
# Performance

Written by `benchmarks/report.py` from what the scripts in `benchmarks/` measured; run them again instead of editing
this page. Values are medians with the range of the repeats behind them. Sides of a comparison take turns in one
process, and a ratio is of two passes of one turn."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page; returns the exit code."""
    flags = ArgumentParser(description="docs/performance.md, on stdout, from what the benchmarks printed.")
    flags.add_argument("files", nargs="+", metavar="FILE", help="output of decoding, limits or harness_cost")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: print(page([load(Path(name)) for name in arguments.files]), end=""))


def load(path: Path) -> dict[str, Any]:
    """The record in the last line of a script's output.

    Raises:
        DataError: there is none, or it is of another benchmark.
        CheckFailed: others used the machine before the benchmark began.
    """
    try:
        lines = path.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DataError(f"{path}: cannot be read ({exc})") from None
    try:
        record = json.loads(lines[-1]) if lines else None
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("benchmark") not in SECTIONS:
        raise DataError(f"{path}: its last line is no record of {', '.join(SECTIONS)}; give what the script printed")
    busy = record["busy_before"]
    if busy is not None and busy > BUSY:
        raise CheckFailed(
            f"{path}: others used {100 * busy:.0f} % of the machine when {record['benchmark']} began; "
            "leave it alone and run that again"
        )
    return record


def page(records: Sequence[Record]) -> str:
    """The whole page.

    Raises:
        UsageError: the records are of different machines.
    """
    first = records[0]
    for record in records[1:]:
        if different := sorted(
            key for key in first["hardware"] if record["hardware"].get(key) != first["hardware"][key]
        ):
            raise UsageError(f"the records of {first['benchmark']} and {record['benchmark']} differ in {different[0]}")
    parts = [HEAD, *machine(first), *targets(records)]
    for record in records:
        parts += SECTIONS[record["benchmark"]](record)
    parts += number_types(records)
    return "\n\n".join(parts) + "\n"


def machine(record: Record) -> Iterator[str]:
    """Where it was measured, and with which versions."""
    found, versions = record["hardware"], record["versions"]
    yield "## Machine"
    where = f"{escape(found['cpu'])}, {found['cores']} cores, {found['memory_gib']} GiB, {escape(found['os'])}"
    if found["virtual"]:
        where += ", virtual"
    sets = ", ".join(found["instruction_sets"] or ()) or "not known"
    yield (
        f"{where}. Device: {escape(found['device'])}; {found['threads']} threads. Instruction sets: {escape(sets)}. "
        + ", ".join(f"{escape(name)} {escape(version)}" for name, version in versions.items())
        + "."
    )


def decoding(record: Record) -> Iterator[str]:
    """This engine against the others."""
    yield heading("Decoding", record)
    yield from how(record)
    yield (
        "All sides get the same texts and the same weights, and are timed from texts to answers; their answers are "
        "ended where the protocol's stop rule ends them. *identical*: the same text, ended for the same reason, as "
        "this engine's. Batch sizes of the others are the best of a tuning pass on prompts of the simple tier. *tok a "
        "row and pass*: what a row gets from one pass of prompt lookup."
    )
    for comparison in record["comparisons"]:
        yield table(
            (
                f"n={comparison['n']}",
                "examples/s",
                "new tok/s",
                "this engine over it",
                "identical",
                "JSONExact %",
                "tok a row and pass",
            ),
            [_side(comparison, side) for side in comparison["sides"]],
        )
    if record["tuning"]:
        tried = [
            (escape(name), escape(_settings(one)), str(one["n"]), f"{one['n'] / one['seconds']:.2f}")
            for name, candidates in record["tuning"].items()
            for one in candidates
        ]
        yield table(("tuning", "with", "n", "examples/s"), tried)
    yield from _not_run(record)


def _not_run(record: Record) -> Iterator[str]:
    for one in record["not_run"]:
        yield f"Not run: {escape(one['name'])}. {escape(one['reason'])}"


def _side(comparison: Record, side: Record) -> tuple[str, ...]:
    passes = side["passes"]
    over = [ratio for ratio in comparison["ratios"] if ratio["side"] == side["name"]]
    inverse = [1 / sample for ratio in over for sample in ratio["examples_per_second"]["samples"]]
    exact = side["json_exact"]
    accepted = passes[0].get("accepted_per_row_and_pass")
    return (
        escape(f"{side['name']} ({_settings(side['settings'])})"),
        common.shown(common.spread([one["examples_per_second"] for one in passes])),
        f"{common.spread([one['new_tokens_per_second'] for one in passes])['median']:.0f}",
        common.shown(common.spread(inverse)) if inverse else "1",
        f"{side['identical']['count']} of {comparison['n']}",
        percent_interval(exact["value"], *exact["ci95"]),
        "–" if accepted is None else f"{accepted:.2f}",
    )


def _settings(values: Record) -> str:
    plain = {key: value for key, value in values.items() if key not in ("n", "seconds", "dtype")}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in plain.items())


def limits(record: Record) -> Iterator[str]:
    """What the machine does, and how near the model comes."""
    dtypes = record["dtypes"]
    yield heading("Limits", record)
    yield from how(record)
    yield (
        "The peak and the bandwidth are the best medians of these kernels. Prefill's limit is its matrix products at "
        "the peak; decode's is all weights read once per token; the quality pass's is (prompt + gold tokens) x 2 x "
        "parameters at the peak. A pass can go below that: what prompts share is computed once. Attention is in no "
        "limit."
    )
    yield table(("kernel", *dtypes), peaks.kernel_rows(dtypes))
    cells: dict[str, Callable[[Record], str]] = {
        "prefill alone, share of the peak": lambda one: share(one["prefill"]["share_of_limit"]),
        f"quality pass of {record['sample']['n']}, s": lambda one: common.shown(one["quality_pass"]["seconds"], 1),
        "quality pass over its arithmetic": lambda one: common.shown(one["quality_pass"]["over_limit"]),
        "tokens of prompts and golds": lambda one: (
            f"{one['quality_pass']['prompt_tokens'] + one['quality_pass']['gold_tokens']:,}"
        ),
        "tokens computed": lambda one: f"{one['quality_pass']['computed_tokens']:,}",
    }
    yield table(("", *dtypes), [(name, *map(cell, dtypes.values())) for name, cell in cells.items()])
    yield table(
        ("decode alone", "n", "MB a token", "tok/s", "share of the bandwidth"),
        [
            (
                name,
                str(one["decode"]["n"]),
                f"{one['decode']['bytes_per_token'] / 1e6:.0f}",
                number(one["decode"]["tokens_per_second"], 0),
                share(one["decode"]["share_of_limit"]),
            )
            for name, one in decoding_alone(record).items()
        ],
    )
    yield from _not_run(record)


def harness_cost(record: Record) -> Iterator[str]:
    """What the harness takes beside the model."""
    yield heading("The harness", record)
    yield from how(record)
    yield "The harness is all of a `run` (without loading) but the model's forward passes."
    runs = [
        (str(place), f"{run['seconds']:.2f}", f"{run['forward_seconds']:.2f}", f"{100 * run['harness_share']:.1f}")
        for place, run in enumerate(record["runs"], start=1)
    ]
    yield table(("run", "s", "s in forward passes", "harness %"), runs)
    parts = [(escape(k.replace("_", " ")), f"{v:.3f}") for k, v in record["runs"][0]["parts_alone_seconds"].items()]
    yield table(("part, timed alone", "s"), parts)
    started = [
        (f"`{' '.join(one['command'])}`", str(len(one["seconds"]["samples"])), common.shown(one["seconds"], 3))
        for one in record["commands"].values()
    ]
    yield table(("command, a process each", "n", "s"), started)


SECTIONS: dict[str, Callable[[Record], Iterator[str]]] = {
    "decoding": decoding,
    "limits": limits,
    "harness_cost": harness_cost,
}


def number_types(records: Sequence[Record]) -> Iterator[str]:
    """float32 or bfloat16: what both measured, and what follows for the default."""
    for record in records:
        for comparison in record.get("comparisons", ()):
            if comparison["sides"][0]["settings"]["dtype"] != "float32":
                continue
            for side in comparison["sides"]:
                if side["settings"]["dtype"] == "bfloat16":
                    yield heading(f"float32 or bfloat16, {escape(side['name'])}", record)
                    yield f"{_number_type(comparison, side)} {_default(record, records)}"


def _number_type(comparison: Record, side: Record) -> str:
    (ratio,) = (one["examples_per_second"] for one in comparison["ratios"] if one["side"] == side["name"])
    change, n = side["json_exact_change"], comparison["n"]
    measured = (
        f"bfloat16 answers {common.shown(ratio)} times as many examples a second as float32 (n={n}). "
        f"{n - side['identical']['count']} of {n} answers differ. JSONExact changes by "
        f"{points_interval(change['difference'], *change['ci95'])} points (95 % interval, paired; "
        f"McNemar p = {p_value(change['p_value'])})"
    )
    if change["p_value"] < ALPHA:
        judged = "That is more than noise."
    elif ratio["median"] <= 1:
        judged = "That is within noise for so many examples, and no faster here."
    else:
        judged = "That is within noise for so many examples, and faster."
    return f"{measured}. {judged}"


def _default(record: Record, records: Sequence[Record]) -> str:
    """Which number type ``run`` takes here by itself, and how its answers compare with those of plain decoding."""
    if record["hardware"]["device"] != "cpu":
        return "`run` takes bfloat16 on CUDA by itself, and float32 elsewhere."
    told = "`run` takes float32 on a CPU by itself"
    of_weights = [other for other in records if other["weights"] == record["weights"]]
    for comparison in (comparison for other in of_weights for comparison in other.get("comparisons", ())):
        for side in comparison["sides"]:
            if side["settings"]["dtype"] == "float32" and "max_new_tokens" in side["settings"]:
                same, n, cap = side["identical"]["count"], comparison["n"], side["settings"]["max_new_tokens"]
                told += f": {same} of {n} answers are identical to those of decoding one prompt at a time, without "
                told += f"guesses and up to {cap} tokens"
    return f"{told}."


def heading(subject: str, record: Record) -> str:
    """Of a section: records of the same weights differ in their number of prompts, and so do their anchors."""
    return f"## {subject}: {escape(record['weights'])}, n={record['sample']['n']}"


def how(record: Record) -> Iterator[str]:
    """The command, and what it asked."""
    yield f"```\n{record['command']}\n```"
    asked = ", ".join(f"{n} {kind}" for kind, n in record["sample"]["tiers_and_styles"].items())
    protocol = record["protocol"]
    yield (
        f"{record['sample']['n']} prompts of the test split ({escape(asked)}), protocol {escape(protocol['name'])}, "
        f"prompt {escape(protocol['prompt'])}. Weights: {escape(record['weights'])}, {_revision(record)}."
    )


def _revision(record: Record) -> str:
    """Which of the weights that have had that name; records from before this was kept do not say."""
    revision = record.get("revision")
    return f"revision {revision[:12]}" if revision else "revision not recorded, perhaps not the one that ships now"


if __name__ == "__main__":
    sys.exit(main())
