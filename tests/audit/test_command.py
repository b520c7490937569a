"""``audit`` on the command line: what it prints where, its exit codes, and one line for data that cannot be audited."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import cli
from edgejson_bench.audit.whole import CAP
from edgejson_bench.errors import MissingExtra
from edgejson_bench.models import resolve
from edgejson_bench.models.scripted import Characters
from edgejson_bench.tasks import Dataset
from tests.audit.made import PARCEL, changed, clean, form, with_more


@pytest.fixture(autouse=True)
def tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "resolve_tokenizer", lambda *_: Characters())


def written(folder: Path, dataset: Dataset) -> str:
    """The folder, after writing the data set into it."""
    for task in dataset.tasks.values():
        path = folder / "schemas" / task.tier / f"{task.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(task.schema))
    for split, examples in dataset.splits.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(asdict(example)) + "\n" for example in examples))
    return str(folder)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("edgejson-bench: ")
    return last.removeprefix("edgejson-bench: ")


def test_the_table_goes_to_stdout_and_notes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--data", written(tmp_path, clean())]) == 0
    captured = capsys.readouterr()
    assert captured.out.rstrip().endswith("No findings")
    assert "tokens of SmolLM2" in captured.out
    assert captured.err.startswith("reading 10 examples\n")
    assert max(map(len, captured.out.splitlines())) <= 100


def test_json_is_all_that_stdout_gets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, changed("test", "trip-test-3-form", gold={"driver": "Dijkstra"}))
    assert cli.main(["audit", "--json", "--data", folder, "--cap", "61", "--tokenizer", "org/name"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert value["verdict"] == {"findings": 1, "kinds": {"contradiction": 1}}
    assert (value["cap"], value["unit"]) == (61, "tokens of org/name")


def test_the_default_cap_is_the_published_budget() -> None:
    assert cli.build_parser().parse_args(["audit"]).cap == CAP


def test_findings_are_results_unless_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, with_more("test", form("copy", PARCEL, clean().splits["train"][0].gold)))
    assert cli.main(["audit", "--data", folder]) == 0
    assert complaint(capsys, "audit", "--strict", "--data", folder) == "audit --strict: 1 leak"


def test_strict_passes_over_the_kinds_that_any_data_may_have(tmp_path: Path) -> None:
    gold = {"driver": "Ada", "stops": [{}]}
    dataset = with_more("train", form("empty", clean().tasks["trip"], gold))
    assert cli.main(["audit", "--strict", "--data", written(tmp_path, dataset)]) == 0


def test_without_the_default_tokenizer_characters_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise MissingExtra("install it with: pip install the-package")

    monkeypatch.setattr(resolve, "resolve_tokenizer", missing)
    folder = written(tmp_path, clean())
    assert cli.main(["audit", "--data", folder]) == 0
    captured = capsys.readouterr()
    assert "characters" in captured.out
    assert "lengths are in characters: install it with" in captured.err
    assert complaint(capsys, "audit", "--data", folder, "--tokenizer", "org/name").startswith("install it with")


GOOD = json.dumps(asdict(clean().splits["train"][0]))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "x", ', "train.jsonl:2: not a valid JSON line"),
        (GOOD.replace(": 2.5,", ": NaN,").replace("parcel-train", "x"), "the expected object is not plain JSON"),
        ("[" * 100_000, "train.jsonl:2: not a valid JSON line"),
        (GOOD.replace("parcel-train", "x").replace(": 2.5,", ": " + "[" * 300 + "]" * 300 + ","), "levels deep"),
        (GOOD.replace("parcel-train", "x").replace("Parcel", "x" * 10_000_000), "its prompt has 10,000,"),
    ],
    ids=["broken", "nan", "brackets", "deep", "large"],
)
def test_data_that_cannot_be_audited_gives_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    folder = written(tmp_path, clean())
    with (tmp_path / "train.jsonl").open("w") as file:
        file.write(f"{GOOD}\n{line}\n")
    assert message in complaint(capsys, "audit", "--data", folder)


def test_a_schema_that_is_none_gives_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, clean())
    (tmp_path / "schemas" / "simple" / "parcel.json").write_text('{"type": "parcel"}')
    assert "parcel.json: no valid draft-07 schema at '/type'" in complaint(capsys, "audit", "--data", folder)


def test_a_cap_below_one_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--cap", "0"]) == 2
    assert capsys.readouterr().err == "edgejson-bench: --cap 0: must be at least 1\n"
