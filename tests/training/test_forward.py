"""Packed, padded, or each row alone through transformers' own attention: the same losses and the same gradients."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import UsageError
from edgejson_bench.training.packing import Row
from tests.decoding.models import ARCHITECTURES, random_model
from tests.training import made
from tests.training.made import compiling, row, rows

pytestmark = pytest.mark.torch

IN_TURN = [one for pair in zip(*(rows(3, tasks=[task]) for task in made.TASKS), strict=True) for one in pair]
CASES: dict[str, list[Row]] = {
    "shared prefixes": rows(4),
    "long shared prefixes": rows(3, seed=2, shared=60),
    "nothing in common": rows(3, shared=0),
    "tasks in turn": IN_TURN,
    "one row": rows(1, tasks=["rating"]),
    "equal prompts": [row([5, 6, 7], [8]), row([5, 6, 7], [9, 10, 11]), row([5, 6, 7], [8])],
    "single tokens": [row([5], [6]), row([5], [7, 8]), row([9], [6], "invoice")],
    "one prompt begins the other": [row([5, 6], [6]), row([5, 6, 7, 8, 9], [7, 8])],
}
BOTH = pytest.mark.parametrize("prompt_loss", [False, True], ids=["completion", "prompt too"])


def losses(network: Any, some: list[Row], *, prompt_loss: bool, bfloat16: bool = False) -> Any:
    from edgejson_bench.training.forward import losses as compute

    return compute(network, some, prompt_loss=prompt_loss, bfloat16=bfloat16)


def alone(network: Any, one: Row, *, prompt_loss: bool) -> Any:
    """The losses of one row by itself, as transformers computes them: nothing of ours but the weights."""
    import torch

    causal_lm = network.causal_lm
    before = causal_lm.config._attn_implementation
    causal_lm.set_attn_implementation(network.own_attention)
    ids = torch.tensor([[*one.prompt, *one.completion]])
    logits = causal_lm(input_ids=ids, use_cache=False).logits[0, :-1]
    causal_lm.set_attn_implementation(before)
    values = -logits.log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    return values if prompt_loss else values[len(one.prompt) - 1 :]


def all_alone(network: Any, some: list[Row], *, prompt_loss: bool) -> Any:
    import torch

    return torch.cat([alone(network, one, prompt_loss=prompt_loss) for one in some])


def gradients(network: Any, values: Any) -> dict[str, Any]:
    """Gradients of the mean of ``values``; they are taken off the weights again."""
    values.mean().backward()
    found = {name: one.grad for name, one in network.trainable().items() if one.grad is not None}
    network.model.zero_grad(set_to_none=True)
    return found


def assert_close(found: Any, expected: Any) -> None:
    import torch

    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def network(tiny_model_dir: Path) -> Any:
    """The tiny Llama (grouped-query attention) with an adapter that does something."""
    network = made.network(made.recipe(tiny_model_dir))
    made.stir(network)
    return network


@pytest.fixture(scope="module")
def padding(tiny_model_dir: Path) -> Any:
    """The same, from a recipe that asks for the padded layout."""
    network = made.network(made.recipe(tiny_model_dir, batch={"layout": "padded"}))
    made.stir(network)
    return network


@BOTH
@pytest.mark.parametrize("some", CASES.values(), ids=CASES)
def test_packed_losses_are_those_of_each_row_alone(some: list[Row], prompt_loss: bool, network: Any) -> None:
    assert network.packs
    found = losses(network, some, prompt_loss=prompt_loss)
    assert_close(found.values, all_alone(network, some, prompt_loss=prompt_loss))
    counts = [one.length - 1 if prompt_loss else len(one.completion) for one in some]
    assert found.target_rows == tuple(number for number, count in enumerate(counts) for _ in range(count))
    assert found.rows == tuple(some)


@BOTH
@pytest.mark.parametrize("some", CASES.values(), ids=CASES)
def test_padded_losses_are_those_of_each_row_alone(some: list[Row], prompt_loss: bool, padding: Any) -> None:
    assert not padding.packs
    found = losses(padding, some, prompt_loss=prompt_loss)
    assert_close(found.values, all_alone(padding, some, prompt_loss=prompt_loss))
    counts = [one.length - 1 if prompt_loss else len(one.completion) for one in some]
    assert found.target_rows == tuple(number for number, count in enumerate(counts) for _ in range(count))
    assert padding.computed(some, prompt_loss=prompt_loss) == len(some) * max(one.length for one in some)


@BOTH
@pytest.mark.parametrize("name", ["shared prefixes", "nothing in common", "tasks in turn", "equal prompts"])
def test_packed_gradients_are_those_of_rows_accumulated_one_by_one(name: str, prompt_loss: bool, network: Any) -> None:
    import torch

    some = CASES[name]
    expected = gradients(network, all_alone(network, some, prompt_loss=prompt_loss))
    found = gradients(network, losses(network, some, prompt_loss=prompt_loss).values)
    assert found.keys() == expected.keys()
    assert all(torch.any(gradient) for gradient in expected.values())
    for key, gradient in expected.items():
        torch.testing.assert_close(found[key], gradient, rtol=1e-4, atol=1e-4, msg=key)


def test_a_shared_prefix_goes_through_the_network_once(network: Any) -> None:
    some = rows(4, shared=12)
    saved = sum(12 * 3 for _ in made.TASKS)
    tokens = sum(one.length for one in some)
    assert network.computed(some, prompt_loss=False) <= tokens - saved
    assert network.computed(some, prompt_loss=True) == tokens


@pytest.mark.parametrize("frozen", [False, True], ids=["head trained", "head frozen"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_other_architectures_give_the_losses_of_each_row_alone_too(name: str, frozen: bool) -> None:
    """Packed where it fits, padded where a layer keeps other state: windows, convolutions, state spaces."""
    from edgejson_bench.decoding.cache import fits
    from edgejson_bench.training.network import Network

    model = random_model(name)
    model.get_output_embeddings().requires_grad_(not frozen)
    base: Any = None
    network = Network(model, model, None, base, fits(model), model.config._attn_implementation, None)
    assert network.packs == (name in {"llama", "qwen2", "qwen3", "gpt2", "neox", "opt"})
    network.train_mode()
    model.eval()  # some have a dropout of their own
    assert (network.frozen_head is not None) == (frozen and name != "gemma3, capped logits")
    for prompt_loss in (False, True):
        found = losses(network, CASES["shared prefixes"], prompt_loss=prompt_loss)
        expected = all_alone(network, CASES["shared prefixes"], prompt_loss=prompt_loss)
        assert_close(found.values, expected)
    assert_close(gradients(network, found.values), gradients(network, expected))


def test_looking_for_a_frozen_head_leaves_dropout_on_and_draws_nothing(tiny_model_dir: Path) -> None:
    import torch

    network = made.network(made.recipe(tiny_model_dir, adaptation={"dropout": 0.5}))
    before = torch.get_rng_state()
    assert network.frozen_head is network.causal_lm.lm_head
    assert torch.equal(torch.get_rng_state(), before)
    assert all(module.training for module in network.causal_lm.modules())
    assert network.causal_lm.config._attn_implementation == "edgejson_packed"


def test_more_positions_than_the_head_takes_at_once(network: Any) -> None:
    from edgejson_bench.training.head import POSITIONS

    some = [row(list(range(1, 40)), list(range(40, 60)))] * 9
    found = losses(network, some, prompt_loss=True).values
    assert len(found) > 2 * POSITIONS
    assert_close(found, all_alone(network, some, prompt_loss=True))


@BOTH
def test_in_bfloat16_losses_and_gradients_are_nearly_the_same_and_still_float32(
    prompt_loss: bool, network: Any
) -> None:
    import torch

    some = CASES["shared prefixes"]
    exact, found = (losses(network, some, prompt_loss=prompt_loss, bfloat16=rounded) for rounded in (False, True))
    assert found.values.dtype == torch.float32
    assert not torch.equal(found.values, exact.values)
    torch.testing.assert_close(found.values, exact.values, rtol=0.1, atol=0.3)
    expected = gradients(network, exact.values)
    for name, gradient in gradients(network, found.values).items():
        assert gradient.dtype == torch.float32
        assert torch.cosine_similarity(gradient.flatten(), expected[name].flatten(), dim=0) > 0.98, name


def test_the_first_pass_in_bfloat16_has_all_gradients(tiny_model_dir: Path) -> None:
    """Looking for the head must leave nothing in autocast's cache: it would hand out weights without a graph."""
    import torch

    network = made.network(made.recipe(tiny_model_dir))
    made.stir(network)
    first, second = (
        gradients(network, losses(network, CASES["shared prefixes"], prompt_loss=False, bfloat16=True).values)
        for _ in range(2)
    )
    assert first.keys() == second.keys() == network.trainable().keys()
    for name, gradient in first.items():
        assert torch.equal(gradient, second[name]), name


def test_losses_are_added_up_by_tier(network: Any) -> None:
    from edgejson_bench.training.forward import add_by_tier

    sums: dict[str, tuple[float, int]] = {"simple": (1.0, 2)}
    add_by_tier(sums, losses(network, CASES["shared prefixes"], prompt_loss=False))
    expected = {"simple": (1.0, 2), "medium": (0.0, 0), "complex": (0.0, 0)}
    for one in CASES["shared prefixes"]:
        total, count = expected[one.tier]
        added = float(alone(network, one, prompt_loss=False).detach().sum())
        expected[one.tier] = (total + added, count + len(one.completion))
    assert {tier: count for tier, (_, count) in sums.items()} == {tier: count for tier, (_, count) in expected.items()}
    assert sums == {tier: pytest.approx(pair, rel=1e-4) for tier, pair in expected.items()}


def test_loss_on_the_prompt_labels_all_but_the_first_token(network: Any) -> None:
    one = row([5, 6, 7], [8, 9])
    found = losses(network, [one], prompt_loss=True).values
    assert len(found) == 4
    assert_close(found[-2:], losses(network, [one], prompt_loss=False).values)


# Compiled layers


@compiling
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_layers_give_the_same_losses_and_gradients(tiny_model_dir: Path) -> None:
    """For packs of any length, without compiling again; what looks at rows in between runs as written."""
    import torch

    plain, compiled = (made.network(made.recipe(tiny_model_dir)) for _ in range(2))
    made.stir(plain)
    made.stir(compiled)
    compiled.compile_layers()
    torch._dynamo.utils.counters.clear()
    for name in ("shared prefixes", "long shared prefixes", "tasks in turn"):
        expected = losses(plain, CASES[name], prompt_loss=False).values
        found = losses(compiled, CASES[name], prompt_loss=False).values
        assert_close(found, expected)
        expected_gradients = gradients(plain, expected)
        for key, gradient in gradients(compiled, found).items():
            assert_close(gradient, expected_gradients[key])
        with torch.no_grad(), compiled.as_written():
            assert_close(losses(compiled, CASES[name], prompt_loss=False).values, expected.detach())
    graphs = 2  # nothing before the first layer is trained, so its input needs no gradient; the others share their code
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == graphs


def test_padded_rows_are_not_compiled(padding: Any) -> None:
    with pytest.raises(UsageError, match="--compile is for packed rows on a CPU"):
        padding.compile_layers()
