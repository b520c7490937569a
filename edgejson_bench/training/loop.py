"""The training loop: rows to losses to weights, step by step, with checkpoints, and nothing that is not learning."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch

from edgejson_bench import memory
from edgejson_bench.allocator import give_back_freed_memory
from edgejson_bench.errors import TrainingError
from edgejson_bench.training.checkpoint import NOTHING_DONE, Checkpoints, Progress
from edgejson_bench.training.forward import add_by_tier, losses
from edgejson_bench.training.history import Step
from edgejson_bench.training.network import Network
from edgejson_bench.training.packing import Row, epoch_steps, visited
from edgejson_bench.training.recipe import Optimiser, Recipe

CHECKPOINT_SECONDS = 120.0
"""A kill costs at most about this much work; writing one takes a fraction of a second."""


@dataclass(frozen=True)
class Plan:
    """The steps of a training, known before it begins."""

    rows: tuple[Row, ...]
    recipe: Recipe
    epochs: tuple[tuple[int, ...], ...]
    """Row tokens of each step of each epoch."""

    @property
    def tokens_per_step(self) -> list[int]:
        """Row tokens of each step, over all epochs."""
        return [tokens for epoch in self.epochs for tokens in epoch]

    @property
    def steps(self) -> int:
        """Optimizer steps in all."""
        return len(self.tokens_per_step)

    def epoch(self, number: int) -> Iterator[list[Row]]:
        """The rows of each step of epoch ``number``, counted from 1."""
        return _epoch(self.rows, self.recipe, number)


def plan(rows: Sequence[Row], recipe: Recipe) -> Plan:
    """What will be trained on, in which order."""
    epochs = []
    for number in range(1, math.ceil(recipe.optimiser.epochs) + 1):
        lengths = [sum(row.length for row in step) for step in _epoch(rows, recipe, number)]
        share = min(1.0, recipe.optimiser.epochs - number + 1)
        epochs.append(tuple(lengths[: max(1, round(share * len(lengths)))]))
    return Plan(tuple(rows), recipe, tuple(epochs))


def _epoch(rows: Sequence[Row], recipe: Recipe, number: int) -> Iterator[list[Row]]:
    return epoch_steps(
        visited(rows, recipe.data.per_epoch, number),
        rows_per_step=recipe.batch.rows,
        tokens_per_step=recipe.batch.tokens,
        seed=recipe.seed * 1000 + number,
        grouped=recipe.shares_prefixes,
    )


def learning_rate(step: int, steps: int, optimiser: Optimiser) -> float:
    """The rate of ``step`` (from 1) of ``steps``: a linear warm-up, then the schedule's decay to zero."""
    warmup = min(optimiser.warmup_steps, int(optimiser.warmup_share * steps))
    if step <= warmup:
        return optimiser.learning_rate * step / warmup
    done = (step - 1 - warmup) / max(1, steps - warmup)
    factor = {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done, "constant": 1.0}
    return optimiser.learning_rate * factor[optimiser.schedule]


def make_optimizer(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW over the trained weights; LoRA's B in a group of its own where LoRA+ gives it another rate.

    Each group's ``scale`` is its rate over the recipe's.
    """
    optimiser, ratio = recipe.optimiser, recipe.adaptation.lora_plus_ratio
    named = network.trainable()
    faster = {name for name in named if ratio != 1.0 and ".lora_B." in name}
    groups = [
        {"params": [p for name, p in named.items() if (name in faster) == fast], "scale": ratio if fast else 1.0}
        for fast in (False, True)
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=optimiser.learning_rate,
        betas=(optimiser.beta1, optimiser.beta2),
        eps=optimiser.epsilon,
        weight_decay=optimiser.weight_decay,
    )


def uses_bfloat16(recipe: Recipe, device: torch.device) -> bool:
    """Whether matrix products run in bfloat16; ``auto`` takes it where the hardware multiplies it (CUDA, AMX, AVX-512
    BF16)."""
    if recipe.precision == "auto":
        cpu = torch.cpu
        return device.type == "cuda" or cpu._is_amx_tile_supported() or cpu._is_avx512_bf16_supported()
    return recipe.precision == "bfloat16"


def train(
    network: Network,
    plan: Plan,
    *,
    on_step: Callable[[Step], None],
    on_epoch: Callable[[int, int], None] = lambda _epoch, _step: None,
    checkpoints: Checkpoints | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> Progress:
    """Train to the end of the plan, from the last checkpoint if there is one.

    Args:
        network: its trained weights are changed in place.
        plan: the steps.
        on_step: told of each step.
        on_epoch: told after each epoch of its number and the steps done so far; may evaluate.
        checkpoints: where the state is kept now and then; None keeps none.
        optimizer: made by :func:`make_optimizer`; None makes one.

    Raises:
        TrainingError: a loss is no finite number, memory ran out, or the checkpoint is of another training.
    """
    optimizer = optimizer or make_optimizer(network, plan.recipe)
    parameters = network.trainable()
    progress = NOTHING_DONE if checkpoints is None else checkpoints.load(parameters, optimizer)
    saved_at = time.monotonic()
    step = 0
    for epoch, lengths in enumerate(plan.epochs, start=1):
        if step + len(lengths) <= progress.epochs_end:
            step += len(lengths)  # done, and looked at, in an earlier attempt
            continue
        for rows in islice(plan.epoch(epoch), len(lengths)):
            step += 1
            if step <= progress.step:
                continue
            done = _step(network, plan, optimizer, rows, step, epoch)
            seconds, tokens = progress.seconds + done.seconds, progress.tokens + done.tokens
            progress = Progress(step, seconds, tokens, progress.epochs_end)
            on_step(done)
            if checkpoints is not None and time.monotonic() - saved_at >= CHECKPOINT_SECONDS:
                checkpoints.save(progress, parameters, optimizer)
                give_back_freed_memory()
                saved_at = time.monotonic()
        on_epoch(epoch, step)
        progress = replace(progress, epochs_end=step)
        if checkpoints is not None:
            checkpoints.save(progress, parameters, optimizer)
    return progress


def _step(
    network: Network, plan: Plan, optimizer: torch.optim.Optimizer, rows: Sequence[Row], step: int, epoch: int
) -> Step:
    """Accumulate the gradients of all parts, each labelled token of the step weighing the same, and apply them."""
    started = time.perf_counter()
    recipe = plan.recipe
    rate = learning_rate(step, plan.steps, recipe.optimiser)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
    prompt_loss = recipe.loss == "all"
    targets = sum(row.length - 1 if prompt_loss else len(row.completion) for row in rows)
    sums: dict[str, tuple[float, int]] = {}
    try:
        for part in network.split(rows, recipe):
            result = losses(
                network,
                part,
                prompt_loss=prompt_loss,
                bfloat16=uses_bfloat16(recipe, network.device),
            )
            torch.autograd.backward(result.values.sum() / targets)
            add_by_tier(sums, result)
    except memory.FAILURES as exc:
        if memory.ran_out(exc):
            raise TrainingError(
                f"step {step}: out of memory; lower batch.pack_tokens (now {recipe.batch.pack_tokens}) "
                "in a recipe file of your own"
            ) from exc
        raise
    loss = sum(total for total, _ in sums.values()) / targets
    if not math.isfinite(loss):
        raise TrainingError(_no_number(step, "loss", loss, rows, recipe))
    norm = torch.nn.utils.clip_grad_norm_(network.trainable().values(), recipe.optimiser.max_grad_norm)
    if not math.isfinite(norm):
        raise TrainingError(_no_number(step, "norm of the gradients", float(norm), rows, recipe))
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return Step(
        step=step,
        epoch=epoch,
        loss=loss,
        tiers={tier: total / count for tier, (total, count) in sorted(sums.items())},
        tokens=sum(row.length for row in rows),
        targets=targets,
        learning_rate=rate,
        grad_norm=float(norm),
        seconds=time.perf_counter() - started,
    )


def _no_number(step: int, what: str, value: float, rows: Sequence[Row], recipe: Recipe) -> str:
    shown = ", ".join(row.example_id for row in rows[:3])
    return (
        f"step {step}: the {what} is {value} (rows {shown}, ...); the checkpoint before it is kept; "
        f"lower optimiser.learning_rate (now {recipe.optimiser.learning_rate:g}) in the recipe"
    )
