"""The sides of ``train_step.py``: this package's loop, and the published script's set-up through transformers' Trainer.

A pass is forward, backward and optimizer of every step; loading and tokenising are not in it. Nothing is compared here.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import common
import torch
import training_common
from transformers import Trainer, TrainerCallback, TrainingArguments, default_data_collator
from transformers.trainer_callback import PrinterCallback

from edgejson_bench.training import loop, network, packing
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe


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
