"""The CPU's two-call attention is that of one call with a mask, and both are causal within a row and its prefix."""

from __future__ import annotations

import pytest

from edgejson_bench.training.packing import Segment

pytestmark = pytest.mark.torch

PACKS = {
    "one row": [Segment(5, None)],
    "one token": [Segment(1, None)],
    "rows without a prefix": [Segment(3, None), Segment(4, None)],
    "rows behind a prefix": [Segment(13, None), Segment(20, 0), Segment(1, 0), Segment(31, 0)],
    "two prefixes": [Segment(4, None), Segment(3, 0), Segment(9, None), Segment(2, 2), Segment(6, 2)],
}


@pytest.mark.parametrize("segments", PACKS.values(), ids=PACKS)
def test_both_ways_give_the_same_numbers_and_gradients(segments: list[Segment]) -> None:
    import torch

    from edgejson_bench.training.attention import _by_masks, _cpu_segments, spans_of

    torch.manual_seed(1)
    tokens = sum(segment.length for segment in segments)
    inputs = [torch.randn(1, 3, tokens, 16, requires_grad=True) for _ in range(3)]
    weight = torch.randn(1, 3, tokens, 16)
    masked = _by_masks(*inputs, spans_of(segments), 0.25, 0.0)
    parted, _ = _cpu_segments(*inputs, spans_of(segments), 0.25)
    torch.testing.assert_close(parted, masked, rtol=0, atol=2e-6)
    for ours, reference in zip(
        torch.autograd.grad(parted, inputs, weight), torch.autograd.grad(masked, inputs, weight), strict=True
    ):
        torch.testing.assert_close(ours, reference, rtol=0, atol=5e-6)


def test_a_token_sees_its_prefix_and_its_past_alone() -> None:
    import torch

    from edgejson_bench.training.attention import packed_attention, spans_of

    torch.manual_seed(2)
    segments = PACKS["two prefixes"]
    tokens = sum(segment.length for segment in segments)
    query, key, value = (torch.randn(1, heads, tokens, 16, requires_grad=True) for heads in (4, 2, 2))
    out, _ = packed_attention(torch.nn.Identity(), query, key, value, None, scaling=0.25, spans=spans_of(segments))
    assert out.shape == (1, tokens, 4, 16)
    (reach,) = torch.autograd.grad(out[0, 20].sum(), value)  # third token of the last row
    seen = reach.abs().sum((0, 1, 3)).nonzero()[:, 0].tolist()
    assert seen == [*range(7, 16), 18, 19, 20]


@pytest.mark.parametrize("own", [20, 600])
def test_under_autocast_the_numbers_are_those_of_float32_but_for_rounding(own: int) -> None:
    """Queries and keys come in float32, values in bfloat16, and so do their gradients."""
    import torch

    from edgejson_bench.training.attention import _by_masks, packed_attention, spans_of

    torch.manual_seed(3)
    spans = spans_of([Segment(30, None), Segment(own, 0)])
    query, key, value = (torch.randn(1, 2, 30 + own, 16) for _ in range(3))
    value = value.to(torch.bfloat16)
    rounded = [tensor.clone().requires_grad_() for tensor in (query, key, value)]
    out, _ = packed_attention(torch.nn.Identity(), *rounded, None, scaling=0.25, spans=spans)
    assert out.dtype == torch.bfloat16
    exact = [tensor.float().requires_grad_() for tensor in (query, key, value)]
    expected = _by_masks(*exact, spans, 0.25, 0.0).transpose(1, 2)
    torch.testing.assert_close(out.float(), expected, rtol=0, atol=3e-2)
    weight = torch.randn_like(expected)
    gradients = torch.autograd.grad(out, rounded, weight.to(out.dtype))
    for given, ours, reference in zip(rounded, gradients, torch.autograd.grad(expected, exact, weight), strict=True):
        assert ours.dtype == given.dtype
        assert torch.cosine_similarity(ours.float().flatten(), reference.flatten(), dim=0) > 0.999


def test_the_operators_are_fit_for_torch_compile() -> None:
    """torch's own checks: shapes and types foretold, gradients right, nothing changed in place."""
    import torch

    from edgejson_bench.training.attention import _cpu_segments, spans_of

    spans = spans_of(PACKS["two prefixes"])
    inputs = [torch.randn(1, 2, 24, 8, requires_grad=True) for _ in range(3)]
    torch.library.opcheck(_cpu_segments, (*inputs, spans, 0.25))


def test_a_pack_without_spans_is_an_error_of_the_caller() -> None:
    import torch

    from edgejson_bench.training.attention import packed_attention

    given = torch.randn(1, 2, 5, 8)
    with pytest.raises(TypeError, match="needs the pack's spans"):
        packed_attention(torch.nn.Identity(), given, given, given, None)
