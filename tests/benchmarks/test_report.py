"""The page that is made of the benchmarks' records: every figure from a record, targets told as they are, bad input."""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.torch


def spread(*samples: float) -> dict[str, Any]:
    in_order = sorted(samples)
    return {
        "median": in_order[len(samples) // 2],
        "min": in_order[0],
        "max": in_order[-1],
        "samples": list(samples),
    }


COMMON = {
    "command": "python benchmarks/any.py",
    "weights": "edge-135m",
    "busy_before": 0.01,
    "protocol": {"name": "v3", "prompt": "compact"},
    "sample": {"n": 40, "tiers_and_styles": {"simple form": 40}},
    "hardware": {
        "cpu": "Some | CPU",
        "cores": 2,
        "memory_gib": 16,
        "os": "Linux x86_64",
        "virtual": True,
        "instruction_sets": ["avx2", "amx_bf16"],
        "device": "cpu",
        "threads": 2,
    },
    "versions": {"torch": "9.9"},
}


def side(name: str, dtype: str, seconds: tuple[float, ...], identical: int, **settings: Any) -> dict[str, Any]:
    passes = [{"examples_per_second": 40 / s, "new_tokens_per_second": 400 / s, "seconds": s} for s in seconds]
    return {
        "name": name,
        "settings": {"dtype": dtype, **settings},
        "passes": passes,
        "identical": {"count": identical},
        "json_exact": {"count": 30, "value": 0.75, "ci95": [0.6, 0.86]},
        "json_exact_change": {"difference": -0.1, "ci95": [-0.2, -0.01], "p_value": 0.03},
    }


LOOP = {"batch_size": 1, "max_new_tokens": 512}


def decoding() -> dict[str, Any]:
    def comparison(*sides: dict[str, Any]) -> dict[str, Any]:
        rates = [[one["examples_per_second"] for one in each["passes"]] for each in sides]
        ratios = [
            {"side": each["name"], "over": sides[0]["name"], "examples_per_second": spread(*quotients)}
            for each, own in zip(sides[1:], rates[1:], strict=True)
            for quotients in [[a / b for a, b in zip(own, rates[0], strict=True)]]
        ]
        return {"n": 40, "sides": list(sides), "ratios": ratios}

    engine = side("this engine, float32", "float32", (10, 20, 10), 40, batch_size=16)
    return {
        **copy.deepcopy(COMMON),
        "benchmark": "decoding",
        "comparisons": [
            comparison(engine, side("this engine, bfloat16", "bfloat16", (5, 5, 4), 33, batch_size=16)),
            comparison(engine, side("published loop", "float32", (40, 80, 50), 39, **LOOP)),
        ],
        "tuning": {"harness": [{"batch_size": 4, "n": 16, "seconds": 8.0}]},
        "not_run": [{"name": "continuous", "reason": "no *paged* attention"}],
        "targets": {"over": {"published loop": 5.0, "not run here": 2.0}, "fastest_over_harness": 15.0},
    }


def harness_cost() -> dict[str, Any]:
    run = {"seconds": 10.0, "forward_seconds": 9.6, "harness_share": 0.04, "parts_alone_seconds": {"prompts": 0.1}}
    return {
        **copy.deepcopy(COMMON),
        "benchmark": "harness_cost",
        "runs": [run],
        "harness_share": spread(0.04),
        "scoring": {"exact": spread(6000, 7000, 8000), "mixed": spread(4000, 4999, 9000)},
        "commands": {"help": {"command": ["edgejson-bench", "--help"], "seconds": spread(0.2, 0.25, 0.3)}},
        "targets": {"harness_share": 0.03, "scored_examples_per_second": 5000.0, "help_seconds": 0.25},
    }


@pytest.fixture
def report(script: Callable[[str], types.ModuleType]) -> types.ModuleType:
    return script("report")


def rows(page: str, first_cell: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith(f"| {first_cell}")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_targets_are_told_as_they_were_met(report: types.ModuleType) -> None:
    page = report.page([harness_cost()])
    assert [row[-1] for row in rows(page, "harness, share")] == ["**no**"]
    assert [row[-1] for row in rows(page, "scoring")] == ["yes", "**no**"]
    assert [row[-1] for row in rows(page, "`edgejson-bench --help`, s")] == ["yes"]
    assert "4.0 (4.0 to 4.0) %" in page


def test_a_record_says_which_revision_of_the_weights_it_is_of(report: types.ModuleType) -> None:
    assert "Weights: edge-135m, revision 0123456789ab." in report.page(
        [harness_cost() | {"revision": "0123456789abcdef"}]
    )
    assert "Weights: edge-135m, revision not recorded" in report.page([harness_cost()])


def test_ratios_are_held_against_their_targets(report: types.ModuleType) -> None:
    record = decoding()
    assert rows(report.page([record]), "this engine, float32 over published loop")[0][1:] == [
        "at least 5",
        "4.00 (4.00 to 5.00)",
        "**no**",
    ]
    harness = side("lm-evaluation-harness", "float32", (60, 90, 80), 40, batch_size=8)
    record["comparisons"][0]["sides"].append(harness)
    record["comparisons"][0]["ratios"].append(
        {
            "side": "lm-evaluation-harness",
            "over": "this engine, float32",
            "examples_per_second": spread(1 / 6, 0.2, 0.1),
        }
    )
    # 60, 90 and 80 seconds against 5, 5 and 4
    (fastest,) = rows(report.page([record]), "the fastest, this engine, bfloat16, over lm-evaluation-harness")
    assert fastest[1:] == ["at least 15", "18.00 (12.00 to 20.00)", "yes"]
    assert fastest[0].endswith(", n=40")
    del record["comparisons"][0]["sides"][1]
    assert not rows(report.page([record]), "the fastest"), "a single one is no fastest"


def test_sides_are_shown_with_what_the_engine_is_over_them(report: types.ModuleType) -> None:
    page = report.page([decoding()])
    (published,) = rows(page, "published loop")
    # seconds of 40, 80 and 50 against 10, 20 and 10
    assert published[3] == "4.00 (4.00 to 5.00)"
    assert published[4] == "39 of 40"
    assert published[5] == "75.0 [60.0, 86.0]"
    assert "Not run: continuous. no \\*paged\\* attention" in page
    assert rows(page, "harness")[0][1:] == ["batch size 4", "16", "2.00"]
    assert "Some &#124; CPU, 2 cores, 16 GiB, Linux x86\\_64, virtual" in page


def test_sections_of_the_same_weights_have_headings_of_their_own(report: types.ModuleType) -> None:
    fewer, more = decoding(), decoding()
    more["sample"]["n"] = 80
    headings = [line for line in report.page([fewer, more]).splitlines() if line.startswith("## ")]
    assert "## Decoding: edge-135m, n=40" in headings
    assert len(headings) == len(set(headings)) == 6


@pytest.mark.parametrize(
    ("p_value", "seconds", "said"),
    [
        (0.03, 5, "That is more than noise."),
        (0.5, 5, "within noise for so many examples, and faster."),
        (0.5, 30, "within noise for so many examples, and no faster here."),
    ],
)
def test_the_number_type_is_judged_by_what_was_measured(
    report: types.ModuleType, p_value: float, seconds: float, said: str
) -> None:
    record = decoding()
    comparison = record["comparisons"][0]
    comparison["sides"][1]["json_exact_change"]["p_value"] = p_value
    comparison["ratios"][0]["examples_per_second"] = spread(10 / seconds)
    page = report.page([record])
    assert said in page
    assert f"{10 / seconds:.2f} ({10 / seconds:.2f} to {10 / seconds:.2f}) times as many" in page
    assert "7 of 40 answers differ. JSONExact changes by -10.0 [-20.0, -1.0] points" in page
    assert "39 of 40 answers are identical to those of decoding one prompt at a time" in page
    apart = [{**record, "comparisons": record["comparisons"][:1]}, {**record, "comparisons": record["comparisons"][1:]}]
    assert "39 of 40 answers are identical" in report.page(apart)
    assert "39 of 40 answers are identical" not in report.page(apart[:1])
    record["hardware"]["device"] = "Some GPU"
    assert "`run` takes bfloat16 on CUDA by itself" in report.page([record])


def test_a_page_is_of_one_machine(report: types.ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = harness_cost()
    other["hardware"]["threads"] = 1
    files = []
    for name, record in (("a", decoding()), ("b", other)):
        files.append(tmp_path / name)
        files[-1].write_text(f"a table\n\n{json.dumps(record)}\n", "utf-8")
    assert report.main([str(files[0])]) == 0
    assert capsys.readouterr().out.startswith("# Performance\n")
    assert report.main([str(file) for file in files]) == 2
    assert capsys.readouterr().err == "error: the records of decoding and harness_cost differ in threads\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("", "is no record of decoding, limits, harness_cost"),
        ("a table\n", "is no record"),
        ('{"benchmark": "train_step"}', "is no record"),
        (json.dumps({**decoding(), "busy_before": 0.93}), "others used 93 % of the machine when decoding began"),
    ],
)
def test_bad_files_are_one_line(
    report: types.ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content, "utf-8")
    assert report.main([str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.startswith(f"error: {file}: ")
