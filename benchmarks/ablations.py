"""What each choice of a recipe is worth: trainings that differ in one thing, compared on train rows held out from all.

A killed run goes on where it stopped; trainings that are complete are not repeated. No test split is looked at.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import common
import torch
from rich.table import Table

from edgejson_bench.commands.inputs import load_data
from edgejson_bench.console import note
from edgejson_bench.errors import TrainingError, UsageError
from edgejson_bench.jsonio import read_json
from edgejson_bench.leaderboard import cells
from edgejson_bench.models.locate import METADATA, SMOLLM2
from edgejson_bench.models.transformers import LoadOptions
from edgejson_bench.records import TIERS, Example
from edgejson_bench.scoring.statistics import paired_difference, wilson
from edgejson_bench.tasks import STYLES, Dataset, select, tier_order
from edgejson_bench.training import recipe as recipes
from edgejson_bench.training import session
from edgejson_bench.training.data import SPLIT
from edgejson_bench.training.evaluation import counts
from edgejson_bench.training.history import HistoryFile
from edgejson_bench.training.recipe import Recipe

REFERENCE = "reference"

Change = Mapping[str, object]
"""What a setting changes: key of the recipe, its section before a dot, to value."""

SETTINGS: Mapping[str, Change] = {
    REFERENCE: {},
    "no end token": {"end_token": False},
    "loss on the prompt, too": {"loss": "all"},
    "no schema in the prompt": {"prompt": "published"},
    "whole schema in the prompt": {"prompt": "instruction"},
    "learning rate / 4": {"optimiser.learning_rate": 0.0005},
    "learning rate x 2": {"optimiser.learning_rate": 0.004},
    "rank 8": {"adaptation.rank": 8, "adaptation.alpha": 16},
    "rank 32": {"adaptation.rank": 32, "adaptation.alpha": 64},
    "rsLoRA": {"adaptation.rslora": True},
    "LoRA+ 4": {"adaptation.lora_plus_ratio": 4.0},
    "25 % of the data": {"data.share": 0.25},
    "50 % of the data": {"data.share": 0.5},
    "200 % of the data": {"data.generated": 1},
    "golds told anew": {  # of two tellings a style gets one
        "data.generated": 2,
        "data.generated_golds": "same",
        "data.scrambled": 0.85,
    },
    "both styles": {"data.styles": list(STYLES), "data.held_out_asked": 1000},
    "another seed": {"seed": 8},
    "a third seed": {"seed": 9},
    "full fine-tuning": {"adaptation.method": "full", "optimiser.learning_rate": 0.0002},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = ArgumentParser(description="What each choice of a recipe is worth, on held-out train rows.")
    flags.add_argument("--base", default=SMOLLM2, metavar="SPEC", help=f"the base model (default: {SMOLLM2})")
    flags.add_argument("--recipe", default="edge-135m", metavar="NAME", help="the reference (default: edge-135m)")
    flags.add_argument("--data", metavar="released|DIR", help="another data set than the shipped one")
    flags.add_argument("--style", choices=(*STYLES, "both"), default="form", help="default: form")
    flags.add_argument(
        "--tiers", nargs="+", choices=TIERS, default=TIERS, metavar="TIER", help="of the rows (default: all)"
    )
    flags.add_argument("--only", nargs="+", metavar="SETTING", help=f"some of: {'; '.join(SETTINGS)}")
    flags.add_argument("--epochs", type=float, default=1.0, help="of each training (default: 1)")
    flags.add_argument(
        "--complex-per-epoch", type=_share, default=0.1, metavar="SHARE", help="of the long rows (default: 0.1)"
    )
    flags.add_argument("--held-out", type=_share, default=0.1, metavar="SHARE", help="of each task (default: 0.1)")
    flags.add_argument("--asked", type=common.positive, default=60, metavar="N", help="of those answered (default: 60)")
    flags.add_argument("--out", default="trained/ablations", metavar="DIR", help="default: trained/ablations")
    flags.add_argument("--compile", action="store_true", help="as with `train --compile` (CPU)")
    flags.add_argument("--threads", type=common.positive, metavar="N", help="CPU threads (default: torch's choice)")
    flags.add_argument("--device", default="auto", help="cpu, cuda, mps (default: auto)")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments))


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return number


def _run(arguments: Namespace) -> None:
    chosen = tuple(arguments.only or SETTINGS)
    for name in chosen:
        if name not in SETTINGS:
            raise UsageError(f"--only {name!r}: no such setting; choose from {'; '.join(SETTINGS)}")
    options = LoadOptions(device=arguments.device, threads=arguments.threads)
    reference = reference_recipe(arguments)
    dataset = train_rows(load_data(arguments.data), arguments.tiers)
    records = []
    for number, name in enumerate(chosen, start=1):
        note(f"{number} of {len(chosen)}: {name}")
        recipe = changed(reference, SETTINGS[name])
        folder = Path(arguments.out) / f"{name.replace(' ', '-').replace('/', 'over')}-{recipe.fingerprint[:8]}"
        torch.compiler.reset()  # what one network's layers were compiled to does not fit those of the next
        session.run(session.Request(recipe, dataset, options, folder, merged=False, compiled=arguments.compile))
        records.append(read_result(name, folder, select(dataset, SPLIT, styles=reference.data.styles), dataset))
    compare(records)
    record = {
        "benchmark": "ablations",
        "settings": {key: value for key, value in vars(arguments).items() if key not in ("out", "data")},
        "data": dataset.name,
        "reference": reference.to_json(),
        "results": records,
    }
    common.report([results_table(records, reference)], record, options.torch_device())


def train_rows(dataset: Dataset, tiers: Sequence[str]) -> Dataset:
    """The rows to learn from and to hold out: of these tiers, and of no test split."""
    return replace(dataset, splits={SPLIT: select(dataset, SPLIT, tiers=tiers)})


def reference_recipe(arguments: Namespace) -> Recipe:
    """The recipe from which each setting differs in one thing."""
    styles = STYLES if arguments.style == "both" else (arguments.style,)
    recipe = recipes.with_overrides(recipes.load(arguments.recipe), base=arguments.base, styles=styles)
    return changed(
        recipe,
        {
            "data.held_out": arguments.held_out,
            "data.held_out_asked": arguments.asked,
            **{f"data.per_epoch.{style}.complex": arguments.complex_per_epoch for style in STYLES},
            "optimiser.epochs": arguments.epochs,
        },
    )


def changed(recipe: Recipe, changes: Change) -> Recipe:
    """``recipe`` with some values replaced, checked like a recipe that is read.

    Raises:
        UsageError: a key is unknown, or a value senseless.
    """
    plain = recipe.to_json()
    for key, value in changes.items():
        *sections, field = key.split(".")
        reduce(getitem, sections, plain)[field] = value
    return recipes.parse(plain, f"recipe {recipe.name}")


def read_result(name: str, folder: Path, among: Sequence[Example], dataset: Dataset) -> dict[str, Any]:
    """What the training in ``folder`` reached on the held-out rows; of its answers, those to ``among`` count."""
    metadata = read_json(folder / METADATA, TrainingError)
    training = metadata["training"]
    held_out = training["held_out"]
    if held_out is None:
        raise TrainingError(f"{folder}: nothing was held out; choose a larger --held-out")
    given = HistoryFile(folder).read().held_out[-1].answers
    asked = [example for example in among if example.id in given]
    return {
        "name": name,
        "changes": dict(SETTINGS[name]),
        "loss": held_out["losses"],
        "json_exact": {
            tier: {"exact": right, "n": n, "ci95": wilson(right, n)}
            for tier, (right, n) in counts(given, asked, dataset).items()
        },
        "answers": {example.id: given[example.id] for example in asked},
        "examples": metadata["data"]["examples"],
        **{key: training[key] for key in ("steps", "seconds", "row_tokens", "trainable_parameters")},
    }


def compare(records: Sequence[dict[str, Any]]) -> None:
    """Add to each record what sets it apart from the reference, if that is among them: paired, as all were asked the
    same."""
    reference = next((record["answers"] for record in records if record["name"] == REFERENCE), {})
    for record in records:
        answers = record["answers"]
        same = record["name"] != REFERENCE and reference and answers.keys() == reference.keys()
        paired = paired_difference(list(answers.values()), [reference[one] for one in answers]) if same else None
        record["against_reference"] = None if paired is None else asdict(paired)


def results_table(records: Sequence[Mapping[str, Any]], reference: Recipe) -> Table:
    """A row per setting. Losses over other tokens (the prompt's, or another style's, too) are not shown."""
    tiers = sorted({tier for record in records for tier in record["json_exact"]} - {"all"}, key=tier_order)
    made = common.table(
        f"One thing changed each: {reference.name}, {reference.optimiser.epochs:g} epochs, JSONExact on held-out rows",
        *("setting", "all % [95 %]", "points to the reference", "p", *tiers, "held-out loss", "rows", "trained", "min"),
    )
    for record in records:
        whole = record["json_exact"]["all"]
        paired = record["against_reference"]
        per_tier = [record["json_exact"].get(tier) for tier in tiers]
        made.add_row(
            record["name"],
            cells.percent_interval(whole["exact"] / whole["n"], *whole["ci95"]),
            "" if paired is None else cells.points_interval(paired["difference"], paired["low"], paired["high"]),
            "" if paired is None else cells.p_value(paired["p_value"]),
            *("" if one is None else f"{one['exact']}/{one['n']}" for one in per_tier),
            "" if {"loss", "data.styles"} & record["changes"].keys() else f"{record['loss']['all']:.4f}",
            str(record["examples"]),
            f"{record['trainable_parameters'] / 1e6:.2f} M",
            f"{record['seconds'] / 60:.1f}",
        )
    return made


if __name__ == "__main__":
    raise SystemExit(main())
