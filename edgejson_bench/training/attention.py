"""Attention inside a pack: each segment attends to the prefix it continues and, causally, to itself.

Registered with transformers as an attention implementation; the segments travel as a keyword argument of the model's
forward pass. No mask of the whole pack is ever built, so no time goes into pairs that may not see each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from edgejson_bench.training.packing import Segment

NAME = "edgejson_packed"


def packed_attention(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    segments: Sequence[Segment] = (),
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of ``query`` [1, heads, tokens, dim] over ``key``/``value`` [1, groups, tokens, dim].

    Returns [1, tokens, heads, dim], as transformers wants it.
    """
    repeats = query.shape[1] // key.shape[1]
    if repeats > 1:  # the CPU kernel's backward pass knows no grouped heads
        key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    lengths = [segment.length for segment in segments]
    # split, not slices: its backward pass is one concatenation, that of slices a zero-filled copy of the whole each
    queries, keys, values = (torch.split(tensor, lengths, dim=2) for tensor in (query, key, value))
    outputs = []
    for place, segment in enumerate(segments):
        q, k, v, mask = queries[place], keys[place], values[place], None
        if segment.prefix is not None:
            k = torch.cat([keys[segment.prefix], k], dim=2)
            v = torch.cat([values[segment.prefix], v], dim=2)
            mask = _causal(q.shape[2], k.shape[2], q.device)
        out = scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None and q.shape[2] > 1, scale=scaling, dropout_p=dropout
        )
        outputs.append(out)
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


def _causal(tokens: int, length: int, device: torch.device) -> torch.Tensor:
    """Boolean [tokens, length]: the last ``tokens`` of ``length`` see all before them and themselves."""
    return torch.ones(tokens, length, dtype=torch.bool, device=device).tril(length - tokens)


AttentionInterface.register(NAME, packed_attention)
