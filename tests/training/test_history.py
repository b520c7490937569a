"""The history file: what is appended is read back, what a killed training left half-written goes, the rest is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgejson_bench.errors import TrainingError
from edgejson_bench.training.history import FILE, HeldOut, History, HistoryFile, Step


def step(number: int) -> Step:
    return Step(number, 1 + number // 3, 1 / number, {"complex": 0.25, "simple": 1e-9}, 2000, 300, 0.002, 1.5, 0.75)


def look(number: int) -> HeldOut:
    exact = {"all": (1, 2), "simple": (1, 2)}
    return HeldOut(number, number // 2, {"all": 0.5}, exact, 12.5, {"rating-train-1-form": True, "b": False})


RECORDS = (look(0), step(1), step(2), look(2), step(3), step(4), look(4))


@pytest.fixture
def written(tmp_path: Path) -> HistoryFile:
    file = HistoryFile(tmp_path)
    for record in RECORDS:
        file.append(record)
    return file


def steps_and_looks(file: HistoryFile) -> tuple[list[int], list[int]]:
    history = file.read()
    return [one.step for one in history.steps], [one.step for one in history.held_out]


def test_what_is_appended_is_read_back(written: HistoryFile, tmp_path: Path) -> None:
    expected = History(
        tuple(one for one in RECORDS if isinstance(one, Step)),
        tuple(one for one in RECORDS if isinstance(one, HeldOut)),
    )
    assert written.read() == expected
    assert HistoryFile(tmp_path).read() == expected


def test_each_record_is_one_line_that_says_its_kind(written: HistoryFile) -> None:
    lines = written.path.read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == [
        "step" if isinstance(one, Step) else "held_out" for one in RECORDS
    ]


def test_a_look_that_does_not_say_which_answers_were_exact_is_read(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.append(look(0))
    plain = json.loads(file.path.read_text())
    del plain["answers"]
    file.path.write_text(json.dumps(plain) + "\n")
    (read,) = file.read().held_out
    assert (read.json_exact, read.answers) == (look(0).json_exact, {})


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.cut_back_to(3, looked=3)
    assert file.read() == History((), ())
    assert not file.path.exists()


@pytest.mark.parametrize(
    ("back_to", "steps", "looks"),
    [
        (0, [], [0]),
        (1, [1], [0]),
        (2, [1, 2], [0, 2]),
        (3, [1, 2, 3], [0, 2]),
        (4, [1, 2, 3, 4], [0, 2, 4]),
        (9, [1, 2, 3, 4], [0, 2, 4]),
    ],
)
@pytest.mark.parametrize("half", ["", '{"kind": "step", "st', "{", "\0\0\0", '{"kind": "step", "step": 1}'])
def test_going_on_from_a_checkpoint_drops_what_came_after_and_a_half_written_line(
    written: HistoryFile, back_to: int, steps: list[int], looks: list[int], half: str
) -> None:
    with written.path.open("a") as file:
        file.write(half)
    written.cut_back_to(back_to, looked=back_to)
    assert steps_and_looks(written) == (steps, looks)
    written.append(step(5))
    assert steps_and_looks(written) == ([*steps, 5], looks)


def test_a_look_that_the_checkpoint_does_not_know_of_is_dropped_and_its_steps_are_kept(written: HistoryFile) -> None:
    written.cut_back_to(4, looked=2)  # killed between the record of the look and the checkpoint after it
    assert steps_and_looks(written) == ([1, 2, 3, 4], [0, 2])


def test_cutting_twice_is_cutting_once(written: HistoryFile) -> None:
    written.cut_back_to(2, looked=2)
    before = written.path.read_bytes()
    written.cut_back_to(2, looked=2)
    assert written.path.read_bytes() == before
    assert [path.name for path in written.path.parent.iterdir()] == [FILE]


BROKEN = {
    "half a line": '{"kind": "step", "st',
    "no object": "[1, 2]",
    "no kind": '{"step": 1}',
    "another kind": '{"kind": "epoch", "step": 1}',
    "a key missing": '{"kind": "step", "step": 1}',
    "a key too many": json.dumps({"kind": "held_out", **vars(look(1)), "more": 1}),
    "counts that are no pairs": json.dumps({"kind": "held_out", **vars(look(1)), "json_exact": {"all": [1]}}),
    "counts that are no mapping": json.dumps({"kind": "held_out", **vars(look(1)), "json_exact": [1]}),
}


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named(written: HistoryFile, line: str) -> None:
    good = written.path.read_text().splitlines()
    written.path.write_text("\n".join([*good[:2], line, *good[2:]]) + "\n")
    with pytest.raises(TrainingError) as caught:
        written.read()
    assert str(caught.value).startswith(f"{written.path}:3: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ['{"kind": "step", "st', "[1, 2]", '{"kind": "step"}'])
def test_a_broken_line_in_the_middle_is_a_training_error_when_cutting_too(written: HistoryFile, line: str) -> None:
    good = written.path.read_text().splitlines()
    written.path.write_text("\n".join([*good[:2], line, *good[2:]]) + "\n")
    with pytest.raises(TrainingError, match=":3: "):
        written.cut_back_to(2, looked=2)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path)
    file.path.mkdir()
    with pytest.raises(TrainingError, match=rf"^{file.path}: cannot be written \(Is a directory\)"):
        file.append(step(1))
