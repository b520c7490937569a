"""The loop: rates, steps that do not depend on their parts, and one clear line where it cannot go on."""

from __future__ import annotations

import itertools
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import ModelError, TrainingError, UsageError
from edgejson_bench.training.recipe import Recipe, load
from tests.training import made

pytestmark = pytest.mark.torch

ROWS = made.rows(5)
MANY = 10**6


def one_step(base: Path, **changes: Any) -> Recipe:
    """A recipe whose whole training is one step on all rows, at the full rate."""
    optimiser, batch = {"epochs": 1.0, "warmup_share": 0.0}, {"tokens": MANY, "pack_tokens": MANY}
    return made.changed(made.recipe(base, optimiser=optimiser, batch=batch), **changes)


# Precision


@pytest.mark.parametrize("has", [None, "_is_amx_tile_supported", "_is_avx512_bf16_supported"])
@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_products_are_in_bfloat16_where_it_is_asked_for_or_the_hardware_multiplies_it(
    precision: str, has: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from edgejson_bench.training.loop import uses_bfloat16

    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name == has)
    recipe = made.recipe(precision=precision)
    by_precision = {"auto": has is not None, "float32": False, "bfloat16": True}
    assert uses_bfloat16(recipe, torch.device("cpu")) == by_precision[precision]
    assert uses_bfloat16(recipe, torch.device("cuda")) == (precision != "float32")


# Rates


def rates(steps: int, **changes: Any) -> list[float]:
    from edgejson_bench.training.loop import learning_rate

    usual = {"learning_rate": 0.01, "warmup_steps": 10, "warmup_share": 0.5, "schedule": "cosine"}
    optimiser = made.recipe(optimiser=usual | changes).optimiser
    return [learning_rate(step, steps, optimiser) for step in range(1, steps + 1)]


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_the_rate_rises_in_a_line_then_follows_the_schedule(schedule: str) -> None:
    found = rates(100, schedule=schedule)
    assert found[:10] == pytest.approx([0.001 * step for step in range(1, 11)])
    assert found[10] == pytest.approx(0.01)
    middle = {"cosine": 0.005, "linear": 0.005, "constant": 0.01}
    assert found[55] == pytest.approx(middle[schedule])
    last = {"cosine": 0.005 * (1 + math.cos(math.pi * 89 / 90)), "linear": 0.01 / 90, "constant": 0.01}
    assert found[99] == pytest.approx(last[schedule])
    assert all(after <= before for before, after in itertools.pairwise(found[9:]))
    assert min(found) > 0


def test_a_cosine_ends_near_zero() -> None:
    assert rates(100)[-1] < 1e-5


@pytest.mark.parametrize(
    ("steps", "changes", "full_at"),
    [
        (10, {}, 5),
        (10, {"warmup_share": 0.0}, 1),
        (10, {"warmup_steps": 0}, 1),
        (1, {}, 1),
        (3, {"warmup_share": 0.9}, 2),
    ],
)
def test_the_warm_up_takes_at_most_its_share_of_the_steps(steps: int, changes: dict[str, Any], full_at: int) -> None:
    found = rates(steps, **changes)
    assert found.index(max(found)) + 1 == full_at
    assert max(found) == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["maaza-mlm-135m", "maaza-slm-360m"])
def test_the_published_recipes_warm_up_for_50_of_their_60_steps(name: str) -> None:
    from edgejson_bench.training.loop import learning_rate, plan

    recipe = load(name)
    steps = plan([made.row([5], [6])] * 629, recipe).steps
    assert steps == 60
    found = [learning_rate(step, steps, recipe.optimiser) for step in range(1, 61)]
    assert found[49] == max(found) == recipe.optimiser.learning_rate
    assert found[48] < found[49]


@pytest.mark.parametrize(("epochs", "sizes"), [(1.0, [5]), (2.0, [5, 5]), (1.5, [5, 2]), (0.3, [2]), (2.01, [5, 5, 1])])
def test_a_part_of_an_epoch_is_its_first_steps(epochs: float, sizes: list[int]) -> None:
    from edgejson_bench.training.loop import plan

    found = plan(ROWS, made.recipe(optimiser={"epochs": epochs}, batch={"rows": 4, "tokens": None}, loss="all"))
    assert [len(lengths) for lengths in found.epochs] == sizes
    assert found.steps == sum(sizes)
    for number, lengths in enumerate(found.epochs, start=1):
        rows = list(found.epoch(number))[: len(lengths)]
        assert [sum(row.length for row in step) for step in rows] == list(lengths)


# Steps


@pytest.mark.parametrize("loss", ["completion", "all"])
@pytest.mark.parametrize("layout", ["packed", "padded"])
def test_the_parts_of_a_step_do_not_change_it(loss: str, layout: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    found = []
    for pack_tokens in (MANY, 40, 1):
        recipe = one_step(tiny_model_dir, batch={"pack_tokens": pack_tokens, "layout": layout}, loss=loss)
        network = made.network(recipe)
        made.stir(network)
        before = made.weights(network)
        (step,) = made.run(network, recipe, ROWS, tmp_path / str(pack_tokens))
        found.append((step, made.weights(network)))
    whole, after = found[0]
    assert max(float((after[name] - before[name]).abs().max()) for name in before) > 1e-3
    for step, weights in found[1:]:
        made.assert_same(weights, after, within=1e-5)
        assert (step.loss, step.grad_norm) == pytest.approx((whole.loss, whole.grad_norm), rel=1e-4)
        assert step.tiers == pytest.approx(whole.tiers, rel=1e-4)


def test_a_step_says_what_it_did(tiny_model_dir: Path, tmp_path: Path) -> None:
    recipe = one_step(tiny_model_dir)
    (step,) = made.run(made.network(recipe), recipe, ROWS, tmp_path)
    assert (step.step, step.epoch, step.learning_rate) == (1, 1, 0.01)
    assert step.tokens == sum(row.length for row in ROWS)
    assert step.targets == sum(len(row.completion) for row in ROWS)
    assert step.tiers.keys() == {"simple", "medium", "complex"}
    by_tier = {tier: sum(len(row.completion) for row in ROWS if row.tier == tier) for tier in step.tiers}
    assert step.loss == pytest.approx(sum(step.tiers[tier] * count for tier, count in by_tier.items()) / step.targets)


def test_the_loss_falls(tiny_model_dir: Path, tmp_path: Path) -> None:
    recipe = made.recipe(tiny_model_dir, optimiser={"epochs": 5.0, "learning_rate": 0.03})
    losses = [step.loss for step in made.run(made.network(recipe), recipe, ROWS, tmp_path)]
    assert len(losses) >= 15
    assert sum(losses[-4:]) < 0.75 * sum(losses[:4])


def test_gradients_are_clipped_to_the_recipes_norm(tiny_model_dir: Path, tmp_path: Path, monkeypatch) -> None:
    import torch

    from edgejson_bench.training import checkpoint

    recipe = one_step(tiny_model_dir, optimiser={"max_grad_norm": 0.5})
    network = made.network(recipe)
    kept = []
    monkeypatch.setattr(
        torch.optim.AdamW,
        "step",
        lambda self: kept.extend(p.grad.norm() for g in self.param_groups for p in g["params"]),
    )
    monkeypatch.setattr(checkpoint.Checkpoints, "save", lambda *_: None)
    (step,) = made.run(network, recipe, ROWS, tmp_path)
    assert step.grad_norm > 0.5
    assert float(torch.stack(kept).norm()) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("ratio", [1.0, 4.0])
def test_lora_plus_gives_b_another_rate(ratio: float, tiny_model_dir: Path, tmp_path: Path, monkeypatch) -> None:
    from edgejson_bench.training import loop

    recipe = one_step(tiny_model_dir, adaptation={"lora_plus_ratio": ratio})
    network = made.network(recipe)
    optimizer = loop.make_optimizer(network, recipe)
    monkeypatch.setattr(loop, "make_optimizer", lambda *_: optimizer)
    (step,) = made.run(network, recipe, ROWS, tmp_path)
    rate_of = {parameter: group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    for name, parameter in network.trainable().items():
        assert rate_of.pop(parameter) == pytest.approx(step.learning_rate * (ratio if ".lora_B." in name else 1))
    assert rate_of == {}
    assert len(optimizer.param_groups) == (1 if ratio == 1 else 2)


def test_full_fine_tuning_trains_all_weights(tiny_model_dir: Path, tmp_path: Path) -> None:
    import torch

    recipe = one_step(tiny_model_dir, adaptation={"method": "full"})
    network = made.network(recipe)
    before = made.weights(network)
    assert network.model is network.causal_lm
    assert before.keys() == dict(network.causal_lm.named_parameters()).keys()
    made.run(network, recipe, ROWS, tmp_path)
    assert [name for name, weight in made.weights(network).items() if torch.equal(weight, before[name])] == []


def test_lora_leaves_the_base_as_it_is(tiny_model_dir: Path, tmp_path: Path) -> None:
    import torch

    recipe = one_step(tiny_model_dir)
    network = made.network(recipe)
    frozen = {name: p.detach().clone() for name, p in network.model.named_parameters() if not p.requires_grad}
    made.run(network, recipe, ROWS, tmp_path)
    now = dict(network.model.named_parameters())
    assert all(torch.equal(now[name], weight) for name, weight in frozen.items())
    assert all("lora_" in name for name in network.trainable())


def test_the_seed_decides_the_weights(tiny_model_dir: Path, tmp_path: Path) -> None:
    import torch

    found = []
    for number, seed in enumerate((3, 3, 4)):
        recipe = made.recipe(tiny_model_dir, seed=seed, adaptation={"dropout": 0.1}, optimiser={"epochs": 1.0})
        network = made.network(recipe)
        made.run(network, recipe, ROWS, tmp_path / str(number))
        found.append(made.weights(network))
    made.assert_same(found[1], found[0])
    assert not any(torch.equal(found[2][name], weight) for name, weight in found[0].items())


# Where it cannot go on


def test_a_loss_that_is_no_number_stops_with_its_step_and_keeps_the_checkpoint(
    tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgejson_bench.training import loop

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    recipe = made.recipe(tiny_model_dir)
    network = made.network(recipe)

    def spoil(step: Any) -> None:
        if step.step == 2:
            network.causal_lm.get_input_embeddings().weight.data.fill_(float("nan"))

    message = made.failure(TrainingError, lambda: made.run(network, recipe, ROWS, tmp_path, on_step=spoil))
    assert message.startswith("step 3: the loss is nan (rows ")
    assert "lower optimiser.learning_rate (now 0.01) in the recipe" in message
    assert made.steps_done(tmp_path) == 2


def test_a_gradient_that_is_no_number_never_reaches_the_weights(tiny_model_dir: Path, tmp_path: Path) -> None:
    recipe = made.recipe(tiny_model_dir)
    network = made.network(recipe)
    weight = next(iter(network.trainable().values()))
    weight.register_hook(lambda gradient: gradient * float("nan"))
    assert made.failure(TrainingError, lambda: made.run(network, recipe, ROWS, tmp_path)).startswith("step 1: ")
    assert weight.isfinite().all()


@pytest.mark.parametrize("kind", ["MemoryError", "OutOfMemoryError", "RuntimeError"])
def test_memory_that_runs_out_is_told_with_what_to_lower(
    kind: str, tiny_model_dir: Path, tmp_path: Path, monkeypatch
) -> None:
    import torch

    from edgejson_bench.training import loop

    errors = {
        "MemoryError": MemoryError(),
        "OutOfMemoryError": torch.OutOfMemoryError("CUDA out of memory.\nTried"),
        "RuntimeError": RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    }

    def fail(*_: Any, **__: Any) -> None:
        raise errors[kind]

    recipe = made.recipe(tiny_model_dir)
    network = made.network(recipe)
    monkeypatch.setattr(loop, "losses", fail)
    message = made.failure(TrainingError, lambda: made.run(network, recipe, ROWS, tmp_path))
    assert message == "step 1: out of memory; lower batch.pack_tokens (now 120) in a recipe file of your own"


def test_other_errors_are_not_taken_for_want_of_memory(tiny_model_dir: Path, tmp_path: Path, monkeypatch) -> None:
    from edgejson_bench.training import loop

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("shapes do not fit")

    recipe = made.recipe(tiny_model_dir)
    network = made.network(recipe)
    monkeypatch.setattr(loop, "losses", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        made.run(network, recipe, ROWS, tmp_path)


def test_a_target_module_that_is_not_there_is_named_with_those_that_are(tiny_model_dir: Path) -> None:
    recipe = made.recipe(tiny_model_dir, adaptation={"target_modules": ("q_proj", "c_attn")})
    message = made.failure(UsageError, lambda: made.network(recipe))
    assert "no linear layer 'c_attn'; it has " in message
    assert {"q_proj", "down_proj"} <= set(message.rpartition("it has ")[2].split(", "))
    proj = made.recipe(tiny_model_dir, adaptation={"target_modules": ("proj",)})  # an end of a name is no name
    assert "no linear layer 'proj'" in made.failure(UsageError, lambda: made.network(proj))


def test_an_encoder_is_no_base(tmp_path: Path) -> None:
    from transformers import BertConfig, BertForMaskedLM

    from tests.standins.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertForMaskedLM(BertConfig(vocab_size=len(tokenizer), initializer_range=0.3, **sizes)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    message = made.failure(ModelError, lambda: made.network(made.recipe(tmp_path)))
    assert message == f"{tmp_path}: is no causal language model (its tokens see later ones); choose another --base"


def test_an_end_token_that_is_not_there_cannot_be_taught(tiny_model_dir: Path, tmp_path: Path) -> None:
    from tests.standins.tiny import tiny_tokenizer

    folder = shutil.copytree(
        tiny_model_dir, tmp_path / "endless", ignore=shutil.ignore_patterns("tokenizer*", "special*")
    )
    tokenizer = tiny_tokenizer()
    tokenizer.eos_token = None
    tokenizer.save_pretrained(folder)
    message = made.failure(ModelError, lambda: made.network(made.recipe(folder)))
    assert message == f"{folder}: its tokenizer has no end token, so none can be taught"
    assert made.network(made.recipe(folder, end_token=False)).packs


def test_an_adapter_is_no_base(tiny_adapter_dir: Path) -> None:
    assert "is itself an adapter; merge it first" in made.failure(
        ModelError, lambda: made.network(made.recipe(tiny_adapter_dir))
    )
