"""The leaderboard's files together: written, checked, and the same bytes for the same submissions."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard.files import check, make, write


def test_the_same_submissions_give_the_same_bytes(root: Path, tmp_path: Path):
    first, again = make(root, tmp_path / "a"), make(root, tmp_path / "a")
    assert first.files == again.files
    paths = write(first, tmp_path / "a")
    contents = [path.read_bytes() for path in paths]
    write(again, tmp_path / "a")
    assert [path.read_bytes() for path in paths] == contents
    assert [path.name for path in paths] == list(first.files)


def test_check_finds_a_missing_file_and_every_changed_byte(root: Path, tmp_path: Path):
    out = tmp_path / "leaderboard"
    made = make(root, out)
    assert check(made, out) == [f"{out / name} (missing)" for name in made.files]
    assert not out.exists(), "a check writes nothing"
    write(made, out)
    assert check(made, out) == []
    for name in made.files:
        path = out / name
        good = path.read_bytes()
        changed = good.replace(b"66.7", b"76.7", 1)
        cases = [(good + b"\n", "its length differs"), (good.replace(b"\n", b"\r\n"), "line 1 differs")]
        cases += [(b"", "line 1 differs")]
        if changed != good:
            cases.append((changed, f"line {1 + good[: good.index(b'66.7')].count(10)} differs"))
        for broken, where in cases:
            path.write_bytes(broken)
            assert check(made, out) == [f"{path} ({where})"]
        path.write_bytes(good)


def test_a_table_of_a_board_that_is_gone_is_removed_and_ones_own_is_kept(root: Path, tmp_path: Path):
    made = make(root, tmp_path)
    write(made, tmp_path)
    table = next(path for path in tmp_path.glob("board-*.tex"))
    old, own = table.with_name("board-gone.tex"), table.with_name("mine.tex")
    old.write_bytes(table.read_bytes())
    own.write_text("% mine\n")
    assert check(made, tmp_path) == [f"{old} (of a board that is gone)"]
    write(made, tmp_path)
    assert not old.exists()
    assert own.exists()


def test_an_unwritable_folder_is_one_line(root: Path, tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SubmissionError, match="not writable"):
        write(make(root, tmp_path / "file"), tmp_path / "file")


def test_no_submissions_make_files_that_say_so(tmp_path: Path):
    (tmp_path / "submissions").mkdir()
    files = make(tmp_path / "submissions", tmp_path).files
    assert "There are no submissions yet." in files["LEADERBOARD.md"]
    assert "There are no submissions yet." in files["leaderboard.tex"]
    assert files["leaderboard.csv"] == "data,split,protocol,style,rank,model\n"
