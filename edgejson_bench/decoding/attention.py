"""Attention for the slot cache: PyTorch's fused kernel, with grouped heads and without copying keys and values.

transformers repeats keys and values per query head where several tokens are verified at once; on a CPU that
copy outweighs the attention. Folding a group's heads into the query axis needs none.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "edgejson_slots"


def slot_attention(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of ``query`` [rows, heads, tokens, dim] over ``key``/``value`` [rows, groups, length, dim].

    ``attention_mask`` is boolean or added, [rows, 1, tokens, length], or repeated already as :func:`folded` does; None
    means causal, or everything for a single token. Returns [rows, tokens, heads, dim], as transformers wants it.
    """
    rows, heads, tokens, dim = query.shape
    per_group = heads // key.shape[1]
    if attention_mask is None and tokens > 1:
        out = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=per_group > 1)
    else:
        stacked = query.reshape(rows, key.shape[1], per_group * tokens, dim)
        mask = attention_mask
        if mask is not None and mask.shape[2] != per_group * tokens:
            mask = mask[:, :, :tokens].repeat(1, 1, per_group, 1)
        out = scaled_dot_product_attention(stacked, key, value, attn_mask=mask, scale=scaling)
        out = out.reshape(rows, heads, tokens, value.shape[-1])
    return out.transpose(1, 2).contiguous(), None


def folded(seen: torch.Tensor, config: Any, dtype: torch.dtype) -> torch.Tensor:
    """``seen``, boolean [rows, 1, tokens, length], as the kernel adds it, repeated for the heads of a group.

    Done once a pass: the kernel would make the same of it in every layer.
    """
    added = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, -torch.inf)
    heads = getattr(config, "num_attention_heads", 1)
    groups = getattr(config, "num_key_value_heads", None) or heads
    return added.repeat(1, 1, heads // groups, 1)


AttentionInterface.register(NAME, slot_attention)
