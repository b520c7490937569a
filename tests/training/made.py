"""Tiny recipes, rows and networks for the training tests. torch is imported inside, so that collecting stays fast."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.training.packing import Row
from edgejson_bench.training.recipe import Recipe, load

TASKS = {"rating": "simple", "location": "simple", "invoice": "medium", "medical_encounter": "complex"}
"""Tasks of made rows, and their tiers."""

FINGERPRINT = "0" * 64
VOCABULARY = 64
"""Token ids of made rows are below, for the random models of ``tests/decoding``, too."""


def compiling(test: Any) -> Any:
    """For tests in which torch compiles: leaves out two warnings of its compiler about itself."""
    for message in (
        "ignore:`torch.jit.script_method` is deprecated",
        "ignore:The .grad attribute of a Tensor that is not a leaf",
    ):
        test = pytest.mark.filterwarnings(message)(test)
    return test


def recipe(base: Path | str = "nowhere", **changes: Any) -> Recipe:
    """A recipe for a tiny base, in float32; ``changes`` are fields, or for a section a dict of its fields."""
    made = replace(load("maaza-mlm-135m"), name="tiny", base=str(base), precision="float32", seed=3)
    small: dict[str, Any] = {
        "prompt": "compact",
        "end_token": True,
        "loss": "completion",
        "adaptation": {"rank": 4, "alpha": 8, "dropout": 0.0},
        "optimiser": {
            "learning_rate": 0.01,
            # rounding cannot cross it; without it Adam makes whole steps of gradients that are nearly zero
            "epsilon": 1e-3,
            "weight_decay": 0.0,
            "warmup_steps": 2,
            "warmup_share": 0.5,
            "epochs": 2.0,
        },
        "batch": {"rows": None, "tokens": 150, "pack_tokens": 120},
    }
    return changed(changed(made, **small), **changes)


def changed(recipe: Recipe, **changes: Any) -> Recipe:
    """``recipe`` with other fields; a dict changes fields of a section."""
    for key, value in changes.items():
        whole = replace(getattr(recipe, key), **value) if isinstance(value, dict) else value
        recipe = replace(recipe, **{key: whole})
    return recipe


def network(recipe: Recipe) -> Any:
    """The network that ``recipe`` asks for, on the CPU."""
    from edgejson_bench.models.transformers import LoadOptions
    from edgejson_bench.training.network import build

    return build(recipe, LoadOptions(device="cpu", threads=1), lambda _: None)


def stir(network: Any, seed: int = 5) -> None:
    """Move LoRA's B away from zero, where it starts: otherwise A has no gradient and the adapter no effect."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.trainable().items():
        if ".lora_B." in name:
            parameter.data.copy_(0.2 * torch.randn(parameter.shape, generator=generator))


def row(prompt: Sequence[int], completion: Sequence[int], task: str = "rating", name: str = "row") -> Row:
    """A row of the given tokens."""
    return Row(name, task, TASKS.get(task, "simple"), "form", tuple(prompt), tuple(completion))


def rows(count: int, seed: int = 1, *, shared: int = 12, tasks: Sequence[str] = tuple(TASKS)) -> list[Row]:
    """Random rows, each task's ``count`` in a row, their prompts beginning with ``shared`` tokens in common."""
    draw = random.Random(seed)

    def some(length: int) -> list[int]:
        return [draw.randrange(3, VOCABULARY) for _ in range(length)]

    made = []
    for task in tasks:
        head = some(shared)
        for number in range(count):
            prompt, completion = head + some(draw.randrange(1, 9)), some(draw.randrange(1, 12))
            made.append(row(prompt, completion, task, f"{task}-{number}"))
    return made


def run(
    network: Any,
    recipe: Recipe,
    rows: Sequence[Row],
    folder: Path,
    *,
    on_step: Callable[[Any], None] = lambda _: None,
    on_epoch: Callable[[int, int], None] = lambda _epoch, _step: None,
    fingerprint: str = FINGERPRINT,
) -> list[Any]:
    """Train to the end (or to what the callbacks raise); returns the steps done."""
    from edgejson_bench.training.checkpoint import Checkpoints
    from edgejson_bench.training.loop import plan, train

    done: list[Any] = []

    def heard(step: Any) -> None:
        done.append(step)
        on_step(step)

    train(network, plan(rows, recipe), on_step=heard, on_epoch=on_epoch, checkpoints=Checkpoints(folder, fingerprint))
    return done


def steps_done(folder: Path) -> int:
    """Steps that the checkpoint in ``folder`` stands for."""
    from edgejson_bench.training.checkpoint import Checkpoints

    return Checkpoints(folder, FINGERPRINT).progress().step


def weights(network: Any) -> dict[str, Any]:
    """A copy of the trained weights."""
    return {name: parameter.detach().clone() for name, parameter in network.trainable().items()}


def assert_same(found: dict[str, Any], expected: dict[str, Any], *, within: float = 0.0) -> None:
    """The same weights: bitwise, or to ``within`` where that is given."""
    import torch

    assert found.keys() == expected.keys()
    for name, weight in expected.items():
        if within:
            torch.testing.assert_close(found[name], weight, rtol=0, atol=within)
        else:
            assert torch.equal(found[name], weight), name


def failure(kind: type[Exception], call: Callable[[], Any]) -> str:
    """The one line of the error that ``call`` must end with."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)
