"""The run directory: what makes two runs the same, what it refuses to take for a run, and what a crash leaves."""

from __future__ import annotations

import copy
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from edgejson_bench.errors import RunError
from edgejson_bench.records import Completion, Score, Timing
from edgejson_bench.runs import (
    COMPLETIONS,
    FORMAT_VERSION,
    MANIFEST,
    REPORT,
    SCORES,
    RunDirectory,
    completion_from_json,
    completion_to_json,
    directory_name,
    load_run,
    open_run,
    run_fingerprint,
)

MANIFEST_OF_A_RUN: dict[str, Any] = {
    "format_version": FORMAT_VERSION,
    "created": "2026-01-01T00:00:00+00:00",
    "model": {"name": "little", "revision": "r1", "extra": {"threads": 2}},
    "data": {"name": "edgejson", "fingerprint": "f1", "ids": None},
    "settings": {"stop": "json_end", "batch_size": 16},
    "environment": {"hardware": {"cores": 2}, "versions": {"torch": "2.6"}},
    "code": {"commit": "c1", "dirty": False, "digest": "d1"},
}


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest; ``a__b=1`` sets its ``["a"]["b"]``."""
    made = copy.deepcopy(MANIFEST_OF_A_RUN)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = made
        for parent in parents:
            place = place[parent]
        place[last] = value
    return made


def completion(example_id: str = "e-1", text: str = '{"a": 1}', **changes: Any) -> Completion:
    return replace(Completion(example_id, text, 20, 5, "eos"), **changes)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A new run directory, called ``run``."""
    return open_run(tmp_path, "run", manifest(), "little")


def lines(run: RunDirectory) -> list[bytes]:
    return (run.path / COMPLETIONS).read_bytes().splitlines(keepends=True)


def keep(run: RunDirectory, *completions: Completion) -> None:
    with run.appending() as writer:
        for one in completions:
            writer.write(one)


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


# Completions


def test_a_loaded_run_is_the_one_that_was_written(run: RunDirectory) -> None:
    keep(run, completion("e-1"), completion("e-2", finish_reason="length"))
    loaded = load_run(run.path)
    assert loaded.manifest == run.manifest
    assert list(loaded.completions()) == ["e-1", "e-2"]
    assert (loaded.report, loaded.latency) == (None, None)


def test_each_completion_is_on_disk_before_the_next_is_made(run: RunDirectory) -> None:
    with run.appending() as writer:
        for number in range(1, 4):
            writer.write(completion(f"e-{number}"))
            assert len(load_run(run.path).completions()) == number


texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)  # surrogates included
tokens = st.none() | st.integers(0, 10**6)
seconds = st.floats(0, 1e6)


@settings(deadline=None)
@given(
    st.builds(
        Completion,
        example_id=texts,
        text=texts,
        prompt_tokens=tokens,
        completion_tokens=tokens,
        finish_reason=st.sampled_from(["eos", "json_end", "length", "error"]),
        error=st.none() | texts,
        timing=st.none() | st.builds(Timing, seconds, seconds),
    )
)
def test_a_completion_survives_its_line(made: Completion) -> None:
    line = json.dumps(completion_to_json(made)).encode("ascii")
    assert completion_from_json(json.loads(line), "here") == made


def test_lone_surrogates_survive_the_file(run: RunDirectory) -> None:
    made = completion(text='{"a": "\ud83d"}\u2028\x00\n"\udc00')
    keep(run, made)
    assert len(lines(run)) == 1
    assert load_run(run.path).completions() == {"e-1": made}


WHOLE = completion_to_json(completion())


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**WHOLE, "score": 1}, "unknown key 'score'"),
        ({key: WHOLE[key] for key in WHOLE if key != "text"}, "'text' is missing or of the wrong type"),
        ({**WHOLE, "text": None}, "'text' is missing or of the wrong type"),
        ({**WHOLE, "example_id": 7}, "'example_id' is missing or of the wrong type"),
        ({**WHOLE, "completion_tokens": 1.5}, "'completion_tokens' is missing or of the wrong type"),
        ({**WHOLE, "completion_tokens": True}, "'completion_tokens' is missing or of the wrong type"),
        ({key: WHOLE[key] for key in WHOLE if key != "prompt_tokens"}, "prompt_tokens"),
        ({**WHOLE, "finish_reason": "stop"}, "finish_reason 'stop' is none of"),
        ({**WHOLE, "finish_reason": ["eos"]}, "is none of"),
        ({**WHOLE, "timing": {"prefill_seconds": 1.0}}, "not a completion"),
        ({**WHOLE, "timing": [1.0, 2.0]}, "'timing' is missing or of the wrong type"),
    ],
)
def test_a_row_that_is_no_completion_is_named(row: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError) as caught:
        completion_from_json(row, "completions.jsonl:3")
    assert str(caught.value).startswith("completions.jsonl:3: ")
    assert message in str(caught.value)


def test_a_broken_line_in_the_middle_is_named_and_not_dropped(run: RunDirectory) -> None:
    keep(run, completion("e-1"), completion("e-2"), completion("e-3"))
    first, second, third = lines(run)
    (run.path / COMPLETIONS).write_bytes(first + second[:20] + b"\n" + third)
    assert not run.drop_half_written_line()
    with pytest.raises(RunError, match=rf"{COMPLETIONS}:2: not a valid JSON line"):
        run.completions()


def test_a_second_completion_for_an_example_is_named(run: RunDirectory) -> None:
    keep(run, completion("e-1"), completion("e-2"), completion("e-1", text="{}"))
    with pytest.raises(RunError, match=rf"{COMPLETIONS}:3: a second completion for 'e-1'"):
        run.completions()


@pytest.mark.parametrize("left", [1, 10, -1], ids=["a-byte", "some", "all-but-the-line-end"])
def test_a_half_written_last_line_is_dropped_and_no_other(run: RunDirectory, left: int) -> None:
    keep(run, completion("e-1"), completion("e-2"))
    first, second = lines(run)
    (run.path / COMPLETIONS).write_bytes(first + second[:left])
    assert run.drop_half_written_line()
    assert lines(run) == [first]
    assert not run.drop_half_written_line()
    keep(run, completion("e-2"))
    assert lines(run) == [first, second]


def test_a_file_of_one_half_line_becomes_empty(run: RunDirectory) -> None:
    assert not run.drop_half_written_line()
    (run.path / COMPLETIONS).write_bytes(b'{"exam')
    assert run.drop_half_written_line()
    assert run.completions() == {}


# Writers


def test_a_second_writer_is_refused_and_a_later_one_is_not(run: RunDirectory) -> None:
    with run.appending(), pytest.raises(RunError, match="another process is writing this run"), run.appending():
        pass
    with FileLock(run.path / ".lock"), pytest.raises(RunError, match="another process"), run.appending():
        pass
    keep(run, completion())
    assert list(run.completions()) == ["e-1"]


def test_a_writer_that_fails_lets_go_of_the_directory(run: RunDirectory) -> None:
    def interrupted() -> None:
        with run.appending() as writer:
            writer.write(completion("e-1"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    keep(run, completion("e-2"))
    assert list(run.completions()) == ["e-1", "e-2"]


def test_a_directory_that_went_away_is_named(run: RunDirectory) -> None:
    (run.path / MANIFEST).unlink()
    run.path.rmdir()
    run.path.write_text("a file now")
    with pytest.raises(RunError, match="not writable"), run.appending():
        pass


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: what a full disk does, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 10], ids=["none", "for-a-part"])
def test_a_full_disk_is_an_error_that_keeps_what_was_there(run: RunDirectory, room: int) -> None:
    keep(run, completion("e-1"))
    (first,) = lines(run)
    with run.appending() as writer:
        with room_for(len(first) + room), pytest.raises(RunError) as caught:
            writer.write(completion("e-2"))
        assert str(run.path / COMPLETIONS) in str(caught.value)
    assert run.drop_half_written_line() is (room > 0)
    assert list(run.completions()) == ["e-1"]


def test_a_full_disk_leaves_no_half_report(run: RunDirectory) -> None:
    with room_for(10), pytest.raises(RunError) as caught:
        run.write_report([score()], {"results": {}})
    assert str(run.path) in str(caught.value)
    assert sorted(path.name for path in run.path.iterdir()) == [MANIFEST]
    assert load_run(run.path).report is None


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
