"""The ablations script, on a tiny model: settings differ in what they say, complete trainings are not repeated."""

from __future__ import annotations

import importlib
import json
import types
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import UsageError
from edgejson_bench.tasks import load_shipped
from edgejson_bench.training import recipe as recipes

pytestmark = pytest.mark.torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def ablations(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The script as a module. It is run with its own folder on the path, so here, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("ablations")


def run(
    module: types.ModuleType, base: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> dict[str, Any]:
    """The JSON line of a run of a few seconds."""
    flags = ["--base", str(base), "--device", "cpu", "--out", str(out), "--epochs", "0.01"]
    flags += ["--complex-per-epoch", "0.01", "--held-out", "0.01", "--asked", "2", *more]
    assert module.main(flags) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return record


def test_settings_are_trained_compared_and_not_repeated(
    ablations: types.ModuleType, tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("--only", "reference", "no end token", "loss on the prompt, too")
    record = run(ablations, tiny_model_dir, tmp_path, capsys, *chosen)
    names = [result["name"] for result in record["results"]]
    assert names == ["reference", "no end token", "loss on the prompt, too"]
    for result in record["results"]:
        assert result["json_exact"]["all"]["n"] == 2
        assert result["steps"] > 0
        assert result["loss"]["all"] > 0
    first, other, third = record["results"]
    assert first["examples"] == other["examples"] == third["examples"]
    assert first["loss"]["all"] != other["loss"]["all"]
    assert first["against_reference"] is None
    assert len(other["answers"]) == other["against_reference"]["n"] == 2
    assert record["reference"]["optimiser"]["epochs"] == 0.01
    assert str(tmp_path) not in json.dumps(record)
    histories = {path: path.read_bytes() for path in tmp_path.glob("*/history.jsonl")}
    again = run(ablations, tiny_model_dir, tmp_path, capsys, *chosen)
    assert again["results"] == record["results"]
    assert histories == {path: path.read_bytes() for path in tmp_path.glob("*/history.jsonl")}


def test_of_a_training_in_both_styles_the_references_rows_alone_count(
    ablations: types.ModuleType, tiny_model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run(ablations, tiny_model_dir, tmp_path, capsys, "--tiers", "simple", "--asked", "1000",
                 "--only", "reference", "both styles")  # fmt: skip
    reference, both = record["results"]
    assert both["examples"] > 1.8 * reference["examples"]
    assert reference["answers"].keys() == both["answers"].keys()
    assert {name.rsplit("-", 1)[1] for name in both["answers"]} == {"form"}
    assert both["against_reference"]["n"] == both["json_exact"]["all"]["n"] == len(both["answers"])


def test_a_setting_is_compared_with_the_reference_in_pairs(ablations: types.ModuleType) -> None:
    asked = [f"example-{number}" for number in range(20)]
    right = {
        "reference": asked[:10],
        "better": asked[:18],
        "as good": [*asked[:8], *asked[18:]],
    }
    records = [{"name": name, "answers": {one: one in those for one in asked}} for name, those in right.items()]
    records.append({"name": "asked others", "answers": {"another": True}})
    ablations.compare(records)
    reference, better, equal, others = (record["against_reference"] for record in records)
    assert reference is others is None
    assert (better["difference"], better["only_first"], better["only_second"]) == (0.4, 8, 0)
    assert 0.1 < better["low"] < 0.4 < better["high"]
    assert better["p_value"] == pytest.approx(2 * 0.5**8)
    assert (equal["difference"], equal["only_first"], equal["only_second"]) == (0, 2, 2)
    alone = [{"name": "better", "answers": {"another": True}}]
    ablations.compare(alone)
    assert alone[0]["against_reference"] is None


def test_every_setting_is_a_recipe_of_its_own(ablations: types.ModuleType) -> None:
    reference = recipes.load("edge-135m")
    made = {name: ablations.changed(reference, change) for name, change in ablations.SETTINGS.items()}
    assert made[ablations.REFERENCE] == reference
    assert len({recipe.fingerprint for recipe in made.values()}) == len(made)


def test_a_senseless_change_is_refused(ablations: types.ModuleType) -> None:
    with pytest.raises(UsageError, match=r"adaptation\.rank is 0"):
        ablations.changed(recipes.load("edge-135m"), {"adaptation.rank": 0})
    with pytest.raises(UsageError, match=r"unknown key adaptation\.size"):
        ablations.changed(recipes.load("edge-135m"), {"adaptation.size": 3})


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--only", "rank 9000"], 2, "--only 'rank 9000': no such setting"),
        (["--recipe", "edge-999m"], 2, "no recipe named 'edge-999m'"),
        (["--data", "no-such-folder"], 1, "no-such-folder: no such folder"),
    ],
)
def test_bad_flags_are_one_line(
    ablations: types.ModuleType, capsys: pytest.CaptureFixture[str], flags: list[str], code: int, said: str
) -> None:
    assert ablations.main(["--device", "cpu", *flags]) == code
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert said in error


def test_tiers_that_are_left_out_are_neither_trained_on_nor_held_out(ablations: types.ModuleType) -> None:
    shipped = load_shipped()
    left = ablations.train_rows(shipped, ("simple", "medium"))
    assert set(left.splits) == {"train"}
    assert {left.tier(example) for example in left.split("train")} == {"simple", "medium"}
    assert all(
        (example in left.split("train")) == (shipped.tier(example) != "complex") for example in shipped.split("train")
    )
