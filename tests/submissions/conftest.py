"""One real submission, made once and copied for each test that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgejson_bench import evaluate
from tests.submissions.edits import write
from tests.submitted import CLEAN_CODE, run, scripted


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of these tests are made from committed code, whatever the checkout's state."""
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one submission, of one wrong answer out of six. Shared by all tests: read only."""
    folder = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)
        directory = run(folder / "runs", scripted(wrong=1))
    write(directory, folder / "submissions", training_data="nothing of this")
    return folder / "submissions"


@pytest.fixture
def written(original: Path, tmp_path: Path) -> Path:
    """The YAML file of a copy of it, under ``tmp_path / "submissions"``."""
    shutil.copytree(original, tmp_path / "submissions")
    (path,) = (tmp_path / "submissions").glob("*/*/submission.yaml")
    return path
