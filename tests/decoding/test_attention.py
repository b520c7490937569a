"""The attention of the slot cache against the formula it stands for."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("groups", [1, 2, 4], ids=["one group", "grouped", "no groups"])
@pytest.mark.parametrize("tokens", [1, 3])
@pytest.mark.parametrize("masked", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("scaling", [None, 0.7])
def test_equals_the_formula(groups: int, tokens: int, masked: bool, scaling: float | None) -> None:
    import torch

    from edgejson_bench.decoding.attention import slot_attention

    rows, heads, dim = 2, 4, 8
    length = 6 if masked or tokens == 1 else tokens
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(rows, heads, tokens, dim, generator=generator)
    key, value = (torch.randn(rows, groups, length, dim, generator=generator) for _ in range(2))
    ends = torch.tensor([2, 3]) if masked else torch.tensor([length - tokens] * rows)
    seen = torch.arange(length) <= (ends[:, None] + torch.arange(tokens))[:, :, None]

    scores = query @ key.repeat_interleave(heads // groups, 1).transpose(2, 3) * (scaling or dim**-0.5)
    weights = scores.masked_fill(~seen[:, None], -torch.inf).softmax(-1)
    expected = (weights @ value.repeat_interleave(heads // groups, 1)).transpose(1, 2)

    out, none = slot_attention(torch.nn.Module(), query, key, value, seen[:, None] if masked else None, scaling)
    assert none is None
    torch.testing.assert_close(out, expected)
