"""Training steps of this package against the published script's set-up: same rows, same weights, one process.

Published set-up: rows padded to 1024 tokens and cut there, loss and logits over all tokens, transformers' Trainer, LoRA
by peft, AdamW. Against it: this package's loop on the same rows in the same steps, and the recipe ``edge-135m`` on the
same examples in its own prompt and steps. A step is forward, backward and optimizer; loading and tokenising are not in
it. The sides take turns, and each pass begins from the same weights.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import common
import training_common
from train_step_sides import LoopSide, PublishedSide, Side

from edgejson_bench.allocator import keep_freed_memory
from edgejson_bench.console import note
from edgejson_bench.errors import UsageError
from edgejson_bench.models.transformers import LoadOptions
from edgejson_bench.tasks import load_shipped, select
from edgejson_bench.training import data, loop, network
from edgejson_bench.training import recipe as recipes

PADDED = 1024
"""Tokens of every row in the published set-up."""

COMPACT = "edge-135m"


def _quiet(_: str) -> None:
    """A note that nobody needs."""


def build_sides(arguments: Namespace, base: str) -> list[Side]:
    """The published set-up, this loop on the same steps, and the recipe ``edge-135m``."""
    options = LoadOptions(device=arguments.device, threads=arguments.threads)
    on_gpu = options.torch_device().type == "cuda"
    dataset = load_shipped()
    if arguments.whole:
        examples = list(select(dataset, "train", styles=("form",)))
    else:
        examples = common.sample(dataset, arguments.sample, arguments.seed)
    count = min(arguments.rows or (32 if on_gpu else 8), len(examples))
    micro = min(arguments.micro or (32 if on_gpu else 2), count)
    if count % micro:
        raise UsageError(f"--micro {micro}: {count} rows a step are no multiple of it")

    published = replace(recipes.load(training_common.recipe_name(arguments)), base=base)
    batch = replace(published.batch, rows=count, tokens=None)
    ours = replace(published, batch=batch, loss=arguments.loss)
    compact = replace(recipes.load(COMPACT), base=base)
    if not arguments.whole:
        ours, compact = (replace(one, optimiser=replace(one.optimiser, epochs=1.0)) for one in (ours, compact))
    # of one seed, so the first two begin from the same weights
    nets = [network.build(published, options, note), *(network.build(one, options, _quiet) for one in (ours, compact))]
    plan = loop.plan(data.to_rows(examples, dataset, ours, nets[0].tokenizer), ours)
    epochs = training_common.steps_of(plan)  # the published side takes the same ones
    told = "the gold" if ours.loss == "completion" else "all"
    compiled = ", compiled" if arguments.compile else ""
    if arguments.whole:
        examples = list(data.with_generated(data.choose(dataset, compact.data), dataset, compact.data).train)
    plan = loop.plan(data.to_rows(examples, dataset, compact, nets[2].tokenizer), compact)
    sides: list[Side] = [
        PublishedSide("published set-up", nets[0], published, epochs, micro=micro, length=arguments.length),
        LoopSide(f"this loop, loss on {told}{compiled}", nets[1], ours, epochs),
        LoopSide(f"recipe {COMPACT}{compiled}", nets[2], compact, training_common.steps_of(plan)),
    ]
    for net in nets[1:]:
        training_common.share_base(nets[0], net)
        if arguments.compile:
            net.compile_layers()
    return sides


def compare(sides: Sequence[Side], repeats: int) -> list[dict[str, Any]]:
    """Warm up and measure ``sides`` in turns; one record each, with all passes."""
    records: list[dict[str, Any]] = []
    for side in sides:
        note(f"warming up: {side.name}")
        peak = side.warm_up()
        records.append(
            {
                "name": side.name,
                "recipe": side.recipe.name,
                "loss": side.recipe.loss,
                "bfloat16": loop.uses_bfloat16(side.recipe, side.network.device),
                "epochs": len(side.epochs),
                "steps": sum(len(epoch) for epoch in side.epochs),
                "peak_bytes": peak.bytes(),
                "peak_kind": peak.kind,
                "passes": [],
            }
        )
    for repeat in range(repeats):
        for side, record in zip(sides, records, strict=True):
            done = side.measure().to_json()
            record["passes"].append(done)
            note(f"pass {repeat + 1} of {repeats}, {side.name}: {done['examples_per_second']:.2f} examples/s")
    return records


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = training_common.parser("Training steps of this package against the published script's set-up.", sample=32)
    flags.add_argument("--loss", choices=("completion", "all"), default="completion", help="of this loop's side")
    flags.add_argument(
        "--micro", type=common.positive, metavar="N", help="published rows at once (default: 2; on CUDA 32)"
    )
    flags.add_argument(
        "--length", type=common.positive, default=PADDED, metavar="N", help=f"published padding ({PADDED})"
    )
    flags.add_argument("--compile", action="store_true", help="this loop's sides as with `train --compile` (CPU)")
    flags.add_argument(
        "--whole", action="store_true", help="the complete recipes: all train rows, all epochs, one pass (for GPUs)"
    )
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments))


def _run(arguments: Namespace) -> None:
    kept = not arguments.default_allocator and keep_freed_memory()
    with common.chosen_weights(arguments.base, arguments.random_weights) as base:
        sides = build_sides(arguments, base)
        records = compare(sides, arguments.repeats or (1 if arguments.whole else 3))
    found = common.ratios(records)
    published = sides[0]
    assert isinstance(published, PublishedSide)
    settings = common.settings(arguments, arguments.base)
    sizes = {"rows": len(published.epochs[0][0]), "micro": published.micro, "keeps_freed_memory": kept}
    record = {
        "benchmark": "train_step",
        "settings": {**settings, **sizes},
        "weights": settings["weights"],
        "sample": {
            "rows": len(published.rows),
            "tiers": training_common.tier_counts(published.rows),
            "cut_at_length": sum(row.length > published.length for row in published.rows),
        },
        "sides": records,
        "ratios": found,
    }
    tables = [_passes_table(records, settings["weights"]), _sides_table(records, found)]
    common.report(tables, record, published.network.device, training_common.PACKAGES)


def _passes_table(records: Sequence[dict[str, Any]], weights: str) -> Any:
    made = common.table(
        f"Each pass (weights: {weights})", "side", "pass", "s in steps", "wall s", "examples/s", "row tok/s", "loss"
    )
    for number in range(len(records[0]["passes"])):
        for record in records:
            one = record["passes"][number]
            rates = (one["seconds"], one["wall_seconds"], one["examples_per_second"], one["row_tokens_per_second"])
            made.add_row(record["name"], str(number + 1), *(f"{rate:.2f}" for rate in rates), f"{one['loss']:.3f}")
    return made


def _sides_table(records: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> Any:
    counted = ("examples", "steps", "row tok", "computed tok", "peak GiB")
    made = common.table("What each side did", "side", *counted, "examples/s over the published")
    over = {ratio["side"]: common.shown(ratio["examples_per_second"]) for ratio in found}
    for record in records:
        one = record["passes"][0]
        counts = (one["examples"], record["steps"], one["row_tokens"], one["computed_tokens"])
        made.add_row(
            record["name"],
            *(f"{value:,}" for value in counts),
            f"{record['peak_bytes'] / common.GIB:.2f}",
            over.get(record["name"], "1"),
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
