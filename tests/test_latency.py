"""Single-stream latency: who is timed, what is dropped, and how the figures follow from the raw samples."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import latency
from edgejson_bench.latency import PER_TIER, latency_sample, measure, summarise
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.rules import Rules
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Completion, Prompt, Settings, Timing
from edgejson_bench.tasks import Dataset, load_shipped
from tests.submitted import DATASET, RIGHT, run, scripted


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_shipped()


class Clock:
    """Stands for the time module: each completion takes as many seconds as it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Timed(Mock):
    """Takes 2, 3, 4, ... seconds for its answers, a third of that for prefill, and counts its calls."""

    def __init__(self, clock: Clock, fails_on: Collection[str] = ()) -> None:
        super().__init__(RIGHT, fails_on=fails_on)
        self.clock = clock
        self.calls: list[tuple[list[str], Settings]] = []

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        asked = list(prompts)
        self.calls.append(([prompt.example_id for prompt in asked], settings))
        seconds = 1.0 + len(self.calls)
        for completion in super().generate(asked, settings):
            self.clock.now += seconds
            if completion.finish_reason == "error":
                yield completion
            else:
                yield replace(completion, timing=Timing(seconds / 3, seconds * 2 / 3))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(latency, "time", made)
    return made


def prompts(model: Any) -> list[Prompt]:
    return build_prompts(DATASET.split("test"), DATASET, get_protocol("v3"), model)


# The sample


def test_the_sample_is_stratified_and_of_the_stated_size(shipped: Dataset) -> None:
    chosen = latency_sample(shipped.split("test"), shipped)
    tiers = [shipped.tier(example) for example in chosen]
    assert tiers == ["simple", "simple", "medium", "medium", "complex"]
    assert {tier: tiers.count(tier) for tier in PER_TIER} == PER_TIER


def test_the_sample_is_the_same_whatever_the_order_and_the_rest(shipped: Dataset) -> None:
    examples = shipped.split("test")
    chosen = latency_sample(examples, shipped)
    assert latency_sample(tuple(reversed(examples)), shipped) == chosen
    assert latency_sample(chosen, shipped) == chosen
    simple = [e.id for e in examples if (shipped.tier(e), e.style) == ("simple", "form")]
    assert [e.id for e in chosen[:2]] == sorted(simple, key=lambda i: hashlib.sha256(i.encode()).hexdigest())[:2]


def test_form_is_timed_where_it_is_there_and_else_prose(shipped: Dataset) -> None:
    examples = shipped.split("test")
    form, prose = ([example for example in examples if example.style == style] for style in ("form", "prose"))
    assert latency_sample(examples, shipped) == latency_sample(form, shipped)
    assert [shipped.tier(e) for e in latency_sample(prose, shipped)] == [
        shipped.tier(e) for e in latency_sample(form, shipped)
    ]
    assert {example.style for example in latency_sample(prose, shipped)} == {"prose"}


def test_a_tier_that_is_not_there_is_not_timed(shipped: Dataset) -> None:
    medium = [example for example in shipped.split("test") if shipped.tier(example) == "medium"]
    assert [shipped.tier(example) for example in latency_sample(medium, shipped)] == ["medium", "medium"]
    assert latency_sample(medium[:1], shipped) == medium[:1]


# Measuring


def test_requests_are_made_one_at_a_time_after_one_that_is_dropped(clock: Clock) -> None:
    model = Timed(clock)
    asked = prompts(model)
    settings = Settings(stop="json_end", batch_size=16, text_rule="after_prompt")
    samples = list(measure(model, asked, settings))
    ids = list(RIGHT)
    assert [call for call, _ in model.calls] == [[ids[0]], *([id_] for id_ in ids)]
    assert {used for _, used in model.calls} == {replace(settings, batch_size=1)}
    assert [sample["example_id"] for sample in samples] == ids
    assert [sample["end_to_end_seconds"] for sample in samples] == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]  # the 2 s are gone


def test_a_sample_holds_the_models_own_times_and_counts(clock: Clock) -> None:
    first, *_ = measure(Timed(clock), prompts(Mock()), get_protocol("v3").settings(1))
    assert first == {
        "example_id": "parcel-1",
        "prompt_tokens": len(prompts(Mock())[0].text),
        "completion_tokens": len(RIGHT["parcel-1"]) + 1,
        "finish_reason": "eos",
        "end_to_end_seconds": 3.0,
        "prefill_seconds": 1.0,
        "decode_seconds": 2.0,
    }


def test_nothing_to_time_asks_the_model_nothing(clock: Clock) -> None:
    model = Timed(clock)
    assert list(measure(model, [], get_protocol("v3").settings(1))) == []
    assert model.calls == []


def test_models_without_tokens_are_timed_end_to_end_alone() -> None:
    model = Rules()
    samples = list(measure(model, prompts(model), get_protocol("v3").settings(1)))
    assert len(samples) == 6
    for sample in samples:
        assert sample["end_to_end_seconds"] > 0
        assert sample["completion_tokens"] is None
        assert "prefill_seconds" not in sample
    summary = summarise(samples, {})
    assert summary["end_to_end_seconds"]["p50"] > 0
    assert summary["prefill_tokens_per_second"] is None
    assert summary["decode_tokens_per_second"] is None


# Figures


def sample(seconds: float, prompt: int = 100, new: int = 11, reason: str = "json_end", **times: Any) -> dict[str, Any]:
    return {
        "example_id": "e",
        "prompt_tokens": prompt,
        "completion_tokens": new,
        "finish_reason": reason,
        "end_to_end_seconds": seconds,
        **times,
    }


def test_rates_are_total_tokens_over_total_seconds_without_the_first_token() -> None:
    samples = [
        sample(1.0, prompt=100, new=11, prefill_seconds=0.25, decode_seconds=0.5),
        sample(9.0, prompt=500, new=51, prefill_seconds=0.75, decode_seconds=2.5),
    ]
    summary = summarise(samples, {"cpu": "x"})
    assert summary["prefill_tokens_per_second"] == 600.0
    assert summary["decode_tokens_per_second"] == 20.0
    assert summary["hardware"] == {"cpu": "x"}
    assert (summary["scenario"], summary["workload"]) == ("single_stream", "natural")
    assert summary["samples"] == samples


@pytest.mark.parametrize(("times", "p50"), [([5.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 100.0], 3.0), ([7.0], 7.0)])
def test_the_middle_is_the_median_and_not_the_mean(times: list[float], p50: float) -> None:
    found = summarise([sample(seconds) for seconds in times], {})["end_to_end_seconds"]
    assert found == {"p50": p50, "min": min(times), "max": max(times)}


def test_failed_requests_are_counted_apart_and_have_no_latency() -> None:
    failed = sample(0.001, reason="error") | {"prompt_tokens": None, "completion_tokens": None}
    cut = sample(3.0, reason="length")
    summary = summarise([failed, cut, sample(5.0), failed], {})
    assert (summary["n"], summary["failed"], len(summary["samples"])) == (2, 2, 4)
    assert summary["end_to_end_seconds"] == {"p50": 4.0, "min": 3.0, "max": 5.0}


def test_where_nothing_was_answered_there_are_no_figures() -> None:
    summary = summarise([sample(0.001, reason="error")], {})
    assert (summary["n"], summary["failed"]) == (0, 1)
    assert summary["end_to_end_seconds"] is None
    assert summary["prefill_tokens_per_second"] is None
    assert summary["decode_tokens_per_second"] is None


def test_a_completion_of_one_token_has_no_decode_rate() -> None:
    summary = summarise([sample(1.0, new=1, prefill_seconds=0.5, decode_seconds=0.0)], {})
    assert summary["prefill_tokens_per_second"] == 200.0
    assert summary["decode_tokens_per_second"] is None


# In a run


def test_a_run_times_its_sample_after_the_quality_pass(tmp_path: Path) -> None:
    measured = run(tmp_path, scripted()).latency
    assert measured is not None
    tiers = {example.id: DATASET.tier(example) for example in DATASET.split("test")}
    timed = [tiers[sample["example_id"]] for sample in measured["samples"]]
    assert sorted(timed) == ["complex", "simple", "simple"]
    assert (measured["n"], measured["failed"]) == (3, 0)
    assert measured["prefill_tokens_per_second"] > 0
    assert measured["decode_tokens_per_second"] == 20.0
    assert measured["hardware"]["device"] == "cpu"
    assert measured["hardware"]["cores"] >= 1


def test_the_warm_up_of_a_run_is_not_among_its_samples(tmp_path: Path) -> None:
    clock = Clock()
    model = Timed(clock)
    measured = run(tmp_path, model).latency
    assert measured is not None
    quality, warm_up, *timed = [ids for ids, _ in model.calls]
    assert len(quality) == 6
    assert warm_up == timed[0]
    assert timed == [[sample["example_id"]] for sample in measured["samples"]]
