"""Boards for programs: everything is there, numbers are numbers, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict

import pytest

from edgejson_bench.leaderboard.plain import as_csv, as_json
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_holds_the_boards_as_they_are(measured: Submission, ruled: Submission):
    boards = rescored([measured, ruled])
    content = json.loads(as_json(boards, ()))
    assert content["boards"] == json.loads(json.dumps([asdict(board) for board in boards]))
    assert content["reported"] == []
    assert as_json(boards, ()).isascii()
    assert sum('"model": ' in line for line in as_json(boards, ()).splitlines()) == 2, "a row a line"
    assert json.loads(as_json([], ())) == {"format_version": 1, "boards": [], "reported": []}


def test_a_line_for_each_row_with_numbers_as_fractions(measured: Submission, ruled: Submission):
    rules, model = lines(as_csv(rescored([measured, ruled])))
    assert (rules["rank"], rules["no_model"], rules["parameters"]) == ("", "true", "")
    assert (model["rank"], model["no_model"], model["parameters"]) == ("1", "false", "134515008")
    assert (model["n"], float(model["json_exact"])) == ("6", pytest.approx(4 / 6, abs=1e-6))
    assert float(model["json_exact_low"]) < float(model["json_exact"]) < float(model["json_exact_high"])
    assert float(model["json_exact_simple"]) == 0.5
    assert model["level"] == "rescored"


def test_a_tier_that_a_board_lacks_is_empty(measured: Submission):
    other = claim(measured, "other", board={"fingerprint": "e" * 64})
    del other.record["results"]["form"]["tiers"]["complex"]
    cells = {line["model"]: line["json_exact_complex"] for line in lines(as_csv(rescored([measured, other])))}
    assert cells["other"] == ""
    assert cells["Large-135M"] != ""


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil.example")'])
def test_no_cell_is_a_formula(measured: Submission, name: str):
    (line,) = lines(as_csv(rescored([claim(measured, name)])))
    assert line["model"] == f"'{name}"


@pytest.mark.parametrize("name", ['a "quoted" name', "a, b", "one\ntwo", "ünï", "<b>"])
def test_text_comes_back_as_submitted(measured: Submission, name: str):
    (line,) = lines(as_csv(rescored([claim(measured, name)])))
    assert line["model"] == name
