"""The loss of every labelled token of some rows, packed or padded; the LM head runs on labelled positions alone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from edgejson_bench.training.attention import spans_of
from edgejson_bench.training.network import Network
from edgejson_bench.training.packing import Row, pack_rows


@dataclass(frozen=True)
class Losses:
    """What one forward pass gives."""

    values: torch.Tensor
    """Cross-entropy of each labelled token in nats, shape [targets], with its graph."""
    rows: tuple[Row, ...]
    target_rows: tuple[int, ...]
    """Which of ``rows`` each target belongs to."""


def losses(network: Network, rows: Sequence[Row], *, prompt_loss: bool, bfloat16: bool) -> Losses:
    """The losses of ``rows`` in one pass. ``prompt_loss`` labels the prompt's tokens, too (but a row's first)."""
    autocast: Any = torch.autocast(network.device.type, torch.bfloat16) if bfloat16 else contextlib.nullcontext()
    with autocast:
        return (_packed if network.packs else _padded)(network, rows, prompt_loss)


def _packed(network: Network, rows: Sequence[Row], prompt_loss: bool) -> Losses:
    pack = pack_rows(rows, prompt_loss=prompt_loss)
    device = network.device
    output = network.causal_lm(
        input_ids=torch.tensor([pack.ids], device=device),
        position_ids=torch.tensor([pack.positions], device=device),
        use_cache=False,
        logits_to_keep=torch.tensor(pack.predicting, device=device),
        spans=spans_of(pack.segments),
    )
    targets = torch.tensor(pack.targets, device=device)
    values = cross_entropy(output.logits[0].float(), targets, reduction="none")
    return Losses(values, pack.rows, pack.target_rows)


def _padded(network: Network, rows: Sequence[Row], prompt_loss: bool) -> Losses:
    """Right-padded side by side: the causal mask alone keeps padding out of what is labelled."""
    device = network.device
    longest = max(row.length for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100)
    for number, row in enumerate(rows):
        tokens = torch.tensor(row.prompt + row.completion)
        first = 1 if prompt_loss else len(row.prompt)
        ids[number, : row.length] = tokens
        labels[number, first - 1 : row.length - 1] = tokens[first:]
    keep = torch.arange(int((labels != -100).any(0).nonzero()[0]), longest - 1)  # columns with a label in any row
    kept = labels[:, keep]
    output = network.causal_lm(
        input_ids=ids.to(device),
        use_cache=False,
        logits_to_keep=keep.to(device),
    )
    chosen = kept != -100
    values = cross_entropy(output.logits[chosen.to(device)].float(), kept[chosen].to(device), reduction="none")
    target_rows = chosen.nonzero()[:, 0].tolist()
    return Losses(values, tuple(rows), tuple(target_rows))


def add_by_tier(sums: dict[str, tuple[float, int]], result: Losses) -> None:
    """Add the losses of one pass to ``sums``: tier to total and number of labelled tokens."""
    tiers = [row.tier for row in result.rows]
    for place, value in zip(result.target_rows, result.values.detach().tolist(), strict=True):
        total, count = sums.get(tiers[place], (0.0, 0))
        sums[tiers[place]] = (total + value, count + 1)
