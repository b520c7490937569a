"""The benchmark of decoding, on a tiny model: that all sides answer the same and are compared honestly."""

from __future__ import annotations

import importlib.util
import json
import types
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("one_thread")]

HAS_HARNESS = importlib.util.find_spec("lm_eval") is not None
FEW = ["--sample", "4", "--repeats", "2", "--tune", "2", "--sizes", "1", "2", "--one-by-one", "2", "--batch-size", "3"]

Script = Callable[[str], types.ModuleType]


@pytest.fixture
def decoding(script: Script, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.setattr(script("decoding_sides"), "PUBLISHED_TOKENS", 16)
    return script("decoding")


def flags(folder: Path) -> list[str]:
    return ["--model", str(folder), "--device", "cpu", *FEW]


@pytest.fixture
def tiny(tiny_model_dir: Path) -> Any:
    """The tiny model as the interface has it."""
    from edgejson_bench.models.resolve import resolve

    return resolve(str(tiny_model_dir), golds={})


def test_every_side_answers_the_same_prompts_alike(
    decoding: types.ModuleType,
    script: Script,
    short_answers: int,
    tiny_model_dir: Path,
    last_line: Callable[[], dict[str, Any]],
) -> None:
    assert decoding.main(flags(tiny_model_dir)) == 0
    record = last_line()
    whole, one_by_one = record["comparisons"]
    names = [side["name"] for side in whole["sides"]]
    assert names[:2] == ["this engine, float32", "generate in batches sorted by length"]
    assert "this engine, bfloat16" in names
    assert ("lm-evaluation-harness" in names) is HAS_HARNESS
    missing = {one["name"]: one["reason"] for one in record["not_run"]}
    assert ("lm-evaluation-harness" in missing) is not HAS_HARNESS
    for engine in ("llama.cpp", "openvino"):
        assert "takes a .gguf file" in missing[engine]
    assert ("--engine onnxruntime, float32" in names) is not ("onnxruntime" in missing)
    assert ("transformers' continuous batching" in names) is not ("transformers' continuous batching" in missing)
    for comparison, n in ((whole, 4), (one_by_one, 2)):
        assert comparison["n"] == n
        engine = comparison["sides"][0]
        for side in comparison["sides"]:
            assert len(side["passes"]) == 2
            assert side["same_in_all_passes"]
            assert side["settings"]["dtype"] == "bfloat16" or side["identical"]["count"] == n
            for one in side["passes"]:
                assert one["examples_per_second"] == pytest.approx(n / one["seconds"])
                assert one["new_tokens_per_second"] == pytest.approx(one["new_tokens"] / one["seconds"])
                assert one["kept_tokens"] <= one["new_tokens"]
        for ratio, side in zip(comparison["ratios"], comparison["sides"][1:], strict=True):
            assert (ratio["side"], ratio["over"]) == (side["name"], engine["name"])
            assert ratio["examples_per_second"]["samples"] == [
                pytest.approx(before["seconds"] / own["seconds"])
                for own, before in zip(side["passes"], engine["passes"], strict=True)
            ]
    kept = [side["passes"][0]["kept_tokens"] for side in one_by_one["sides"]]
    assert kept[0] == kept[1] <= 2 * short_answers
    assert one_by_one["sides"][1]["passes"][0]["new_tokens"] == 2 * 16, "nothing stops it"
    assert whole["sides"][0]["passes"][0]["accepted_per_row_and_pass"] >= 1
    assert record["tuning"]["generate in batches sorted by length"][1]["batch_size"] == 2
    assert record["sample"]["n"] == sum(record["sample"]["tiers_and_styles"].values()) == 4
    assert str(tiny_model_dir) not in json.dumps(record)
    page = script("report").page([record])
    assert "## float32 or bfloat16, this engine, bfloat16: " in page
    assert page.count("| n=") == 2


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        ('{"a": 1} and {"b": 2}', '{"a": 1}', "json_end"),
        ("no object<|endoftext|>more", "no object", "eos"),
        ('{"a": "0123456789', '{"a": "012345678', "length"),
    ],
)
def test_an_answer_ends_where_the_protocol_ends_it(
    script: Script, tiny: Any, text: str, kept: str, reason: str
) -> None:
    from edgejson_bench.records import Prompt

    ids = tiny.tokenizer(text)["input_ids"]
    budget = len(ids) - 1 if reason == "length" else len(ids)
    side = script("decoding_sides").GenerateSide("any", tiny)
    (answer,) = side.read([Prompt("1", "a", "Ada", "Ada", None, budget)], {"1": ids})
    assert (answer.completion.text, answer.completion.finish_reason) == (kept, reason)
    to_end = tiny.tokenizer(text.partition("<|endoftext|>")[0])["input_ids"]
    assert answer.made == len(to_end) + (reason == "eos")
    assert answer.completion.completion_tokens <= min(answer.made, budget)


def test_other_answers_are_counted_as_other(decoding: types.ModuleType) -> None:
    from edgejson_bench.records import Completion
    from edgejson_bench.tasks import load_shipped

    dataset = load_shipped()
    examples = dataset.split("test")[:4]
    right = [decoding.Answer(Completion(e.id, json.dumps(e.gold), 1, 2, "json_end"), 2) for e in examples]
    other = [replace(right[0], completion=replace(right[0].completion, text="{}")), *right[1:]]
    cut = [*right[:3], replace(right[3], completion=replace(right[3].completion, finish_reason="length"))]
    found = decoding.judged(dataset, examples, right, other)
    assert (found["identical"]["count"], found["json_exact"]["count"]) == (3, 3)
    assert found["json_exact_change"]["difference"] == -0.25
    assert (found["json_exact_change"]["only_here"], found["json_exact_change"]["only_first_side"]) == (0, 1)
    assert decoding.judged(dataset, examples, right, cut)["identical"]["count"] == 3
    assert decoding.judged(dataset, examples, right, right)["identical"]["value"] == 1


def test_sides_that_cannot_run_say_why(
    decoding: types.ModuleType,
    script: Script,
    short_answers: int,
    tiny_model_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transformers import LlamaForCausalLM

    @contextmanager
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("no such attention\nand more")
        yield

    monkeypatch.setattr(script("decoding_sides").importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(LlamaForCausalLM, "continuous_batching_context_manager", broken)
    assert decoding.main([*flags(tiny_model_dir), "--against", "harness", "continuous"]) == 0
    shown = capsys.readouterr().out
    record = json.loads(shown.splitlines()[-1])
    assert record["comparisons"] == []
    assert [one["reason"] for one in record["not_run"]] == [
        "lm-evaluation-harness is not installed: pip install --no-deps lm-eval==0.4.13",
        "transformers' continuous batching does not run here: no such attention",
    ]
    assert "not run: lm-evaluation-harness" in shown


@pytest.mark.parametrize(
    ("wrong", "said"), [(["--sample", "100000"], "--sample 100000"), (["--model", "rules"], "--model rules")]
)
def test_wrong_flags_are_one_line(
    decoding: types.ModuleType, tiny_model_dir: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    assert decoding.main([*flags(tiny_model_dir), *wrong]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {said}")
