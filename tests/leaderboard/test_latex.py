"""Boards for a paper: the numbers are there, submitted text is never a command, and where LaTeX is, it compiles."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgejson_bench.latex_text import escape
from edgejson_bench.leaderboard.latex import render
from edgejson_bench.reported import Reported
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored
from tests.test_reported import RECORD

HOSTILE = [
    r"\input{/etc/passwd}",
    r"\write18{touch pwned}",
    r"\end{tabular}\newpage",
    "100% & more \\\\ \\hline",
    "$x^2_i$ #1 {a} ~b~",
    "^^5cinput",
    "a--b---c ``quotes'' <<x>>",
    "\x1b[31mred\x1b[0m",
    "one\ntwo",
    "ünïcode é ß",
    "中文 🙂 \u202eleft",
    "?`!`",
]


def main_table(files: dict[str, str]) -> str:
    (name,) = (name for name in files if re.fullmatch(r"board-.*-v3\.tex", name))
    return files[name]


def test_the_tables_hold_the_numbers_with_their_intervals(measured: Submission, ruled: Submission):
    files = render(rescored([measured, ruled]), ())
    table = main_table(files)
    assert r"66.7 {\scriptsize [30.0, 90.3]}" in table
    assert r"Large{-}135M & 135M & 269 MB" in table
    assert r"rules \emph{(no model)}" in table
    assert "form $n = 6$" in table
    tiers = next(content for name, content in files.items() if name.endswith("-tiers.tex"))
    assert r"simple ($n = 4$) & complex ($n = 2$) & all \\" in tiers
    assert r"50.0 {\scriptsize [15.0, 85.0]}" in tiers
    assert all(
        rf"\input{{{name.removesuffix('.tex')}}}" in files["leaderboard.tex"] for name in files if "board-" in name
    )


def test_a_model_that_ran_one_style_has_no_numbers_in_the_other(measured: Submission):
    both = claim(measured, "both")
    both.record["results"]["prose"] = copy.deepcopy(both.record["results"]["form"])
    alone = claim(measured, "alone")
    table = main_table(render(rescored([both, alone]), ()))
    (line,) = [line for line in table.splitlines() if " alone &" in line]
    assert line.count(r"\textendash{} & \textendash{}") == 1


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_no_command(measured: Submission, text: str):
    plain = main_table(render(rescored([claim(measured, "plain")]), ()))
    table = main_table(render(rescored([claim(measured, text)]), ()))
    assert table.isascii() or not re.search(r"[^\x00-\xff]", table)
    known = set(re.findall(r"\\[A-Za-z]+|\\.", plain))
    allowed = known | {r"\%", r"\_", r"\&", r"\#", r"\$", r"\{", r"\}", r"\texttt"}
    allowed |= {rf"\text{name}" for name in ("backslash", "asciicircum", "asciitilde", "less", "greater", "bar")}
    allowed |= {rf"\text{name}" for name in ("quotedbl", "quotesingle", "asciigrave", "endash")}
    assert set(re.findall(r"\\[A-Za-z]+|\\.", table)) <= allowed
    assert len(table.splitlines()) == len(plain.splitlines())


def test_every_printable_character_is_spelled_alone():
    for number in range(0x20, 0x7F):
        spelled = escape(chr(number))
        assert spelled == chr(number) or spelled.startswith(("\\", "{"))
    assert escape("a–b") == r"a\textendash{}b"
    assert escape("中") == r"\texttt{U+4E2D}"


def test_reported_numbers_are_a_table_of_their_own():
    record = copy.deepcopy(RECORD)
    record["results"]["tiers_json_exact_percent"]["simple"] = 4.0
    files = render([], [Reported(Path("x"), record)])
    assert r"Paper{-}1M\textsuperscript{1} & 24.7 & 4.0 & 0.520 & 51.9 \\" in files["reported.tex"]
    assert r"(1) JSONExact simple: 4.0 \% is no count of 76" in files["reported.tex"]
    assert r"\input{reported}" in files["leaderboard.tex"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here (texlive-latex-recommended, lmodern)")
def test_the_document_compiles_as_it_is(measured: Submission, ruled: Submission, tmp_path: Path):
    rows = [claim(measured, text[:100]) for text in HOSTILE]
    files = render(rescored([measured, ruled, *rows]), [Reported(Path("x"), RECORD)])
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "leaderboard.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "leaderboard.pdf").stat().st_size > 1000
    assert not (tmp_path / "pwned").exists()
