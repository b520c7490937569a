"""Training steps of this package against the published script's set-up: same rows, same weights, one process.

Published set-up: rows padded to 1024 tokens and cut there, loss and logits over all tokens, transformers' Trainer, LoRA
by peft, AdamW. Against it: this package's loop on the same rows in the same steps, and the recipe ``edge-135m`` on the
same examples in its own prompt and steps. A step is forward, backward and optimizer; loading and tokenising are not in
it. The sides take turns, and each pass begins from the same weights.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import common
import torch
import training_common
from transformers import Trainer, TrainerCallback, TrainingArguments, default_data_collator
from transformers.trainer_callback import PrinterCallback

from edgejson_bench.allocator import keep_freed_memory
from edgejson_bench.console import note
from edgejson_bench.errors import UsageError
from edgejson_bench.models.transformers import LoadOptions
from edgejson_bench.tasks import load_shipped, select
from edgejson_bench.training import data, loop, network, packing
from edgejson_bench.training import recipe as recipes
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe

PADDED = 1024
"""Tokens of every row in the published set-up."""

COMPACT = "edge-135m"


@dataclass(frozen=True)
class Pass:
    """What one pass took."""

    step_seconds: tuple[float, ...]
    wall_seconds: float
    """With what lies between the steps, such as collating."""
    examples: int
    row_tokens: int
    """Tokens of the rows that were learnt from, padding left out."""
    computed_tokens: int
    """Tokens that went through the network."""
    loss: float
    """Mean of the steps' losses, in nats."""

    def to_json(self) -> dict[str, Any]:
        """All of it, and the rates."""
        seconds = sum(self.step_seconds)
        return {
            **vars(self),
            "seconds": seconds,
            "examples_per_second": self.examples / seconds,
            "row_tokens_per_second": self.row_tokens / seconds,
        }


class Side:
    """One way of training, with a network of its own. Every pass begins from the weights that it was made with."""

    def __init__(
        self, name: str, net: network.Network, recipe: Recipe, epochs: Sequence[training_common.Steps]
    ) -> None:
        self.name = name
        self.network = net
        self.recipe = recipe
        self.epochs = epochs
        """Rows of each step of each epoch."""
        self._weights = {key: weight.detach().clone() for key, weight in net.trainable().items()}

    def warm_up(self) -> training_common.PeakMemory:
        """Two steps on as much as ever goes through the network at once; their peak of memory is the side's."""
        peak = training_common.PeakMemory(self.network.device)
        self._restore()
        self._warm_up()
        return peak

    def measure(self) -> Pass:
        """One pass over all steps."""
        self._restore()
        torch.manual_seed(self.recipe.seed)
        common.wait_for(self.network.device)
        return self._measure()

    def _restore(self) -> None:
        with torch.no_grad():
            for key, weight in self.network.trainable().items():
                weight.copy_(self._weights[key])

    def _warm_up(self) -> None:
        raise NotImplementedError

    def _measure(self) -> Pass:
        raise NotImplementedError


class LoopSide(Side):
    """This package's loop."""

    def _warm_up(self) -> None:
        budget, shares = self.recipe.batch.pack_tokens, self.recipe.shares_prefixes
        steps = [step for epoch in self.epochs for step in epoch]
        parts = [part for step in steps for part in packing.split_step(step, budget, shares=shares)]
        largest = max(parts, key=lambda part: sum(row.length for row in part))
        training_common.train_without_checkpoints(
            self.network, training_common.GivenSteps.of(self.recipe, [largest, largest])
        )

    def _measure(self) -> Pass:
        done = training_common.train_without_checkpoints(
            self.network, training_common.GivenSteps.of(self.recipe, *self.epochs)
        )
        return Pass(
            tuple(step.seconds for step in done.steps),
            done.seconds,
            examples=sum(len(step) for epoch in self.epochs for step in epoch),
            row_tokens=sum(step.tokens for step in done.steps),
            computed_tokens=done.computed_tokens,
            loss=statistics.fmean(step.loss for step in done.steps),
        )


class PublishedSide(Side):
    """The published script's set-up.

    Args:
        name, net, recipe, epochs: as for any side, but every epoch takes the rows in the order of the first.
        micro: rows that go through the network at once.
        length: tokens that every row is padded or cut to.
    """

    def __init__(
        self,
        name: str,
        net: network.Network,
        recipe: Recipe,
        epochs: Sequence[training_common.Steps],
        *,
        micro: int,
        length: int,
    ) -> None:
        super().__init__(name, net, recipe, epochs)
        self.micro = micro
        self.length = length
        self.rows = [row for step in epochs[0] for row in step]
        net.causal_lm.set_attn_implementation(net.own_attention)

    def _warm_up(self) -> None:
        self._train((self.rows * 2 * self.micro)[: 2 * self.micro], micro_batches=1, steps=2)

    def _measure(self) -> Pass:
        started = time.perf_counter()
        steps = sum(len(epoch) for epoch in self.epochs)
        seconds, loss = self._train(self.rows, micro_batches=len(self.epochs[0][0]) // self.micro, steps=steps)
        learnt = [row for epoch in self.epochs for step in self.epochs[0][: len(epoch)] for row in step]
        return Pass(
            tuple(seconds),
            time.perf_counter() - started,
            examples=len(learnt),
            row_tokens=sum(min(row.length, self.length) for row in learnt),
            computed_tokens=len(learnt) * self.length,
            loss=loss,
        )

    def _train(self, rows: Sequence[Row], *, micro_batches: int, steps: int) -> tuple[list[float], float]:
        """Seconds of each step, and the mean loss."""
        optimiser, device = self.recipe.optimiser, self.network.device
        timer = StepTimer(device)
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                per_device_train_batch_size=self.micro,
                gradient_accumulation_steps=micro_batches,
                max_steps=steps,
                learning_rate=optimiser.learning_rate,
                lr_scheduler_type=optimiser.schedule,
                warmup_steps=min(optimiser.warmup_steps, int(optimiser.warmup_share * steps)),
                weight_decay=optimiser.weight_decay,
                adam_beta1=optimiser.beta1,
                adam_beta2=optimiser.beta2,
                adam_epsilon=optimiser.epsilon,
                max_grad_norm=optimiser.max_grad_norm,
                seed=self.recipe.seed,
                bf16=loop.uses_bfloat16(self.recipe, device),
                use_cpu=device.type == "cpu",
                train_sampling_strategy="sequential",  # the same rows in the same steps as the other side
                remove_unused_columns=False,
                logging_strategy="no",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
            )
            arguments._n_gpu = min(arguments.n_gpu, 1)  # or rows would be spread over all GPUs there are
            trainer = Trainer(
                self.network.model,
                arguments,
                data_collator=default_data_collator,
                train_dataset=PaddedRows(rows, self.length, self.network.tokenizer.eos_token_id),
                callbacks=[timer],
            )
            trainer.remove_callback(PrinterCallback)  # stdout is for results
            loss = float(trainer.train().training_loss)
            # in bfloat16 the forward method is wrapped, which would come on top with each pass
            trainer.accelerator.unwrap_model(self.network.model, keep_fp32_wrapper=False)
        return timer.seconds, loss


class StepTimer(TrainerCallback):
    """Times the Trainer's steps: from where their batches are collated to where the optimizer is done."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.seconds: list[float] = []
        self._started = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """The batches of the step are there."""
        common.wait_for(self.device)
        self._started = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Weights are changed, gradients dropped."""
        common.wait_for(self.device)
        self.seconds.append(time.perf_counter() - self._started)


class PaddedRows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Rows of ``length`` tokens each: longer ones cut, shorter ones padded on the right; padding is no label."""

    def __init__(self, rows: Sequence[Row], length: int, padding: int) -> None:
        self.ids = torch.full((len(rows), length), padding)
        self.labels = torch.full((len(rows), length), -100)
        self.mask = torch.zeros(len(rows), length, dtype=torch.long)
        for number, row in enumerate(rows):
            tokens = torch.tensor((row.prompt + row.completion)[:length])
            self.ids[number, : len(tokens)] = self.labels[number, : len(tokens)] = tokens
            self.mask[number, : len(tokens)] = 1

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self.ids[number], "attention_mask": self.mask[number], "labels": self.labels[number]}


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
