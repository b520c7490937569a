"""What the tests of the benchmark scripts share: each script as a module, and its last line."""

from __future__ import annotations

import importlib
import json
import shutil
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], types.ModuleType]:
    """A script by name. It is run with its own folder on the path, so here, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr(importlib.import_module("common"), "LOOK_SECONDS", 0)
    return importlib.import_module


@pytest.fixture
def last_line(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """The record that a script printed as its last line."""

    def read() -> dict[str, Any]:
        record: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return record

    return read


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Tiny models are too small to share out: waiting for a second thread on a busy machine takes all the time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def adapter_here(tiny_model_dir: Path, tiny_adapter_dir: Path, tmp_path: Path) -> Path:
    """The tiny adapter with the tiny model's folder as its base."""
    adapter = Path(shutil.copytree(tiny_adapter_dir, tmp_path / "adapter"))
    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    config["base_model_name_or_path"] = str(tiny_model_dir)
    (adapter / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    return adapter


@pytest.fixture
def short_answers(script: Callable[[str], types.ModuleType], monkeypatch: pytest.MonkeyPatch) -> int:
    """A budget of so many tokens for every prompt: the tiny tokenizer makes a thousand of a gold."""
    from dataclasses import replace

    common, cap = script("common"), 10
    build = common.build_prompts
    monkeypatch.setattr(common, "build_prompts", lambda *given: [replace(p, max_new_tokens=cap) for p in build(*given)])
    return cap
