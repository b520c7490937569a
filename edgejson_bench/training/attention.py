"""Attention inside a pack: each segment attends to the prefix it continues and, causally, to itself.

Registered with transformers as an attention implementation; the segments' spans travel as a keyword argument of the
model's forward pass. No mask of the whole pack is ever built, so no time goes into pairs that may not see each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from edgejson_bench.training.packing import Segment

NAME = "edgejson_packed"

_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_flash_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def spans_of(segments: Sequence[Segment]) -> torch.Tensor:
    """Where each segment's own tokens begin and end, and those of the prefix it continues (-1 without one): [n, 4].

    On the CPU always, since loops read it; a tensor, so that compiled code does not depend on what it holds.
    """
    bounds: list[tuple[int, int]] = []
    start = 0
    for segment in segments:
        bounds.append((start, start + segment.length))
        start += segment.length
    prefixes = [(-1, -1) if segment.prefix is None else bounds[segment.prefix] for segment in segments]
    return torch.tensor([(*own, *prefix) for own, prefix in zip(bounds, prefixes, strict=True)])


def packed_attention(
    _module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    _attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    spans: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of ``query`` [1, heads, tokens, dim] over ``key``/``value`` [1, groups, tokens, dim].

    ``spans`` are those of :func:`spans_of`. Returns [1, tokens, heads, dim], as transformers wants it.
    """
    if spans is None:
        raise TypeError(f"attention {NAME} needs the pack's spans")
    repeats = query.shape[1] // key.shape[1]
    if repeats > 1:  # the kernels' backward passes know no grouped heads
        key, value = key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if query.device.type == "cpu" and dropout == 0.0:
        out, _sums = _cpu_segments(query, key, value, spans, scale)
    else:
        out = _by_masks(query, key, value, spans, scale, dropout)
    return out.transpose(1, 2).contiguous(), None


def _by_masks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    spans: torch.Tensor,
    scale: float,
    dropout: float,
) -> torch.Tensor:
    """One call a segment, with a mask where it continues a prefix."""
    bounds = spans.tolist()
    lengths = [stop - start for start, stop, _, _ in bounds]
    places = {(start, stop): place for place, (start, stop, _, _) in enumerate(bounds)}
    # split, not slices: its backward pass is one concatenation, that of slices a zero-filled copy of the whole each
    queries, keys, values = (torch.split(tensor, lengths, dim=2) for tensor in (query, key, value))
    outputs = []
    for place, (_, _, *prefix) in enumerate(bounds):
        q, k, v, mask = queries[place], keys[place], values[place], None
        if prefix[0] >= 0:
            before = places[prefix[0], prefix[1]]
            k, v = torch.cat([keys[before], k], dim=2), torch.cat([values[before], v], dim=2)
            mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(k.shape[2] - q.shape[2])
        out = scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None and q.shape[2] > 1, scale=scale, dropout_p=dropout
        )
        outputs.append(out)
    return torch.cat(outputs, dim=2)


@torch.library.custom_op("edgejson_bench::cpu_segments", mutates_args=())
def _cpu_segments(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, spans: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same without masks: prefix and own tokens are two calls of the CPU's flash kernel, put together afterwards.

    A mask would compute the future as well and throw it away. The parts of a softmax are put together by their
    log-sum-exps; given the whole's output and log-sum-exp, each part's backward kernel yields its share of the gradient
    (as in ring attention, Liu et al. 2023, arXiv:2310.01889).

    Under autocast the rotation leaves queries and keys in float32 while values are bfloat16. The forward kernel is
    faster in bfloat16, the backward one, on all but the longest segments, in float32.

    One operator to torch.compile, which must not look into a loop over the segments of one pack.

    Returns output [1, heads, tokens, dim], in the type of ``value``, and log-sum-exps [1, heads, tokens].
    """
    out = torch.empty_like(value, memory_format=torch.contiguous_format)
    sums = query.new_empty(query.shape[:3], dtype=torch.float32)
    query, key = query.to(value.dtype), key.to(value.dtype)
    for start, stop, first, last in spans.tolist():
        q = query[:, :, start:stop]
        o, s = _flash(q, key[:, :, start:stop], value[:, :, start:stop], 0.0, True, scale=scale)
        if first >= 0:
            po, ps = _flash(q, key[:, :, first:last], value[:, :, first:last], 0.0, False, scale=scale)
            whole = torch.logaddexp(s, ps)
            o = o * (s - whole).exp()[..., None] + po * (ps - whole).exp()[..., None]
            s = whole
        out[:, :, start:stop], sums[:, :, start:stop] = o, s
    return out, sums


@_cpu_segments.register_fake
def _(
    query: torch.Tensor, _key: torch.Tensor, value: torch.Tensor, _spans: torch.Tensor, _scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    out = torch.empty_like(value, memory_format=torch.contiguous_format)
    return out, query.new_empty(query.shape[:3], dtype=torch.float32)


@torch.library.custom_op("edgejson_bench::cpu_segments_backward", mutates_args=())
def _cpu_segments_backward(
    grad: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    out: torch.Tensor,
    sums: torch.Tensor,
    spans: torch.Tensor,
    scale: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of query, key and value, each in its type."""
    types = query.dtype, key.dtype, value.dtype
    grad, query, key, value, out = (tensor.float() for tensor in (grad, query, key, value, out))
    gradients = [torch.zeros(tensor.shape) for tensor in (query, key, value)]
    for start, stop, first, last in spans.tolist():
        q, o, g = (tensor[:, :, start:stop] for tensor in (query, out, grad))
        s = sums[:, :, start:stop].contiguous()
        for a, b, causal in ((start, stop, True), (first, last, False)):
            if a >= 0:
                parts = _flash_backward(g, q, key[:, :, a:b], value[:, :, a:b], o, s, 0.0, causal, scale=scale)
                for whole, part, (x, y) in zip(gradients, parts, ((start, stop), (a, b), (a, b)), strict=True):
                    whole[:, :, x:y] += part
    dq, dk, dv = (whole.to(kind) for whole, kind in zip(gradients, types, strict=True))
    return dq, dk, dv


@_cpu_segments_backward.register_fake
def _(
    _grad: torch.Tensor, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *_: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    dq, dk, dv = (tensor.new_empty(tensor.shape) for tensor in (query, key, value))
    return dq, dk, dv


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, torch.Tensor]) -> None:
    *tensors, spans, scale = inputs
    ctx.save_for_backward(*tensors, *output, spans)
    ctx.scale = scale


def _backward(ctx: Any, grad: torch.Tensor, _sums: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
    *tensors, spans = ctx.saved_tensors
    return (*_cpu_segments_backward(grad, *tensors, spans, ctx.scale), None, None)


_cpu_segments.register_autograd(_backward, setup_context=_keep)

AttentionInterface.register(NAME, packed_attention)
