"""Looking at the held-out rows during training: loss per tier, and a small JSONExact. Never at a test split."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import torch

from edgejson_bench.models.transformers import TransformersModel
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Example, ModelIdentity
from edgejson_bench.scoring.score import read_answer
from edgejson_bench.tasks import Dataset, interleaved
from edgejson_bench.training.forward import add_by_tier, losses
from edgejson_bench.training.history import HeldOut
from edgejson_bench.training.network import Network
from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe

ROWS_SIDE_BY_SIDE = 16
ALL = "all"


def look(
    network: Network,
    recipe: Recipe,
    rows: Sequence[Row],
    asked: Sequence[Example],
    dataset: Dataset,
    *,
    step: int,
    epoch: int,
    bfloat16: bool,
) -> HeldOut:
    """Loss on ``rows`` and JSONExact on ``asked``, under protocol v3 with the recipe's prompt.

    The random state of training is left as it was.
    """
    started = time.perf_counter()
    network.model.eval()
    sums: dict[str, tuple[float, int]] = {}
    with torch.no_grad(), network.as_written():
        for part in network.split(rows, recipe):
            result = losses(network, part, prompt_loss=recipe.loss == "all", bfloat16=bfloat16)
            add_by_tier(sums, result)
    answers = _answers(network, recipe, asked, dataset) if asked else {}
    network.train_mode()
    means = {tier: total / count for tier, (total, count) in sorted(sums.items())}
    if sums:
        means[ALL] = sum(total for total, _ in sums.values()) / sum(count for _, count in sums.values())
    seconds = time.perf_counter() - started
    return HeldOut(step, epoch, means, counts(answers, asked, dataset), seconds, answers)


def choose_asked(held_out: Sequence[Example], dataset: Dataset, count: int) -> list[Example]:
    """``count`` of the held-out examples, from all tiers and styles in turn."""
    return interleaved(held_out, dataset)[:count]


def _answers(network: Network, recipe: Recipe, asked: Sequence[Example], dataset: Dataset) -> dict[str, bool]:
    """Whether each answer is exact, by the example's id."""
    network.causal_lm.set_attn_implementation(network.own_attention)
    identity = ModelIdentity(recipe.name, recipe.name, "training")
    model = TransformersModel.around(identity, network.causal_lm, network.tokenizer)
    protocol = get_protocol("v3")
    prompts = build_prompts(asked, dataset, protocol, model, recipe.prompt)
    with network.as_written():
        completions = {one.example_id: one for one in model.generate(prompts, protocol.settings(ROWS_SIDE_BY_SIDE))}
    return {one.id: read_answer(one, completions[one.id], protocol.scorer).exact for one in asked}


def counts(answers: Mapping[str, bool], asked: Sequence[Example], dataset: Dataset) -> dict[str, tuple[int, int]]:
    """Exact answers and examples asked, of all and per tier."""
    counts: dict[str, tuple[int, int]] = {}
    for example in asked:
        for tier in (ALL, dataset.tier(example)):
            right, n = counts.get(tier, (0, 0))
            counts[tier] = (right + answers[example.id], n + 1)
    return counts
