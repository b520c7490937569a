"""The PDF of the tables: how a TeX is called, what its errors become, and with a real one where there is one."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from edgejson_bench.cli import main
from edgejson_bench.errors import MissingExtra, SubmissionError
from edgejson_bench.leaderboard import latex, preview
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored
from tests.leaderboard.pages import HOSTILE, sample

FAKE = """#!{python}
import json, os, sys
from pathlib import Path
Path({seen!r}).write_text(json.dumps({{
    "arguments": sys.argv[1:], "files": sorted(os.listdir()), "stdin": sys.stdin.read(),
    "guards": {{key: os.environ.get(key) for key in ("openin_any", "openout_any", "shell_escape")}},
}}))
{then}
"""
MAKES_IT = 'Path("leaderboard.pdf").write_bytes(b"%PDF-made")'


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str = "pdflatex", then: str = MAKES_IT) -> Path:
    """Put a program of that name on an otherwise empty path; returns where it writes what it saw."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    seen = tmp_path / f"{name}.json"
    program = tmp_path / "bin" / name
    program.write_text(FAKE.format(python=sys.executable, seen=str(seen), then=then), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return seen


@pytest.mark.parametrize(
    ("name", "flag"),
    [("pdflatex", "-no-shell-escape"), ("tectonic", "--untrusted"), ("latexmk", "-latexoption=-no-shell-escape")],
)
def test_the_document_is_compiled_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Submission, name: str, flag: str
):
    seen = fake(tmp_path, monkeypatch, name)
    files = {**latex.render(rescored([measured]), ()), "leaderboard.json": "{}", "figures/a.pdf": b"x"}
    path = preview.write(files, tmp_path / "out")
    assert path.read_bytes() == b"%PDF-made"
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["leaderboard.pdf"]
    told = json.loads(seen.read_text())
    assert flag in told["arguments"]
    assert told["arguments"][-1] == "leaderboard.tex"
    assert told["files"] == sorted([*(each for each in files if each.endswith(".tex")), "said.txt"])
    assert told["stdin"] == ""
    assert told["guards"] == {"openin_any": "p", "openout_any": "p", "shell_escape": "f"}


def test_pdflatex_is_taken_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen = {name: fake(tmp_path, monkeypatch, name) for name in ("latexmk", "tectonic", "pdflatex")}
    preview.write(latex.render((), ()), tmp_path)
    assert [name for name, path in seen.items() if path.exists()] == ["pdflatex"]


def test_without_a_tex_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match=r"^leaderboard\.pdf needs pdflatex, .*: apt-get install texlive-latex"):
        preview.write(latex.render((), ()), tmp_path)


@pytest.mark.parametrize(
    ("then", "message"),
    [
        (r"""print("hello\n./board-x.tex:3: Undefined control sequence.\nmore"); sys.exit(1)""",
         "does not compile it: ./board-x.tex:3: Undefined control sequence."),
        ("""Path("leaderboard.log").write_text("x\\n! Emergency stop.\\n! Other"); sys.exit(1)""",
         "does not compile it: Emergency stop."),
        ("""print("error: no \\x1b[31mfont"); sys.exit(1)""", r"does not compile it: no \\x1b[31mfont"),
        ("sys.exit(3)", "does not compile it: it ended with code 3 and told no error"),
        ("", "does not compile it: it ended with code 0 and told no error"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_the_first_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str, message: str
):
    fake(tmp_path, monkeypatch, then=then)
    with pytest.raises(SubmissionError) as caught:
        preview.write(latex.render((), ()), tmp_path / "out")
    assert message.replace("\\\\", "\\") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_one_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake(tmp_path, monkeypatch, then="import signal\nsignal.pause()")
    monkeypatch.setattr(preview, "TIME_LIMIT", 0.0)
    with pytest.raises(SubmissionError, match="pdflatex was stopped after 0 seconds"):
        preview.write(latex.render((), ()), tmp_path)


def test_the_command_writes_it_and_does_not_check_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    fake(tmp_path, monkeypatch)
    places = ["--submissions", str(root), "--out", str(tmp_path / "board")]
    assert main(["leaderboard", *places, "--pdf"]) == 0
    assert f"wrote {tmp_path / 'board' / 'leaderboard.pdf'}" in " ".join(capsys.readouterr().err.split())
    assert main(["leaderboard", *places, "--check"]) == 0
    assert main(["leaderboard", *places, "--check", "--pdf"]) == 2


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here (texlive-latex-recommended, lmodern)")
def test_a_real_pdflatex_takes_hostile_names(tmp_path: Path, measured: Submission, ruled: Submission):
    hostile = [claim(measured, text[:100], exact=0) for text in (*HOSTILE, r"\input{/etc/passwd}", "$x_%#&~^{}")]
    path = preview.write(latex.render(rescored([*sample(measured, ruled), *hostile]), ()), tmp_path)
    assert path.read_bytes().startswith(b"%PDF")
    broken = {"leaderboard.tex": "\\documentclass{article}\\begin{document}\\nothing\\end{document}"}
    with pytest.raises(SubmissionError, match=r"leaderboard\.tex:1: Undefined control sequence"):
        preview.write(broken, tmp_path)
