"""The command: what it prints, returns and writes down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import cli
from edgejson_bench.commands import verification
from edgejson_bench.submission_files import load
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import Again
from tests.submissions.edits import edited, set_
from tests.submitted import DATASET, scripted


@pytest.fixture(autouse=True)
def little_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--data`` of whatever name is the little data set."""
    monkeypatch.setattr(verification, "load_data", lambda _: DATASET)


@pytest.fixture
def call(honest: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``verify``; gives exit code, stdout and stderr."""
    root = honest.parent.parent.parent

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["verify", "--submissions", str(root), "--data", "little", *arguments])
        return code, *capsys.readouterr()

    return run


def test_all_submissions_are_verified_by_default(call: Any, honest: Path) -> None:
    code, out, err = call()
    assert (code, err) == (0, "")
    assert out == f"rescored  {honest.parent.as_posix()}\n"


def test_what_is_refused_says_why_and_fails(call: Any, honest: Path) -> None:
    edited(honest, set_("counts", "cut")(3))
    code, out, err = call(str(honest.parent))
    assert code == 1
    assert out == f"refused  {honest.parent.as_posix()}\n  counts.cut: claims 3, it is 0\n"
    assert err == "edgejson-bench: verify: 1 of 1 submissions are refused\n"


def test_a_program_reads_verdicts(call: Any, honest: Path) -> None:
    code, out, _ = call("--json")
    assert code == 0
    (told,) = json.loads(out)
    assert told == {
        "submission": honest.as_posix(),
        "level": "rescored",
        "problems": [],
        "flags": [],
        "again": None,
    }


def test_a_copy_is_shown_to_be_looked_at(call: Any, submitted: Callable[..., Path]) -> None:
    copy = submitted(spec="maker/Other-135M", name="Other-135M", revision="b" * 40)
    code, out, _ = call(str(copy))
    assert code == 0
    assert "  look at it: completions: word for word those of " in out


def test_levels_are_written_down_and_checked(call: Any, honest: Path) -> None:
    root = honest.parent.parent.parent
    code, _, err = call("--check")
    assert code == 1
    assert "is not in verified.json" in err
    assert call("--record")[0] == 0
    assert call("--check")[0] == 0
    assert ledger.read(root)[load(honest).folder].level == "rescored"


def test_a_model_that_answers_the_same_makes_it_reproduced(
    call: Any, honest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def load_spec(spec: str, arguments: Any, _dataset: Any) -> Any:
        asked.append((spec, arguments.revision))
        return scripted(wrong=1)

    monkeypatch.setattr(verification, "load_spec", load_spec)
    code, out, err = call("--reproduce", "4", "--record")
    assert code == 0
    assert out.startswith("reproduced  ")
    assert "4 of 4 texts and 4 of 4 verdicts are the same" in err
    assert asked == [("maker/Large-135M", "a" * 40)]  # the revision that it names, not the newest
    assert ledger.read(honest.parent.parent.parent)[load(honest).folder].again == Again(4, 4, 4)


def test_one_of_several_is_recorded_as_reproduced_by_a_model_that_lies_elsewhere(
    call: Any, honest: Path, submitted: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = submitted(spec="maker/Other-135M", name="Other-135M", revision="b" * 40)
    monkeypatch.setattr(verification, "load_spec", lambda *_: scripted(wrong=1))
    assert call("--record")[0] == 0
    assert call(str(honest), "--reproduce", "4", "--model", "somewhere", "--record")[0] == 0
    entries = ledger.read(honest.parent.parent.parent)
    assert [entries[load(path).folder].level for path in (honest, other)] == ["reproduced", "rescored"]
    assert call("--check")[0] == 0


def test_a_model_that_answers_otherwise_refuses_it(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "load_spec", lambda *_: scripted(wrong=4))
    code, out, _ = call("--reproduce", "6", "--model", "somewhere")
    assert code == 1
    assert "right there and wrong here" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["--reproduce", "0"], "--reproduce 0: must be at least 1"),
        (["--model", "somewhere"], "--model is where the model of one submission is: name that submission"),
    ],
)
def test_wrong_use_is_one_line(call: Any, arguments: list[str], said: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_checking_is_about_all_submissions(call: Any, honest: Path) -> None:
    code, _, err = call("--check", str(honest))
    assert code == 2
    assert "leave the paths out" in err


def test_a_submission_of_another_folder_is_not_recorded(call: Any, honest: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "board" / "model"
    shutil.copytree(honest.parent, elsewhere)
    code, _, err = call("--record", str(elsewhere))
    assert code == 2
    assert "--record is about what lies in " in err
    assert not (honest.parent.parent.parent / ledger.FILE).exists()


def test_data_of_another_name_is_not_taken_for_the_boards(call: Any, honest: Path) -> None:
    edited(honest, set_("board", "data")("somebodys"))
    code, out, _ = call()
    assert code == 1
    assert "board.data: is 'somebodys', and --data little holds 'little'" in out
