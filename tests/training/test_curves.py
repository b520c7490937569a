"""Learning curves: the numbers of ``curves.json``, figures with the same bytes every time, and a missing matplotlib."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.errors import MissingExtra, TrainingError
from edgejson_bench.scoring.statistics import wilson
from edgejson_bench.training.curves import DECAY, curves, figures, smooth, write_curves
from edgejson_bench.training.history import HeldOut, History, Step


def step(number: int, epoch: int, tiers: dict[str, float], targets: int = 100) -> Step:
    loss = sum(tiers.values()) / len(tiers)
    return Step(number, epoch, loss, tiers, 2 * targets, targets, 0.001 * number, 1.0, 0.5)


HISTORY = History(
    steps=(
        step(1, 1, {"simple": 0.5, "medium": 0.7}),
        step(2, 1, {"complex": 0.9}, targets=1000),
        step(3, 2, {"simple": 0.3}, targets=50),
        step(4, 2, {"medium": 0.2, "simple": 0.2}),
    ),
    held_out=(
        HeldOut(
            0, 0, {"all": 0.8, "complex": 1.0, "simple": 0.6}, {"all": (1, 8), "simple": (1, 4), "complex": (0, 4)}, 2
        ),
        HeldOut(2, 1, {"all": 0.4, "complex": 0.5, "simple": 0.3}, {}, 2),
        HeldOut(
            4, 2, {"all": 0.2, "complex": 0.3, "simple": 0.1}, {"all": (5, 8), "simple": (4, 4), "complex": (1, 4)}, 2
        ),
    ),
)
NEVER_ASKED = History(HISTORY.steps, tuple(HeldOut(one.step, one.epoch, one.losses, {}, 2) for one in HISTORY.held_out))
EMPTY = History((), ())


def silent(_: str) -> None:
    pytest.fail("there was nothing to note")


def test_the_series_are_those_of_the_history():
    made = curves(HISTORY)
    train, held_out = made["train"], made["held_out"]
    assert train["steps"] == [1, 2, 3, 4]
    assert train["learning_rate"] == [0.001, 0.002, 0.003, 0.004]
    assert list(train["losses"]) == ["all", "simple", "medium", "complex"]
    assert train["losses"]["all"]["raw"] == pytest.approx([0.6, 0.9, 0.3, 0.2])
    assert (train["losses"]["simple"]["steps"], train["losses"]["simple"]["raw"]) == ([1, 3, 4], [0.5, 0.3, 0.2])
    assert made["epochs"] == [{"epoch": 1, "last_step": 2}, {"epoch": 2, "last_step": 4}]
    assert held_out["losses"]["complex"] == {"steps": [0, 2, 4], "values": [1.0, 0.5, 0.3]}
    assert held_out["json_exact"]["simple"] == {
        "steps": [0, 4],
        "exact": [1, 4],
        "n": [4, 4],
        "values": [0.25, 1.0],
        "ci95": [list(wilson(1, 4)), list(wilson(4, 4))],
    }


def test_a_step_weighs_its_labelled_tokens():
    smoothed = curves(HISTORY)["train"]["losses"]["all"]["smoothed"]
    assert smoothed[0] == pytest.approx(0.6)
    assert smoothed[1] == pytest.approx((DECAY * 100 * 0.6 + 1000 * 0.9) / (DECAY * 100 + 1000))


def test_a_tier_shares_its_steps_tokens_and_ages_by_steps():
    simple = curves(HISTORY)["train"]["losses"]["simple"]["smoothed"]
    assert simple[1] == pytest.approx((DECAY**2 * 50 * 0.5 + 50 * 0.3) / (DECAY**2 * 50 + 50))


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(1, 1e6)), min_size=1, max_size=50))
def test_smoothed_values_stay_among_those_before(points: list[tuple[float, float]]):
    values, weights = [value for value, _ in points], [weight for _, weight in points]
    for number, smoothed in enumerate(smooth(range(len(values)), values, weights), start=1):
        assert min(values[:number]) - 1e-9 <= smoothed <= max(values[:number]) + 1e-9


def test_what_is_no_number_does_not_reach_the_file(tmp_path: Path):
    broken = History(HISTORY.steps, (HeldOut(4, 2, {"all": math.nan, "simple": math.inf}, {}, 1),))
    json_path, *_ = write_curves(tmp_path, broken, silent)
    read = json.loads(json_path.read_text("utf-8"))
    assert read["held_out"]["losses"] == {
        "all": {"steps": [4], "values": [None]},
        "simple": {"steps": [4], "values": [None]},
    }


def test_all_files_are_written_with_the_same_bytes_every_time(tmp_path: Path):
    first, again = (write_curves(tmp_path / name, HISTORY, silent) for name in ("first", "again"))
    assert [path.name for path in first] == ["curves.json", "curves.svg", "curves.png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert first[2].read_bytes().startswith(b"\x89PNG\r\n")
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == sorted(path.name for path in first)


def test_the_svg_tells_no_date_and_fits_900_pixels():
    svg = figures(HISTORY)["curves.svg"].decode()
    assert "<dc:date>" not in svg
    assert re.search(r'viewBox="0 0 648 [0-9.]+"', svg), "9 inches of 72 points"


def axes_in(svg: bytes) -> list[str]:
    return sorted(set(re.findall(r'id="(axes_\d+)"', svg.decode())))


def test_json_exact_has_a_panel_where_it_was_asked():
    assert axes_in(figures(HISTORY)["curves.svg"]) == ["axes_1", "axes_2"]
    assert axes_in(figures(NEVER_ASKED)["curves.svg"]) == ["axes_1"]


def test_nothing_global_is_touched(monkeypatch: pytest.MonkeyPatch):
    mpl = pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it fails
    with mpl.rc_context({"font.size": 31.0, "svg.hashsalt": "mine"}):
        figures(HISTORY)
        assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (31.0, "mine")


@pytest.mark.parametrize("name", ["$\\frac$", "_hidden", "a\nb\x1b", "<b>&"])
def test_any_name_of_a_tier_can_be_drawn(name: str):
    history = History((step(1, 1, {name: 0.5}),), (HeldOut(1, 1, {name: 0.5}, {name: (1, 2)}, 1),))
    assert axes_in(figures(history)["curves.svg"]) == ["axes_1", "axes_2"]


def test_many_epochs_and_a_single_step_can_be_drawn():
    figures(History(HISTORY.steps[:1], ()))
    figures(History(tuple(step(number, number, {"simple": 0.5}) for number in range(1, 101)), ()))


def test_without_steps_there_is_json_alone(tmp_path: Path):
    notes: list[str] = []
    assert [path.name for path in write_curves(tmp_path, EMPTY, notes.append)] == ["curves.json"]
    assert len(notes) == 1


def test_without_matplotlib_there_is_json_and_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    notes: list[str] = []
    assert [path.name for path in write_curves(tmp_path, HISTORY, notes.append)] == ["curves.json"]
    assert notes == ["figures need matplotlib: pip install 'edgejson-bench[figures]'"]
    with pytest.raises(MissingExtra):
        figures(HISTORY)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "curves.json").mkdir()
    with pytest.raises(TrainingError, match=r"curves\.json: cannot be written"):
        write_curves(tmp_path, NEVER_ASKED, silent)
