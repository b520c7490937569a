"""The key-value cache of the decoding engine: one flat buffer per layer, written in place, a slot per row.

transformers' own dynamic cache copies all it holds at every token; on a memory-bound CPU that copy costs
as much as the model. Here each token is written where it belongs, attention gets a view, and tokens that
turn out wrong are simply not counted.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

from edgejson_bench.decoding import attention

State = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of some tokens of one row, per layer, each [heads, tokens, head_dim]."""

CLEARED_AHEAD = 64
"""Tokens cleared beyond those needed, so that few passes have anything to clear."""


class Slots:
    """How many tokens each slot holds, and where the next forward pass writes."""

    def __init__(self, rows: int, capacity: int, device: torch.device) -> None:
        self.rows = rows
        self.capacity = capacity
        self.lengths = [0] * rows
        self.device = device
        self.first = 0
        """First slot of the pass; it concerns this one and those after it, as many as there are inputs."""
        self.longest = 0
        """Tokens that the longest of those slots will hold after the pass."""
        self.positions = torch.empty(0)
        """Where the pass writes, shape [slots, tokens]."""
        self._arange = torch.arange(capacity, device=device)

    def plan(self, first: int, count: int, tokens: int) -> torch.Tensor:
        """Prepare a pass of ``tokens`` tokens for each of ``count`` slots.

        Returns what they may see: boolean, shape [count, 1, tokens, longest].
        """
        ends = torch.tensor(self.lengths[first : first + count], device=self.device)
        self.first = first
        self.longest = max(self.lengths[first : first + count]) + tokens
        self.positions = ends[:, None] + self._arange[:tokens]
        return (self._arange[: self.longest] <= self.positions[:, :, None])[:, None]


class SlotLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values, shape [slots, heads, capacity, head_dim] each."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self.slots = slots
        self.cleared = 0
        """Tokens of every slot that hold written or cleared numbers; what lies beyond is whatever memory held."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Reserve the buffers; on Linux, memory is taken only as tokens are written."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self.keys, self.values = (
            torch.empty(self.slots.rows, s.shape[1], self.slots.capacity, s.shape[3], dtype=s.dtype, device=s.device)
            for s in (key_states, value_states)
        )
        self.is_initialized = True

    def get_seq_length(self) -> int:
        """Tokens that the first slot of the pass holds."""
        return self.slots.lengths[self.slots.first]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new tokens and return views of all that the queries may look at."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        slots, (count, _heads, tokens, _dim) = self.slots, key_states.shape
        self._clear(slots.longest)
        if count == 1:
            row, start = slots.first, slots.lengths[slots.first]
            self.keys[row, :, start : start + tokens] = key_states[0]
            self.values[row, :, start : start + tokens] = value_states[0]
        else:
            rows = torch.arange(slots.first, slots.first + count, device=slots.device)[:, None]
            self.keys[rows, :, slots.positions] = key_states.transpose(1, 2)
            self.values[rows, :, slots.positions] = value_states.transpose(1, 2)
        seen = (slice(slots.first, slots.first + count), slice(None), slice(0, slots.longest))
        return self.keys[seen], self.values[seen]

    def _clear(self, length: int) -> None:
        """Zero what comes into view: a NaN left in fresh memory would pass the mask, as 0 x NaN in a shorter row."""
        if length > self.cleared:
            fresh = slice(self.cleared, min(self.slots.capacity, length + CLEARED_AHEAD))
            self.keys[:, :, fresh] = 0
            self.values[:, :, fresh] = 0
            self.cleared = fresh.stop


class SlotCache(Cache):  # type: ignore[misc]
    """The layers of one model, and the moves that concern all of them."""

    def __init__(self, model: Any, rows: int, capacity: int) -> None:
        self.slots = Slots(rows, capacity, model.device)
        super().__init__(layers=[SlotLayer(self.slots) for _ in range(model.config.num_hidden_layers)])

    def copy_prefix(self, row: int, length: int) -> State:
        """Keys and values of the first ``length`` tokens of a slot."""
        return [(layer.keys[row, :, :length].clone(), layer.values[row, :, :length].clone()) for layer in self.layers]

    def put_prefix(self, row: int, state: State, length: int) -> None:
        """Begin a slot with what :meth:`copy_prefix` returned."""
        for layer, (keys, values) in zip(self.layers, state, strict=True):
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
    """Whether the slot cache is right for ``model``: every layer attends to all earlier tokens, through SDPA or ours.

    Sliding windows, linear attention and state-space layers keep other state, and other attention
    implementations want other masks; so do models (Falcon) that keep to their own attention whatever is set.
    Such models are decoded one at a time with their own cache.
    """
    layers = DynamicCache(config=model.config).layers
    return (
        model.config._attn_implementation in ("sdpa", attention.NAME)
        and model._can_set_attn_implementation()
        and all(type(layer) is DynamicLayer for layer in layers)
    )
