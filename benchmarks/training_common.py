"""What the training benchmarks share: flags, steps, the loop without checkpoints, peaks of memory."""

from __future__ import annotations

import gc
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from common import SHAPES, machine_flags, positive, weight_flags

from edgejson_bench.allocator import give_back_freed_memory
from edgejson_bench.models.locate import SMOLLM2
from edgejson_bench.tasks import tier_order
from edgejson_bench.training import loop
from edgejson_bench.training.history import Step
from edgejson_bench.training.network import Network
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe

PACKAGES = ("accelerate",)
"""Whose versions count, too."""

Steps = Sequence[Sequence[Row]]
"""The rows of each optimizer step."""


def parser(description: str, *, sample: int) -> ArgumentParser:
    """The flags that all training benchmarks have. ``sample`` is the default of ``--sample``."""
    made = ArgumentParser(description=description)
    weight_flags(made, "--base", SMOLLM2, "the base model")
    made.add_argument("--recipe", metavar="NAME", help="default: the published one for the size of the base")
    made.add_argument("--sample", type=positive, default=sample, metavar="N", help=f"train rows (default: {sample})")
    made.add_argument("--seed", type=int, default=7, help="of the sample (default: 7)")
    made.add_argument("--repeats", type=positive, metavar="N", help="timed passes of each side (default: 3)")
    made.add_argument("--rows", type=positive, metavar="N", help="rows a step (default: 8; on CUDA 32)")
    machine_flags(made)
    made.add_argument(
        "--default-allocator",
        action="store_true",
        help="leave the C library's allocator as it is; otherwise both sides keep freed memory, as in `train`",
    )
    return made


def recipe_name(arguments: Namespace) -> str:
    """The recipe that is meant: the user's, or the published one for the size."""
    chosen: str = arguments.recipe or SHAPES[arguments.random_weights or "135m"].recipe
    return chosen


def tier_counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows each tier has."""
    counts = Counter(row.tier for row in rows)
    return {tier: counts[tier] for tier in sorted(counts, key=tier_order)}


def in_steps(rows: Sequence[Row], count: int) -> list[list[Row]]:
    """``rows`` in steps of ``count``, in order; the last may have fewer."""
    return [list(rows[start : start + count]) for start in range(0, len(rows), count)]


def steps_of(plan: loop.Plan) -> list[list[list[Row]]]:
    """The rows of each step of each epoch of ``plan``; its last epoch may be a part of one."""
    return [list(islice(plan.epoch(number), len(lengths))) for number, lengths in enumerate(plan.epochs, start=1)]


@dataclass(frozen=True)
class GivenSteps(loop.Plan):
    """A plan whose steps are said one by one, so that both sides of a comparison take the same ones."""

    given: tuple[Steps, ...]
    """The steps of each epoch."""

    def epoch(self, number: int) -> Iterator[list[Row]]:
        """The rows of each step of epoch ``number``, counted from 1."""
        return (list(rows) for rows in self.given[number - 1])

    @classmethod
    def of(cls, recipe: Recipe, *given: Steps) -> GivenSteps:
        """The plan of these steps, epoch by epoch, under ``recipe``."""
        rows = tuple(row for step in given[0] for row in step)
        lengths = tuple(tuple(sum(row.length for row in step) for step in steps) for steps in given)
        return cls(rows, recipe, lengths, given)


@dataclass(frozen=True)
class Trained:
    """What the loop did."""

    steps: tuple[Step, ...]
    seconds: float
    """Of the whole, the little between the steps included."""
    computed_tokens: int
    """Tokens that went through the network."""
    optimizer: torch.optim.Optimizer


def train_without_checkpoints(network: Network, plan: loop.Plan) -> Trained:
    """Follow ``plan`` with the package's loop, without checkpoints: they are no step, and their copies take memory.

    Raises:
        TrainingError: a loss is no finite number, or memory ran out.
    """
    steps: list[Step] = []
    optimizer = loop.make_optimizer(network, plan.recipe)
    started = time.perf_counter()
    loop.train(network, plan, on_step=steps.append, optimizer=optimizer)
    seconds = time.perf_counter() - started
    parts = [part for epoch in steps_of(plan) for rows in epoch for part in network.split(rows, plan.recipe)]
    computed = sum(network.computed(part, prompt_loss=plan.recipe.loss == "all") for part in parts)
    return Trained(tuple(steps), seconds, computed, optimizer)


def share_base(owner: Network, other: Network) -> None:
    """Let both use one copy of the frozen weights, so that no side's memory holds the others' copies."""
    frozen = {name: weight for name, weight in owner.model.named_parameters() if not weight.requires_grad}
    for name, weight in other.model.named_parameters():
        if not weight.requires_grad:
            weight.data = frozen[name].data


class PeakMemory:
    """The most memory that this process had from here on: of the GPU on CUDA, else resident."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            self.kind = "allocated on the GPU"
            return
        give_back_freed_memory()  # or what the other side freed would count here
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # VmHWM begins anew (proc(5))
            self.kind = "resident"
        except OSError:
            self.kind = "resident, since the process began"

    def bytes(self) -> int:
        """The peak so far."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        if self.kind == "resident":
            status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
            (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
            return int(line.split()[1]) * 1024
        import resource  # not on Windows

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
