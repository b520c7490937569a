"""A training end to end, on a tiny model and a handful of examples: what it leaves, and that ``run`` takes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from edgejson_bench import cli
from edgejson_bench.errors import TrainingError
from edgejson_bench.models.resolve import resolve
from edgejson_bench.models.transformers import LoadOptions
from edgejson_bench.submission_yaml import dump
from edgejson_bench.tasks import load_shipped
from edgejson_bench.training import loop, recipe, session
from edgejson_bench.training.history import HeldOut, HistoryFile, Step
from tests.training.made import compiling

pytestmark = pytest.mark.torch

TASKS = ("rating", "tag_list")
LEFT = {
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "curves.json",
    "curves.png",
    "curves.svg",
    "history.jsonl",
    "inference_example.py",
    "manifest.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "training_metadata.json",
}


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six train and two test examples of two simple tasks, as a foreign data folder of one style."""
    folder = tmp_path_factory.mktemp("small-data")
    shipped = load_shipped()
    for split, count in (("train", 6), ("test", 2)):
        rows = []
        for task in TASKS:
            chosen = [e for e in shipped.split(split) if e.task == task and e.style == "form"][:count]
            rows += [
                {"id": e.id, "schema_id": task, "complexity": "simple", "prompt": e.prompt, "expected_output": e.gold}
                for e in chosen
            ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory: pytest.TempPathFactory, tiny_model_dir: Path) -> Path:
    """``edge-135m`` for the tiny model, in a file of the user's own."""
    edge = recipe.load("edge-135m")
    small = replace(
        edge,
        name="tiny",
        base=str(tiny_model_dir),
        data=replace(edge.data, styles=("form",), held_out=0.2, held_out_asked=2),
        optimiser=replace(edge.optimiser, epochs=1.5),
        batch=replace(edge.batch, tokens=1200),
    )
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(dump(small.to_json()), "utf-8")
    return path


def arguments(recipe_file: Path, data_dir: Path, out: Path, *more: str) -> list[str]:
    return ["train", "--recipe", str(recipe_file), "--data", str(data_dir), "--out", str(out), "--threads", "1", *more]


@pytest.fixture(scope="session")
def trained(recipe_file: Path, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished training with its merged weights. Shared by all tests: read only."""
    out = tmp_path_factory.mktemp("trained") / "tiny"
    assert cli.main(arguments(recipe_file, data_dir, out, "--merged")) == 0
    return out


def run(model: Path, data_dir: Path, runs: Path) -> dict[str, Any]:
    """The report of a run on the small data, with its completions under ``texts``."""
    argv = ["run", "--model", str(model), "--data", str(data_dir), "--runs", str(runs), "--no-latency"]
    assert cli.main([*argv, "--threads", "1"]) == 0
    (folder,) = (path for path in runs.iterdir() if not path.is_symlink())
    report: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    lines = (folder / "completions.jsonl").read_text("utf-8").splitlines()
    report["texts"] = {row["example_id"]: row["text"] for row in map(json.loads, lines)}
    return report


def test_what_a_training_leaves(trained: Path) -> None:
    left = {path.name for path in trained.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert left - {"chat_template.jinja", "special_tokens_map.json"} == LEFT
    metadata = json.loads((trained / "training_metadata.json").read_text("utf-8"))
    assert metadata["prompt"] == "compact"
    assert "{schema}" in metadata["prompt_template"]
    assert metadata["data"] | {"fingerprint": ""} == {
        "name": "small-data0",
        "fingerprint": "",
        "split": "train",
        "styles": ["form"],
        "examples": 8,
        "held_out": 4,
        "generated": 0,
        "retold": 0,
    }
    history = HistoryFile(trained).read()
    training = metadata["training"]
    assert training["steps"] == len(history.steps)
    assert training["row_tokens"] == sum(step.tokens for step in history.steps)
    assert [seen.epoch for seen in history.held_out] == [1, 2]
    assert history.held_out[-1].json_exact["all"][1] == 2
    assert set(metadata["files"]) == {"adapter_model.safetensors"}
    assert str(trained.parent) not in (trained / "adapter_config.json").read_text("utf-8")


def test_golds_told_anew_are_no_splits_of_the_generators(recipe_file: Path, tmp_path: Path) -> None:
    small = recipe.load(str(recipe_file))
    data = replace(small.data, generated=2, generated_golds="same", scrambled=1.0)
    again = replace(small, data=data, optimiser=replace(small.optimiser, epochs=0.1))
    shipped = load_shipped()
    few = [e for e in shipped.split("train") if e.task == "rating" and e.style == "form"][:5]
    dataset = replace(shipped, splits={"train": tuple(few)})
    options = LoadOptions(device="cpu", threads=1)
    folder = session.run(session.Request(again, dataset, options, tmp_path / "told", merged=False))
    told = json.loads((folder / "training_metadata.json").read_text("utf-8"))["data"]
    assert (told["generated"], told["retold"]) == (0, 2)
    assert (told["examples"], told["held_out"]) == (8, 1)
    assert (
        "8 examples, golds told anew 2 times (" in (resolve(str(folder), golds={}).identity.extra or {})["trained_on"]
    )


def test_a_recipe_that_holds_nothing_out_looks_at_nothing(
    recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = recipe.load(str(recipe_file))
    data = replace(plain.data, held_out=0.0, held_out_asked=0)
    path = tmp_path / "plain.yaml"
    path.write_text(dump(replace(plain, data=data).to_json()), "utf-8")
    assert cli.main(arguments(path, data_dir, tmp_path / "out")) == 0
    metadata = json.loads((tmp_path / "out" / "training_metadata.json").read_text("utf-8"))
    assert (metadata["data"]["examples"], metadata["data"]["held_out"]) == (12, 0)
    assert metadata["training"]["held_out"] is None
    assert "held out after" not in capsys.readouterr().err


def test_adapter_and_merged_weights_give_the_same_completions(trained: Path, data_dir: Path, tmp_path: Path) -> None:
    adapter = run(trained, data_dir, tmp_path / "adapter")
    merged = run(trained / "merged", data_dir, tmp_path / "merged")
    assert adapter["run"]["protocol"]["prompt"] == merged["run"]["protocol"]["prompt"] == "compact"
    assert adapter["run"]["protocol"]["prompt_source"] == "training-metadata"
    assert adapter["texts"] == merged["texts"]
    assert len(adapter["texts"]) == 4


def test_the_card_takes_results_of_these_weights_alone(
    trained: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(trained, data_dir, tmp_path / "runs")
    card = (trained / "README.md").read_text("utf-8")
    assert "Not measured yet" in card
    folder = tmp_path / "runs" / report["run"]["directory"]
    copy = tmp_path / "tiny"
    copy.mkdir()
    for path in trained.glob("*.*"):
        (copy / path.name).write_bytes(path.read_bytes())
    assert cli.main(["card", str(copy), str(folder)]) == 0
    assert "small-data0, test split" in (copy / "README.md").read_text("utf-8")
    (copy / "adapter_config.json").write_text("{}", "utf-8")
    assert cli.main(["card", str(copy), str(folder)]) == 1
    assert "was run with other files" in capsys.readouterr().err


def test_a_killed_training_goes_on_to_the_same_weights(
    trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = HistoryFile.append

    def killed_after_two(self: HistoryFile, record: Any) -> None:
        append(self, record)
        if isinstance(record, Step) and record.step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    out = tmp_path / "out"
    with monkeypatch.context() as context:
        context.setattr(HistoryFile, "append", killed_after_two)
        assert cli.main(arguments(recipe_file, data_dir, out)) == 1
    assert not (out / "training_metadata.json").exists()
    assert cli.main(arguments(recipe_file, data_dir, out)) == 0
    assert (out / "adapter_model.safetensors").read_bytes() == (trained / "adapter_model.safetensors").read_bytes()
    steps = [step.step for step in HistoryFile(out).read().steps]
    assert steps == sorted(set(steps))


def test_a_finished_training_is_not_made_again(
    trained: Path, recipe_file: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (trained / "adapter_model.safetensors").stat().st_mtime_ns
    assert cli.main(arguments(recipe_file, data_dir, trained)) == 0
    assert "is complete already" in capsys.readouterr().err
    assert (trained / "adapter_model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (["--seed", "8"], 1, "is another training (different: recipe)"),
        (["--recipe", "no-such"], 2, "no recipe named 'no-such'"),
        (["--style", "prose"], 2, "has no prose style"),
        (["--base", "nowhere"], 2, "is neither a folder here nor of the form ORG/NAME"),
        (["--threads", "0"], 2, "--threads 0: must be at least 1"),
    ],
)
def test_bad_input_is_one_line(
    trained: Path,
    recipe_file: Path,
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    code: int,
    message: str,
) -> None:
    assert cli.main([*arguments(recipe_file, data_dir, trained), *change]) == code
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("edgejson-bench:")]
    assert len(error) == 1
    assert message in error[0]


def test_a_folder_with_other_files_is_left_alone(
    recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    assert cli.main(arguments(recipe_file, data_dir, tmp_path)) == 1
    assert "holds files but no manifest.json" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "mine"


def test_data_without_a_train_split_is_one_line(
    recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "test.jsonl").write_bytes((data_dir / "test.jsonl").read_bytes())
    assert cli.main(arguments(recipe_file, tmp_path / "only", tmp_path / "out")) == 1
    assert "has no train split" in capsys.readouterr().err


def test_show_recipe_prints_what_can_be_loaded_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--recipe", "edge-135m", "--show-recipe", "--base", "org/name", "--seed", "3"]) == 0
    path = tmp_path / "mine.yaml"
    path.write_text(capsys.readouterr().out, "utf-8")
    shown = recipe.load(str(path))
    assert (shown.base, shown.seed) == ("org/name", 3)
    assert shown == recipe.with_overrides(recipe.load("edge-135m"), base="org/name", seed=3)


def test_two_processes_do_not_train_in_one_folder(trained: Path, tmp_path: Path) -> None:
    manifest = json.loads((trained / "manifest.json").read_text("utf-8"))
    with session._holding(tmp_path, manifest), pytest.raises(TrainingError, match="another process is training"):
        session._holding(tmp_path, manifest).__enter__()


def test_training_can_begin_from_an_adapter(trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path) -> None:
    assert cli.main(arguments(recipe_file, data_dir, tmp_path / "out", "--start", str(trained))) == 0
    metadata = json.loads((tmp_path / "out" / "training_metadata.json").read_text("utf-8"))
    assert metadata["start"]["spec"] == "tiny"
    assert len(metadata["start"]["revision"]) == 64
    fresh, further = (HistoryFile(folder).read().steps[0].loss for folder in (trained, tmp_path / "out"))
    assert further < fresh
    told = (resolve(str(tmp_path / "out"), golds={}).identity.extra or {})["trained_on"]
    assert ", going on from tiny and what that was trained on, as its training metadata say" in told


def test_the_result_can_be_a_part_of_the_way_from_the_start(
    trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = recipe_file.read_text("utf-8")
    assert "wise_ft_alpha: 1.0" in text
    quarter = tmp_path / "quarter.yaml"
    quarter.write_text(text.replace("wise_ft_alpha: 1.0", "wise_ft_alpha: 0.25"), "utf-8")
    for name, file in (("whole", recipe_file), ("part", quarter)):
        assert cli.main(arguments(file, data_dir, tmp_path / name, "--start", str(trained))) == 0
    assert "going back: 0.25 of the way from" in capsys.readouterr().err
    start, whole, part = (
        load_file(folder / "adapter_model.safetensors") for folder in (trained, tmp_path / "whole", tmp_path / "part")
    )
    for key, tensor in part.items():
        expected = torch.lerp(start[key].float(), whole[key].float(), 0.25)
        assert torch.allclose(tensor.float(), expected, rtol=0.02, atol=1e-4), key
    assert any(not torch.equal(part[key], whole[key]) for key in part)
    history = HistoryFile(tmp_path / "part").read()
    assert history.held_out == replace_seconds(HistoryFile(tmp_path / "whole").read().held_out, history.held_out)
    metadata = json.loads((tmp_path / "part" / "training_metadata.json").read_text("utf-8"))
    assert metadata["training"]["held_out"]["losses"] != history.held_out[-1].losses


def test_of_several_parts_of_the_way_the_one_with_the_lowest_loss_is_kept(
    trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = recipe_file.read_text("utf-8")
    ends = {}
    for name, alpha in (("choose", "[0.5, 1.0, 0.01]"), ("0.01", "0.01"), ("0.5", "0.5"), ("1", "1.0")):
        file = tmp_path / f"{name}.yaml"
        file.write_text(text.replace("wise_ft_alpha: 1.0", f"wise_ft_alpha: {alpha}"), "utf-8")
        assert cli.main(arguments(file, data_dir, tmp_path / name, "--start", str(trained))) == 0
        told = capsys.readouterr().err
        metadata = json.loads((tmp_path / name / "training_metadata.json").read_text("utf-8"))
        ends[name] = metadata["training"], load_file(tmp_path / name / "adapter_model.safetensors"), told
    way = ends["choose"][0]["way_back"]
    assert [one["alpha"] for one in way["losses"]] == [0.5, 1.0, 0.01]
    for one in way["losses"]:
        there = ends[f"{one['alpha']:g}"][0]["held_out"]["losses"]
        assert {**there, "alpha": one["alpha"]} == pytest.approx(one)
    best = min(way["losses"], key=lambda one: one["all"])["alpha"]
    assert way["kept"] == best
    assert ends["choose"][0]["held_out"] == ends[f"{best:g}"][0]["held_out"]
    assert f"going back: {best:g} of the way from {trained} is kept" in ends["choose"][2]
    assert f"0.5 of the way from {trained}: loss " in ends["choose"][2]
    for key, tensor in ends["choose"][1].items():
        assert torch.equal(tensor, ends[f"{best:g}"][1][key]), key
    assert ends["1"][0]["way_back"] is None
    assert ends["0.5"][0]["way_back"] == {"kept": 0.5, "losses": []}
    assert "Of these parts of the way" in (tmp_path / "choose" / "README.md").read_text("utf-8")


def test_several_parts_of_the_way_need_rows_to_choose_by(
    trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = recipe_file.read_text("utf-8").replace("wise_ft_alpha: 1.0", "wise_ft_alpha: [0.5, 1.0]")
    file = tmp_path / "none.yaml"
    file.write_text(re.sub("held_out: .*", "held_out: 0.0", text), "utf-8")
    assert cli.main(arguments(file, data_dir, tmp_path / "out", "--start", str(trained))) == 2
    told = "wise_ft_alpha has several parts of the way, and no held-out rows to choose by; raise data.held_out"
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def replace_seconds(looks: Sequence[HeldOut], like: Sequence[HeldOut]) -> tuple[HeldOut, ...]:
    """``looks`` with the times of ``like``."""
    return tuple(replace(look, seconds=other.seconds) for look, other in zip(looks, like, strict=True))


def test_a_part_of_the_way_needs_a_start(
    recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "half.yaml"
    file.write_text(recipe_file.read_text("utf-8").replace("wise_ft_alpha: 1.0", "wise_ft_alpha: 0.5"), "utf-8")
    assert cli.main(arguments(file, data_dir, tmp_path / "out")) == 2
    assert "wise_ft_alpha is 0.5, part of the way from an adapter; give --start" in capsys.readouterr().err


def test_an_adapter_of_another_shape_is_no_start(
    trained: Path, recipe_file: Path, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = recipe_file.read_text("utf-8")
    assert "rank: 16" in text
    (tmp_path / "wide.yaml").write_text(text.replace("rank: 16", "rank: 32"), "utf-8")
    argv = arguments(tmp_path / "wide.yaml", data_dir, tmp_path / "out", "--start", str(trained))
    assert cli.main(argv) == 2
    assert "has r 16, which is not the recipe's" in capsys.readouterr().err


@compiling
def test_compiling_without_a_compiler_is_one_line(
    recipe_file: Path,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import torch._inductor.config as inductor

    monkeypatch.setattr(inductor.cpp, "cxx", (str(tmp_path / "no-compiler"),))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))  # nothing compiled before is there
    torch._dynamo.reset()
    out = tmp_path / "out"
    assert cli.main(arguments(recipe_file, data_dir, out, "--compile")) == 1
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "--compile failed, leave it out or see that there is a C++ compiler (" in told
    assert "no-compiler" in told, told
    torch._dynamo.reset()
    assert cli.main(arguments(recipe_file, data_dir, out)) == 0  # without it, the same command goes on
