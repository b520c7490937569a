"""What LoRA costs and saves: against full fine-tuning in time and memory, in bytes on disk, and in swapping adapters.

Time and memory are measured in child processes that take turns, so that each peak is that method's own. Both methods
take the same steps: the published recipe's batches, in this package's loop.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import common
import torch
import training_common
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import save_file

from edgejson_bench.allocator import keep_freed_memory
from edgejson_bench.console import note
from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.models.locate import locate_base
from edgejson_bench.models.transformers import LOAD_ERRORS, LoadOptions, first_line, load_weights
from edgejson_bench.tasks import load_shipped
from edgejson_bench.training import data, network
from edgejson_bench.training import recipe as recipes
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe

METHODS = ("lora", "full")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SWAPS = 20
TOKENS = 64
"""New tokens of each answer in the swap check."""
PROMPTS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = training_common.parser("What LoRA costs and saves: time, memory, bytes, swapping adapters.", sample=16)
    flags.add_argument(
        "--adapters", nargs=2, metavar="DIR", help="adapters to swap (default: two with random weights, not zero)"
    )
    flags.add_argument("--child", choices=METHODS, help=SUPPRESS)
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _child(arguments) if arguments.child else _run(arguments))


def _run(arguments: Namespace) -> None:
    for folder in arguments.adapters or ():
        if not (Path(folder) / "adapter_config.json").is_file():
            raise UsageError(f"--adapters {folder}: no adapter is there (adapter_config.json is missing)")
    options = LoadOptions(device=arguments.device, threads=arguments.threads)
    with (
        common.chosen_weights(arguments.base, arguments.random_weights) as base,
        tempfile.TemporaryDirectory() as scratch,
    ):
        methods = compare_methods(arguments, base)
        recipe = _recipe(arguments, base)
        net = network.build(recipe, options, note)
        rows = _rows(arguments, recipe, net.tokenizer)
        adapters = arguments.adapters or write_random_adapters(net, Path(scratch))
        note("writing weights to measure their sizes")
        sizes = measure_sizes(net)  # merges the adapter into the base, so this comes last
        device = net.device
        del net
        swap = measure_swap(base, adapters, _prompts(rows), options)
    settings = common.settings(arguments, arguments.base)
    record = {
        "benchmark": "lora_cost",
        "settings": settings,
        "weights": settings["weights"],
        "recipe": recipe.name,
        "sample": {
            "rows": len(rows),
            "tiers": training_common.tier_counts(rows),
            "tokens": sum(row.length for row in rows),
        },
        "methods": methods,
        "ratios": _ratios(methods),
        "bytes": sizes,
        "swap": {"adapters": "given" if arguments.adapters else "random", **swap},
    }
    tables = [_methods_table(record), _sizes_table(sizes), _swap_table(swap)]
    common.report(tables, record, device, training_common.PACKAGES)


def _recipe(arguments: Namespace, base: str) -> Recipe:
    return replace(recipes.load(training_common.recipe_name(arguments)), base=base)


def _rows(arguments: Namespace, recipe: Recipe, tokenizer: Any) -> list[Row]:
    dataset = load_shipped()
    return data.to_rows(common.sample(dataset, arguments.sample, arguments.seed), dataset, recipe, tokenizer)


def _prompts(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """The shortest prompt of each tier, and as many more as it takes."""
    by_length = sorted(rows, key=lambda row: len(row.prompt))
    first = {row.tier: row for row in reversed(by_length)}
    others = [row for row in by_length if row not in first.values()]
    return [row.prompt for row in [*first.values(), *others][:PROMPTS]]


# --- time and memory -------------------------------------------------------------------------------------------------


def compare_methods(arguments: Namespace, base: str) -> dict[str, Any]:
    """LoRA and full fine-tuning in turns, each repeat in a process of its own; records by method.

    Raises:
        ModelError: a child failed; what it said is passed on.
    """
    repeats = arguments.repeats or 3
    runs: dict[str, list[dict[str, Any]]] = {method: [] for method in METHODS}
    for repeat in range(repeats):
        for method in METHODS:
            runs[method].append(_in_child(arguments, base, method))
            seconds = statistics.fmean(runs[method][-1]["step_seconds"])
            note(f"pass {repeat + 1} of {repeats}, {method}: {seconds:.2f} s a step")
    once = ("trained_parameters", "parameters", "trained_share", "optimizer_bytes", "weight_bytes", "peak_kind")
    return {
        method: {
            **{key: done[0][key] for key in once},
            "step_seconds": [run["step_seconds"] for run in done],
            "row_tokens": done[0]["row_tokens"],
            "seconds_per_step": common.spread([statistics.fmean(run["step_seconds"]) for run in done]),
            "peak_bytes": common.spread([run["peak_bytes"] for run in done]),
        }
        for method, done in runs.items()
    }


def _in_child(arguments: Namespace, base: str, method: str) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), "--child", method, "--base", base]
    command += ["--recipe", training_common.recipe_name(arguments), "--device", arguments.device]
    for flag in ("sample", "seed", "rows", "threads"):
        value = getattr(arguments, flag)
        command += [] if value is None else [f"--{flag}", str(value)]
    command += ["--default-allocator"] if arguments.default_allocator else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise ModelError(f"the {method} child failed with exit code {done.returncode}, saying: {said}")
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def _child(arguments: Namespace) -> None:
    """One method in this process: a step to warm up, then a pass over the sample; a JSON line on stdout."""
    if not arguments.default_allocator:
        keep_freed_memory()
    recipe = _recipe(arguments, arguments.base)
    recipe = replace(recipe, adaptation=replace(recipe.adaptation, method=arguments.child, start=None))
    options = LoadOptions(device=arguments.device, threads=arguments.threads)
    net = network.build(recipe, options, lambda _: None)
    rows = _rows(arguments, recipe, net.tokenizer)
    steps = training_common.in_steps(rows, arguments.rows or (32 if net.device.type == "cuda" else 8))
    peak = training_common.PeakMemory(net.device)
    done = training_common.train_without_checkpoints(net, training_common.GivenSteps.of(recipe, [steps[0], *steps]))
    trained = sum(weight.numel() for weight in net.trainable().values())
    whole = sum(weight.numel() for weight in net.model.parameters())
    print(
        json.dumps(
            {
                "step_seconds": [step.seconds for step in done.steps[1:]],
                "row_tokens": [step.tokens for step in done.steps[1:]],
                "trained_parameters": trained,
                "parameters": whole,
                "trained_share": trained / whole,
                "optimizer_bytes": sum(
                    value.nbytes for state in done.optimizer.state.values() for value in state.values()
                ),
                "weight_bytes": sum(weight.nbytes for weight in net.model.parameters()),
                "peak_bytes": peak.bytes(),
                "peak_kind": peak.kind,
            }
        )
    )


def _ratios(methods: dict[str, Any]) -> dict[str, Any]:
    """Full fine-tuning over LoRA, pass by pass."""
    return {
        f"full_over_lora_{key}": common.spread(
            [
                full / lora
                for full, lora in zip(methods["full"][key]["samples"], methods["lora"][key]["samples"], strict=True)
            ]
        )
        for key in ("seconds_per_step", "peak_bytes")
    }


# --- bytes -----------------------------------------------------------------------------------------------------------


def write_random_adapters(net: network.Network, folder: Path) -> list[str]:
    """Two adapters that change what the base says: all their weights random, none zero. Returns their folders."""
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in net.trainable().values():
                weight.normal_(std=0.05)
        made.append(str(folder / f"random-{seed}"))
        # left to itself, peft asks the hub whether the base's vocabulary was resized
        net.model.save_pretrained(made[-1], save_embedding_layers=False)
    return made


def measure_sizes(net: network.Network) -> dict[str, dict[str, int]]:
    """Bytes of the safetensors files of adapter and merged model in each number type. Merges the adapter for good."""
    sizes: dict[str, dict[str, int]] = {"adapter": {}, "merged": {}}
    adapter = get_peft_model_state_dict(net.model, save_embedding_layers=False)
    merged = net.model.merge_and_unload()
    # a model read from GGUF refuses to be saved until it forgets that its file was quantised
    merged.hf_quantizer = None
    if hasattr(merged.config, "quantization_config"):
        del merged.config.quantization_config
    for name, dtype in DTYPES.items():
        with tempfile.TemporaryDirectory() as folder:
            tensors = {key: weight.detach().to("cpu", dtype).contiguous() for key, weight in adapter.items()}
            save_file(tensors, Path(folder) / "adapter_model.safetensors", metadata={"format": "pt"})
            sizes["adapter"][name] = _safetensors_bytes(Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            merged.to(dtype).save_pretrained(folder)
            sizes["merged"][name] = _safetensors_bytes(Path(folder))
    return sizes


def _safetensors_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


# --- swapping --------------------------------------------------------------------------------------------------------


def measure_swap(
    base: str, adapters: Sequence[str], prompts: Sequence[Sequence[int]], options: LoadOptions
) -> dict[str, Any]:
    """Two adapters on one loaded base: do they answer as each does alone, and how long does a swap take?

    Raises:
        ModelError: an adapter does not fit the base.
    """
    alone, loads = {}, []
    for name, folder in zip("ab", adapters, strict=True):
        started = time.perf_counter()
        model = _load(base, folder, name, options)
        loads.append(time.perf_counter() - started)
        alone[name] = [greedy(model, prompt) for prompt in prompts]
        del model
    started = time.perf_counter()
    model = _load(base, adapters[0], "a", options)
    loads.append(time.perf_counter() - started)
    started = time.perf_counter()
    try:
        model.load_adapter(adapters[1], "b", is_trainable=False)
    except LOAD_ERRORS as exc:
        raise ModelError(f"{adapters[1]}: cannot be put beside the other adapter ({first_line(exc)})") from exc
    wait = torch.device(model.device)
    common.wait_for(wait)
    added = time.perf_counter() - started
    same = True
    for name in "abab":
        model.set_adapter(name, inference_mode=True)
        same &= [greedy(model, prompt) for prompt in prompts] == alone[name]
    swaps = []
    for turn in range(SWAPS):
        started = time.perf_counter()
        model.set_adapter("ab"[turn % 2], inference_mode=True)
        common.wait_for(wait)
        swaps.append(1000 * (time.perf_counter() - started))
    found = {"swap_ms": common.spread(swaps), "load_model_ms": common.spread([1000 * load for load in loads])}
    return {
        "same_as_alone": same,
        "adapters_differ": alone["a"] != alone["b"],
        "prompts": len(prompts),
        "new_tokens": TOKENS,
        **found,
        "add_adapter_ms": 1000 * added,
        "load_over_swap": found["load_model_ms"]["median"] / found["swap_ms"]["median"],
    }


def _load(base: str, adapter: str, name: str, options: LoadOptions) -> Any:
    """The base with one adapter, from the files, ready to answer."""
    device = options.torch_device()
    model = load_weights(base, locate_base(base, options).weights, options.torch_dtype(device), options)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)  # peft asks the old name
            model = PeftModel.from_pretrained(model, adapter, adapter_name=name, is_trainable=False)
    except LOAD_ERRORS as exc:
        raise ModelError(f"{adapter}: the adapter does not fit {base} ({first_line(exc)})") from exc
    model = model.to(device).eval()
    common.wait_for(device)
    return model


@torch.inference_mode()
def greedy(model: Any, prompt: Sequence[int]) -> list[int]:
    """The :data:`TOKENS` likeliest next tokens, one by one, end tokens like any other."""
    ids = torch.tensor([list(prompt)], device=model.device)
    cache, out = None, []
    for _ in range(TOKENS):
        result = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = result.past_key_values
        ids = result.logits[:, -1:].argmax(-1)
        out.append(int(ids))
    return out


# --- tables ----------------------------------------------------------------------------------------------------------


def _methods_table(record: dict[str, Any]) -> Any:
    columns = ("s a step", "trained", "share", "optimizer MiB", "peak GiB")
    made = common.table(f"LoRA and full fine-tuning (weights: {record['weights']})", "method", *columns)
    for method, one in record["methods"].items():
        peak = {key: one["peak_bytes"][key] / common.GIB for key in ("median", "min", "max")}
        made.add_row(
            method,
            common.shown(one["seconds_per_step"]),
            f"{one['trained_parameters']:,}",
            f"{one['trained_share']:.2%}",
            f"{one['optimizer_bytes'] / common.MIB:.1f}",
            common.shown(peak),
        )
    seconds, peak = record["ratios"].values()
    made.add_row("full over LoRA", common.shown(seconds), "", "", "", common.shown(peak))
    return made


def _sizes_table(sizes: dict[str, dict[str, int]]) -> Any:
    made = common.table("Files", "MiB", *DTYPES)
    for what, each in sizes.items():
        made.add_row(what, *(f"{each[name] / common.MIB:.2f}" for name in DTYPES))
    times = (sizes["merged"][name] / sizes["adapter"][name] for name in DTYPES)
    made.add_row("merged over adapter", *(f"{value:.1f}" for value in times))
    return made


def _swap_table(swap: dict[str, Any]) -> Any:
    made = common.table("Two adapters on one base", "what", "")
    made.add_row("answers as each alone", "yes" if swap["same_as_alone"] else "NO")
    made.add_row("adapters answer differently", "yes" if swap["adapters_differ"] else "NO: the check says nothing")
    made.add_row("swap, ms", common.shown(swap["swap_ms"]))
    made.add_row("adding the second adapter, ms", f"{swap['add_adapter_ms']:.0f}")
    made.add_row("loading the whole model, ms", common.shown(swap["load_model_ms"], 0))
    made.add_row("loading over swapping", f"{swap['load_over_swap']:.0f}")
    return made


if __name__ == "__main__":
    sys.exit(main())
