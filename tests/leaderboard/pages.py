"""Pages to look at: many claims on one board, with worst answers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from edgejson_bench.leaderboard.page import render
from edgejson_bench.leaderboard.table import Board
from edgejson_bench.records import JsonObject
from edgejson_bench.reported import Reported
from edgejson_bench.submission_files import Submission
from edgejson_bench.worst_answers import WrongAnswer
from tests.leaderboard.claims import claim, rescored
from tests.test_reported import RECORD

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)//",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "http://evil.example/x.js",
    "url(http://evil.example)",
    "../../../etc/passwd",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]></svg><svg onload=alert(1)>",
    "&lt;b&gt; &amp;",
    "\x1b[31mred\x1b[0m\x07",
    "left \u202eright\u2066 \u200b",
    "one\ntwo\tthree",
    "中文 🙂 ünï",
]
"""Texts that would be markup, scripts, requests or control sequences if anything took them for that."""

WRONG = WrongAnswer("lamp-1", "lamp", "form", 0.25, ("truncated", "type"), '{"room": "Hall"}', "</script>" + "x" * 2000)


def contents(submissions: Sequence[Submission]) -> dict[str, JsonObject]:
    return {submission.folder: submission.record for submission in submissions}


def both_styles(submission: Submission, name: str, form: int, prose: int, parameters: int | None = None) -> Submission:
    """``submission`` under another name in both styles, ``form`` and ``prose`` examples right, with a layout gap."""
    made = claim(submission, name, exact=form)
    record = made.record
    if parameters is not None:
        record["model"]["parameters"] = parameters
    record["results"]["prose"] = copy.deepcopy(record["results"]["form"])
    n = record["results"]["prose"]["overall"]["n"]
    record["results"]["prose"]["overall"]["json_exact"] |= {"count": prose, "value": round(prose / n, 6)}
    record["board"]["styles"] = ["form", "prose"]
    record["errors"]["kinds"]["prose"] = copy.deepcopy(record["errors"]["kinds"]["form"])
    difference = round((form - prose) / n, 6)
    paired = {"difference": difference, "ci95": [max(-1, difference - 0.2), min(1, difference + 0.2)]}
    record["layout_gap"] = {
        "n": n,
        "json_exact": {
            **paired,
            "p_value": 0.25,
            "only_form": max(form - prose, 0),
            "only_prose": max(prose - form, 0),
        },
        "field_f1": paired,
        "tiers": {},
    }
    return made


def page_of(submissions: Sequence[Submission], worst: Sequence[WrongAnswer] = (WRONG,)) -> str:
    """The page of ``submissions``, with the same worst answers for each, and one reported row."""
    boards: list[Board] = rescored(submissions)
    answers = {submission.folder: worst for submission in submissions}
    return render(boards, contents(submissions), [Reported(Path("x"), RECORD)], answers)


def sample(measured: Submission, ruled: Submission) -> list[Submission]:
    """Six models and the rules, in both styles."""
    names = ("Alpha-70M", "Beta-135M", "Gamma-360M", "Delta-500M", "Epsilon-1B", "Zeta-2B")
    models = [
        both_styles(measured, name, form=index + 1, prose=index // 2, parameters=70_000_000 * 2**index)
        for index, name in enumerate(names)
    ]
    for index, model in enumerate(models):
        model.record["latency"]["end_to_end_seconds"]["p50"] = 0.5 * 3**index
    return [*models, both_styles(ruled, "rules", form=6, prose=0)]
