"""The attention of the slot cache against the formula it stands for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.torch


def config(heads: int, groups: int | None) -> SimpleNamespace:
    return SimpleNamespace(num_attention_heads=heads, num_key_value_heads=groups)


@pytest.mark.parametrize("groups", [1, 2, 4], ids=["one group", "grouped", "no groups"])
@pytest.mark.parametrize("tokens", [1, 3])
@pytest.mark.parametrize("masked", ["as seen", "folded", "folded for another layer", ""])
@pytest.mark.parametrize("scaling", [None, 0.7])
def test_equals_the_formula(groups: int, tokens: int, masked: str, scaling: float | None) -> None:
    import torch

    from edgejson_bench.decoding.attention import folded, slot_attention

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

    mask = {
        "": None,
        "as seen": seen[:, None],
        "folded": folded(seen[:, None], config(heads, groups), torch.float32),
        "folded for another layer": folded(seen[:, None], config(6, 2), torch.float32),
    }[masked]
    out, none = slot_attention(torch.nn.Module(), query, key, value, mask, scaling)
    assert none is None
    torch.testing.assert_close(out, expected)


@pytest.mark.parametrize(("heads", "groups", "rows"), [(6, 2, 9), (4, 4, 3), (4, None, 3)])
def test_a_mask_is_made_once_for_all_layers(heads: int, groups: int | None, rows: int) -> None:
    import torch

    from edgejson_bench.decoding.attention import folded

    seen = torch.tensor([[True, False], [True, True], [True, False]])[None, None]
    mask = folded(seen, config(heads, groups), torch.bfloat16)
    assert (mask.shape, mask.dtype) == ((1, 1, rows, 2), torch.bfloat16)
    assert mask[0, 0, :3].tolist() == [[0, -torch.inf], [0, 0], [0, -torch.inf]]
    assert folded(seen, SimpleNamespace(), torch.float32).shape == (1, 1, 3, 2)
