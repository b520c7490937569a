"""Linear layers with packed weights: the same numbers, the same models, no memory held twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decoding.models import ARCHITECTURES, needs_packed, random_model

pytestmark = pytest.mark.torch


def logits(model: Any) -> Any:
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(1, 13)[None], use_cache=False).logits.clone()


@needs_packed
@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_every_architecture_says_the_same_with_packed_layers(name: str, dtype: str) -> None:
    import torch

    from edgejson_bench.decoding import packed

    model = random_model(name).to(getattr(torch, dtype)).requires_grad_(False)
    if not packed.usable(model.device, model.dtype):
        pytest.skip(f"this processor has no packed kernel for {dtype}")
    before, state = logits(model), {key: value.clone() for key, value in model.state_dict().items()}
    made = packed.pack(model)
    assert packed.is_packed(model) == (made > 0)
    assert made or name == "gpt2", "whose layers are transformers' own kind, but for the head"
    torch.testing.assert_close(logits(model), before, atol=1e-4 if dtype == "float32" else 0.2, rtol=0.02)
    with packed.set_aside(model):
        assert not packed.is_packed(model)
        assert torch.equal(logits(model), before)
        restored = model.state_dict()
        assert restored.keys() == state.keys()
        assert all(torch.equal(restored[key], value) for key, value in state.items())
    assert packed.is_packed(model) == (made > 0)


@needs_packed
def test_a_packed_weight_is_held_once_unless_another_layer_has_it() -> None:
    import torch

    from edgejson_bench.decoding import packed

    model = random_model("llama")
    projection, head = model.model.layers[0].mlp.up_proj, model.lm_head
    head.weight = model.model.embed_tokens.weight
    plain = projection.weight.detach().clone()
    packed.pack(model)
    layer = model.model.layers[0].mlp.up_proj
    assert isinstance(layer, packed.PackedLinear)
    assert projection.weight.numel() == 0
    assert torch.equal(layer.weight, plain), "models may look at it"
    assert isinstance(model.lm_head, packed.PackedLinear)
    assert model.model.embed_tokens.weight.numel() > 0
    with packed.set_aside(model):
        assert model.model.layers[0].mlp.up_proj is projection
        assert model.lm_head.weight is model.model.embed_tokens.weight
    assert projection.weight.numel() == 0


@needs_packed
def test_the_layer_is_right_for_any_shape_of_input_and_with_a_bias() -> None:
    import torch

    from edgejson_bench.decoding.packed import PackedLinear

    torch.manual_seed(0)
    linear = torch.nn.Linear(40, 56).requires_grad_(False)
    layer = PackedLinear(linear, shared=True)
    assert layer.bias is linear.bias
    wide = torch.randn(3, 9, 40)
    for x in (wide, wide[:, 2:5], wide.transpose(0, 1), wide[0], wide[0, 0], wide[:, :0]):
        torch.testing.assert_close(layer(x), linear(x))


@needs_packed
def test_narrow_layers_and_subclasses_stay_as_they_are() -> None:
    import torch

    from edgejson_bench.decoding import packed

    class Own(torch.nn.Linear):
        """Does what only its author knows."""

    class Model(torch.nn.Module):
        device, dtype = torch.device("cpu"), torch.float32

        def __init__(self) -> None:
            super().__init__()
            self.narrow, self.own = torch.nn.Linear(64, 16), Own(64, 64)
            self.other, self.wide = torch.nn.Linear(64, 64, dtype=torch.float64), torch.nn.Linear(64, 64)

    model = Model()
    assert packed.pack(model) == 1
    assert [name for name, layer in model.named_modules() if isinstance(layer, packed.PackedLinear)] == ["wide"]


@pytest.mark.parametrize("missing", ["processor", "library", "device", "number type"])
def test_nothing_is_packed_where_there_are_no_kernels(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from edgejson_bench.decoding import packed

    model = random_model("llama")
    if missing == "processor":
        monkeypatch.setattr(packed.platform, "machine", lambda: "aarch64")
    elif missing == "library":
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    elif missing == "device":
        model = model.to("meta")
    else:
        model = model.to(torch.float16)
    assert packed.pack(model) == 0
    assert not packed.is_packed(model)
