"""``submit --check``: what stands in the way of a submission, and what nobody has stated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import cli, submissions
from edgejson_bench.commands import publishing
from tests.submitted import DATASET, run, scripted


@pytest.fixture(autouse=True)
def little_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "data_of_run", lambda *_: DATASET)


def test_nothing_is_missing_of_a_complete_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = run(tmp_path / "runs", scripted())
    assert submissions.missing(directory) == []
    stated = ["--submitter", "A. Tester", "--training-data", "nothing of this"]
    assert cli.main(["submit", str(directory.path), "--check", *stated]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "can be submitted" in captured.err


def test_every_obstacle_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgejson_bench import evaluate

    dirty = {"commit": "c" * 40, "dirty": True, "digest": "d" * 64}
    monkeypatch.setattr(evaluate, "code_state", lambda: dirty)
    directory = run(tmp_path / "runs", scripted(license=None), limit=2, latency=False)
    capsys.readouterr()
    assert cli.main(["submit", str(directory.path), "--check", "--json"]) == 1
    captured = capsys.readouterr()
    said: dict[str, Any] = json.loads(captured.out)
    assert [line.partition(" ")[0] for line in said["obstacles"]] == ["is", "was"]
    assert len(said["unstated"]) == 4
    assert captured.err == f"edgejson-bench: {directory.path}: cannot be submitted\n"
    assert not (tmp_path / "submissions").exists()


def test_what_is_not_stated_is_noted_when_submitting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = run(tmp_path / "runs", scripted())
    assert cli.main(["submit", str(directory.path)]) == 0
    err = capsys.readouterr().err
    assert "what the model was trained on is not stated: --training-data TEXT" in err
    assert "who submits is not stated: --submitter NAME" in err


def test_the_hubs_forms_are_written_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = run(tmp_path / "runs", scripted())
    assert cli.main(["submit", str(directory.path), "--hub", "model"]) == 2
    assert "go together" in capsys.readouterr().err
    assert cli.main(["submit", str(directory.path), "--hub", "model", "--hub-dataset", "maker/EdgeJSON"]) == 0
    assert (tmp_path / "model" / ".eval_results" / "edgejson_form.yaml").is_file()
