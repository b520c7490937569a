"""Completions on disk: each is there before the next, a crash or a full disk costs none, and broken lines are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from edgejson_bench.errors import RunError
from edgejson_bench.records import Completion, Timing
from edgejson_bench.runs import COMPLETIONS, MANIFEST, RunDirectory, completion_from_json, completion_to_json, load_run
from tests.run_directories import completion, keep, lines, new_run, room_for


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return new_run(tmp_path)


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
