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

LONG = 512
"""Tokens of a segment from which on the CPU's attention kernels are faster in bfloat16 than in float32."""

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_flash_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


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
    if repeats > 1:  # the kernels' backward passes know no grouped heads
        key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    if query.device.type == "cpu" and dropout == 0.0:
        # under autocast the rotation leaves queries and keys in float32, values are bfloat16; the CPU's kernels
        # in bfloat16 are faster on long segments alone
        kind = value.dtype if max(segment.length for segment in segments) >= LONG else torch.float32
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        out: torch.Tensor = _CpuSegments.apply(query, key, value, segments, scale)  # type: ignore[no-untyped-call]
    else:
        out = _by_masks(query, key, value, segments, scaling, dropout)
    return out.transpose(1, 2).contiguous(), None


def _by_masks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    segments: Sequence[Segment],
    scaling: float | None,
    dropout: float,
) -> torch.Tensor:
    """One call a segment, with a mask where it continues a prefix."""
    lengths = [segment.length for segment in segments]
    # split, not slices: its backward pass is one concatenation, that of slices a zero-filled copy of the whole each
    queries, keys, values = (torch.split(tensor, lengths, dim=2) for tensor in (query, key, value))
    outputs = []
    for place, segment in enumerate(segments):
        q, k, v, mask = queries[place], keys[place], values[place], None
        if segment.prefix is not None:
            k = torch.cat([keys[segment.prefix], k], dim=2)
            v = torch.cat([values[segment.prefix], v], dim=2)
            mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(k.shape[2] - q.shape[2])
        out = scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None and q.shape[2] > 1, scale=scaling, dropout_p=dropout
        )
        outputs.append(out)
    return torch.cat(outputs, dim=2)


class _CpuSegments(torch.autograd.Function):
    """The same without masks: prefix and own tokens are two calls of the CPU's flash kernel, put together afterwards.

    A mask would compute the future as well and throw it away. The parts of a softmax are put together by their
    log-sum-exps; given the whole's output and log-sum-exp, each part's backward kernel yields its share of the gradient
    (as in ring attention, Liu et al. 2023, arXiv:2310.01889).
    """

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, segments: Sequence[Segment], scale: float
    ) -> torch.Tensor:
        out = torch.empty_like(query, memory_format=torch.contiguous_format)
        sums = torch.empty(query.shape[:3], dtype=torch.float32)
        for own, prefix in _spans(segments):
            q = query[:, :, own]
            o, s = _flash(q, key[:, :, own], value[:, :, own], 0.0, True, scale=scale)
            if prefix is not None:
                po, ps = _flash(q, key[:, :, prefix], value[:, :, prefix], 0.0, False, scale=scale)
                whole = torch.logaddexp(s, ps)
                o = o * (s - whole).exp()[..., None] + po * (ps - whole).exp()[..., None]
                s = whole
            out[:, :, own], sums[:, :, own] = o, s
        ctx.save_for_backward(query, key, value, out, sums)
        ctx.segments, ctx.scale = segments, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, out, sums = ctx.saved_tensors
        dq, dk, dv = torch.zeros_like(query), torch.zeros_like(key), torch.zeros_like(value)
        for own, prefix in _spans(ctx.segments):
            q, o, s, grad = query[:, :, own], out[:, :, own], sums[:, :, own].contiguous(), grads[0][:, :, own]
            for seen, causal in ((own, True), (prefix, False)):
                if seen is not None:
                    parts = _flash_backward(
                        grad, q, key[:, :, seen], value[:, :, seen], o, s, 0.0, causal, scale=ctx.scale
                    )
                    for whole, part, place in zip((dq, dk, dv), parts, (own, seen, seen), strict=True):
                        whole[:, :, place] += part
        return dq, dk, dv, None, None


def _spans(segments: Sequence[Segment]) -> list[tuple[slice, slice | None]]:
    """Where each segment's tokens are, and those of the prefix it continues."""
    spans: list[slice] = []
    start = 0
    for segment in segments:
        spans.append(slice(start, start + segment.length))
        start += segment.length
    return [(own, None if s.prefix is None else spans[s.prefix]) for own, s in zip(spans, segments, strict=True)]


AttentionInterface.register(NAME, packed_attention)
