"""The dropout of LoRA on a CPU."""

from __future__ import annotations

import pytest
import torch

from edgejson_bench.training.dropout import MaskedDropout
from tests.training import made


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_are_dropped_at_the_rate_and_the_others_grow_to_keep_the_mean(dtype):
    torch.manual_seed(0)
    out = MaskedDropout(0.1, place=0)(torch.ones(1, 999, 1001, dtype=dtype))
    assert out.dtype == dtype
    # a standard deviation is 0.0003
    assert (out == 0).float().mean().item() == pytest.approx(0.1, abs=0.0015)
    assert out[out != 0].unique().tolist() == pytest.approx([1 / 0.9], rel=0.01 if dtype == torch.bfloat16 else 1e-4)


def test_neighbours_are_dropped_independently():
    """Four values share one draw of the generator."""
    torch.manual_seed(1)
    dropped = MaskedDropout(0.5, place=0)(torch.ones(1_000_000)).view(-1, 4) == 0
    both = torch.tensor([[(dropped[:, a] & dropped[:, b]).float().mean() for a in range(4)] for b in range(4)])
    expected = torch.full((4, 4), 0.25).fill_diagonal_(0.5)
    assert torch.allclose(both, expected, atol=0.005)


def test_gradients_flow_where_values_were_kept():
    torch.manual_seed(2)
    x = torch.randn(64, 64, requires_grad=True)
    out = MaskedDropout(0.3, place=0)(x)
    out.sum().backward()
    assert torch.equal(x.grad == 0, out == 0)
    assert torch.allclose(out, x * x.grad)


def test_evaluation_changes_nothing_and_training_follows_the_seed():
    dropout, x = MaskedDropout(0.2, place=0), torch.randn(8, 8)
    torch.manual_seed(3)
    first = dropout(x)
    second = dropout(x)
    torch.manual_seed(3)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(first, second)
    assert dropout.eval()(x) is x


def test_two_dropouts_of_one_compiled_function_draw_apart():
    """The compiler takes two calls of one operator with the same arguments for one."""
    one, other = MaskedDropout(0.5, place=0), MaskedDropout(0.5, place=1)
    both = torch.compile(lambda x: (one(x), other(x)), backend="aot_eager")
    first, second = both(torch.ones(1000, requires_grad=True))
    assert not torch.equal(first, second)


def test_each_module_of_a_layer_has_its_own_place_and_layers_share_them(tiny_model_dir):
    network = made.network(made.recipe(tiny_model_dir, adaptation={"dropout": 0.1}))
    places: dict[str, set[int]] = {}
    for name, module in network.model.named_modules():
        assert not isinstance(module, torch.nn.Dropout)
        if isinstance(module, MaskedDropout):
            places.setdefault(name.split(".")[-3], set()).add(module.place)
    assert len(places) == 7
    assert sorted(places.values(), key=min) == [{place} for place in range(7)]
