"""Writing submissions: what a run becomes, and what is refused before anything is written."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edgejson_bench import evaluate, submissions
from edgejson_bench.errors import RunError, SubmissionError
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.rules import Rules
from edgejson_bench.runs import RunDirectory
from edgejson_bench.submission_files import load, load_all, unpack_completions
from tests.submissions.edits import write
from tests.submitted import CLEAN_CODE, DATASET, LARGE, Scripted, example, run, scripted

# What is written


def test_a_run_becomes_a_submission_that_loads_and_follows_from_its_completions(written: Path, tmp_path: Path):
    fingerprint = evaluate.fingerprint(DATASET.split("test"), DATASET.tasks)
    assert written == tmp_path / "submissions" / f"little-{fingerprint[:8]}-v3" / "large-135m" / "submission.yaml"
    submission = load(written)
    record = submission.record
    assert record["board"] == {
        "data": "little",
        "fingerprint": fingerprint,
        "split": "test",
        "styles": ["form"],
        "examples": 6,
        "protocol": "v3",
    }
    assert record["model"] == {
        "name": "Large-135M",
        "id": "maker/Large-135M",
        "kind": "transformers",
        "revision": "a" * 40,
        "parameters": 134_515_008,
        "size_bytes": 269_060_552,
        "base": None,
        "base_revision": None,
        "adapter": False,
        "quantisation": None,
        "dtype": "float32",
        "license": "apache-2.0",
        "training_data": "nothing of this",
    }
    overall = record["results"]["form"]["overall"]
    assert overall["n"] == 6
    assert overall["json_exact"]["value"] == 0.833333
    assert overall["json_exact"]["count"] == 5
    assert record["results"]["form"]["tiers"]["complex"]["json_exact"]["value"] == 1.0
    assert record["environment"]["code"] == CLEAN_CODE
    assert record["environment"]["threads"] == 2
    assert record["latency"]["decode_tokens_per_second"] == 20.0
    assert len(record["latency"]["samples"]) == 3  # two simple queries and a complex one
    assert submissions.rescore(submission, DATASET).differences == ()


def test_the_report_is_not_trusted(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted(wrong=6))
    report = directory.report
    assert report is not None
    report["results"]["form"]["overall"]["json_exact"]["value"] = 1.0
    (directory.path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    record = load(write(directory, tmp_path / "submissions")).record
    assert record["results"]["form"]["overall"]["json_exact"]["value"] == 0.0


def test_completions_are_sorted_and_packed_without_name_or_time(written: Path):
    packed = written.with_name("completions.jsonl.gz").read_bytes()
    assert packed[3] == 0, "no file name in the header"
    assert packed[4:8] == bytes(4), "no time in the header"
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert [row["example_id"] for row in rows] == sorted(row["example_id"] for row in rows)
    assert all(list(row) == sorted(row) for row in rows)
    assert load(written).record["completions"] == {
        "file": "completions.jsonl.gz",
        "sha256": hashlib.sha256(packed).hexdigest(),
        "n": 6,
    }


def test_the_same_run_gives_the_same_bytes_and_is_written_twice_without_harm(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted(wrong=2))
    first = write(directory, tmp_path / "one")
    again = write(directory, tmp_path / "two")
    assert write(directory, tmp_path / "one") == first
    for name in ("submission.yaml", "completions.jsonl.gz"):
        assert first.with_name(name).read_bytes() == again.with_name(name).read_bytes()
    assert sorted(path.name for path in first.parent.iterdir()) == ["completions.jsonl.gz", "submission.yaml"]


def test_failed_completions_are_submitted_and_counted(tmp_path: Path):
    model = Scripted(LARGE, {}, fails_on=[e.id for e in DATASET.split("test")])
    record = load(write(run(tmp_path / "runs", model), tmp_path / "submissions")).record
    assert record["counts"] == {
        "examples": 6,
        "parsed": 0,
        "unparsed": 6,
        "cut": 0,
        "failed": 6,
        "finish": {"error": 6},
    }
    assert record["latency"]["end_to_end_seconds"] is None
    assert record["latency"]["failed"] == 3


def test_rules_may_be_submitted(tmp_path: Path):
    submission = load(write(run(tmp_path / "runs", Rules()), tmp_path / "submissions"))
    assert submission.record["model"]["kind"] == "rules"
    assert submission.record["results"]["form"]["overall"]["json_exact"]["count"] == 6
    assert submissions.rescore(submission, DATASET).differences == ()


@pytest.mark.parametrize("protocol", ["v3", "v3-chat", "v3.1"])
def test_every_protocol_rescores(tmp_path: Path, protocol: str):
    submission = load(write(run(tmp_path / "runs", scripted(wrong=1), protocol=protocol), tmp_path / "submissions"))
    assert submission.path.parent.parent.name.endswith(f"-{protocol}")
    assert submissions.rescore(submission, DATASET).differences == ()


def test_lone_surrogates_in_a_completion_survive(tmp_path: Path):
    answers = dict.fromkeys((e.id for e in DATASET.split("test")), '{"code": "\ud800"}')
    path = write(run(tmp_path / "runs", Scripted(LARGE, answers)), tmp_path / "submissions")
    completions = unpack_completions(path.with_name("completions.jsonl.gz"))
    assert {completion.text for completion in completions.values()} == {'{"code": "\ud800"}'}


# What is refused before anything is written


def limited(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", scripted(), limit=3)


def incomplete(tmp_path: Path) -> RunDirectory:
    directory = run(tmp_path / "runs", scripted())
    (directory.path / "report.json").unlink()
    return directory


def short_of_one(tmp_path: Path) -> RunDirectory:
    directory = run(tmp_path / "runs", scripted())
    path = directory.path / "completions.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    return directory


def mock(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", Mock())


def oracle(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", scripted(kind="oracle", name="oracle-rambling"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (limited, "is limited to 3 examples"),
        (incomplete, "is not complete"),
        (short_of_one, "completions: 'parcel-1' is missing"),
        (mock, "'mock' is given its answers"),
        (oracle, "'oracle-rambling' is given its answers"),
    ],
)
def test_runs_that_cannot_back_a_row_are_refused(tmp_path: Path, make: Callable[[Path], RunDirectory], message: str):
    with pytest.raises(SubmissionError, match=message) as caught:
        write(make(tmp_path), tmp_path / "submissions")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "submissions").exists()


def test_a_run_of_uncommitted_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluate, "code_state", lambda: {**CLEAN_CODE, "dirty": True})
    with pytest.raises(SubmissionError, match="uncommitted changes"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "submissions")


def test_an_installed_package_has_no_commit_and_may_submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluate, "code_state", lambda: {**CLEAN_CODE, "commit": None, "dirty": None})
    assert load(write(run(tmp_path / "runs", scripted()), tmp_path / "submissions"))


def test_other_data_is_refused(tmp_path: Path):
    other = replace(DATASET, splits={"test": (example("lamp-1", {"room": "Cellar", "lit": True}),)})
    with pytest.raises(RunError, match="give the folder it was run on with --data"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "submissions", dataset=other)


def test_words_that_break_the_schema_are_refused(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted())
    with pytest.raises(SubmissionError, match=r"cannot be submitted: submitter: .* is too long"):
        write(directory, tmp_path / "submissions", submitter="x" * 300)
    with pytest.raises(SubmissionError, match="cannot be submitted"):
        write(directory, tmp_path / "submissions", submitter="\ud800")


def test_another_submission_is_not_overwritten_unless_asked(tmp_path: Path):
    root = tmp_path / "submissions"
    first = write(run(tmp_path / "runs", scripted()), root)
    before = first.read_bytes()
    other = run(tmp_path / "runs", scripted(wrong=1, revision="b" * 40))
    with pytest.raises(SubmissionError, match=f"holds another submission .*model revision {'a' * 40}"):
        write(other, root)
    assert first.read_bytes() == before
    write(other, root, display_name="Large-135M (new)")
    assert len(load_all(root)) == 2
    assert write(other, root, replace=True) == first
    assert load(first).record["model"]["revision"] == "b" * 40


def test_an_unwritable_place_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SubmissionError, match="not writable"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "file")
