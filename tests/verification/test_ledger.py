"""The ledger of levels: written by verification alone, bound to the files' bytes, and what the leaderboard goes by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard.files import make
from edgejson_bench.leaderboard.markdown import row_notes
from edgejson_bench.submission_files import load
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import Again, Verdict, verify
from tests.submissions.edits import edited, set_
from tests.submitted import DATASET


@pytest.fixture
def root(honest: Path) -> Path:
    return honest.parent.parent.parent


@pytest.fixture
def verdict(honest: Path) -> Verdict:
    return verify(honest, lambda _: DATASET)


def test_a_level_is_on_record_with_the_files_hash(root: Path, verdict: Verdict) -> None:
    path = ledger.record(root, [verdict])
    first = path.read_bytes()
    (entry,) = ledger.read(root).values()
    assert entry.level == "rescored"
    assert ledger.differences(root, [verdict]) == []
    assert ledger.record(root, [verdict]).read_bytes() == first
    assert make(root, root).boards[0].styles[0].rows[0].level == "rescored"


def test_the_leaderboard_shows_nothing_that_was_not_verified(root: Path, verdict: Verdict, honest: Path) -> None:
    with pytest.raises(SubmissionError, match="was never verified; run: edgejson-bench verify --record"):
        make(root, root)
    ledger.record(root, [verdict])
    edited(honest, set_("submitter")("Somebody Else"))
    with pytest.raises(SubmissionError, match="is not what was verified; run: edgejson-bench verify --record"):
        make(root, root)


def test_reproduced_stays_while_the_file_does(root: Path, verdict: Verdict, honest: Path) -> None:
    ledger.record(root, [replace(verdict, level="reproduced", again=Again(10, 9, 10))])
    ledger.record(root, [verdict])
    row = make(root, root).boards[0].styles[0].rows[0]
    assert row.level == "reproduced"
    assert row_notes(row) == ["reproduced: of 10 examples asked again, 9 texts and 10 verdicts came out the same"]
    assert ledger.differences(root, [verdict]) == []
    edited(honest, set_("submitter")("Somebody Else"))
    again = verify(honest, lambda _: DATASET)
    assert ledger.differences(root, [again]) != []
    ledger.record(root, [again])
    assert make(root, root).boards[0].styles[0].rows[0].level == "rescored"


def test_what_is_refused_or_gone_leaves_the_ledger(
    root: Path, verdict: Verdict, honest: Path, submitted: Callable[..., Path]
) -> None:
    other = submitted(spec="maker/Other-135M", name="Other-135M", revision="b" * 40)
    ledger.record(root, [verdict, verify(other, lambda _: DATASET)])
    assert len(ledger.read(root)) == 2
    ledger.record(root, [replace(verdict, level=None, problems=("counts.cut: claims 1, it is 0",))])
    assert list(ledger.read(root)) == [load(other).folder]
    for file in other.parent.iterdir():
        file.unlink()
    other.parent.rmdir()
    ledger.record(root, [verdict])
    assert list(ledger.read(root)) == [load(honest).folder]


def test_every_difference_is_a_line(root: Path, verdict: Verdict) -> None:
    folder = verdict.submission.folder if verdict.submission else ""
    assert ledger.differences(root, [verdict]) == [f"{folder}: is not in verified.json"]
    path = ledger.record(root, [verdict])
    content = json.loads(path.read_text())
    content["submissions"]["little/gone"] = dict(content["submissions"][folder])
    content["submissions"][folder] |= {"level": "reported"}
    path.write_text(json.dumps(content))
    assert ledger.differences(root, [verdict]) == [
        f"{folder}: verified.json says reported, it is rescored",
        "little/gone: is in verified.json and nowhere else",
    ]


def test_the_ledger_names_the_worst_answers(root: Path, verdict: Verdict) -> None:
    path = ledger.record(root, [verdict])
    (entry,) = ledger.read(root).values()
    assert entry.worst == verdict.worst
    assert [one.example_id for one in entry.worst] == ["parcel-1"]
    path.write_text(path.read_text().replace("parcel-1", "parcel-2"))
    assert [line.partition(": ")[2] for line in ledger.differences(root, [verdict])] == [
        "verified.json names other worst answers"
    ]


BROKEN = (
    "{",
    "[]",
    "{}",
    '{"format_version": 2, "submissions": {}}',
    '{"format_version": 1, "submissions": {"a": {}}}',
    '{"format_version": 1, "submissions": {"a": {"level": "rescored", "sha256": "0", "exact": {}, "worst": [{}]}}}',
    '{"format_version": 1, "submissions": {"a": {"level": "gold", "sha256": "0"}}}',
    '{"format_version": 1, "submissions": {"a": {"level": "reproduced", "sha256": "0", "exact": {}, "worst": []}}}',
)


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_ledger_is_one_line(root: Path, content: str) -> None:
    (root / ledger.FILE).write_text(content)
    with pytest.raises(SubmissionError) as caught:
        ledger.read(root)
    assert str(root / ledger.FILE) in str(caught.value)
    assert "\n" not in str(caught.value)
