"""Runs of one style and of both: what is submitted, scored again, and shown side by side on one board."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edgejson_bench import submissions
from edgejson_bench.leaderboard.markdown import render
from edgejson_bench.leaderboard.terminal import gap_table
from edgejson_bench.submission_files import first_problem, load, load_all
from tests.leaderboard.claims import rescored
from tests.submitted import GOLDS, LARGE, PAIRED, RIGHT, RIGHT_AS_FORM, Scripted, run

ANSWERS = RIGHT_AS_FORM | {"lamp-1-prose": RIGHT["lamp-1"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A model that ran both styles and another that ran the form alone."""
    for name, styles in (("Both", ()), ("Form alone", ("form",))):
        directory = run(tmp_path / "runs", Scripted(replace(LARGE, name=name), ANSWERS), PAIRED, styles=styles)
        assert directory.manifest["data"]["limited"] is False
        submissions.write(directory, PAIRED, tmp_path / "submissions", submitter=None, training_data=None)
    return tmp_path / "submissions"


def test_both_are_submitted_to_one_board_and_follow_from_their_completions(root: Path) -> None:
    both, alone = (load(path) for path in sorted(root.glob("*/*/submission.yaml")))
    assert both.path.parent.parent == alone.path.parent.parent
    assert (both.record["board"]["styles"], both.record["board"]["examples"]) == (["form", "prose"], 12)
    assert (alone.record["board"]["styles"], alone.record["board"]["examples"]) == (["form"], 6)
    gap = both.record["layout_gap"]
    assert (gap["n"], gap["json_exact"]["only_form"], gap["json_exact"]["only_prose"]) == (len(GOLDS), 5, 0)
    assert gap["json_exact"]["p_value"] == 0.0625
    assert alone.record["layout_gap"] is None
    for submission in (both, alone):
        assert submissions.rescore(submission, PAIRED).differences == ()


def test_the_examples_of_the_styles_must_be_answered_and_no_others(root: Path) -> None:
    both, alone = (load(path) for path in sorted(root.glob("*/*/submission.yaml")))
    both.record["board"]["styles"] = ["form"]
    assert submissions.rescore(both, PAIRED).differences[0] == "completions: 'lamp-1-prose' is no example of the board"
    alone.record["board"]["styles"] = ["form", "prose"]
    assert submissions.rescore(alone, PAIRED).differences[0] == "completions: 'lamp-1-prose' is missing"


def test_a_gap_without_both_styles_does_not_check_out(root: Path) -> None:
    both, alone = (load(path) for path in sorted(root.glob("*/*/submission.yaml")))
    assert first_problem(alone.record | {"layout_gap": both.record["layout_gap"]}) == (
        "layout_gap: needs the styles form and prose, results has ['form']"
    )
    assert first_problem(both.record | {"layout_gap": None}) is None  # rescore tells
    assert submissions.rescore(replace(both, record=both.record | {"layout_gap": None}), PAIRED).differences != ()


def test_a_forged_gap_is_found(root: Path) -> None:
    submission = load(next(root.glob("*/both")))
    submission.record["layout_gap"]["tiers"]["simple"]["json_exact"]["difference"] = 0.0
    assert list(submissions.rescore(submission, PAIRED).differences) == [
        "layout_gap.tiers.simple.json_exact.difference: claims 0.0, it is 0.75"
    ]


def test_a_style_has_the_rows_of_those_who_ran_it_and_gaps_are_shown(root: Path) -> None:
    (board,) = rescored(load_all(root))
    assert {style.style: [row.model for row in style.rows] for style in board.styles} == {
        "form": ["Both", "Form alone"],
        "prose": ["Both"],
    }
    (gap,) = board.gaps
    assert (gap.model, gap.json_exact.value, gap.only_form) == ("Both", 0.833333, 5)
    text = render([board])
    assert "**Layout gap**" in text
    assert "| Both | 6 | +83.3 [" in text
    screen = io.StringIO()
    table = gap_table(board)
    assert table is not None
    Console(file=screen, width=100).print(table)
    assert "+83.3 [" in screen.getvalue()
    assert "5/0" in screen.getvalue()


def test_a_board_of_one_style_shows_no_gap(root: Path) -> None:
    for path in root.glob("*/both/*"):
        path.unlink()
    (board,) = rescored(load_all(root))
    assert board.gaps == ()
    assert gap_table(board) is None
    assert "Layout gap**," not in render([board])
