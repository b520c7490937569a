"""What a run records of its styles: which it is about, whether it has all of them, and which golds are pairs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import evaluate
from edgejson_bench.models.mock import Mock
from edgejson_bench.runs import MANIFEST, REPORT, RunDirectory, load_run, run_fingerprint
from edgejson_bench.tasks import Dataset, fingerprint
from tests.submitted import CLEAN_CODE, DATASET, PAIRED, RIGHT, RIGHT_AS_FORM, run, scripted


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


def run_paired(folder: Path, dataset: Dataset = PAIRED, **changes: Any) -> RunDirectory:
    return run(folder, Mock(RIGHT_AS_FORM), dataset, latency=False, **changes)


def report_of(directory: RunDirectory) -> dict[str, Any]:
    assert directory.report is not None
    return directory.report


@pytest.mark.parametrize(
    ("styles", "recorded", "n"),
    [
        ((), ["form", "prose"], 12),
        (("form",), ["form"], 6),
        (("prose",), ["prose"], 6),
        (("prose", "form"), ["form", "prose"], 12),
    ],
)
def test_all_of_a_style_is_a_whole_run_of_the_splits_board(
    tmp_path: Path, styles: tuple[str, ...], recorded: list[str], n: int
) -> None:
    directory = run_paired(tmp_path, styles=styles)
    data = directory.manifest["data"]
    assert (data["styles"], data["selection"]["styles"], data["examples"]) == (recorded, recorded, n)
    assert (data["limited"], data["ids"]) == (False, None)
    assert data["fingerprint"] == fingerprint(PAIRED.split("test"), PAIRED.tasks)
    report = report_of(directory)
    assert list(report["results"]) == list(report["errors"]["kinds"]) == recorded
    assert (report["layout_gap"] is not None) is (n == 12)
    before = (directory.path / REPORT).read_bytes()
    evaluate.score(load_run(directory.path), PAIRED)
    assert (directory.path / REPORT).read_bytes() == before


def test_all_styles_by_name_is_the_run_of_all_by_default_and_one_style_is_another(tmp_path: Path) -> None:
    by_default, by_name, form = (run_paired(tmp_path, styles=styles) for styles in ((), ("form", "prose"), ("form",)))
    assert by_default.path == by_name.path != form.path


@pytest.mark.parametrize(("limit", "styles"), [(4, ()), (1, ()), (5, ("prose",))])
def test_a_part_of_the_styles_asked_for_is_limited(tmp_path: Path, limit: int, styles: tuple[str, ...]) -> None:
    data = run_paired(tmp_path, limit=limit, styles=styles).manifest["data"]
    assert (data["limited"], data["examples"], len(data["ids"])) == (True, limit, limit)


def test_all_golds_of_one_style_are_limited_where_the_other_was_asked_for_too(tmp_path: Path) -> None:
    form = tuple(e for e in PAIRED.split("test") if e.style == "form")
    directory = run_paired(tmp_path, examples=form)  # as a selection by task may leave it
    assert directory.manifest["data"]["styles"] == ["form", "prose"]
    assert directory.manifest["data"]["limited"] is True
    assert report_of(directory)["layout_gap"] is None


def test_a_limited_run_has_pairs(tmp_path: Path) -> None:
    gap = report_of(run_paired(tmp_path, limit=6))["layout_gap"]
    assert (gap["n"], gap["json_exact"]["only_form"], gap["json_exact"]["difference"]) == (3, 3, 1.0)
    assert list(gap["tiers"]) == ["simple", "complex"]


def test_examples_of_other_golds_are_no_pair_whatever_their_ids(tmp_path: Path) -> None:
    rows = tuple(
        replace(e, gold=e.gold | {"room": "Loft"}) if e.id == "lamp-1-prose" else e for e in PAIRED.split("test")
    )
    gap = report_of(run_paired(tmp_path, Dataset("odd", PAIRED.tasks, {"test": rows})))["layout_gap"]
    assert gap["n"] == 5


def test_a_run_from_before_there_were_styles_is_scored(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(wrong=1))
    old = json.loads((directory.path / MANIFEST).read_text(encoding="utf-8"))
    del old["data"]["styles"]
    old["data"]["selection"]["styles"] = []
    old["fingerprint"] = run_fingerprint(old)
    (directory.path / MANIFEST).write_text(json.dumps(old), encoding="utf-8")
    report = evaluate.score(load_run(directory.path), DATASET)
    assert report["results"]["form"]["overall"]["n"] == len(RIGHT)
