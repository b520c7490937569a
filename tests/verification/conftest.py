"""One honest submission, made once through the real pipeline and copied for each test that forges it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import evaluate
from edgejson_bench.latency import summarise
from tests.submissions.edits import edited, write
from tests.submitted import CLEAN_CODE, run, scripted


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of these tests are made from committed code, whatever the checkout's state."""
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


def believable(record: dict[str, Any]) -> None:
    """Scripted models say how long they took and take no time: let the whole be longer than its parts."""
    latency = record["latency"]
    for number, sample in enumerate(latency["samples"]):
        sample["end_to_end_seconds"] = 0.8 + number / 100
    record["latency"] = summarise(latency["samples"], latency["hardware"])


@pytest.fixture(scope="session")
def honest_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one submission, of one wrong answer out of six. Shared by all tests: read only."""
    folder = tmp_path_factory.mktemp("honest")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)
        directory = run(folder / "runs", scripted(wrong=1))
    edited(write(directory, folder / "submissions"), believable)
    return folder / "submissions"


@pytest.fixture
def honest(honest_root: Path, tmp_path: Path) -> Path:
    """The YAML file of a copy of it, under ``tmp_path / "submissions"``."""
    shutil.copytree(honest_root, tmp_path / "submissions")
    (path,) = (tmp_path / "submissions").glob("*/*/submission.yaml")
    return path


@pytest.fixture
def submitted(tmp_path: Path) -> Callable[..., Path]:
    """Submits another scripted model beside the honest one; returns its YAML file."""

    def submit(**identity: Any) -> Path:
        directory = run(tmp_path / "runs", scripted(wrong=1, **identity))
        return edited(write(directory, tmp_path / "submissions"), believable)

    return submit
