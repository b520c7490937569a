"""Claims against completions: every number of a submission must follow, and every example be answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import submissions
from edgejson_bench.errors import SubmissionError
from edgejson_bench.submission_files import load
from tests.submissions.edits import edited, repacked, set_, write
from tests.submitted import DATASET, run, scripted

CLAIMS = {
    "a better score": (
        set_("results", "form", "overall", "json_exact", "value")(1.0),
        "results.form.overall.json_exact.value: claims 1.0, it is 0.833333",
    ),
    "a narrower interval": (
        set_("results", "form", "overall", "field_f1", "ci95", 0)(0.9),
        "field_f1.ci95[0]: claims 0.9",
    ),
    "a task left out": (lambda record: record["results"]["form"]["tasks"].pop("lamp"), "tasks.lamp: claims None"),
    "a task made up": (
        lambda record: record["results"]["form"]["tasks"].update(car=record["results"]["form"]["tasks"]["lamp"]),
        "results.form.tasks.car: claims",
    ),
    "no cut outputs": (set_("counts", "finish")({"eos": 6}), "counts.finish.eos: claims 6"),
    "a kinder error": (
        lambda record: record["errors"]["kinds"]["form"].update(primary={"type": 1}),
        "errors.kinds.form.primary.type: claims 1, it is None",
    ),
    "errors of a style that was not run": (
        set_("errors", "kinds", "prose")({"n": 0, "primary": {}, "any": {}}),
        "errors.kinds.prose: claims",
    ),
    "a faster median": (set_("latency", "end_to_end_seconds", "p50")(1e9), "latency.end_to_end_seconds.p50: claims"),
    "another stop rule": (set_("settings", "stop")("eos"), "settings.stop: claims 'eos', it is 'json_end'"),
    "an unknown protocol": (set_("board", "protocol")("v9"), "board.protocol: 'v9' is not known"),
    "other data": (set_("board", "fingerprint")("0" * 64), "board.fingerprint: "),
}


@pytest.mark.parametrize(("edit", "message"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim_that_does_not_follow_is_named(written: Path, edit: Callable[[Any], Any], message: str):
    submission = load(edited(written, edit))
    differences = submissions.rescore(submission, DATASET).differences
    assert any(message in difference for difference in differences), differences
    assert len(differences) <= 2


def test_a_published_budget_is_the_protocols(tmp_path: Path):
    path = write(run(tmp_path / "runs", scripted(), protocol="v3.1"), tmp_path / "submissions")
    submission = load(edited(path, set_("settings", "max_new_tokens", "lamp")(4096)))
    (difference,) = submissions.rescore(submission, DATASET).differences
    assert difference == "settings.max_new_tokens.lamp: claims 4096, it is 512"


def test_exactly_the_boards_examples_must_be_answered(written: Path):
    submission = repacked(written, lambda lines: [lines[0].replace(b"lamp-1", b"lamp-9"), *lines[1:]])
    assert list(submissions.rescore(submission, DATASET).differences) == [
        "completions: 'lamp-9' is no example of the board",
        "completions: 'lamp-1' is missing",
    ]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: [*lines, lines[0]], ":7: a second completion for 'lamp-1'"),
        (lambda lines: [b"[]\n", *lines], ":1: expected a JSON object, found list"),
        (lambda lines: [b"{\n", *lines], ":1: not a valid JSON line"),
        (lambda lines: [lines[0].replace(b":11,", b":NaN,"), *lines[1:]], ":1: not a valid JSON line .NaN is no JSON"),
        (lambda lines: [lines[0].replace(b'"text"', b'"words"'), *lines[1:]], ":1: unknown key 'words'"),
    ],
)
def test_broken_completions_are_named(written: Path, edit: Callable[[list[bytes]], list[bytes]], message: str):
    submission = repacked(written, edit)
    with pytest.raises(SubmissionError, match=message) as caught:
        submissions.rescore(submission, DATASET)
    assert "\n" not in str(caught.value)
