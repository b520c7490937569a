"""What the benchmarks share: weights, samples of the data, spreads and ratios of passes, reports. It times nothing."""

from __future__ import annotations

import json
import math
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from edgejson_bench.commands.evaluation import choose_prompt
from edgejson_bench.console import note, printable
from edgejson_bench.environment import versions
from edgejson_bench.errors import CheckFailed, EdgeJSONError, UsageError
from edgejson_bench.machine import machine
from edgejson_bench.models.base import Model
from edgejson_bench.models.locate import SMOLLM2, check_spec, locate_base
from edgejson_bench.models.resolve import resolve
from edgejson_bench.models.transformers import LoadOptions, TransformersModel, load_raw_tokenizer
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Example, Prompt
from edgejson_bench.tasks import STYLES, Dataset, load_shipped, select, style_order, tier_order

MIB, GIB = 2**20, 2**30
PROC_STAT = Path("/proc/stat")
LOOK_SECONDS = 1.0
"""How long :func:`busy_share` looks on."""
ROOT = Path(__file__).resolve().parents[1]
EDGE = ROOT / "models" / "edge-135m"
"""The model that this project tuned: it answers as models that one would deploy do, and ends by itself."""


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


def weight_flags(made: ArgumentParser, flag: str, default: str, told: str) -> None:
    """``flag SPEC`` or ``--random-weights``."""
    either = made.add_mutually_exclusive_group()
    either.add_argument(flag, default=default, metavar="SPEC", help=f"{told} (default: {default})")
    either.add_argument(
        "--random-weights",
        choices=sorted(SHAPES),
        help="instead, the architecture of that SmolLM2 model with random weights: for times and sizes only",
    )


def machine_flags(made: ArgumentParser) -> None:
    """``--threads`` and ``--device``."""
    made.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: torch's choice)")
    made.add_argument("--device", default="auto", help="cpu, cuda, mps (default: auto)")


def decoding_flags(made: ArgumentParser, *, sample: int) -> None:
    """What benchmarks of decoding have in common: weights, sample, machine."""
    weight_flags(made, "--model", str(EDGE), "the model, as for `run`")
    made.add_argument("--sample", type=positive, default=sample, metavar="N", help=f"test prompts (default: {sample})")
    made.add_argument("--seed", type=int, default=7, help="of the sample (default: 7)")
    machine_flags(made)


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
def chosen_weights(spec: str, random_shape: str | None) -> Iterator[str]:
    """``spec``, or that of random weights, which lie in a folder that is removed afterwards."""
    if random_shape is None:
        yield spec
        return
    note("weights are RANDOM: times and sizes mean something, losses and answers do not")
    with tempfile.TemporaryDirectory() as folder:
        yield str(write_random_model(Path(folder) / f"smollm2-{random_shape}-random", SHAPES[random_shape]))


def write_random_model(folder: Path, shape: Shape) -> Path:
    """Write that architecture, with random weights and SmolLM2's tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

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


def settings(arguments: Namespace, spec: str) -> dict[str, Any]:
    """The flags, and which weights they mean, as a record shows them: of folders the last part alone."""
    of_places = ("base", "model", "adapters", "child", "recipe")
    plain = {key: value for key, value in vars(arguments).items() if key not in of_places}
    return {**plain, "weights": weights_name(arguments.random_weights, spec)}


def record_of(
    benchmark: str, arguments: Namespace, spec: str, asked: Asked, *, command: str, busy: float | None
) -> dict[str, Any]:
    """What every record of a decoding benchmark begins with; ``busy`` is the machine's :func:`busy_share` before."""
    plain = settings(arguments, spec)
    return {
        "benchmark": benchmark,
        "command": command,
        "settings": plain,
        "weights": plain["weights"],
        "revision": asked.model.identity.revision,
        "busy_before": busy,
        "protocol": asked.protocol,
        "sample": asked.summary(),
    }


def weights_name(random_shape: str | None, spec: str) -> str:
    """How records and tables call the weights."""
    if random_shape is not None:
        return f"random ({random_shape})"
    return Path(spec).name if Path(spec).exists() else spec


def sample(
    dataset: Dataset, count: int, seed: int, *, split: str = "train", styles: Sequence[str] = ("form",)
) -> list[Example]:
    """``count`` examples of a split in random order, tiers and styles in the split's proportions.

    Raises:
        UsageError: there are fewer.
    """
    examples = select(dataset, split, styles=styles)
    if count > len(examples):
        raise UsageError(f"--sample {count}: the {' and '.join(styles)} {split} split has {len(examples)} rows")
    strata: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        strata.setdefault((dataset.tier(example), example.style), []).append(example)
    in_order = sorted(strata, key=lambda stratum: (tier_order(stratum[0]), style_order(stratum[1])))
    exact = {stratum: count * len(strata[stratum]) / len(examples) for stratum in in_order}
    shares = {stratum: math.floor(share) for stratum, share in exact.items()}
    by_remainder = sorted(exact, key=lambda stratum: shares[stratum] - exact[stratum])
    for stratum in by_remainder[: count - sum(shares.values())]:
        shares[stratum] += 1
    chance = random.Random(seed)
    chosen = [example for stratum, share in shares.items() for example in chance.sample(strata[stratum], share)]
    chance.shuffle(chosen)
    return chosen


@dataclass(frozen=True)
class Asked:
    """A model and the prompts that a benchmark of decoding asks it."""

    model: TransformersModel
    dataset: Dataset
    examples: tuple[Example, ...]
    """The sample."""
    prompts: Mapping[str, Prompt]
    """Of the whole test split, by example id."""
    protocol: Mapping[str, Any]
    """Name, and the prompt format that the model was trained with."""

    def prompts_of(self, examples: Sequence[Example]) -> list[Prompt]:
        """Their prompts, in that order."""
        return [self.prompts[example.id] for example in examples]

    def summary(self) -> dict[str, Any]:
        """How many examples of which tier and style."""
        counts = Counter((self.dataset.tier(example), example.style) for example in self.examples)
        return {"n": len(self.examples), "tiers_and_styles": {f"{a} {b}": n for (a, b), n in sorted(counts.items())}}


def asked(arguments: Namespace, spec: str, dtype: str | None = None) -> Asked:
    """Load the model of ``spec``, draw a sample of the test split in both styles, build its prompts (protocol ``v3``).

    Raises:
        UsageError, ModelError: the sample is too large, or the model cannot be loaded or is none of transformers.
    """
    dataset = load_shipped()
    examples = sample(
        dataset, arguments.sample, arguments.seed, split="test", styles=STYLES
    )  # before seconds of loading
    model = load_model(arguments, spec, dtype or arguments.dtype)
    protocol = get_protocol("v3")
    prompt_format, _ = choose_prompt(Namespace(prompt=None, model=spec), protocol, model)
    prompts = build_prompts(dataset.split("test"), dataset, protocol, model, prompt_format)
    told = {"name": protocol.name, "prompt": prompt_format, "stop": protocol.stop}
    return Asked(model, dataset, tuple(examples), {p.example_id: p for p in prompts}, told)


def load_model(arguments: Namespace, spec: str, dtype: str) -> TransformersModel:
    """The model as ``run --dtype`` loads it.

    Raises:
        UsageError, ModelError: it cannot be loaded, or has no weights.
    """
    options = LoadOptions(device=arguments.device, dtype=dtype, threads=arguments.threads)
    check_spec(spec)
    model = resolve(spec, golds={}, options=options, note=note)
    if not isinstance(model, TransformersModel):
        raise UsageError(f"--model {spec}: has no weights, so there is nothing to decode with")
    return model


def load_engine(arguments: Namespace, spec: str, engine: str, dtype: str) -> Model:
    """The same weights as ``run --engine`` loads them.

    Raises:
        UsageError, ModelError: the engine is not installed or does not take them.
    """
    check_spec(spec)
    options = LoadOptions(device=arguments.device, dtype=dtype, threads=arguments.threads)
    return resolve(spec, golds={}, options=options, engine=engine, note=note)


def busy_share() -> float | None:
    """How much of the machine others use while this process looks on for a moment; None where Linux doesn't tell.

    The load average would not do: it still holds the benchmark that ran before.
    """
    before = _busy_and_all()
    time.sleep(LOOK_SECONDS)
    after = _busy_and_all()
    if before is None or after is None or after[1] == before[1]:
        return None
    return (after[0] - before[0]) / (after[1] - before[1])


def _busy_and_all() -> tuple[int, int] | None:
    """Ticks of all processors since the system began: not idle ones, and all (proc(5))."""
    try:
        first = PROC_STAT.read_text(encoding="ascii").splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, idle, iowait, irq, softirq, steal = map(int, first[1:9])
    busy = user + nice + system + irq + softirq + steal
    return busy, busy + idle + iowait


def command(script: str, argv: Sequence[str] | None) -> str:
    """The command line as people would type it: places in this checkout from its root, others by their last part."""
    words = []
    for word in sys.argv[1:] if argv is None else argv:
        path = Path(word)
        if path.is_absolute():
            word = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
        words.append(word)
    return shlex.join(["python", f"benchmarks/{script}.py", *words])


def run_command(arguments: Sequence[str]) -> float:
    """Run ``edgejson-bench`` with ``arguments`` in a process of its own; returns its seconds from start to end.

    Raises:
        CheckFailed: the command failed.
    """
    whole = [sys.executable, "-m", "edgejson_bench", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    done = subprocess.run(whole, cwd=ROOT, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CheckFailed(f"edgejson-bench {' '.join(arguments)}: exit code {done.returncode} ({said})")
    return seconds


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


def report(
    tables: Sequence[Table | str], record: Mapping[str, Any], device: torch.device, packages: Sequence[str] = ()
) -> None:
    """Print ``tables`` for people and ``record``, with machine and versions, as the last line for machines.

    ``packages`` are those whose versions count beside the usual ones, as far as they are installed.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    for part in tables:
        console.print(part)
        console.print()
    where = {
        **machine(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "threads": torch.get_num_threads(),
    }
    whole = {**record, "hardware": where, "versions": {**versions(), **_installed(packages)}}
    print(json.dumps(whole, ensure_ascii=False, allow_nan=False))


def _installed(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
