"""What the benchmarks share: the base that a training runs on, the rows, steps without checkpoints, memory, reports."""

from __future__ import annotations

import ctypes
import gc
import json
import math
import platform
import random
import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from edgejson_bench.console import note, printable
from edgejson_bench.environment import hardware, versions
from edgejson_bench.errors import EdgeJSONError, UsageError
from edgejson_bench.models.locate import SMOLLM2, locate_base
from edgejson_bench.models.transformers import LoadOptions, load_raw_tokenizer
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, select, tier_order
from edgejson_bench.training import loop
from edgejson_bench.training.history import Step
from edgejson_bench.training.network import Network
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe

MIB, GIB = 2**20, 2**30

Steps = Sequence[Sequence[Row]]
"""The rows of each optimizer step."""


@dataclass(frozen=True)
class Shape:
    """The architecture of a SmolLM2 model."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    key_heads: int
    recipe: str
    """The published recipe for it."""


SHAPES = {
    "135m": Shape(30, 576, 1536, 9, 3, "maaza-mlm-135m-end-token"),
    "360m": Shape(32, 960, 2560, 15, 5, "maaza-slm-360m"),
}


def parser(description: str, *, sample: int) -> ArgumentParser:
    """The flags that all training benchmarks have. ``sample`` is the default of ``--sample``."""
    made = ArgumentParser(description=description)
    base = made.add_mutually_exclusive_group()
    base.add_argument("--base", default=SMOLLM2, metavar="SPEC", help=f"the base model (default: {SMOLLM2})")
    base.add_argument(
        "--random-weights",
        choices=sorted(SHAPES),
        help="instead, the architecture of that SmolLM2 model with random weights: for times and sizes only",
    )
    made.add_argument("--recipe", metavar="NAME", help="default: the published one for the size of the base")
    made.add_argument("--sample", type=positive, default=sample, metavar="N", help=f"train rows (default: {sample})")
    made.add_argument("--seed", type=int, default=7, help="of the sample (default: 7)")
    made.add_argument("--repeats", type=positive, metavar="N", help="timed passes of each side (default: 3)")
    made.add_argument("--rows", type=positive, metavar="N", help="rows a step (default: 8; on CUDA 32)")
    made.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: torch's choice)")
    made.add_argument("--device", default="auto", help="cpu, cuda, mps (default: auto)")
    made.add_argument(
        "--default-allocator",
        action="store_true",
        help="leave the C library's allocator as it is; otherwise both sides keep freed memory, as in `train`",
    )
    return made


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def exit_code(work: Callable[[], None]) -> int:
    """Run ``work``; an error of this package is one line on stderr."""
    try:
        work()
    except EdgeJSONError as exc:
        print(f"error: {printable(str(exc))}", file=sys.stderr)
        return exc.exit_code
    return 0


@contextmanager
def chosen_base(arguments: Namespace) -> Iterator[str]:
    """The spec of the base; random weights lie in a folder that is removed afterwards."""
    if arguments.random_weights is None:
        yield arguments.base
        return
    note("weights are RANDOM: times and sizes mean something, losses and answers do not")
    with tempfile.TemporaryDirectory() as folder:
        yield str(write_random_model(Path(folder) / f"smollm2-{arguments.random_weights}-random", arguments))


def write_random_model(folder: Path, arguments: Namespace) -> Path:
    """Write the architecture that ``--random-weights`` names, with random weights and SmolLM2's tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = SHAPES[arguments.random_weights]
    tokenizer = load_raw_tokenizer(SMOLLM2, locate_base(SMOLLM2).weights, LoadOptions())
    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def recipe_name(arguments: Namespace) -> str:
    """The recipe that is meant: the user's, or the published one for the size."""
    chosen: str = arguments.recipe or SHAPES[arguments.random_weights or "135m"].recipe
    return chosen


def settings(arguments: Namespace) -> dict[str, Any]:
    """The flags, and which weights they mean, as a record shows them: of folders the last part alone."""
    plain = {key: value for key, value in vars(arguments).items() if key not in ("base", "adapters", "child", "recipe")}
    random_ones = f"random ({arguments.random_weights})" if arguments.random_weights else None
    base = Path(arguments.base).name if Path(arguments.base).exists() else arguments.base
    return {**plain, "weights": random_ones or base}


def sample(dataset: Dataset, count: int, seed: int) -> list[Example]:
    """``count`` examples of the form train split in random order, the tiers in the split's proportions.

    Raises:
        UsageError: there are fewer.
    """
    examples = select(dataset, "train", styles=("form",))
    if count > len(examples):
        raise UsageError(f"--sample {count}: the form train split has {len(examples)} rows")
    tiers: dict[str, list[Example]] = {}
    for example in examples:
        tiers.setdefault(dataset.tier(example), []).append(example)
    exact = {tier: count * len(tiers[tier]) / len(examples) for tier in sorted(tiers, key=tier_order)}
    shares = {tier: math.floor(share) for tier, share in exact.items()}
    by_remainder = sorted(exact, key=lambda tier: shares[tier] - exact[tier])
    for tier in by_remainder[: count - sum(shares.values())]:
        shares[tier] += 1
    chance = random.Random(seed)
    chosen = [example for tier, share in shares.items() for example in chance.sample(tiers[tier], share)]
    chance.shuffle(chosen)
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
        if platform.libc_ver()[0] == "glibc":
            ctypes.CDLL(None).malloc_trim(0)  # or what the other side freed would count here
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


def wait_for(device: torch.device) -> None:
    """Return when the device has done all it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def spread(samples: Sequence[float]) -> dict[str, Any]:
    """Median, smallest and largest of ``samples``, and themselves."""
    return {
        "median": statistics.median(samples),
        "min": min(samples),
        "max": max(samples),
        "samples": list(samples),
    }


def ratios(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Examples a second of each side over those of the first, pass by pass: each record has a name and its passes."""
    first = records[0]["passes"]
    return [
        {
            "side": record["name"],
            "over": records[0]["name"],
            "examples_per_second": spread(
                [
                    own["examples_per_second"] / other["examples_per_second"]
                    for own, other in zip(record["passes"], first, strict=True)
                ]
            ),
        }
        for record in records[1:]
    ]


def shown(values: Mapping[str, Any], digits: int = 2) -> str:
    """A spread as people read it: the median, and the range behind it."""
    return f"{values['median']:.{digits}f} ({values['min']:.{digits}f} to {values['max']:.{digits}f})"


def table(title: str, *columns: str) -> Table:
    """An empty table; all columns but the first hold numbers."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place else "left", overflow="fold")
    return made


def report(tables: Sequence[Table | str], record: Mapping[str, Any], device: torch.device) -> None:
    """Print ``tables`` for people and ``record``, with machine and versions, as the last line for machines."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    for part in tables:
        console.print(part)
        console.print()
    machine = {
        **hardware(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "threads": torch.get_num_threads(),
    }
    installed = {**versions(), "accelerate": metadata.version("accelerate")}
    whole = {**record, "hardware": machine, "versions": installed}
    print(json.dumps(whole, ensure_ascii=False, allow_nan=False))
