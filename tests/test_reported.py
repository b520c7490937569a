"""Published numbers: kept as printed, held against what they could be, and shown apart from what was measured."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import reported
from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard.markdown import render
from edgejson_bench.submission_files import load_all
from edgejson_bench.submission_yaml import dump
from edgejson_bench.verification.verdicts import verify
from tests.submissions.edits import set_

RECORD: dict[str, Any] = {
    "format_version": 1,
    "kind": "reported",
    "board": {"data": "Some data", "split": "test", "protocol": "theirs", "examples": 158, "tiers": {"simple": 76}},
    "model": {"name": "Paper-1M", "id": "maker/Paper-1M", "parameters": 1_000_000, "license": None},
    "results": {
        "json_exact_percent": 24.7,
        "field_f1": 0.52,
        "compliance_percent": 51.9,
        "tiers_json_exact_percent": {"simple": 44.7},
    },
    "sources": ["A paper, table 1"],
    "contradictions": [],
    "notes": [],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "submissions", RECORD).parent.parent.parent


def write(root: Path, record: dict[str, Any], folder: str = "paper-1m") -> Path:
    path = root / "reported" / folder / "submission.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dump(record), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("percent", "n", "count"),
    [
        (24.7, 158, 39),
        (55.1, 158, 87),
        (0.0, 25, 0),
        (100.0, 25, 25),
        (13.5, 37, 5),
        (13.5, 57, None),
        (4.0, 76, None),
        (4.0, 25, 1),
        (22.1, 158, None),
        (12.5, 8, 1),
        (79.7, 158, 126),
        (50.0, 1, None),
    ],
)
def test_a_percentage_is_a_count_or_it_is_none(percent: float, n: int, count: int | None) -> None:
    assert reported.count_of(percent, n) == count


def test_every_count_is_found_again_as_printed() -> None:
    for n in (1, 7, 25, 57, 76, 158):
        assert [reported.count_of(round(100 * count / n, 1), n) for count in range(n + 1)] == list(range(n + 1))


def test_what_cannot_be_and_what_others_say_is_noted(root: Path) -> None:
    record = copy.deepcopy(RECORD)
    record["results"]["tiers_json_exact_percent"]["simple"] = 4.0
    record["contradictions"] = [
        {"key": "field_f1", "value": 0.5, "source": "the card"},
        {"key": "compliance_percent", "value": 41.1, "source": "the card"},
    ]
    record["notes"] = ["Said by hand."]
    (row,) = [reported.load(write(root, record))]
    assert row.notes == (
        "JSONExact simple: 4.0 % is no count of 76 (3 is 3.9 %, 4 is 5.3 %)",
        "field F1: 0.5 in the card",
        "compliance: 41.1 % in the card",
        "Said by hand.",
    )


def test_they_are_reported_and_never_among_the_measured(root: Path) -> None:
    (path,) = root.rglob("submission.yaml")
    verdict = verify(path, lambda _: pytest.fail("reported rows need no data"))
    assert (verdict.level, verdict.problems, verdict.flags) == ("reported", (), ())
    assert load_all(root) == []
    page = render([], elsewhere=reported.load_all(root))
    assert "## Reported elsewhere, not measured here" in page
    assert "| Paper-1M <sup>1</sup> | 1.00M | Some data, test, theirs, n = 158 | 24.7 | 44.7 | 0.520 | 51.9 |" in page
    assert "- <sup>1</sup> source: A paper, table 1" in page


def test_the_best_comes_first(root: Path) -> None:
    better = copy.deepcopy(RECORD)
    better["model"]["name"] = "Paper-2M"
    better["results"]["json_exact_percent"] = 55.1
    write(root, better, "paper-2m")
    assert [row.record["model"]["name"] for row in reported.load_all(root)] == ["Paper-2M", "Paper-1M"]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "unknown key": (set_("level")("rescored"), "level: unknown key"),
    "completions that are none": (set_("completions")({}), "completions: unknown key"),
    "no source": (set_("sources")([]), "sources: "),
    "more than all": (set_("results", "json_exact_percent")(101.0), "results.json_exact_percent: 101.0 is greater"),
    "a tier without a count": (
        set_("board", "tiers")({"hard": 3}),
        "results.tiers_json_exact_percent: has other tiers",
    ),
    "another folder": (set_("model", "name")("Other"), "lies in reported/paper-1m, by model.name it belongs in"),
}


@pytest.mark.parametrize(("edit", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_one_is_one_line(root: Path, edit: Callable[[dict[str, Any]], Any], message: str) -> None:
    record = copy.deepcopy(RECORD)
    edit(record)
    path = write(root, record)
    with pytest.raises(SubmissionError) as caught:
        reported.load(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert verify(path, lambda _: pytest.fail("reported rows need no data")).level is None


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a | b", "**bold** `code`", "\x1b[31mred"], ids=repr)
def test_hostile_words_come_out_as_text(root: Path, text: str) -> None:
    record = copy.deepcopy(RECORD)
    record["sources"], record["notes"], record["board"]["data"] = [text], [text], text
    write(root, record)
    page = render([], elsewhere=reported.load_all(root))
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "**bold**" not in page
    (line,) = [line for line in page.splitlines() if line.startswith("| Paper-1M")]
    assert line.count(" | ") == 6


def test_the_published_table_is_here_and_says_where_it_cannot_be() -> None:
    rows = reported.load_all(Path(__file__).parents[1] / "submissions")
    assert [row.record["results"]["json_exact_percent"] for row in rows] == [55.1, 24.7, 14.6, 11.4, 1.9]
    assert all(row.record["sources"] for row in rows)
    impossible = {row.record["model"]["name"] for row in rows if any("is no count of" in note for note in row.notes)}
    assert len(impossible) == 4
