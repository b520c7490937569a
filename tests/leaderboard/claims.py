"""Submissions with other names and numbers than were measured: boards only read claims."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from edgejson_bench.leaderboard.table import Board, boards
from edgejson_bench.submission_files import Submission, first_problem
from edgejson_bench.verification.ledger import Entry


def claim(
    submission: Submission,
    name: str,
    *,
    exact: int | None = None,
    field_f1: float | None = None,
    board: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    **model: Any,
) -> Submission:
    """``submission`` under another name, with ``exact`` of its examples right; still valid under the schema."""
    record = copy.deepcopy(submission.record)
    record["model"] |= {"name": name, **model}
    record["board"] |= board or {}
    record["settings"] |= settings or {}
    overall = record["results"]["form"]["overall"]
    if exact is not None:
        overall["json_exact"] |= {"count": exact, "value": round(exact / overall["n"], 6)}
    if field_f1 is not None:
        overall["field_f1"]["value"] = field_f1
    assert first_problem(record) is None
    return Submission(submission.path, record)


def rescored(submissions: Iterable[Submission]) -> list[Board]:
    """The boards of ``submissions`` as if verification had passed them all; the first examples are the exact ones."""
    return boards(submissions, lambda submission: Entry("rescored", "0" * 64, first_bits(submission)))


def first_bits(submission: Submission) -> dict[str, str]:
    bits = {}
    for style, result in submission.record["results"].items():
        overall = result["overall"]
        count = overall["json_exact"]["count"]
        bits[style] = f"{(2**count - 1) << (overall['n'] - count):x}"
    return bits
