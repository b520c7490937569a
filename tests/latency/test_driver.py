"""LoadGen: what it asks, that nothing gets lost, and what happens where an answer fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from edgejson_bench.errors import MissingExtra, RunError
from edgejson_bench.loadgen import driver
from edgejson_bench.loadgen.driver import Scenario, drive, read_logs, require_loadgen


class Recorder:
    """Answers everything and keeps what it was asked, call by call."""

    def __init__(self, fails_at: int | None = None, error: type[BaseException] = ValueError) -> None:
        self.calls: list[list[int]] = []
        self.fails_at = fails_at
        self.error = error

    def __call__(self, queries: Sequence[int]) -> Iterator[int]:
        self.calls.append(list(queries))
        for query in queries:
            if sum(map(len, self.calls)) - len(queries) + queries.index(query) == self.fails_at:
                raise self.error("no more")
            yield query


def test_single_stream_asks_every_query_once_and_alone(tmp_path: Path) -> None:
    asked = Recorder()
    log = drive("single_stream", 20, asked, seed=4, folder=tmp_path)
    assert {len(call) for call in asked.calls} == {1}
    order = [query for (query,) in asked.calls]
    assert sorted(order) == list(range(20))
    assert list(log.latencies_ns) == order
    assert min(log.latencies_ns.values()) > 0
    assert log.settings["scenario"] == "SingleStream"
    assert (log.settings["min_query_count"], log.settings["max_query_count"]) == (20, 20)
    assert (log.settings["target_latency_percentile"], log.settings["min_duration_ms"]) == (0.9, 0)
    assert "Scenario : SingleStream" in log.summary


def test_offline_asks_all_at_once(tmp_path: Path) -> None:
    asked = Recorder()
    log = drive("offline", 20, asked, seed=4, folder=tmp_path)
    (call,) = asked.calls
    assert sorted(call) == list(range(20)) == sorted(log.latencies_ns)
    rate = log.results["result_samples_per_second"]
    assert rate == pytest.approx(20e9 / max(log.latencies_ns.values()), rel=1e-4)


def test_the_seed_decides_the_order(tmp_path: Path) -> None:
    orders = []
    for number, seed in enumerate((7, 7, 8)):
        (tmp_path / str(number)).mkdir()
        orders.append(list(drive("single_stream", 12, iter, seed=seed, folder=tmp_path / str(number)).latencies_ns))
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize("scenario", ["single_stream", "offline"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_an_answer_raises_comes_out_after_loadgen_has_ended(
    scenario: Scenario, error: type[BaseException], tmp_path: Path
) -> None:
    asked = Recorder(fails_at=3, error=error)
    with pytest.raises(error, match="no more"):
        drive(scenario, 10, asked, seed=0, folder=tmp_path)
    assert len(asked.calls) == (4 if scenario == "single_stream" else 1)
    assert (tmp_path / "mlperf_log_summary.txt").stat().st_size > 0
    drive(scenario, 3, iter, seed=0, folder=tmp_path)  # and LoadGen can be used again


def test_an_audit_file_in_the_current_folder_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audit.config").write_text("*.*.performance_issue_same = 1\n*.*.performance_issue_same_index = 2\n")
    asked = Recorder()
    drive("single_stream", 5, asked, seed=0, folder=tmp_path)
    assert sorted(asked.calls) == [[0], [1], [2], [3], [4]]


def test_logs_that_are_missing_or_cut_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^LoadGen left no mlperf_log_detail\.txt, so there is no result$"):
        read_logs(tmp_path, 3)
    drive("offline", 3, iter, seed=0, folder=tmp_path)
    with pytest.raises(RunError, match=r"^LoadGen's trace tells the latency of 3 of 4 queries$"):
        read_logs(tmp_path, 4)


def test_an_error_that_loadgen_logs_is_an_error(tmp_path: Path) -> None:
    drive("offline", 3, iter, seed=0, folder=tmp_path)
    entry = {"key": "error_runtime", "value": "out of sorts", "metadata": {"is_error": True}}
    with (tmp_path / "mlperf_log_detail.txt").open("a") as file:
        file.write(driver.MLLOG + json.dumps(entry) + "\n")
    with pytest.raises(RunError, match=r"^LoadGen reports an error: error_runtime: out of sorts$"):
        read_logs(tmp_path, 3)


@pytest.mark.parametrize("absent", ["mlperf_loadgen", "psutil"])
def test_a_missing_extra_names_the_install_line(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, absent, None)
    with pytest.raises(MissingExtra) as caught:
        require_loadgen()
    told = f"latency needs MLPerf's LoadGen and psutil ({absent} is missing): pip install 'edgejson-bench[latency]'"
    assert str(caught.value) == told
