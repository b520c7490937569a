"""The benchmarks of the machine's limits and of the harness's share: arithmetic, records, bad input. No speed."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.decoding.models import needs_packed

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("one_thread")]

Script = Callable[[str], types.ModuleType]
SMALL = ["--sample", "3", "--repeats", "2", "--batch-size", "2", "--device", "cpu"]


class Clock:
    """Each look at it, half a second later."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


def test_a_rate_is_what_was_done_over_the_time_it_took(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    peaks = script("peaks")
    monkeypatch.setattr(peaks.time, "perf_counter", Clock())
    calls: list[int] = []
    found = peaks.rate(lambda: calls.append(1), 100.0, repeats=2, seconds=1.5, device=torch.device("cpu"))
    # three calls of half a second each, twice, and one before that is not counted
    assert len(calls) == 7
    assert found["samples"] == [200.0, 200.0]


def test_what_is_said_of_products_and_memory(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    peaks = script("peaks")
    asked: list[float] = []

    def amount(work: Callable[[], object], amount: float, **_: Any) -> dict[str, float]:
        work()
        asked.append(amount)
        return {"median": amount}

    monkeypatch.setattr(peaks, "rate", amount)
    monkeypatch.setattr(peaks, "SQUARE", 8)
    cpu = torch.device("cpu")
    monkeypatch.setattr(peaks.packed, "usable", lambda device, dtype: False)
    found = peaks.products([(3, 5)], 4, torch.bfloat16, cpu)
    assert [(one["tokens"], one["in"], one["out"]) for one in found] == [(4, 5, 3), (8, 8, 8)]
    assert asked == [2 * 4 * 5 * 3, 2 * 8**3]
    assert [peaks.name_of(one) for one in found] == ["4 x 5 x 3", "8 x 8 x 8"]
    asked.clear()
    weights = [torch.ones(3, 5, dtype=torch.bfloat16), torch.ones(7, 3, dtype=torch.bfloat16)]
    assert list(peaks.memory(weights, 1024, cpu)) == ["sum", "copy", "matrix_vector"]
    assert asked == [1024, 2048, 2 * (15 + 21)]


@needs_packed
def test_packed_weights_are_a_kernel_of_their_own(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    peaks = script("peaks")
    monkeypatch.setattr(peaks, "SQUARE", 8)
    found = peaks.products([(3, 5)], 4, torch.float32, torch.device("cpu"), repeats=1, seconds=0)
    assert [peaks.name_of(one) for one in found] == ["4 x 5 x 3", "4 x 5 x 3, packed", "8 x 8 x 8", "8 x 8 x 8, packed"]
    assert peaks.name_of({"tokens": 4, "in": 5, "out": 3}) == "4 x 5 x 3", "records of earlier versions"


def test_a_kernel_of_one_number_type_alone_has_a_row(script: Script) -> None:
    peaks = script("peaks")

    def product(kernel: str, rate: float) -> dict[str, Any]:
        spread = {"median": rate * 1e9, "min": rate * 1e9, "max": rate * 1e9}
        return {"tokens": 4, "in": 5, "out": 3, "kernel": kernel, "flop_per_second": spread}

    plain, packed = product("plain", 7), product("packed", 9)
    memory = {"matrix_vector": {"median": 3e9, "min": 2e9, "max": 4e9}}
    narrow = {
        "float32": {"products": [plain, packed], "memory_bytes_per_second": memory},
        "bfloat16": {"products": [plain], "memory_bytes_per_second": memory},
    }
    rows = [
        ("4 x 5 x 3, GFLOP/s", "7 (7 to 7)", "7 (7 to 7)"),
        ("4 x 5 x 3, packed, GFLOP/s", "9 (9 to 9)", "-"),
        ("matrix-vector, GB/s", "3.0 (2.0 to 4.0)", "3.0 (2.0 to 4.0)"),
    ]
    assert peaks.kernel_rows(narrow) == rows
    wide = dict(reversed(narrow.items()))
    assert peaks.kernel_rows(wide) == [(name, second, first) for name, first, second in rows]


def test_shares_of_the_limits(script: Script) -> None:
    import torch

    limits = script("limits")
    spread = {"median": 4.0, "min": 3.0, "max": 5.0, "samples": [3.0, 4.0, 5.0]}
    prefill = limits.prefill_share({"n": 2, "tokens": 10, "seconds": spread}, 100, 40, peak=10.0)
    # 60 elements for each of ten tokens, 40 for each of two prompts, 2 FLOP each
    assert prefill == {"limit_seconds": 136.0, "share_of_limit": 34.0}
    read = limits.bytes_of([torch.ones(2, 5), torch.ones(1, 10, dtype=torch.bfloat16)])
    decode = limits.decode_share({"tokens": 8, "seconds": spread}, read, bandwidth=240.0)
    assert decode == {"bytes_per_token": 60, "limit_seconds": 2.0, "share_of_limit": 0.5, "tokens_per_second": 2.0}
    whole = limits.quality_ratio({"prompt_tokens": 6, "gold_tokens": 4, "seconds": spread}, 5, peak=50.0)
    assert whole["limit_seconds"] == 2.0
    assert whole["over_limit"]["samples"] == [1.5, 2.0, 2.5]


@pytest.mark.usefixtures("short_answers")
def test_limits_report_both_number_types(
    script: Script, tiny_model_dir: Path, last_line: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgejson_bench.errors import ModelError

    limits = script("limits")
    monkeypatch.setattr(script("peaks"), "SQUARE", 16)

    def engine(arguments: Any, spec: str, name: str, dtype: str) -> Any:
        if name == "openvino":
            raise ModelError("openvino: is not here")
        return limits.common.load_model(arguments, spec, dtype)

    monkeypatch.setattr(limits.common, "load_engine", engine)
    flags = ["--model", str(tiny_model_dir), *SMALL, "--alone", "2", "--seconds", "0", "--buffer-mib", "1"]
    flags += ["--passes", "2", "--engines", "openvino", "llama.cpp"]
    assert limits.main(flags) == 0
    record = last_line()
    assert list(record["dtypes"]) == ["float32", "bfloat16"]
    for found, size in zip(record["dtypes"].values(), (4, 2), strict=True):
        assert found["peak_flop_per_second"] == max(one["flop_per_second"]["median"] for one in found["products"])
        assert found["decode"]["bytes_per_token"] == size * found["matrix_elements"]
        assert found["parameters"] >= found["matrix_elements"]
        whole = found["quality_pass"]
        assert whole["n"] == 3
        assert len(whole["over_limit"]["samples"]) == 2
        assert 0 < whole["computed_tokens"] <= whole["prompt_tokens"] + 16 * whole["new_tokens"]
        assert whole["gold_tokens"] > whole["new_tokens"]
    assert str(tiny_model_dir) not in json.dumps(record)
    page = script("report").page([record])
    assert "| quality pass over its arithmetic |" in page
    assert record["not_run"] == [{"name": "openvino", "reason": "openvino: is not here"}]
    other = record["engines"]["llama.cpp"]["decode"]
    bandwidth = max(found["bandwidth_bytes_per_second"] for found in record["dtypes"].values())
    assert other["limit_seconds"] == other["tokens"] * other["bytes_per_token"] / bandwidth
    shares = [one["decode"]["share_of_limit"] for one in (*record["dtypes"].values(), record["engines"]["llama.cpp"])]
    assert page.count("| decode alone, the best share of the bandwidth: ") == 1
    assert f"| at least 60 % | {100 * max(shares):.0f} % |" in page
    assert "\n| --engine llama.cpp, float32 | 2 | " in page
    assert "Not run: openvino. openvino: is not here" in page


@pytest.mark.usefixtures("short_answers")
def test_an_adapter_is_read_for_no_token_since_it_is_merged(
    script: Script, adapter_here: Path, last_line: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = script("limits")
    monkeypatch.setattr(script("peaks"), "SQUARE", 16)
    flags = ["--model", str(adapter_here), *SMALL, "--alone", "1", "--seconds", "0", "--buffer-mib", "1", "--engines"]
    assert limits.main([*flags, "--dtypes", "float32", "bfloat16"]) == 0
    full, narrow = last_line()["dtypes"].values()
    assert full["matrix_elements"] == narrow["matrix_elements"] < full["parameters"]
    assert full["decode"]["bytes_per_token"] == 4 * full["matrix_elements"]
    assert narrow["decode"]["bytes_per_token"] == 2 * narrow["matrix_elements"]


def test_what_the_model_does_not_take_is_the_harness(
    script: Script, tiny_model_dir: Path, last_line: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = script("harness_cost")
    build = cost.build_prompts
    monkeypatch.setattr(
        cost.evaluate, "build_prompts", lambda *given: [replace(p, max_new_tokens=6) for p in build(*given)]
    )
    monkeypatch.setattr(cost, "COMMANDS", {"help": ("--version",), "leaderboard": ("--version",)})
    assert cost.main(["--model", str(tiny_model_dir), *SMALL, "--starts", "2"]) == 0
    record = last_line()
    assert len(record["runs"]) == 2
    for run in record["runs"]:
        assert run["forward_passes"] > 3
        assert 0 < run["forward_seconds"] < run["seconds"]
        assert run["harness_share"] == pytest.approx(1 - run["forward_seconds"] / run["seconds"])
    assert record["harness_share"]["samples"] == [run["harness_share"] for run in record["runs"]]
    assert len(record["scoring"]["mixed"]["samples"]) == cost.SCORINGS
    assert len(record["commands"]["help"]["seconds"]["samples"]) == 2
    assert record["sample"]["n"] == 3
    assert "| `edgejson-bench --version` | 2 |" in script("report").page([record])


def test_mixed_answers_are_of_every_sort(script: Script) -> None:
    from edgejson_bench.evaluate import score_completions
    from edgejson_bench.records import Completion
    from edgejson_bench.tasks import load_shipped

    cost, dataset = script("harness_cost"), load_shipped()
    examples = dataset.split("test")[:5]
    answers = {e.id: Completion(e.id, cost.mixed_answer(n, e), 1, 1, "json_end") for n, e in enumerate(examples)}
    scores = score_completions(dataset, examples, answers, "strict")
    assert [score.json_exact for score in scores] == [True, True, False, False, False]
    assert [score.parsed for score in scores] == [True, True, True, True, False]


def test_a_command_that_fails_is_one_line(script: Script) -> None:
    from edgejson_bench.errors import CheckFailed

    with pytest.raises(CheckFailed, match=r"no-such-command: exit code 2"):
        script("harness_cost").fresh_processes(("no-such-command",), 1)


@pytest.mark.parametrize("name", ["limits", "harness_cost"])
def test_wrong_flags_are_one_line(
    script: Script, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = script(name)
    if name == "harness_cost":
        monkeypatch.setattr(module, "fresh_processes", lambda *_: {})
    assert module.main(["--sample", "100000"]) == 2
    assert capsys.readouterr().err.startswith("error: --sample 100000")
