"""The checks of generated examples, and the builder of the splits."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.errors import DataError
from edgejson_bench.generation import (
    checks,
    splits,
)
from edgejson_bench.generation.form import print_form
from edgejson_bench.generation.values import Values
from edgejson_bench.records import Example
from edgejson_bench.tasks import STYLES, shipped_root

ROOT = Path(__file__).resolve().parents[2]


# Checks


def bad_example(gold: dict[str, Any], prompt: str | None = None) -> Example:
    return Example("x", "t", "form", print_form("t", "T", gold) if prompt is None else prompt, gold)


BAD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date"},
        "note": {"type": "string"},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"a": {}, "b": {}}}},
        "box": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        (bad_example({"day": "2024-02-30"}), r"\$\.day: '2024-02-30' is not a 'date'"),
        (bad_example({"note": 5}), "is not of type 'string'"),
        (bad_example({"note": " padded"}), "surrounding space"),
        (bad_example({"note": "two\nlines"}), "unprintable"),
        (bad_example({"note": ""}), "is empty"),
        (bad_example({"rows": []}), r"\$\.rows: empty"),
        (bad_example({"box": {}}), r"\$\.box: empty"),
        (bad_example({"rows": [{"a": 1}, {"b": 2}]}), r"\$\.rows\[1\]: lacks the first key"),
        (bad_example({"note": "kept"}, prompt="Note: lost"), "'kept' does not occur"),
    ],
)
def test_every_fault_is_named(example: Example, complaint: str) -> None:
    found = checks.problems(example, BAD_SCHEMA)
    assert len(found) == 1
    assert re.search(complaint, found[0])


@pytest.mark.parametrize(
    ("format_name", "bad"),
    [("date", "2024-02-30"), ("date-time", "2024-05-01T10:00:00"), ("email", "nobody")],
)
def test_the_format_checker_really_knows_the_formats(format_name: str, bad: str) -> None:
    validator = Draft7Validator({"format": format_name}, format_checker=checks.FORMATS)
    assert not validator.is_valid(bad)


# Splits


def test_a_task_does_not_depend_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {task: splits.COUNTS[task] for task in ("rating", "invoice")}
    monkeypatch.setattr(splits, "COUNTS", few)
    together = splits.build()
    monkeypatch.setattr(splits, "COUNTS", {"invoice": few["invoice"]})
    assert splits.build()["invoice"] == together["invoice"]


def test_another_seed_gives_other_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"sensor_reading": (5, 2)})
    one, other = splits.build(1)["sensor_reading"], splits.build(2)["sensor_reading"]
    assert {e.prompt for e in one["train"]}.isdisjoint(e.prompt for e in other["train"])
    ids = [f"sensor_reading-test-{number}-{style}" for style in STYLES for number in ("001", "002")]
    assert [e.id for e in one["test"]] == ids


SAME = {"sensor_id": "TH-0421-B", "temperature": 20.5, "timestamp": "2024-05-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        (lambda v: dict(SAME), "sensor_reading-train-002-form: 200 draws in a row were copies"),
        (lambda v: {**SAME, "timestamp": "noon"}, "sensor_reading-train-001-form: .* 'noon' is not a 'date-time'"),
    ],
)
def test_a_poor_generator_is_an_error(
    monkeypatch: pytest.MonkeyPatch, generate: Callable[[Values], dict[str, Any]], message: str
) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"sensor_reading": (5, 2)})
    monkeypatch.setitem(splits.GENERATORS["simple"], "sensor_reading", generate)
    with pytest.raises(DataError, match=message):
        splits.build()


def test_a_test_example_is_no_near_copy_of_a_train_example(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(values: Values) -> dict[str, Any]:
        words = " ".join(f"word{n}" for n in range(120))
        return {"level": "INFO", "message": f"{words} {values.integer(1, 999)}", "timestamp": "2024-05-01T10:00:00Z"}

    monkeypatch.setitem(splits.GENERATORS["simple"], "log_entry", generate)
    monkeypatch.setattr(splits, "COUNTS", {"log_entry": (3, 0)})
    assert len(splits.build()["log_entry"]["train"]) == 6
    monkeypatch.setattr(splits, "COUNTS", {"log_entry": (3, 1)})
    with pytest.raises(DataError, match="log_entry-test-001-form"):
        splits.build()


def test_a_task_without_generator_is_an_error() -> None:
    with pytest.raises(DataError, match="no generator for task poem"):
        splits.tier_of("poem")


def test_written_files_pass_the_check_until_one_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"event_registration": (3, 0), "rating": (4, 2)})
    written = splits.write(tmp_path, seed=7)
    assert len(written) == 6
    assert splits.check(tmp_path, seed=7) == []
    folder = tmp_path / "medium" / "event_registration"
    assert (folder / "test.jsonl").read_bytes() == b""
    row = json.loads((folder / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(row) == ["id", "task", "style", "prompt", "gold"]
    (folder / "train.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "simple" / "rating" / "schema.json").unlink()
    assert splits.check(tmp_path, seed=7) == [
        "medium/event_registration/train.jsonl",
        "simple/rating/schema.json",
    ]
    assert "simple/rating/train.jsonl" in splits.check(tmp_path, seed=8)


def test_at_home_the_schemas_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = shutil.copytree(shipped_root(), tmp_path / "tasks")
    monkeypatch.setattr(splits, "shipped_root", lambda: home)
    monkeypatch.setattr(splits, "COUNTS", {"rating": (4, 2)})
    assert [path.name for path in splits.write(home)] == ["train.jsonl", "test.jsonl"]


def test_files_are_compact_and_keep_their_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "COUNTS", {"contact_info": (30, 0)})
    splits.write(tmp_path)
    text = (tmp_path / "simple" / "contact_info" / "train.jsonl").read_text(encoding="utf-8")
    assert "\\u" not in text
    assert not text.isascii()
    assert text.endswith("]}}\n")
    assert ", " not in re.sub(r'"(\\.|[^"\\])*"', "", text)
    assert text.count("\n") == 60


def test_every_process_writes_the_same_bytes() -> None:
    code = (
        "import hashlib; from edgejson_bench.generation.splits import render;"
        "print(hashlib.sha256(repr(sorted((str(p), t) for p, t in render(5).items())).encode()).hexdigest())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    printed = [process.communicate()[0].strip() for process in processes]
    assert printed[0] == printed[1]
    assert len(printed[0]) == hashlib.sha256().digest_size * 2
