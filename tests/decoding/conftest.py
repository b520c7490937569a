"""What the decoding tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def poisoned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cache find NaN in all memory it reserves, as it may wherever other numbers were before."""
    import torch

    from edgejson_bench.decoding import cache

    empty = torch.empty

    def poisoned(*shape: int, **options: Any) -> Any:
        memory = empty(*shape, **options)
        return memory.fill_(float("nan")) if memory.is_floating_point() else memory

    monkeypatch.setattr(cache.torch, "empty", poisoned)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These models are too small to share out: waiting for a second thread on a busy machine takes all the time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
