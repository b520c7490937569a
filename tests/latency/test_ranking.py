"""What may be ranked together, and how."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edgejson_bench import cli
from edgejson_bench.loadgen.ranking import ranking_table, rankings


def record(name: str, p50: float, fingerprint: str = "a" * 64, failed: int = 0, **workload: Any) -> dict[str, Any]:
    """A record of both scenarios; offline it is as fast as its p50 says."""
    memory = {"loaded_bytes": 1, "peak_rss_bytes": 10**9, "peak_vram_bytes": None}
    single = {
        "scenario": "single_stream",
        "failed": failed,
        "end_to_end_seconds": {"p50": p50, "p90": None},
        "time_to_first_token_seconds": None,
        "decode_tokens_per_second": 9.5,
        "memory": memory,
    }
    offline = {
        "scenario": "offline",
        "failed": failed,
        "examples_per_second": 1 / p50,
        "tokens_per_second": None,
        "batch_size": 16,
        "memory": memory,
    }
    hardware = {
        "cpu": "Some processor of a long name, 3.1 GHz",
        "cores": 8,
        "physical_cores": 4,
        "memory_gib": 15.5,
        "virtual": True,
        "device": "cpu",
        "threads": 4,
        "fingerprint": fingerprint,
    }
    return {
        "format_version": 1,
        "model": {"name": name},
        "workload": {"name": "natural", "queries": 64, "seed": 0, "prompt": "compact", **workload},
        "hardware": hardware,
        "scenarios": {"single_stream": single, "offline": offline},
    }


def placed(records: list[dict[str, Any]]) -> list[tuple[str, list[tuple[int | None, str]]]]:
    return [(r.scenario, [(rank, row["model"]["name"]) for rank, row in r.rows]) for r in rankings(records)]


def test_the_fastest_is_first_in_both_scenarios() -> None:
    order: list[tuple[int | None, str]] = [(1, "b"), (2, "c"), (2, "d"), (4, "a")]
    records = [record("a", 9.0), record("b", 1.0), record("d", 2.0), record("c", 2.0)]
    assert placed(records) == [("offline", order), ("single_stream", order)]


@pytest.mark.parametrize(
    "other",
    [{"fingerprint": "b" * 64}, {"queries": 65}, {"seed": 1}, {"name": "fixed"}, {"data": {"name": "x"}}],
    ids=lambda other: next(iter(other)),
)
def test_another_machine_or_workload_is_another_ranking(other: dict[str, Any]) -> None:
    mine, theirs = record("a", 1.0), record("b", 2.0)
    theirs["hardware"] |= {key: value for key, value in other.items() if key == "fingerprint"}
    theirs["workload"] |= {key: value for key, value in other.items() if key != "fingerprint"}
    found = placed([mine, theirs])
    assert len(found) == 4
    assert {rank for _, rows in found for rank, _ in rows} == {1}


def test_the_prompt_is_the_models_own() -> None:
    assert [len(rows) for _, rows in placed([record("a", 1.0), record("b", 2.0, prompt="instruction")])] == [2, 2]


def test_where_requests_failed_there_is_no_rank() -> None:
    assert placed([record("a", 0.1, failed=1), record("b", 2.0)])[0][1] == [(1, "b"), (None, "a")]


def test_a_table_fits_a_terminal() -> None:
    for ranking in rankings([record("a-model-with-a-name-as-long-as-names-get-1.7B", 9.0), record("b", 1.0)]):
        screen = io.StringIO()
        Console(width=100, file=screen).print(ranking_table(ranking))
        assert max(len(line) for line in screen.getvalue().splitlines()) <= 100
        assert "a" * 12 in screen.getvalue()


def test_the_command_ranks_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, p50, fingerprint in (("slow", 9.0, "a"), ("quick", 1.0, "a"), ("elsewhere", 0.1, "b")):
        files.append(str(tmp_path / f"{name}.json"))
        Path(files[-1]).write_text(json.dumps(record(name, p50, fingerprint * 64)))
    assert cli.main(["latency", "--rank", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = [[(row["rank"], row["model"]) for row in ranking["rows"]] for ranking in found]
    assert rows == [[(1, "quick"), (2, "slow")], [(1, "elsewhere")]] * 2
    assert cli.main(["latency", "--rank", *files]) == 0
    assert "elsewhere" in capsys.readouterr().out
    assert cli.main(["latency", "--rank", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.endswith("none.json: no such file\n")


def test_ranking_and_measuring_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["latency", "--rank", "a.json", "--model", "mock"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
