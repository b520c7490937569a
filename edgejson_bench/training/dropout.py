"""LoRA's dropout on a CPU, with a mask drawn 16 random bits a value at a time.

torch draws one number of its generator for each value, which takes a third of a training step with the published
dropout; compiled, it takes longer still. Here one 64-bit draw decides four values.
"""

from __future__ import annotations

from typing import Any

import torch

LEVELS = 1 << 16
"""Values of 16 bits: a rate is kept to within 1 in 131,072."""


@torch.library.custom_op("edgejson_bench::draws", mutates_args=())
def _draws(like: torch.Tensor, _place: int) -> torch.Tensor:
    """Random 16-bit integers, all equally likely, in the shape of ``like``.

    Args:
        like: on the CPU; its values are not read.
        _place: not used; torch.compile takes two calls of the same arguments for one, and these draw anew.
    """
    count = like.numel()
    bits = torch.empty((count + 3) // 4, dtype=torch.int64).random_(torch.iinfo(torch.int64).min, None)
    return bits.view(torch.int16)[:count].view(like.shape)


@_draws.register_fake
def _(like: torch.Tensor, _place: int) -> torch.Tensor:
    return like.new_empty(like.shape, dtype=torch.int16)


class MaskedDropout(torch.nn.Module):
    """Dropout of values on the CPU: each is zero with probability ``p``, else divided by ``1 - p``.

    Args:
        p: below 1; rounded to 16 bits.
        place: differs between the dropouts of one layer, and not between layers, so that compiled code serves all.
    """

    def __init__(self, p: float, place: int) -> None:
        super().__init__()
        dropped = min(round(p * LEVELS), LEVELS - 1)
        self.least_kept = dropped - LEVELS // 2
        self.scale = LEVELS / (LEVELS - dropped)
        self.place = place

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` in evaluation; a thinned one in training."""
        if not self.training:
            return x
        draws: torch.Tensor = torch.ops.edgejson_bench.draws(x.detach(), self.place)
        return x * ((draws >= self.least_kept) * self.scale).to(x.dtype)


def use_masks(model: Any) -> None:
    """Put :class:`MaskedDropout` in the place of every dropout of a PEFT model's LoRA layers; the model is changed."""
    places: dict[str, int] = {}
    for name, module in model.named_modules():
        for adapter, dropout in getattr(module, "lora_dropout", {}).items():
            if isinstance(dropout, torch.nn.Dropout):
                place = places.setdefault(name.rpartition(".")[2], len(places))
                module.lora_dropout[adapter] = MaskedDropout(dropout.p, place)
