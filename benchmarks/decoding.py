"""This package's decoding against other ways of answering the same prompts: same weights, token caps, one process.

Sides take turns, forwards and backwards, and every ratio is of two passes of one turn. All are timed from texts to
answers. The slow published loop is held against the engine on a part of the sample. Batch sizes of the others are tuned
first, on prompts of the simple tier, whose answers are short. Loading is in no time.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import common
import torch
from decoding_sides import (
    HARNESS_NAME,
    PUBLISHED_NAME,
    Answer,
    BatchSide,
    ContinuousSide,
    EngineSide,
    GenerateSide,
    HarnessSide,
    PublishedSide,
    Side,
)

from edgejson_bench.console import note
from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.evaluate import score_completions
from edgejson_bench.models.engines import ENGINES, OPENVINO
from edgejson_bench.models.transformers import TransformersModel
from edgejson_bench.records import Example, Prompt
from edgejson_bench.scoring.statistics import paired_difference, wilson
from edgejson_bench.tasks import Dataset, interleaved

SIDES = ("published", "batches", "harness", "continuous", "bfloat16", *ENGINES)
PACKAGES = ("lm-eval", "accelerate", *(package for engine in ENGINES.values() for package in engine.packages))
TARGETS = {PUBLISHED_NAME: 50.0, HARNESS_NAME: 5.0}
"""How many times as many examples a second as that side this engine should answer."""
FASTEST_TARGET = 15.0
"""The same of the fastest of this package's engines and number types, over lm-evaluation-harness."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = ArgumentParser(description="This package's decoding against other ways of answering the same prompts.")
    common.decoding_flags(flags, sample=12)
    flags.add_argument("--dtype", default="float32", help="of all sides but the bfloat16 ones (default: float32)")
    flags.add_argument("--batch-size", type=common.positive, default=16, metavar="N", help="of the engine (16)")
    flags.add_argument("--repeats", type=common.positive, default=2, metavar="N", help="timed passes of a side (2)")
    flags.add_argument("--one-by-one", type=common.positive, default=3, metavar="N", help="prompts, published loop (3)")
    flags.add_argument("--tune", type=common.positive, default=16, metavar="N", help="prompts of a tuning pass (16)")
    flags.add_argument(
        "--sizes", type=common.positive, nargs="+", default=[4, 8, 16], metavar="N", help="batch sizes tried (4 8 16)"
    )
    flags.add_argument("--against", nargs="+", choices=SIDES, default=SIDES, help="sides (default: all)")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments, common.command("decoding", argv)))


def _run(arguments: Namespace, command: str) -> None:
    busy = common.busy_share()
    with common.chosen_weights(arguments.model, arguments.random_weights) as spec:
        asked = common.asked(arguments, spec)
        model = asked.model
        examples = interleaved(asked.examples, asked.dataset)
        found = Found(model, tuning_prompts(asked, arguments.tune), arguments)
        if "bfloat16" in arguments.against:
            found.add_bfloat16(spec)
        for engine in ENGINES:
            if engine in arguments.against:
                found.add_engine(engine, spec)
    ours = EngineSide(f"this engine, {model.identity.dtype}", model, arguments.batch_size)
    comparisons = []
    if found.sides:
        comparisons.append(compare([ours, *found.sides], asked.dataset, examples, asked, arguments.repeats))
    if "published" in arguments.against:
        part = examples[: arguments.one_by_one]
        comparisons.append(compare([ours, PublishedSide(model)], asked.dataset, part, asked, arguments.repeats))
    record = {
        **common.record_of("decoding", arguments, spec, asked, command=command, busy=busy),
        "tuning": found.tuning,
        "comparisons": comparisons,
        "not_run": found.missing,
        "targets": {"over": TARGETS, "fastest_over_harness": FASTEST_TARGET},
    }
    tables: list[Any] = [_table(comparison, record["weights"]) for comparison in comparisons]
    tables += [f"not run: {one['name']}: {one['reason']}" for one in found.missing]
    common.report(tables, record, model.causal_lm.device, PACKAGES)


def tuning_prompts(asked: common.Asked, count: int) -> list[Prompt]:
    """``count`` prompts of the simple tier, by turns of both styles: their answers are short, and so is tuning."""
    simple = [example for example in asked.dataset.split("test") if asked.dataset.tier(example) == "simple"]
    return asked.prompts_of(interleaved(simple, asked.dataset)[:count])


class Found:
    """The sides that run here, the foreign ones at their best batch size, and why others do not run."""

    def __init__(self, model: TransformersModel, few: Sequence[Prompt], arguments: Namespace) -> None:
        self.sides: list[Side] = []
        self.missing: list[dict[str, str]] = []
        self.tuning: dict[str, list[dict[str, Any]]] = {}
        self._model = model
        self._arguments = arguments
        sizes = sorted({min(size, len(few), arguments.sample) for size in arguments.sizes})
        if "batches" in arguments.against:
            self._try("generate in batches", lambda: self._best([BatchSide(model, size) for size in sizes], few))
        if "harness" in arguments.against:
            self._try(HARNESS_NAME, lambda: self._best_harness(sizes, few))
        if "continuous" in arguments.against:
            self._try(
                "transformers' continuous batching",
                lambda: self._best([ContinuousSide(model, size) for size in sizes], few),
            )

    def add_bfloat16(self, spec: str) -> None:
        """This engine in bfloat16, as ``run --dtype bfloat16`` has it."""
        rounded = common.load_model(self._arguments, spec, "bfloat16")
        self.sides.append(EngineSide("this engine, bfloat16", rounded, self._arguments.batch_size))

    def add_engine(self, engine: str, spec: str) -> None:
        """Another engine on the same weights, and OpenVINO in bfloat16 as well."""
        for dtype in ("auto", "bfloat16") if engine == OPENVINO.name else ("auto",):
            self._try(engine, partial(self._engine_side, engine, spec, dtype))

    def _engine_side(self, engine: str, spec: str, dtype: str) -> EngineSide:
        model = common.load_engine(self._arguments, spec, engine, dtype)
        number_type = model.identity.dtype or "number types of its own"
        return EngineSide(f"--engine {engine}, {number_type}", model, self._arguments.batch_size)

    def _try(self, name: str, make: Callable[[], Side]) -> None:
        try:
            self.sides.append(make())
        except (ModelError, UsageError) as exc:
            note(f"not run: {exc}")
            self.missing.append({"name": name, "reason": str(exc)})

    def _best(self, candidates: Sequence[GenerateSide], few: Sequence[Prompt]) -> GenerateSide:
        """The fastest on ``few``; each answers two prompts before. A single candidate is not timed."""
        if len(candidates) == 1:
            return candidates[0]
        timed: list[tuple[float, GenerateSide]] = []
        for side in candidates:
            with side.ready():
                side.work(few[:2])
            seconds = _timed(side, few)[0]
            timed.append((seconds, side))
            self.tuning.setdefault(side.name, []).append({**side.settings, "n": len(few), "seconds": seconds})
            note(f"tuning {side.name} {side.settings}: {len(few) / seconds:.2f} examples/s")
        return min(timed, key=lambda one: one[0])[1]

    def _best_harness(self, sizes: Sequence[int], few: Sequence[Prompt]) -> GenerateSide:
        best = self._best([HarnessSide(self._model, size) for size in sizes], few)
        each = HarnessSide(self._model, best.settings["batch_size"], cap_each=True)
        return self._best([best, each], few)


def compare(
    sides: Sequence[Side],
    dataset: Dataset,
    examples: Sequence[Example],
    asked: common.Asked,
    repeats: int,
) -> dict[str, Any]:
    """Time ``sides`` on ``examples`` in turns; the first is the one that the others are held against."""
    prompts = asked.prompts_of(examples)
    records: list[dict[str, Any]] = [
        {"name": side.name, "settings": side.settings, "passes": [], "same_in_all_passes": True} for side in sides
    ]
    answers: dict[str, list[Answer]] = {}
    for side in sides:
        note(f"warming up: {side.name}")
        with side.ready():
            side.work(prompts[:2])
    for repeat in range(repeats):
        turns = list(zip(sides, records, strict=True))
        for side, record in turns if repeat % 2 == 0 else reversed(turns):
            before = side.worked() if isinstance(side, EngineSide) else None
            seconds, raw = _timed(side, prompts)
            made = side.read(prompts, raw)
            record["same_in_all_passes"] &= answers.setdefault(side.name, made) == made
            done = one_pass(seconds, made)
            if isinstance(side, EngineSide) and before is not None and (after := side.worked()) is not None:
                done["accepted_per_row_and_pass"] = after.since(before).accepted_per_row
            record["passes"].append(done)
            note(f"pass {repeat + 1} of {repeats}, {side.name}: {done['examples_per_second']:.2f} examples/s")
    first = answers[sides[0].name]
    for side, record in zip(sides, records, strict=True):
        record |= judged(dataset, examples, first, answers[side.name])
    return {"n": len(examples), "sides": records, "ratios": common.ratios(records)}


def one_pass(seconds: float, made: Sequence[Answer]) -> dict[str, Any]:
    """Times and rates of one pass. New tokens are all that were decoded; kept ones end where the stop rule does."""
    tokens = sum(answer.made for answer in made)
    return {
        "seconds": seconds,
        "examples_per_second": len(made) / seconds,
        "new_tokens": tokens,
        "kept_tokens": sum(answer.completion.completion_tokens or 0 for answer in made),
        "new_tokens_per_second": tokens / seconds,
    }


def judged(
    dataset: Dataset, examples: Sequence[Example], first: Sequence[Answer], own: Sequence[Answer]
) -> dict[str, Any]:
    """How a side's answers compare with the first side's, and how both score.

    Answers are identical where their texts are and both ended for the same reason.
    """
    same = [(a.completion.text, a.completion.finish_reason) for a in first]
    identical = sum(
        before == (a.completion.text, a.completion.finish_reason) for before, a in zip(same, own, strict=True)
    )
    exact, exact_first = (
        [score.json_exact for score in score_completions(dataset, examples, _by_id(answers), "strict")]
        for answers in (own, first)
    )
    n = len(own)
    change = paired_difference(exact, exact_first)
    return {
        "identical": {"count": identical, "value": identical / n, "ci95": list(wilson(identical, n))},
        "json_exact": {"count": sum(exact), "value": sum(exact) / n, "ci95": list(wilson(sum(exact), n))},
        "json_exact_change": {
            "difference": change.difference,
            "ci95": [change.low, change.high],
            "p_value": change.p_value,
            "only_here": change.only_first,
            "only_first_side": change.only_second,
        },
        "finish_reasons": dict(Counter(a.completion.finish_reason for a in own)),
    }


def _by_id(answers: Sequence[Answer]) -> dict[str, Any]:
    return {answer.completion.example_id: answer.completion for answer in answers}


def _timed(side: Side, prompts: Sequence[Prompt]) -> tuple[float, Any]:
    device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
    with side.ready():
        common.wait_for(device)
        started = time.perf_counter()
        raw = side.work(prompts)
        common.wait_for(device)
        return time.perf_counter() - started, raw


def _table(comparison: Mapping[str, Any], weights: str) -> Any:
    columns = ("examples/s", "new tok/s", "this engine over it", "identical", "JSONExact", "tok a row and pass")
    made = common.table(f"{comparison['n']} prompts (weights: {weights}); median (range)", "side", *columns)
    over = {ratio["side"]: ratio["examples_per_second"]["samples"] for ratio in comparison["ratios"]}
    for side in comparison["sides"]:
        passes = side["passes"]
        rates = [
            common.spread([one[key] for one in passes]) for key in ("examples_per_second", "new_tokens_per_second")
        ]
        inverse = common.shown(common.spread([1 / x for x in over[side["name"]]])) if side["name"] in over else "1"
        accepted = [one.get("accepted_per_row_and_pass") for one in passes]
        made.add_row(
            side["name"],
            common.shown(rates[0]),
            f"{rates[1]['median']:.0f}",
            inverse,
            f"{side['identical']['count']} of {comparison['n']}",
            f"{side['json_exact']['count']} of {comparison['n']}",
            "-" if accepted[0] is None else f"{accepted[0]:.2f}",
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
