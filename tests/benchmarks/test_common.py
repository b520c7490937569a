"""What the benchmarks share and no script's own test looks at."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.torch

Script = Callable[[str], types.ModuleType]


def test_a_sample_holds_tiers_and_styles_in_proportion(script: Script) -> None:
    from edgejson_bench.tasks import load_shipped

    common, dataset = script("common"), load_shipped()
    both = [e for e in dataset.split("test") if e.style in ("form", "prose")]
    chosen = common.sample(dataset, 30, seed=1, split="test", styles=("form", "prose"))
    assert len({e.id for e in chosen}) == 30
    for tier in ("simple", "medium", "complex"):
        for style in ("form", "prose"):
            share = sum((dataset.tier(e), e.style) == (tier, style) for e in both) / len(both)
            assert abs(sum((dataset.tier(e), e.style) == (tier, style) for e in chosen) - 30 * share) < 1


def test_how_busy_others_keep_the_machine(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    common, stat = script("common"), tmp_path / "stat"
    monkeypatch.setattr(common, "PROC_STAT", stat)
    assert common.busy_share() is None
    stat.write_text("cpu  100 0 50 800 10 0 0 0 0 0\ncpu0 1\n", "ascii")
    assert common.busy_share() is None, "no time has passed"

    def later(_: float) -> None:
        stat.write_text("cpu  130 0 60 850 20 0 0 0 0 0\ncpu0 1\n", "ascii")

    monkeypatch.setattr(common.time, "sleep", later)
    assert common.busy_share() == 0.4


def test_a_command_names_no_place_of_this_machine(script: Script, tmp_path: Path) -> None:
    common = script("common")
    inside, outside = str(common.EDGE), str(tmp_path / "my model")
    assert common.command("limits", ["--model", inside, "--sample", "3"]) == (
        "python benchmarks/limits.py --model models/edge-135m --sample 3"
    )
    assert common.command("limits", ["--model", outside]) == "python benchmarks/limits.py --model 'my model'"


def test_packages_that_are_not_there_have_no_version(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    import torch

    script("common").report(["a table"], {"benchmark": "none"}, torch.device("cpu"), ("numpy", "no-such-package"))
    *shown, last = capsys.readouterr().out.splitlines()
    record = json.loads(last)
    assert shown[0] == "a table"
    assert "numpy" in record["versions"]
    assert "no-such-package" not in record["versions"]
