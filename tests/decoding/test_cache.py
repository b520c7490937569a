"""The slot cache: what a pass may see, that content moves whole, and for which models it is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.decoding.models import random_model

pytestmark = pytest.mark.torch

LAYERS, HEADS, DIM = 2, 2, 4


def cache_of(rows: int, capacity: int) -> Any:
    """An empty cache of a model that exists only as far as the cache looks at it."""
    from types import SimpleNamespace

    import torch

    from edgejson_bench.decoding.cache import SlotCache

    config = SimpleNamespace(num_hidden_layers=LAYERS)
    return SlotCache(SimpleNamespace(device=torch.device("cpu"), config=config), rows, capacity)


def write(cache: Any, first: int, tokens: list[list[float]]) -> list[Any]:
    """One pass that writes a number per token, plus a tenth of the layer's index; returns each layer's view of keys."""
    import torch

    new = torch.tensor(tokens)[:, None, :, None].expand(-1, HEADS, -1, DIM)
    cache.slots.plan(first, len(tokens), len(tokens[0]))
    views = [cache.update(new + index / 10, -new - index / 10, index)[0] for index in range(LAYERS)]
    for row in range(len(tokens)):
        cache.slots.lengths[first + row] += len(tokens[0])
    return views


def held(cache: Any, row: int) -> list[list[float]]:
    """The numbers a slot holds, per layer; keys and values must agree."""
    length = cache.slots.lengths[row]
    for layer in cache.layers:
        assert layer.values[row, :, :length].equal(-layer.keys[row, :, :length])
    return [[round(x, 3) for x in layer.keys[row, 0, :length, 0].tolist()] for layer in cache.layers]


def test_a_pass_sees_what_its_slot_holds_and_itself() -> None:
    cache = cache_of(3, 8)
    cache.slots.lengths = [0, 3, 1]
    seen = cache.slots.plan(1, 2, 2)
    assert cache.slots.longest == 5
    assert cache.slots.positions.tolist() == [[3, 4], [1, 2]]
    assert seen[:, 0].int().tolist() == [[[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]], [[1, 1, 0, 0, 0], [1, 1, 1, 0, 0]]]


def test_rows_of_different_length_are_written_behind_their_own_ends() -> None:
    cache = cache_of(2, 8)
    write(cache, 0, [[1, 2, 3]])
    write(cache, 1, [[7]])
    views = write(cache, 0, [[4, 5], [8, 9]])
    assert held(cache, 0) == [[1, 2, 3, 4, 5], [1.1, 2.1, 3.1, 4.1, 5.1]]
    assert held(cache, 1) == [[7, 8, 9], [7.1, 8.1, 9.1]]
    assert [tuple(view.shape) for view in views] == [(2, HEADS, 5, DIM)] * LAYERS


def test_tokens_that_are_not_counted_are_overwritten() -> None:
    cache = cache_of(1, 8)
    write(cache, 0, [[1, 2, 3]])
    cache.slots.lengths[0] = 1
    write(cache, 0, [[9]])
    assert held(cache, 0)[0] == [1, 9]


def test_a_prefix_is_a_copy_and_begins_another_slot() -> None:
    cache = cache_of(2, 8)
    write(cache, 0, [[1, 2, 3]])
    state = cache.copy_prefix(0, 2)
    cache.slots.lengths[0] = 0
    write(cache, 0, [[6, 6, 6]])
    cache.put_prefix(1, state, 2)
    assert held(cache, 1) == [[1, 2], [1.1, 2.1]]


def test_a_slot_moves_whole() -> None:
    cache = cache_of(3, 8)
    write(cache, 2, [[1, 2]])
    write(cache, 0, [[5, 6, 7, 8]])
    cache.move(2, 0)
    assert held(cache, 0) == held(cache, 2) == [[1, 2], [1.1, 2.1]]


def test_nothing_left_in_memory_comes_into_view(poisoned_memory: None) -> None:
    cache = cache_of(2, 200)
    write(cache, 0, [[1, 2, 3]])
    for tokens in (1, 70, 100):
        for view in write(cache, 0, [[1.0] * tokens, [2.0] * tokens]):
            assert view.isfinite().all()


def test_a_llama_through_sdpa_fits(tiny_model_dir: Path) -> None:
    from transformers import AutoModelForCausalLM

    from edgejson_bench.decoding.cache import fits

    assert fits(AutoModelForCausalLM.from_pretrained(tiny_model_dir))
    assert not fits(AutoModelForCausalLM.from_pretrained(tiny_model_dir, attn_implementation="eager"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qwen2", True),
        ("qwen3", True),
        ("gpt2", True),
        ("neox", True),
        ("opt", True),
        ("qwen2, sliding window in one layer", False),
        ("mistral, sliding window", False),
        ("gemma3", False),
        ("falcon, alibi", False),
        ("lfm2", False),
        ("mamba", False),
    ],
)
def test_fits_only_where_every_layer_attends_to_everything(name: str, expected: bool) -> None:
    from edgejson_bench.decoding.cache import fits

    assert fits(random_model(name)) is expected
