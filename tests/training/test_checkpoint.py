"""Exact resumes: killed anywhere, a training ends with the weights of one that was not. And unusable checkpoints."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import TrainingError
from edgejson_bench.training.recipe import Recipe
from tests.training import made

pytestmark = pytest.mark.torch

ROWS = made.rows(4)


class Killed(Exception):
    """What a test ends a training with."""


def recipe_for(base: Path, **changes: Any) -> Recipe:
    """Two epochs with dropout, so that the state of the random generator matters."""
    return made.changed(made.recipe(base, adaptation={"dropout": 0.2}, batch={"tokens": 90}), **changes)


class Attempts:
    """Trainings of one recipe in one folder, each with a network of its own, as in a new process."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        self.steps: dict[int, Any] = {}
        self.ended: list[tuple[int, int]] = []
        """Epochs whose end was seen to, and the steps done then."""
        self.network: Any = None

    def go(self, *, die_at_step: int | None = None, die_after_epoch: int | None = None) -> list[int]:
        """Train on, to the end or to the given place; returns the steps done in this attempt."""
        self.network = made.network(self.recipe)
        done: list[int] = []

        def on_step(step: Any) -> None:
            self.steps[step.step] = step
            done.append(step.step)
            if step.step == die_at_step:
                raise Killed

        def on_epoch(epoch: int, step: int) -> None:
            if epoch == die_after_epoch:
                raise Killed
            self.ended.append((epoch, step))

        try:
            made.run(self.network, self.recipe, ROWS, self.folder, on_step=on_step, on_epoch=on_epoch)
        except Killed:
            assert (die_at_step, die_after_epoch) != (None, None)
        return done


@pytest.fixture(scope="module")
def straight(tiny_model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Attempts:
    """A training that nothing interrupts."""
    attempts = Attempts(recipe_for(tiny_model_dir), tmp_path_factory.mktemp("straight"))
    attempts.go()
    return attempts


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints after each step."""
    from edgejson_bench.training import loop

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)


def assert_ends_as(found: Attempts, expected: Attempts) -> None:
    made.assert_same(made.weights(found.network), made.weights(expected.network))
    assert [found.steps[number].loss for number in sorted(found.steps)] == [
        expected.steps[number].loss for number in sorted(expected.steps)
    ]
    assert found.ended == expected.ended


def places(straight: Attempts) -> dict[str, int]:
    (_, epoch_end), (_, end) = straight.ended
    return {"first": 1, "second": 2, "end of an epoch": epoch_end, "after it": epoch_end + 1, "last": end}


def test_the_example_is_worth_its_name(straight: Attempts) -> None:
    assert straight.ended[1][1] == 2 * straight.ended[0][1] >= 8
    assert sorted(straight.steps) == list(range(1, straight.ended[1][1] + 1))


@pytest.mark.parametrize("place", ["first", "second", "end of an epoch", "after it", "last"])
def test_killed_at_any_step_it_ends_with_the_same_weights(
    place: str, straight: Attempts, at_every_step: None, tmp_path: Path
) -> None:
    kill_at = places(straight)[place]
    attempts = Attempts(straight.recipe, tmp_path)
    assert attempts.go(die_at_step=kill_at) == list(range(1, kill_at + 1))
    assert attempts.go() == list(range(kill_at, straight.ended[1][1] + 1))  # killed before its checkpoint
    assert_ends_as(attempts, straight)


@pytest.mark.parametrize("place", ["second", "end of an epoch", "last"])
def test_with_checkpoints_at_the_ends_of_epochs_alone_it_ends_with_the_same_weights(
    place: str, straight: Attempts, tmp_path: Path
) -> None:
    kill_at, epoch_end = places(straight)[place], straight.ended[0][1]
    attempts = Attempts(straight.recipe, tmp_path)
    attempts.go(die_at_step=kill_at)
    assert attempts.go()[0] == (epoch_end + 1 if kill_at > epoch_end else 1)
    assert_ends_as(attempts, straight)


def test_killed_again_and_again_it_ends_with_the_same_weights(
    straight: Attempts, at_every_step: None, tmp_path: Path
) -> None:
    attempts = Attempts(straight.recipe, tmp_path)
    for kill_at in (2, 3, 3, 5):
        attempts.go(die_at_step=kill_at)
    attempts.go(die_after_epoch=2)
    assert attempts.go() == []
    assert_ends_as(attempts, straight)


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("checkpoints", ["at every step", "at the ends of epochs"])
def test_killed_while_an_epochs_end_is_seen_to_it_is_seen_to_again(
    epoch: int, checkpoints: str, straight: Attempts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if checkpoints == "at every step":
        request.getfixturevalue("at_every_step")
    attempts = Attempts(straight.recipe, tmp_path)
    attempts.go(die_after_epoch=epoch)
    attempts.go()
    assert_ends_as(attempts, straight)


def test_a_training_that_has_ended_trains_and_reports_no_more(straight: Attempts, tmp_path: Path) -> None:
    attempts = Attempts(straight.recipe, tmp_path)
    attempts.go()
    assert attempts.go() == []
    assert_ends_as(attempts, straight)


@pytest.mark.parametrize(
    "changes",
    [
        {"adaptation": {"method": "full"}},
        {"adaptation": {"lora_plus_ratio": 4.0}},
        {"loss": "all"},
        {"optimiser": {"epochs": 1.5}},
        {"batch": {"rows": 3, "tokens": None}},
    ],
    ids=str,
)
def test_every_kind_of_training_resumes_exactly(
    changes: dict[str, Any], tiny_model_dir: Path, at_every_step: None, tmp_path: Path
) -> None:
    recipe = recipe_for(tiny_model_dir, **changes)
    whole, parts = Attempts(recipe, tmp_path / "whole"), Attempts(recipe, tmp_path / "parts")
    whole.go()
    parts.go(die_at_step=3)
    parts.go()
    assert_ends_as(parts, whole)


def test_progress_counts_over_all_attempts(straight: Attempts, at_every_step: None, tmp_path: Path) -> None:
    from safetensors import safe_open

    from edgejson_bench.training import checkpoint

    attempts = Attempts(straight.recipe, tmp_path)
    assert made.steps_done(tmp_path) == 0
    attempts.go(die_at_step=4)
    assert made.steps_done(tmp_path) == 3
    attempts.go()
    with safe_open(tmp_path / checkpoint.FILE, framework="pt") as file:
        progress = json.loads(file.metadata()["progress"])
    assert progress["step"] == progress["epochs_end"] == made.steps_done(tmp_path) == straight.ended[1][1]
    assert progress["tokens"] == 2 * sum(row.length for row in ROWS)
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.FILE]


# Checkpoints that will not do


@pytest.fixture
def folder(straight: Attempts, tmp_path: Path) -> Path:
    """A folder with a finished training's checkpoint."""
    from edgejson_bench.training.checkpoint import FILE

    (tmp_path / FILE).write_bytes((straight.folder / FILE).read_bytes())
    return tmp_path


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, str]], Any]) -> bytes:
    """The checkpoint with its tensors and metadata changed."""
    from safetensors import safe_open
    from safetensors.torch import save

    with safe_open(path, framework="pt") as file:
        tensors, told = {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())  # noqa: SIM118
    change(tensors, told)
    return save(tensors, metadata=told)


BROKEN: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda path: path.read_bytes()[:-100],
    "its head alone": lambda path: path.read_bytes()[:20],
    "something else": lambda _: b"\x80\x04not a checkpoint\n" * 10,
    "no progress": lambda path: rewritten(path, lambda _, told: told.pop("progress")),
    "progress is no JSON": lambda path: rewritten(path, lambda _, told: told.update(progress="{")),
    "progress lacks a value": lambda path: rewritten(path, lambda _, told: told.update(progress='{"step": 1}')),
    "progress is a list": lambda path: rewritten(path, lambda _, told: told.update(progress="[1]")),
    "no random state": lambda path: rewritten(path, lambda tensors, _: tensors.pop("rng.cpu")),
    "a weight is missing": lambda path: rewritten(
        path, lambda tensors, _: tensors.pop(next(name for name in tensors if name.startswith("weight.")))
    ),
    "a moment is missing": lambda path: rewritten(
        path, lambda tensors, _: tensors.pop(next(name for name in tensors if name.startswith("exp_avg.")))
    ),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_a_broken_checkpoint_is_one_line_that_says_what_to_do(
    make: Callable[[Path], bytes], straight: Attempts, folder: Path
) -> None:
    from edgejson_bench.training.checkpoint import FILE

    (folder / FILE).write_bytes(make(folder / FILE))
    message = made.failure(TrainingError, Attempts(straight.recipe, folder).go)
    assert message.startswith(f"{folder / FILE}: cannot be read as a checkpoint (")
    assert message.endswith("); remove it to begin again")


def test_a_checkpoint_of_other_shapes_is_one_line_too(tiny_model_dir: Path, straight: Attempts, folder: Path) -> None:
    wider = Attempts(recipe_for(tiny_model_dir, adaptation={"rank": 8}), folder)
    assert "cannot be read as a checkpoint (" in made.failure(TrainingError, wider.go)


@pytest.mark.parametrize("name", ["progress is a list", "progress is no JSON", "no progress", "cut off", "empty"])
def test_how_far_a_broken_checkpoint_came_is_one_line_too(name: str, folder: Path) -> None:
    from edgejson_bench.training.checkpoint import FILE

    (folder / FILE).write_bytes(BROKEN[name](folder / FILE))
    assert made.failure(TrainingError, lambda: made.steps_done(folder)).startswith(f"{folder / FILE}: cannot be read")


def test_a_checkpoint_of_another_training_is_left_alone(straight: Attempts, folder: Path) -> None:
    from edgejson_bench.training.checkpoint import FILE

    before = (folder / FILE).read_bytes()
    network = made.network(straight.recipe)
    message = made.failure(
        TrainingError, lambda: made.run(network, straight.recipe, ROWS, folder, fingerprint="1" * 64)
    )
    assert message == f"{folder / FILE}: is a checkpoint of another training; choose another --out"
    assert (folder / FILE).read_bytes() == before


def test_where_no_checkpoint_can_be_written_the_one_before_is_kept(
    straight: Attempts, at_every_step: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgejson_bench.training import checkpoint

    attempts = Attempts(straight.recipe, tmp_path)
    attempts.go(die_at_step=3)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "write_atomic", full)
        message = made.failure(TrainingError, attempts.go)
    assert message == f"{tmp_path / checkpoint.FILE}: cannot be written (No space left on device); make room and go on"
    assert made.steps_done(tmp_path) == 2
    attempts.go()
    assert_ends_as(attempts, straight)
