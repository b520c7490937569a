"""A scenario from warm-up to figures, through the real LoadGen, with a scripted and a tiny model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import ModelError, RunError
from edgejson_bench.loadgen import measure as measuring
from edgejson_bench.loadgen.driver import Scenario
from edgejson_bench.loadgen.early_stopping import estimate, middle
from edgejson_bench.loadgen.measure import measure, offline_figures, single_stream_figures
from edgejson_bench.loadgen.workloads import Workload, fixed, natural
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.rules import Rules
from edgejson_bench.protocols import get_protocol
from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings
from tests.submitted import DATASET, RIGHT

V3 = get_protocol("v3")


class Watched(Mock):
    """Keeps what it was asked, call by call: ids, budgets, settings."""

    def __init__(self, **options: Any) -> None:
        super().__init__(RIGHT, **options)
        self.calls: list[tuple[list[Prompt], Settings]] = []

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        asked = list(prompts)
        self.calls.append((asked, settings))
        return super().generate(asked, settings)


def asked_naturally(model: Any, queries: int) -> Workload:
    return natural(DATASET, model, V3, "instruction", queries=queries, seed=1, batch_size=4)


def take(scenario: Scenario, model: Any, queries: int, folder: Path) -> dict[str, Any]:
    return measure(scenario, asked_naturally(model, queries), model, seed=1, folder=folder)


# Single-stream


def test_samples_are_kept_and_the_figures_follow_from_them(tmp_path: Path) -> None:
    model = Watched()
    found = take("single_stream", model, 70, tmp_path)
    samples = found["samples"]
    assert found["n"] == len(samples) == 70
    assert found["failed"] == 0
    assert sorted(sample["query"] for sample in samples) == list(range(70))
    latencies = [sample["latency_ns"] for sample in samples]
    p90 = estimate(latencies, 0.9)
    assert p90 is not None
    assert found["end_to_end_seconds"] == {
        "p50": middle(latencies) / 1e9,
        "p90": p90 / 1e9,
        "p90_refused": None,
        "min": min(latencies) / 1e9,
        "max": max(latencies) / 1e9,
    }
    assert found["completion_tokens"]["total"] == sum(len(RIGHT[sample["example_id"]]) + 1 for sample in samples)
    assert found["loadgen"]["results"]["early_stopping_latency_ss"] == p90
    assert "Early stopping 90.0th percentile estimate" in found["loadgen"]["summary"]
    assert single_stream_figures(samples).items() <= found.items()


def test_with_few_queries_there_is_no_p90_but_the_reason(tmp_path: Path) -> None:
    times = take("single_stream", Mock(), 10, tmp_path)["end_to_end_seconds"]
    assert times["p90"] is None
    assert times["p90_refused"] == "10 answered queries are too few: an estimate at 99% confidence needs 64"
    assert times["p50"] > 0


def test_requests_are_alone_and_the_warm_up_is_dropped(tmp_path: Path) -> None:
    model = Watched()
    found = take("single_stream", model, 8, tmp_path)
    assert [len(prompts) for prompts, _ in model.calls] == [1] * 9
    assert {settings.batch_size for _, settings in model.calls} == {1}
    asked = [prompts[0].example_id for prompts, _ in model.calls]
    assert asked[0] == asked_naturally(model, 8).prompts[0].example_id
    assert [sample["example_id"] for sample in found["samples"]] == asked[1:]
    assert found["warm_up"]["queries"] == 1
    assert found["batch_size"] == 1


def test_failed_queries_are_counted_and_have_no_latency(tmp_path: Path) -> None:
    found = take("single_stream", Watched(fails_on=["lamp-1"]), 66, tmp_path)
    assert (found["n"], found["failed"], len(found["samples"])) == (55, 11, 66)
    assert found["end_to_end_seconds"]["p90_refused"].startswith("55 answered queries are too few")
    answered = [s["latency_ns"] for s in found["samples"] if s["finish_reason"] != "error"]
    assert found["end_to_end_seconds"]["p50"] == middle(answered) / 1e9


def test_where_nothing_is_answered_there_are_no_figures(tmp_path: Path) -> None:
    found = take("single_stream", Watched(fails_on=list(RIGHT)), 6, tmp_path)
    assert found["n"] == 0
    assert found["end_to_end_seconds"]["p50"] is None
    assert found["completion_tokens"] is None


def test_models_without_tokens_are_timed_end_to_end(tmp_path: Path) -> None:
    found = take("single_stream", Rules(), 6, tmp_path)
    assert found["end_to_end_seconds"]["p50"] > 0
    assert found["prompt_tokens"] is found["completion_tokens"] is found["time_to_first_token_seconds"] is None
    assert found["decode_tokens_per_second"] is found["decoding"] is None


def test_rates_are_total_tokens_over_total_seconds_without_the_first_token() -> None:
    def sample(latency: int, prompt: int, new: int, prefill: float, decode: float) -> dict[str, Any]:
        return {
            "latency_ns": latency,
            "prompt_tokens": prompt,
            "completion_tokens": new,
            "finish_reason": "eos",
            "prefill_seconds": prefill,
            "decode_seconds": decode,
        }

    found = single_stream_figures([sample(10**9, 100, 11, 0.25, 0.5), sample(4 * 10**9, 500, 51, 0.75, 2.5)])
    assert found["prefill_tokens_per_second"] == 600.0
    assert found["decode_tokens_per_second"] == 20.0
    assert found["time_to_first_token_seconds"] == {"p50": 0.75, "min": 0.25, "max": 0.75}
    assert found["end_to_end_seconds"]["p50"] == 4.0


def test_figures_that_are_not_loadgens_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "middle", lambda latencies: 2 * max(latencies))
    with pytest.raises(RunError, match=r"^50th percentile: 6 samples give .*, LoadGen .* says "):
        take("single_stream", Mock(), 6, tmp_path)


# Offline


def test_offline_rates_are_those_of_its_samples(tmp_path: Path) -> None:
    model = Watched()
    found = take("offline", model, 6, tmp_path)
    samples = found["samples"]
    seconds = max(sample["latency_ns"] for sample in samples) / 1e9
    assert found["seconds"] == seconds
    assert found["examples_per_second"] == 6 / seconds
    assert found["tokens_per_second"] == sum(sample["completion_tokens"] for sample in samples) / seconds
    assert found["loadgen"]["results"]["result_samples_per_second"] == pytest.approx(6 / seconds, rel=1e-4)
    assert offline_figures(samples).items() <= found.items()


def test_offline_goes_in_one_batch_after_a_short_one_that_is_dropped(tmp_path: Path) -> None:
    model = Watched()
    found = take("offline", model, 6, tmp_path)
    (warm_up, _), (batch, settings) = model.calls
    assert found["warm_up"]["queries"] == len(warm_up) == 4
    assert {prompt.max_new_tokens for prompt in warm_up} == {16}
    assert len(batch) == 6
    assert settings.batch_size == found["batch_size"] == 4


def test_an_example_that_comes_again_waits_for_the_next_batch(tmp_path: Path) -> None:
    model = Watched()
    found = take("offline", model, 15, tmp_path)
    batches = [[prompt.example_id for prompt in prompts] for prompts, _ in model.calls[1:]]
    assert [len(batch) for batch in batches] == [6, 6, 3]
    assert all(len(set(batch)) == len(batch) for batch in batches)
    assert sorted(sample["query"] for sample in found["samples"]) == list(range(15))


def test_failed_queries_are_in_the_seconds_and_in_no_rate(tmp_path: Path) -> None:
    found = take("offline", Watched(fails_on=["lamp-1"]), 6, tmp_path)
    assert (found["n"], found["failed"]) == (5, 1)
    assert found["examples_per_second"] == 5 / found["seconds"]


# Forced lengths


@pytest.mark.parametrize("scenario", ["single_stream", "offline"])
def test_a_model_that_cannot_force_a_length_says_so(scenario: Scenario, tmp_path: Path) -> None:
    workload = fixed(DATASET, Mock(), queries=2, seed=0, batch_size=2)
    with pytest.raises(ModelError, match=r"^this model: its answers end by themselves, .*; use --workload natural$"):
        measure(scenario, workload, Mock(), seed=0, folder=tmp_path)


def test_rules_cannot_either() -> None:
    (prompt,) = asked_naturally(Rules(), 1).prompts
    with pytest.raises(ModelError, match=r"^rules: its answers end by themselves"):
        next(Rules().generate([prompt], Settings("length", 1)))


@pytest.fixture(scope="module")
def tiny(tiny_model_dir: Path) -> Any:
    from edgejson_bench.models.transformers import LoadOptions, TransformersModel, Weights

    identity = ModelIdentity("tiny", "tiny", "transformers")
    return TransformersModel(identity, Weights(tiny_model_dir), options=LoadOptions(device="cpu", threads=1))


@pytest.mark.torch
@pytest.mark.parametrize("scenario", ["single_stream", "offline"])
def test_fixed_is_exactly_256_in_and_128_out(scenario: Scenario, tiny: Any, tmp_path: Path) -> None:
    workload = fixed(DATASET, tiny, queries=3, seed=0, batch_size=2)
    found = measure(scenario, workload, tiny, seed=0, folder=tmp_path)
    assert {(s["prompt_tokens"], s["completion_tokens"]) for s in found["samples"]} == {(256, 128)}
    assert {sample["finish_reason"] for sample in found["samples"]} == {"length"}
    if scenario == "offline":
        assert found["tokens_per_second"] == 3 * 128 / found["seconds"]
        assert found["decoding"] == measuring.WITHIN_BATCH
        return
    assert found["decoding"] == measuring.BETWEEN_QUERIES
    decode = sum(sample["decode_seconds"] for sample in found["samples"])
    assert found["decode_tokens_per_second"] == 3 * 127 / decode
    for sample in found["samples"]:
        assert 0 < sample["prefill_seconds"] + sample["decode_seconds"] < sample["latency_ns"] / 1e9


@pytest.mark.torch
def test_a_context_that_is_too_short_is_one_line(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny._text, "_context", 300)
    workload = fixed(DATASET, tiny, queries=1, seed=0, batch_size=1)
    with pytest.raises(ModelError, match=r"it had 256 in and 44 out; is its context too short\?"):
        measure("single_stream", workload, tiny, seed=0, folder=tmp_path)


@pytest.mark.torch
@pytest.mark.parametrize("rows", [1, 2])
def test_a_forced_length_goes_past_the_end_token_and_closed_json(tiny: Any, rows: int) -> None:
    from edgejson_bench.decoding.engine import Engine, TokenPrompt

    prompts = [TokenPrompt(str(number), str(number), (5 + number, 6, 7), 40) for number in range(2)]
    every_token = frozenset(range(tiny._model.config.vocab_size))
    engine = Engine(tiny._model, every_token, lambda _: "{}")
    free = engine.decode(prompts, rows=rows, stop_at_json_end=True)
    assert {(len(done.ids), done.finish_reason) for done in free} == {(1, "eos")}
    forced = engine.decode(prompts, rows=rows, stop_at_json_end=False, stop_at_end_token=False)
    assert {(len(done.ids), done.finish_reason) for done in forced} == {(40, "length")}


def test_the_settings_of_the_natural_workload_are_the_protocols() -> None:
    assert replace(asked_naturally(Mock(), 1).settings, batch_size=1) == V3.settings(1)
