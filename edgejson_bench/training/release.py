"""What training leaves behind for others: adapter or weights, tokenizer, metadata, curves, card, example code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from edgejson_bench.errors import TrainingError
from edgejson_bench.jsonio import read_json, sha256_file, write_atomic
from edgejson_bench.models.locate import METADATA, Base, weights_digest
from edgejson_bench.models.transformers import LoadOptions, drop_quantisation, load_weights, old_names_hidden
from edgejson_bench.training.card import model_card
from edgejson_bench.training.curves import write_curves
from edgejson_bench.training.example_code import inference_example
from edgejson_bench.training.history import History
from edgejson_bench.training.network import Network
from edgejson_bench.training.recipe import Recipe

ADAPTER = "adapter_model.safetensors"
MERGED = "merged"
CARD = "README.md"
EXAMPLE = "inference_example.py"


def write_weights(folder: Path, network: Network, recipe: Recipe) -> None:
    """The trained weights (an adapter in bfloat16, half its size and rounded once; a full model in float32), tokenizer.

    Raises:
        TrainingError: something cannot be written.
    """
    try:
        if recipe.adaptation.method == "full":
            drop_quantisation(network.causal_lm)
            network.causal_lm.save_pretrained(folder)
        else:
            _write_adapter(folder, network, recipe)
        network.tokenizer.save_pretrained(folder)
    except OSError as exc:
        raise TrainingError(f"{folder}: the weights cannot be written ({exc}); make room, then go on") from None


def _write_adapter(folder: Path, network: Network, recipe: Recipe) -> None:
    from peft import get_peft_model_state_dict

    # Left to itself, peft asks the hub whether the base's vocabulary was resized.
    state = get_peft_model_state_dict(network.model, save_embedding_layers=False)
    tensors = {name: tensor.detach().to("cpu", torch.bfloat16).contiguous() for name, tensor in sorted(state.items())}
    write_atomic(folder / ADAPTER, save(tensors, metadata={"format": "pt"}))
    config = network.model.peft_config["default"]
    config.inference_mode = True
    config.save_pretrained(folder)
    path = folder / "adapter_config.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["target_modules"] = sorted(record["target_modules"])  # a set, whose order changes from process to process
    record["base_model_name_or_path"] = recipe.base
    write_atomic(path, json.dumps(record, indent=2, sort_keys=True) + "\n")


def write_merged(folder: Path, base: Base, spec: str) -> Path:
    """The adapter in ``folder`` merged into its base, as a model of its own in ``folder/merged``, in float32.

    Float32 because rounding the sum would change answers: so both give the same completions.

    Raises:
        TrainingError: it cannot be written.
    """
    from peft import PeftModel

    model = load_weights(spec, base.weights, torch.float32, LoadOptions())
    with old_names_hidden():
        merged = PeftModel.from_pretrained(model, str(folder), is_trainable=False).merge_and_unload()
    drop_quantisation(merged)
    target = folder / MERGED
    try:
        merged.save_pretrained(target)
        for path in [*folder.glob("tokenizer*"), *folder.glob("*.jinja"), folder / METADATA]:
            write_atomic(target / path.name, path.read_bytes())
    except OSError as exc:
        raise TrainingError(f"{target}: the merged weights cannot be written ({exc}); make room, then go on") from None
    return target


def write_card(folder: Path, reports: Sequence[tuple[str, Mapping[str, Any]]]) -> Path:
    """Write the model card again, with the results of runs of exactly these weights.

    Args:
        folder: a finished training.
        reports: where each run's report came from, for messages, and the report.

    Raises:
        TrainingError: the folder is no finished training, or a run was made with other weights or in part.
    """
    metadata = read_json(folder / METADATA, TrainingError)
    if not isinstance(metadata, dict) or "prompt_template" not in metadata:
        raise TrainingError(f"{folder / METADATA}: is not the metadata of a training; give a folder that train wrote")
    digest = weights_digest(folder)
    results = []
    for where, report in reports:
        run = report["run"]
        if run["model"]["revision"] != digest:
            raise TrainingError(f"{where}: was run with other files than those in {folder}; run the model again")
        if run["data"]["limited"]:
            raise TrainingError(f"{where}: is a limited run; a card shows whole ones")
        data = f"{run['data']['name']}, {run['data']['selection']['split']} split, {run['data']['fingerprint'][:12]}"
        results.append({"data": data, "protocol": run["protocol"]["name"], "results": report["results"]})
    write_atomic(folder / CARD, model_card(metadata, results))
    return folder / CARD


def write_papers(folder: Path, metadata: Mapping[str, Any], history: History, note: Any) -> None:
    """Curves, card, example code and, last, the metadata that mark a training complete."""
    write_curves(folder, history, note)
    write_atomic(folder / EXAMPLE, inference_example(dict(metadata)))
    write_atomic(folder / CARD, model_card(dict(metadata), None))
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
        for path in sorted(folder.glob("*.safetensors"))
        if path.name != "checkpoint.safetensors"
    }
    whole = {**metadata, "files": files}
    write_atomic(folder / METADATA, json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
