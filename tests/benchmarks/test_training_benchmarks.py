"""The training benchmarks, on a tiny model: what they print, and that both sides of the comparison learn the same."""

from __future__ import annotations

import importlib
import json
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.tasks import load_shipped

pytestmark = pytest.mark.torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RECIPES = BENCHMARKS.parent / "edgejson_bench" / "recipes"


@pytest.fixture
def train_step(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The script as a module. It is run with its own folder on the path, so here, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("train_step")


@pytest.fixture
def lora_cost(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("lora_cost")


def small(folder: Path) -> list[str]:
    """Flags that keep a benchmark on the model in ``folder`` to about a second."""
    return ["--base", str(folder), "--device", "cpu", "--default-allocator"]


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return record


@pytest.mark.parametrize(("passes", "loss"), [("1", "completion"), ("2", "all")])
def test_train_step_reports_every_side_on_the_same_rows(
    train_step: types.ModuleType, tiny_model_dir: Path, capsys: pytest.CaptureFixture[str], passes: str, loss: str
) -> None:
    flags = ["--sample", "4", "--rows", "2", "--micro", "1", "--repeats", passes, "--length", "512", "--loss", loss]
    assert train_step.main([*small(tiny_model_dir), *flags]) == 0
    record = last_line(capsys)
    published, ours, compact = record["sides"]
    assert record["sample"]["rows"] == sum(record["sample"]["tiers"].values()) == 4
    assert published["steps"] == ours["steps"] == 2
    assert (published["loss"], ours["loss"], compact["recipe"]) == ("all", loss, "edge-135m")
    for side in record["sides"]:
        assert len(side["passes"]) == int(passes)
        assert side["peak_bytes"] > 0
        for one in side["passes"]:
            assert one["examples"] == 4
            assert len(one["step_seconds"]) == side["steps"]
            assert one["examples_per_second"] == pytest.approx(4 / sum(one["step_seconds"]))
            assert one["row_tokens"] <= one["computed_tokens"] or side["loss"] == "completion"
    assert published["passes"][0]["computed_tokens"] == 4 * 512
    assert [len(ratio["examples_per_second"]["samples"]) for ratio in record["ratios"]] == [int(passes)] * 2
    assert record["hardware"]["device"] == "cpu"
    assert str(tiny_model_dir) not in json.dumps(record)


def test_padded_and_packed_rows_have_the_same_loss(
    train_step: types.ModuleType, tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without dropout, and with the loss on all tokens, the Trainer and this loop must learn from the same numbers."""
    text = (RECIPES / "maaza-mlm-135m-end-token.yaml").read_text("utf-8")
    recipe = tmp_path / "without-dropout.yaml"
    # in bfloat16, which some CPUs would take, the two round differently
    in_full = text.replace("dropout: 0.1", "dropout: 0.0").replace("precision: auto", "precision: float32")
    recipe.write_text(in_full, "utf-8")
    flags = ["--sample", "2", "--rows", "2", "--micro", "1", "--repeats", "1", "--length", "2048", "--loss", "all"]
    assert train_step.main([*small(tiny_model_dir), *flags, "--recipe", str(recipe)]) == 0
    record = last_line(capsys)
    assert record["sample"]["cut_at_length"] == 0
    published, ours = (side["passes"][0] for side in record["sides"][:2])
    assert published["row_tokens"] == ours["row_tokens"] == ours["computed_tokens"]
    assert ours["loss"] == pytest.approx(published["loss"], rel=1e-5)


def test_whole_takes_all_rows_and_epochs(
    train_step: types.ModuleType,
    tiny_model_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped = load_shipped()
    few = [e for e in shipped.split("train") if e.task in ("rating", "tag_list")]
    by_style = [[e for e in few if e.style == style][:5] for style in ("form", "prose")]
    train = tuple(example for group in by_style for example in group)
    monkeypatch.setattr(train_step, "load_shipped", lambda: replace(shipped, splits={"train": train}))
    flags = ["--whole", "--rows", "2", "--micro", "2", "--length", "256"]
    assert train_step.main([*small(tiny_model_dir), *flags]) == 0
    published, ours, compact = last_line(capsys)["sides"]
    assert published["steps"] == ours["steps"] == 9  # three epochs of three steps
    assert [len(side["passes"]) for side in (published, ours, compact)] == [1, 1, 1]
    assert [side["passes"][0]["examples"] for side in (published, ours)] == [15, 15]
    assert compact["epochs"] > 1
    assert compact["passes"][0]["wall_seconds"] >= compact["passes"][0]["seconds"]


@pytest.mark.parametrize(
    ("flags", "said"), [(["--rows", "3", "--micro", "2"], "--micro 2"), (["--sample", "100000"], "--sample 100000")]
)
def test_wrong_numbers_are_one_line(
    train_step: types.ModuleType,
    tiny_model_dir: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    said: str,
) -> None:
    assert train_step.main([*small(tiny_model_dir), "--sample", "4", *flags]) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")


def test_sample_keeps_the_tiers_in_proportion(train_step: types.ModuleType) -> None:
    dataset = load_shipped()
    common = train_step.common
    form = [e for e in dataset.split("train") if e.style == "form"]
    chosen = common.sample(dataset, 20, seed=1)
    for tier in ("simple", "medium", "complex"):
        share = sum(dataset.tier(e) == tier for e in form) / len(form)
        assert abs(sum(dataset.tier(e) == tier for e in chosen) - 20 * share) < 1
    assert chosen == common.sample(dataset, 20, seed=1)
    assert chosen != common.sample(dataset, 20, seed=2)
    assert len({e.id for e in chosen}) == 20


def test_lora_cost_reports_methods_sizes_and_swaps(
    lora_cost: types.ModuleType, tiny_model_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lora_cost.main([*small(tiny_model_dir), "--sample", "4", "--rows", "4", "--repeats", "1"]) == 0
    record = last_line(capsys)
    assert record["sample"]["rows"] == 4
    lora, full = record["methods"]["lora"], record["methods"]["full"]
    assert full["trained_share"] == 1
    assert 0 < lora["trained_share"] < 1
    for method in (lora, full):
        assert len(method["step_seconds"][0]) == 1
        # two moments of four bytes for each trained weight, and a step count for each tensor
        assert method["optimizer_bytes"] == pytest.approx(8 * method["trained_parameters"], rel=0.01)
        assert method["peak_bytes"]["median"] > method["weight_bytes"]
    assert len(record["ratios"]["full_over_lora_seconds_per_step"]["samples"]) == 1
    for what, weights in (("adapter", lora["trained_parameters"]), ("merged", full["parameters"])):
        assert record["bytes"][what]["float32"] > 4 * weights
        assert record["bytes"][what]["float32"] - record["bytes"][what]["bfloat16"] == pytest.approx(2 * weights, 0.01)
    swap = record["swap"]
    assert swap["same_as_alone"]
    assert swap["adapters_differ"]
    assert len(swap["swap_ms"]["samples"]) == 20


def test_lora_cost_on_gguf_and_given_adapters(
    lora_cost: types.ModuleType,
    tiny_gguf_path: Path,
    tiny_adapter_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = {"step_seconds": [1.0], "row_tokens": [5], "trained_parameters": 1, "parameters": 2, "trained_share": 0.5}
    more = {"optimizer_bytes": 8, "weight_bytes": 8, "peak_bytes": 9, "peak_kind": "resident"}
    monkeypatch.setattr(lora_cost, "_in_child", lambda *_: {**one, **more})
    flags = ["--sample", "4", "--repeats", "2", "--adapters", str(tiny_adapter_dir), str(tiny_adapter_dir)]
    assert lora_cost.main([*small(tiny_gguf_path), *flags]) == 0
    record = last_line(capsys)
    assert record["ratios"]["full_over_lora_seconds_per_step"]["samples"] == [1.0, 1.0]
    assert record["bytes"]["merged"]["bfloat16"] > record["bytes"]["adapter"]["bfloat16"]
    assert record["swap"]["same_as_alone"]
    assert not record["swap"]["adapters_differ"]  # they are the same one


def test_a_failed_child_is_one_line(
    lora_cost: types.ModuleType, tiny_model_dir: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert lora_cost.main(["--adapters", str(tmp_path), str(tmp_path)]) == 2
    assert "adapter_config.json" in capsys.readouterr().err


@pytest.mark.weights
def test_random_weights_have_the_architecture_and_the_tokenizer(
    train_step: types.ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    common = train_step.common
    monkeypatch.setitem(common.SHAPES, "135m", replace(common.SHAPES["135m"], layers=1, width=18, feed_forward=16))
    flags = ["--random-weights", "135m", "--sample", "3", "--rows", "3", "--micro", "1", "--repeats", "1"]
    assert train_step.main([*flags, "--device", "cpu", "--length", "64", "--default-allocator"]) == 0
    captured = capsys.readouterr()
    record = json.loads(captured.out.splitlines()[-1])
    assert record["weights"] == "random (135m)"
    assert "RANDOM" in captured.err
    assert "random (135m)" in captured.out.splitlines()[0]
