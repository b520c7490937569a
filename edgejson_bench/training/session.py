"""One training, end to end: data, network, folder, loop, and what is left for others. Killed, the same command goes on.

A training folder holds ``manifest.json`` (everything that decides what is learnt), ``history.jsonl`` and
``checkpoint.safetensors`` while it grows; ``training_metadata.json`` is written last and marks it complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from edgejson_bench import console, locking
from edgejson_bench.allocator import keep_freed_memory
from edgejson_bench.environment import code_state, hardware, versions
from edgejson_bench.errors import TrainingError, UsageError
from edgejson_bench.jsonio import canonical, read_json, sha256_text, write_atomic
from edgejson_bench.models.locate import METADATA, known_model
from edgejson_bench.models.transformers import LoadOptions, first_line
from edgejson_bench.protocols import prompt_template
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, fingerprint
from edgejson_bench.training import checkpoint, release
from edgejson_bench.training.data import SPLIT, TrainingData, choose, to_rows, with_generated
from edgejson_bench.training.evaluation import ALL, choose_asked, look
from edgejson_bench.training.history import HeldOut, HistoryFile, Step
from edgejson_bench.training.loop import plan, train, uses_bfloat16
from edgejson_bench.training.network import Network, build
from edgejson_bench.training.recipe import Adaptation, Recipe
from edgejson_bench.training.scramble import words_known

FORMAT_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Request:
    """Everything a training needs."""

    recipe: Recipe
    dataset: Dataset
    options: LoadOptions
    out: Path | None
    """The training's folder; None makes one below ``trained`` from recipe and fingerprint."""
    merged: bool
    """Also write the adapter merged into its base."""
    compiled: bool = False
    """Compile the network's layers, for speed."""


def run(request: Request) -> Path:
    """Train, or go on where an earlier attempt stopped; return the finished folder.

    Raises:
        UsageError, DataError, ModelError: recipe, data or base cannot be used.
        TrainingError: the folder is of another training, or training cannot go on.
    """
    recipe, dataset = request.recipe, request.dataset
    chosen = choose(dataset, recipe.data)
    if len(recipe.adaptation.alphas) > 1 and not chosen.held_out:
        told = "adaptation.wise_ft_alpha has several parts of the way, and no held-out rows to choose by"
        raise UsageError(f"recipe {recipe.name}: {told}; raise data.held_out")
    keep_freed_memory()
    network = build(recipe, request.options, console.note)
    chosen = with_generated(chosen, dataset, recipe.data, words_known(network.tokenizer))
    if request.compiled:
        network.compile_layers()
    manifest = _manifest(recipe, dataset, chosen, network)
    folder = request.out or Path("trained") / f"{recipe.name}-{manifest['fingerprint'][:12]}"
    with _holding(folder, manifest):
        if not (folder / METADATA).is_file():
            metadata = _train(request, chosen, network, folder, manifest)
            release.write_weights(folder, network, recipe)
            release.write_papers(folder, metadata, HistoryFile(folder).read(), console.note)
            checkpoint.Checkpoints(folder, manifest["fingerprint"]).remove()
        else:
            console.note(f"{folder}: this training is complete already")
        if request.merged and recipe.adaptation.method == "lora":
            console.note(f"merging into {network.base.name}")
            release.write_merged(folder, network.base, recipe.base)
    return folder


def _train(
    request: Request, chosen: TrainingData, network: Network, folder: Path, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """The loop with its progress and its looks at the held-out rows; returns the metadata of the result."""
    recipe, dataset = request.recipe, request.dataset
    rows = to_rows(chosen.train, dataset, recipe, network.tokenizer)
    held_out = to_rows(chosen.held_out, dataset, recipe, network.tokenizer)
    asked = choose_asked(chosen.held_out, dataset, recipe.data.held_out_asked)
    steps = plan(rows, recipe)
    bfloat16 = uses_bfloat16(recipe, network.device)
    file = HistoryFile(folder)
    checkpoints = checkpoint.Checkpoints(folder, manifest["fingerprint"])
    reached = checkpoints.progress()
    before = reached.step
    file.cut_back_to(before, looked=reached.epochs_end)
    trainable = sum(parameter.numel() for parameter in network.trainable().values())
    total = network.causal_lm.num_parameters()
    console.note(
        f"{len(rows)} rows, {len(held_out)} held out; {steps.steps} steps; "
        f"{trainable:,} of {total:,} parameters trained ({trainable / total:.2%})"
    )
    if before:
        console.note(f"{folder}: going on after step {before}")
    work = {str(number): float(tokens) for number, tokens in enumerate(steps.tokens_per_step, start=1)}
    with console.progress(recipe.name, work, done=[str(number) for number in range(1, before + 1)]) as advance:

        def on_step(step: Step) -> None:
            file.append(step)
            advance(str(step.step), step.tokens, f"loss {step.loss:.4f}")

        def look_at(epoch: int, step: int, asked: Sequence[Example] = asked) -> HeldOut:
            return look(network, recipe, held_out, asked, dataset, step=step, epoch=epoch, bfloat16=bfloat16)

        def on_epoch(epoch: int, step: int) -> None:
            if held_out:
                seen = look_at(epoch, step)
                console.note(f"held out after epoch {epoch}: {_told(seen)}")
                file.append(seen)

        try:
            progress = train(network, steps, checkpoints=checkpoints, on_step=on_step, on_epoch=on_epoch)
        except RuntimeError as exc:
            if network.compiled and isinstance(exc, torch._dynamo.exc.TorchDynamoException):
                told = f"--compile failed, leave it out or see that there is a C++ compiler ({first_line(exc)})"
                raise TrainingError(told) from exc
            raise
    history = file.read()
    last = history.held_out[-1] if history.held_out else None
    way = None
    if network.start is not None:  # checkpoints and history are of the way there, so that a killed training goes on
        way, last = _go_back(network, recipe.adaptation, last, look_at)
    return {
        **{key: value for key, value in manifest.items() if key != "fingerprint"},
        "training": {
            "fingerprint": manifest["fingerprint"],
            "steps": progress.step,
            "epochs": recipe.optimiser.epochs,
            "seconds": round(progress.seconds, 1),
            "row_tokens": progress.tokens,
            "row_tokens_per_second": round(progress.tokens / progress.seconds, 1),
            "precision": "bfloat16" if bfloat16 else "float32",
            "compiled": network.compiled,
            "trainable_parameters": trainable,
            "trainable_share": trainable / total,
            "final_loss": history.steps[-1].loss,
            "way_back": way,
            "held_out": None
            if last is None
            else {"step": last.step, "losses": last.losses, "json_exact": last.json_exact},
        },
    }


def _go_back(
    network: Network, adaptation: Adaptation, last: HeldOut | None, look_at: Callable[..., HeldOut]
) -> tuple[dict[str, Any], HeldOut | None]:
    """Leave the network at the best of the parts of the way that the recipe has; how it went, and the look there."""
    end = network.copies()
    losses: dict[float, Mapping[str, float]] = {}
    if len(adaptation.alphas) > 1:
        assert last is not None  # held-out rows were asked for before the training
        for alpha in adaptation.alphas:
            network.go_to(alpha, end)
            seen = last if alpha == 1 else look_at(last.epoch, last.step, asked=())  # at the end one was taken
            console.note(f"{alpha:g} of the way from {adaptation.start}: {_told(seen)}")
            losses[alpha] = seen.losses
    kept = min(adaptation.alphas, key=lambda alpha: losses[alpha][ALL] if losses else alpha)
    console.note(f"going back: {kept:g} of the way from {adaptation.start} is kept")
    network.go_to(kept, end)
    if last is not None:
        last = look_at(last.epoch, last.step)
        console.note(f"held out there: {_told(last)}")
    return {"kept": kept, "losses": [{"alpha": alpha, **of_tiers} for alpha, of_tiers in losses.items()]}, last


def _told(seen: HeldOut) -> str:
    parts = [f"loss {tier} {loss:.4f}" for tier, loss in seen.losses.items()]
    parts += [f"JSONExact {tier} {right}/{n}" for tier, (right, n) in seen.json_exact.items()]
    return ", ".join(parts)


def _manifest(recipe: Recipe, dataset: Dataset, chosen: TrainingData, network: Network) -> dict[str, Any]:
    base = network.base
    known = known_model(recipe.base)
    manifest: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "name": recipe.name,
        "recipe": recipe.to_json(),
        "recipe_fingerprint": recipe.fingerprint,
        "prompt": recipe.prompt,
        "prompt_template": prompt_template(recipe.prompt),
        "base": {
            "spec": base.name,
            "revision": base.revision,
            "quantisation": base.quantisation,
            "parameters": network.causal_lm.num_parameters() - _added(network),
            "license": known.license,
        },
        "start": None
        if network.start_revision is None
        else {"spec": Path(str(recipe.adaptation.start)).name, "revision": network.start_revision},
        "data": {
            "name": dataset.name,
            "fingerprint": fingerprint((*chosen.train, *chosen.held_out), dataset.tasks),
            "split": SPLIT,
            "styles": sorted({example.style for example in chosen.train}),
            "examples": len(chosen.train),
            "held_out": len(chosen.held_out),
            "generated": recipe.data.generated if recipe.data.generated_golds == "new" else 0,
            "retold": recipe.data.generated if recipe.data.generated_golds == "same" else 0,
        },
        "seed": recipe.seed,
        "license": known.license,
    }
    decisive = {key: manifest[key] for key in ("recipe_fingerprint", "base", "start", "data")}
    return {
        **manifest,
        "fingerprint": sha256_text(canonical(decisive)),
        "versions": versions(),
        "hardware": {**hardware(), "device": _device_name(network.device), "threads": torch.get_num_threads()},
        "code": code_state(),
    }


def _added(network: Network) -> int:
    return sum(p.numel() for name, p in network.model.named_parameters() if "lora_" in name)


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


@contextmanager
def _holding(folder: Path, manifest: dict[str, Any]) -> Iterator[None]:
    """Hold the training folder, made if need be; refuse one that is another training's, or in use."""
    path = folder / MANIFEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise TrainingError(f"{folder}: is a file, not a folder; choose another --out") from None
    except OSError as exc:
        raise TrainingError(f"{folder}: not writable ({exc.strerror}); choose another --out") from None
    with locking.held(folder, TrainingError, busy="training here", unwritable="; choose another --out"):
        if path.exists():
            _same_training(folder, read_json(path, TrainingError), manifest)
        elif [file for file in folder.iterdir() if file.name != locking.FILE]:
            raise TrainingError(f"{folder}: holds files but no {MANIFEST}, so it is no training; choose another --out")
        else:
            write_atomic(path, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        yield


def _same_training(folder: Path, found: Any, manifest: Mapping[str, Any]) -> None:
    if isinstance(found, dict) and found.get("fingerprint") == manifest["fingerprint"]:
        return
    kept = found if isinstance(found, dict) else {}
    different = sorted(key for key in ("recipe", "base", "start", "data") if kept.get(key) != manifest[key])
    raise TrainingError(f"{folder}: is another training (different: {', '.join(different)}); choose another --out")
