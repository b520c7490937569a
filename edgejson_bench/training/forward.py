"""The loss of every labelled token of some rows, packed or padded; the LM head runs on labelled positions alone."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from edgejson_bench.training.attention import spans_of
from edgejson_bench.training.head import HeadLosses
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
    predicting = torch.tensor(pack.predicting, device=device)
    values = _values(
        network,
        torch.zeros_like(predicting),
        predicting,
        torch.tensor(pack.targets, device=device),
        input_ids=torch.tensor([pack.ids], device=device),
        position_ids=torch.tensor([pack.positions], device=device),
        spans=spans_of(pack.segments),
    )
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
    places, columns = (labels != -100).nonzero(as_tuple=True)
    values = _values(
        network, places.to(device), columns.to(device), labels[places, columns].to(device), input_ids=ids.to(device)
    )
    return Losses(values, tuple(rows), tuple(places.tolist()))


def _values(
    network: Network, places: torch.Tensor, columns: torch.Tensor, targets: torch.Tensor, **inputs: torch.Tensor
) -> torch.Tensor:
    """The loss of each target [n], predicted by the token in ``columns`` [n] of the input's row ``places`` [n]."""
    if network.frozen_head is not None:
        hidden = network.causal_lm.base_model(**inputs, use_cache=False).last_hidden_state[places, columns]
        weight = network.frozen_head.weight
        if torch.is_autocast_enabled(network.device.type):
            weight = weight.to(torch.get_autocast_dtype(network.device.type))
        return HeadLosses.apply(hidden, weight, targets)  # type: ignore[no-any-return, no-untyped-call]
    keep, kept = torch.unique(columns, return_inverse=True)
    logits = network.causal_lm(**inputs, use_cache=False, logits_to_keep=keep).logits[places, kept]
    return cross_entropy(logits.float(), targets, reduction="none")


def add_by_tier(sums: dict[str, tuple[float, int]], result: Losses) -> None:
    """Add the losses of one pass to ``sums``: tier to total and number of labelled tokens."""
    tiers = [row.tier for row in result.rows]
    for place, value in zip(result.target_rows, result.values.detach().tolist(), strict=True):
        total, count = sums.get(tiers[place], (0.0, 0))
        sums[tiers[place]] = (total + value, count + 1)
