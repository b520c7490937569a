"""The leaderboard's benchmark on a few submissions: they would pass verification, and the report says what it timed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from edgejson_bench.submission_files import load_all
from edgejson_bench.submissions import rescore
from edgejson_bench.tasks import load_shipped

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_the_submissions_follow_from_their_answers_and_all_stages_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.syspath_prepend(BENCHMARKS)
    scale = importlib.import_module("leaderboard_scale")
    like = BENCHMARKS.parent / "submissions" / "edgejson-92a62fa7-v3" / "rules"
    flags = ["--submissions", "3", "--answer-sets", "2", "--no-browser", "--like", str(like), "--keep"]
    assert scale.main([*flags, str(tmp_path / "made")]) == 0
    first, second, third = load_all(tmp_path / "made" / "submissions")
    assert first.record["completions"]["sha256"] == third.record["completions"]["sha256"]
    for one in (first, second):
        assert rescore(one, load_shipped()).differences == ()
    exact = [one.record["results"]["form"]["overall"]["json_exact"]["count"] for one in (first, second)]
    assert exact[0] != exact[1]
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [stage["name"] for stage in told["stages"]][:3] == ["read and check submissions", "read the ledger", "rank"]
    assert set(told["bytes"]) >= {"index.html", "LEADERBOARD.md", "leaderboard.json"}
    assert scale.main([*flags, str(tmp_path / "made")]) == 2
    assert "is there already" in capsys.readouterr().err
