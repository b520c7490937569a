"""Linear layers whose weights lie as oneDNN's kernels read them, on x86 CPUs.

PyTorch's own product puts the weight in order for its kernel at every call. For the few tokens that a decoding pass
has, that costs more than the product: done once, products of 16 tokens in float32 take less than half of the time, and
those of 256 three quarters. The sums are the same but for their order.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

X86 = ("x86_64", "AMD64")
"""Where this was measured; elsewhere oneDNN is built upon other libraries, or not there."""
TOKENS = 64
"""Tokens of a pass that the order is chosen for. Any number is right, and those chosen for 1 and 16 were no faster."""
NARROW = 32
"""Layers with fewer inputs or outputs, as adapters have, stay as they are: there is nothing to gain."""


class PackedLinear(torch.nn.Module):
    """What ``linear`` computes, without gradients. Its weight is not held twice, unless another layer has it."""

    def __init__(self, linear: torch.nn.Linear, *, shared: bool) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self._packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), TOKENS)
        self._linear = (linear,)  # in a tuple, so that it is no layer of this one
        self._shared = shared
        self.empty()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` [..., inputs] to [..., outputs]."""
        out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")
        return out

    @property
    def weight(self) -> torch.Tensor:
        """A copy of the weight in plain order, for models that look at it."""
        weight: torch.Tensor = self._packed.to_dense()
        return weight

    @property
    def bias(self) -> torch.Tensor | None:
        """The layer's own."""
        return self._linear[0].bias

    def filled(self) -> torch.nn.Linear:
        """The layer that this one was made of, with its weight, bit by bit the same."""
        linear = self._linear[0]
        if not self._shared:
            linear.weight.data = self.weight
        return linear

    def empty(self) -> None:
        """Give the memory of the plain weight back."""
        if not self._shared:
            weight = self._linear[0].weight
            weight.data = weight.data.new_empty(0)


def usable(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether there are kernels here for such weights."""
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if device.type != "cpu" or platform.machine() not in X86 or not there:
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32


def pack(model: Any) -> int:
    """Put packed layers in the place of the linear ones of ``model``, whose weights must not change any more.

    Returns how many there are: none where this machine has no kernels for them.
    """
    if not usable(model.device, model.dtype):
        return 0
    linear = [(name, module) for name, module in model.named_modules() if type(module) is torch.nn.Linear]
    holders: dict[int, int] = {}
    for module in model.modules():
        for weight in module.parameters(recurse=False):
            holders[id(weight)] = holders.get(id(weight), 0) + 1
    made = 0
    for name, module in linear:
        if min(module.weight.shape) >= NARROW and module.weight.dtype == model.dtype:
            model.set_submodule(name, PackedLinear(module, shared=holders[id(module.weight)] > 1))
            made += 1
    return made


def is_packed(model: Any) -> bool:
    """Whether :func:`pack` found anything in ``model``."""
    return any(isinstance(layer, PackedLinear) for layer in model.modules())


@contextmanager
def set_aside(model: Any) -> Iterator[None]:
    """The linear layers of ``model`` as they were before :func:`pack`, for as long as the block runs."""
    packed = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, PackedLinear)]
    for name, layer in packed:
        model.set_submodule(name, layer.filled())
    try:
        yield
    finally:
        for name, layer in packed:
            model.set_submodule(name, layer)
            layer.empty()
