"""``latency`` from the command line: the whole way through its own processes, and one line where something is wrong."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edgejson_bench import cli
from edgejson_bench.commands import timing
from edgejson_bench.errors import RunError
from edgejson_bench.loadgen import driver, record, tables
from edgejson_bench.loadgen.early_stopping import estimate
from edgejson_bench.loadgen.workloads import chosen
from edgejson_bench.tasks import fingerprint, load_shipped
from tests.test_cli_errors import complaint

MOCK = ("latency", "--model", "mock", "--threads", "1")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_scenarios_of_a_scripted_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*MOCK, "--queries", "66", "--seed", "3", "--out", "new/mock.json", "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found == json.loads((tmp_path / "new" / "mock.json").read_text()) == record.load(Path("new/mock.json"))
    dataset = load_shipped()
    split = dataset.split("test")
    assert found["workload"] == {
        "name": "natural",
        "queries": 66,
        "seed": 3,
        "data": {"name": dataset.name, "fingerprint": fingerprint(split, dataset.tasks)},
        "protocol": "v3",
        "prompt": "instruction",
        "prompt_source": "protocol",
        "stop": "json_end",
    }
    single, offline = found["scenarios"]["single_stream"], found["scenarios"]["offline"]
    expected = sorted(example.id for example in chosen(split, 66, seed=3))
    for scenario in (single, offline):
        assert sorted(sample["example_id"] for sample in scenario["samples"]) == expected
        assert scenario["loadgen"]["version"] == found["versions"]["mlcommons-loadgen"]
        assert scenario["loadgen"]["settings"]["sample_index_rng_seed"] == 3
        assert 0 < scenario["memory"]["loaded_bytes"] <= scenario["memory"]["peak_rss_bytes"]
        assert scenario["memory"]["peak_vram_bytes"] is None
        assert scenario["load_seconds"] > 0
    p90 = estimate([sample["latency_ns"] for sample in single["samples"]], 0.9)
    assert p90 is not None
    assert single["end_to_end_seconds"]["p90"] == p90 / 1e9
    hardware = found["hardware"]
    assert (hardware["device"], hardware["threads"]) == ("cpu", 1)
    if hasattr(os, "sched_getaffinity"):
        assert len(hardware["pinned_cpus"]) == 1
    screen = io.StringIO()
    Console(width=100, file=screen).print(tables.heading(found), tables.figures_table(found), tables.closing(found))
    text = screen.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert f"ranks with rows of hardware {hardware['fingerprint'][:12]} alone" in text
    assert "no p90" not in text


def test_one_scenario_gets_a_name_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*MOCK, "--queries", "2", "--scenario", "single-stream"]) == 0
    captured = capsys.readouterr()
    (file,) = (tmp_path / "latency").iterdir()
    assert file.name.startswith("mock-natural-")
    assert f"samples: latency/{file.name}" in captured.err
    assert list(record.load(file)["scenarios"]) == ["single_stream"]
    assert "no p90: 2 answered queries are too few" in captured.out
    assert "offline" not in captured.out


@pytest.mark.torch
def test_a_tiny_model_at_a_fixed_length(tiny_model_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--workload", "fixed", "--queries", "2", "--threads", "1", "--device", "cpu", "--json")
    assert cli.main(["latency", "--model", str(tiny_model_dir), "--scenario", "single-stream", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    single = found["scenarios"]["single_stream"]
    assert {(s["prompt_tokens"], s["completion_tokens"]) for s in single["samples"]} == {(256, 128)}
    assert found["model"]["size_bytes"] > 0
    assert found["model"]["extra"]["threads"] == 1
    assert found["workload"]["stop"] == "length"
    assert single["time_to_first_token_seconds"]["p50"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--queries", "0"), "--queries 0: must be at least 1"),
        (("--threads", "0"), "--threads 0: must be at least 1"),
        (("--threads", "100000"), "--threads 100000: this process may use "),
        (("--batch-size", "0"), "--batch-size 0: must be at least 1"),
        (("--seed", "-1"), "--seed -1: must be from 0 to 2^63 - 1"),
        (("--out", "here.json"), "here.json: is there already; choose another --out, or remove it first"),
        (("--out", "here.json/sub/x.json"), "here.json is no writable folder); choose another --out"),
        (("--model", "nonsense"), "model 'nonsense' is neither a folder here nor of the form ORG/NAME"),
    ],
)
def test_wrong_use_is_told_before_anything_is_measured(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here.json").write_text("mine")
    assert message in complaint(capsys, 2, *MOCK, *arguments)
    assert [file.name for file in tmp_path.iterdir()] == ["here.json"]
    assert (tmp_path / "here.json").read_text() == "mine"


@pytest.mark.parametrize(("option", "value"), [("--scenario", "server"), ("--workload", "odd")])
def test_an_unknown_scenario_or_workload_shows_the_usage(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*MOCK, option, value])
    assert ended.value.code == 2
    assert f"invalid choice: '{value}'" in capsys.readouterr().err


def test_a_missing_extra_is_told_with_its_install_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlperf_loadgen", None)
    assert "pip install 'edgejson-bench[latency]'" in complaint(capsys, 1, *MOCK)


def test_a_model_that_cannot_force_a_length_is_told_from_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(capsys, 1, *MOCK, "--workload", "fixed", "--queries", "1")
    assert told == (
        "this model: its answers end by themselves, so no length can be forced on it; use --workload natural"
    )


def test_a_process_that_dies_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(timing, "CHILD", "tests.latency.killed")
    told = complaint(capsys, 1, *MOCK, "--queries", "1")
    assert told.startswith("the measuring process was ended by SIGKILL before it had a result")
    assert not (tmp_path / "latency").exists()


# The record


ANSWER: dict[str, Any] = {
    "identity": {"name": "m"},
    "device": "cpu",
    "workload": {"name": "natural"},
    "scenario": {"scenario": "offline"},
}


def test_a_model_that_changed_between_scenarios_is_an_error() -> None:
    with pytest.raises(RunError, match="changed between the two scenarios"):
        record.build({}, [ANSWER, ANSWER | {"identity": {"name": "n"}}], 1)


def test_a_record_is_never_written_over(tmp_path: Path) -> None:
    built = record.build({}, [ANSWER], 1)
    path = record.keep(built, None)
    assert path.parent == Path("latency")
    with pytest.raises(RunError, match="is there already"):
        record.keep(built, path)
    assert record.load(path) == built


def test_other_files_are_no_records(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"format_version": 1}')
    with pytest.raises(RunError, match=r"^other.json: not a latency record of format 1$"):
        record.load(Path("other.json"))


def test_names_that_the_help_repeats_are_the_real_ones() -> None:
    for scenario in driver.SCENARIOS:
        named = scenario.replace("_", "-")
        assert cli.build_parser().parse_args([*MOCK, "--scenario", named]).scenario == named


def test_an_interrupted_timing_says_that_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgejson_bench import commands

    def interrupt(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "latency", interrupt)
    assert cli.main(["latency", "--model", "mock"]) == 1
    assert capsys.readouterr().err == "edgejson-bench: interrupted; nothing is kept\n"
