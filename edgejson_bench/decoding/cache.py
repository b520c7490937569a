"""The key-value cache of the decoding engine: one flat buffer per layer, written in place, a slot per row.

transformers' own dynamic cache copies all it holds at every token; on a memory-bound CPU that copy costs
as much as the model. Here each token is written where it belongs and attention gets a view.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer


class Slots:
    """How many tokens each slot holds, and which slots the next forward pass is about.

    Either one slot is being *filled* (a pass over one prompt, or one row decoded alone), or the first
    ``active`` slots take one token each.
    """

    def __init__(self, rows: int, capacity: int, device: torch.device) -> None:
        self.rows = rows
        self.capacity = capacity
        self.lengths = [0] * rows
        self.filling: int | None = None
        self.device = device
        self._row_index = torch.arange(rows, device=device)
        self._positions = torch.arange(capacity, device=device)

    def ends(self, active: int) -> torch.Tensor:
        """Write positions of the first ``active`` slots, shape [active]."""
        return torch.tensor(self.lengths[:active], device=self.device)

    def row_index(self, active: int) -> torch.Tensor:
        """0, 1, ... ``active`` - 1, shape [active]."""
        return self._row_index[:active]

    def mask(self, ends: torch.Tensor) -> torch.Tensor:
        """Which positions a decode step may see, shape [active, 1, 1, longest + 1], boolean."""
        longest = max(self.lengths[: len(ends)])
        return (self._positions[: longest + 1] <= ends[:, None])[:, None, None]


class SlotLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values, shape [slots, heads, capacity, head_dim] each."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self.slots = slots
        self.ends: torch.Tensor | None = None

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Reserve the buffers; on Linux, memory is taken only as tokens are written."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self.keys, self.values = (
            torch.empty(self.slots.rows, s.shape[1], self.slots.capacity, s.shape[3], dtype=s.dtype, device=s.device)
            for s in (key_states, value_states)
        )
        self.is_initialized = True

    def get_seq_length(self) -> int:
        """Tokens that the slot being filled holds; transformers derives positions and the causal mask from it."""
        slots = self.slots
        return slots.lengths[slots.filling] if slots.filling is not None else max(slots.lengths)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new tokens and return views of all that the queries may look at."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        slots = self.slots
        if slots.filling is not None:
            row, start = slots.filling, slots.lengths[slots.filling]
            end = start + key_states.shape[2]
            self.keys[row, :, start:end] = key_states[0]
            self.values[row, :, start:end] = value_states[0]
            return self.keys[row : row + 1, :, :end], self.values[row : row + 1, :, :end]
        active = key_states.shape[0]
        rows, ends = slots.row_index(active), slots.ends(active) if self.ends is None else self.ends
        self.keys[rows, :, ends] = key_states[:, :, 0]
        self.values[rows, :, ends] = value_states[:, :, 0]
        longest = max(slots.lengths[:active]) + 1
        return self.keys[:active, :, :longest], self.values[:active, :, :longest]


class SlotCache(Cache):  # type: ignore[misc]
    """The layers of one model, and the moves that concern all of them."""

    def __init__(self, model: Any, rows: int, capacity: int) -> None:
        self.slots = Slots(rows, capacity, model.device)
        super().__init__(layers=[SlotLayer(self.slots) for _ in range(model.config.num_hidden_layers)])

    def copy_prefix(self, row: int, length: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Keys and values of the first ``length`` tokens of a slot, per layer, each [heads, length, head_dim]."""
        return [(layer.keys[row, :, :length].clone(), layer.values[row, :, :length].clone()) for layer in self.layers]

    def put_prefix(self, row: int, prefix: list[tuple[torch.Tensor, torch.Tensor]], length: int) -> None:
        """Begin a slot with what :meth:`copy_prefix` returned."""
        for layer, (keys, values) in zip(self.layers, prefix, strict=True):
            layer.keys[row, :, :length] = keys
            layer.values[row, :, :length] = values
        self.slots.lengths[row] = length

    def move(self, source: int, target: int) -> None:
        """Put one slot's content in the place of another's."""
        length = self.slots.lengths[source]
        for layer in self.layers:
            layer.keys[target, :, :length] = layer.keys[source, :, :length]
            layer.values[target, :, :length] = layer.values[source, :, :length]
        self.slots.lengths[target] = length


def fits(model: Any) -> bool:
    """Whether the slot cache is right for ``model``: every layer attends to all earlier tokens, through SDPA.

    Sliding windows, linear attention and state-space layers keep other state, and other attention
    implementations want other masks; such models are decoded one at a time with their own cache.
    """
    layers = DynamicCache(config=model.config).layers
    return model.config._attn_implementation == "sdpa" and all(type(layer) is DynamicLayer for layer in layers)
