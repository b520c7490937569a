"""The run directory: what makes two runs the same, what it refuses to take for a run, and when it has a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import RunError
from edgejson_bench.records import Score
from edgejson_bench.runs import (
    FORMAT_VERSION,
    MANIFEST,
    REPORT,
    SCORES,
    RunDirectory,
    directory_name,
    load_run,
    open_run,
    run_fingerprint,
)
from tests.run_directories import MANIFEST_OF_A_RUN, completion, keep, manifest, new_run, room_for


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return new_run(tmp_path)


# What is the same run


@pytest.mark.parametrize("change", [{"created": "2027-02-02"}, {"code__commit": "c2"}])
def test_when_and_from_which_commit_of_the_same_code_does_not_make_another_run(change: dict[str, Any]) -> None:
    assert run_fingerprint(manifest(**change)) == run_fingerprint(manifest())


@pytest.mark.parametrize(
    "change",
    [
        {"model__revision": "r2"},
        {"model__extra": {"threads": 1}},
        {"data__fingerprint": "f2"},
        {"data__ids": ["e-1"]},
        {"settings__stop": "eos"},
        {"settings__batch_size": 1},
        {"environment__hardware": {"cores": 4}},
        {"environment__versions": {"torch": "2.7"}},
        {"code__digest": "d2"},
        {"code__dirty": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_can_move_a_score_makes_another_run(change: dict[str, Any]) -> None:
    assert run_fingerprint(manifest(**change)) != run_fingerprint(manifest())


def test_the_same_run_is_taken_up_and_keeps_its_first_manifest(run: RunDirectory) -> None:
    first = (run.path / MANIFEST).read_bytes()
    keep(run, completion())
    again = open_run(run.path.parent, "run", manifest(created="later", code__commit="c2"), "little")
    assert again.completions() == {"e-1": completion()}
    assert (run.path / MANIFEST).read_bytes() == first
    assert again.manifest["created"] == MANIFEST_OF_A_RUN["created"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model__revision": "r2"}, "model.revision"),
        ({"settings__batch_size": 1, "settings__stop": "eos"}, "settings.batch_size, settings.stop"),
        ({"environment__hardware": {"cores": 2, "gpu": "x"}}, "environment.hardware.gpu"),
        ({"environment__hardware": None}, "environment.hardware"),
    ],
    ids=["one", "two", "a-new-key", "a-part-that-is-gone"],
)
def test_another_run_in_the_same_directory_is_refused_by_what_differs(
    run: RunDirectory, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(RunError, match="belongs to another run") as caught:
        open_run(run.path.parent, "run", manifest(**change), "little")
    assert f"(different: {named})" in str(caught.value)
    assert "--run-dir" in str(caught.value)


def test_of_many_differences_four_are_named(run: RunDirectory) -> None:
    other = manifest(model=dict.fromkeys("abcdef", 0))
    with pytest.raises(RunError, match=r"\(different: model\.a, model\.b, model\.c, model\.d, \.\.\.\)"):
        open_run(run.path.parent, "run", other, "little")


@pytest.mark.parametrize(
    ("model", "start"),
    [
        ("Maaza-SLM-360M", "maaza-slm-360m-"),
        ("SmolLM2-135M-Instruct (Q4_1, dequantised)", "smollm2-135m-instruct-q4_1-dequantised-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("模型", "model-"),
        ("...", "model-"),
        ("a" * 300, "a" * 60 + "-"),
    ],
)
def test_a_directory_is_named_after_model_and_fingerprint(model: str, start: str) -> None:
    assert directory_name(model, "0123456789abcdef") == f"{start}0123456789ab"


def test_without_a_name_each_run_has_its_own_directory(tmp_path: Path) -> None:
    one, same, other = (
        open_run(tmp_path / "runs", None, made, "little")
        for made in (manifest(), manifest(), manifest(settings__batch_size=1))
    )
    assert one.path == same.path != other.path
    assert one.path.name == directory_name("little", one.manifest["fingerprint"])


# What is no run directory


def test_a_directory_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("dear diary")
    with pytest.raises(RunError, match=r"holds files but no manifest\.json.*choose another --run-dir"):
        open_run(tmp_path, "notes", manifest(), "little")
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["diary.txt"]


def test_an_empty_directory_may_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert open_run(tmp_path, "run", manifest(), "little").completions() == {}


def test_a_file_is_no_run_directory(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="is a file, not a directory"):
        open_run(tmp_path, "run", manifest(), "little")
    with pytest.raises(RunError, match=r"not writable \(Not a directory\); choose another"):
        open_run(tmp_path / "run", "below", manifest(), "little")
    with pytest.raises(RunError, match="no such run directory"):
        load_run(tmp_path / "run")


def test_a_place_where_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "gone" / "away")
    with pytest.raises(RunError, match=r"dangling"):
        open_run(tmp_path, "dangling", manifest(), "little")
    with pytest.raises(RunError, match="not writable"):
        open_run(tmp_path, "n" * 300, manifest(), "little")


def _alter(manifest: dict[str, Any]) -> None:
    manifest["model"]["name"] = "Large"


def _of_the_future(manifest: dict[str, Any]) -> None:
    manifest["format_version"] = FORMAT_VERSION + 1


def _without_fingerprint(manifest: dict[str, Any]) -> None:
    del manifest["fingerprint"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_alter, "was altered after it was written"),
        (_without_fingerprint, "was altered after it was written"),
        (_of_the_future, f"not a run manifest of format {FORMAT_VERSION}"),
    ],
)
def test_a_manifest_that_was_changed_is_refused(
    run: RunDirectory, edit: Callable[[dict[str, Any]], None], message: str
) -> None:
    path = run.path / MANIFEST
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(RunError, match=message):
        load_run(run.path)
    with pytest.raises(RunError, match=message):
        open_run(run.path.parent, "run", manifest(), "little")


@pytest.mark.parametrize(
    ("content", "message"),
    [("[]", "not a run manifest"), ("{", ":1: not valid JSON"), ("", ":1: not valid JSON")],
)
def test_a_manifest_that_is_none_is_refused(run: RunDirectory, content: str, message: str) -> None:
    (run.path / MANIFEST).write_text(content)
    with pytest.raises(RunError, match=message):
        load_run(run.path)


def test_a_directory_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"manifest\.json: no such file"):
        load_run(tmp_path)


# Reports


def score(example_id: str = "e-1") -> Score:
    return Score(example_id, "lamp", "simple", "form", True, 1.0, True, True, True, None, "eos")


def test_scores_and_report_are_written_report_last(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    replace_file = Path.replace

    def noted(self: Path, target: Path) -> Path:
        written.append(Path(target).name)
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    run.write_report([score("e-1"), score("é-2")], {"results": {"n": 2}})
    assert written == [SCORES, REPORT]
    assert run.report == {"results": {"n": 2}}
    rows = [json.loads(line) for line in (run.path / SCORES).read_text(encoding="utf-8").splitlines()]
    assert [row["example_id"] for row in rows] == ["e-1", "é-2"]
    assert rows[0]["json_exact"] is True


def test_a_report_with_a_number_that_json_lacks_is_never_written(run: RunDirectory) -> None:
    with pytest.raises(ValueError):
        run.write_report([score()], {"value": float("nan")})
    assert run.report is None


def test_a_latency_is_kept_and_a_broken_one_named(run: RunDirectory) -> None:
    run.write_latency({"n": 3})
    assert run.latency == {"n": 3}
    (run.path / "latency.json").write_text('{"n":')
    with pytest.raises(RunError, match=r"latency\.json:1: not valid JSON"):
        _ = run.latency


def test_a_full_disk_leaves_no_half_report(run: RunDirectory) -> None:
    with room_for(10), pytest.raises(RunError) as caught:
        run.write_report([score()], {"results": {}})
    assert str(run.path) in str(caught.value)
    assert sorted(path.name for path in run.path.iterdir()) == [MANIFEST]
    assert load_run(run.path).report is None
