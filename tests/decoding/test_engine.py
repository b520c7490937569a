"""The engine gives, token for token, what transformers' own greedy ``generate`` gives, however rows are batched."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.decoding.models import ARCHITECTURES, VOCABULARY, random_model

pytestmark = pytest.mark.torch

NO_EOS: frozenset[int] = frozenset()


def load(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def reference(tiny_model_dir: Path) -> Any:
    """The tiny Llama as transformers runs it; no engine touches it."""
    return load(tiny_model_dir)


@pytest.fixture(scope="module")
def make_engine(tiny_model_dir: Path) -> Callable[..., Any]:
    from edgejson_bench.decoding.engine import Engine

    def make(eos_ids: frozenset[int] = NO_EOS, piece: Callable[[int], str] = str, model: Any = None) -> Any:
        return Engine(load(tiny_model_dir) if model is None else model, eos_ids, piece)

    return make


def prompt(key: str, group: str, ids: Sequence[int], budget: int) -> Any:
    from edgejson_bench.decoding.engine import TokenPrompt

    return TokenPrompt(key, group, tuple(ids), budget)


def mixed_prompts(vocabulary: int, budget: int = 24) -> list[Any]:
    """Several groups, with and without a shared prefix, of every awkward shape, in no order."""
    draw = random.Random(7)

    def some(count: int) -> list[int]:
        return [draw.randrange(3, vocabulary) for _ in range(count)]

    shared, other = some(30), some(12)
    ends = [some(draw.randrange(1, 9)) for _ in range(6)]
    prompts = [prompt(f"shared {i}", "a", shared + end, budget - i) for i, end in enumerate(ends)]
    prompts += [
        prompt("shared, nothing more", "a", shared, budget),
        prompt("shared, one token less", "a", shared[:-1], budget),
        prompt("twin 1", "b", other, budget),
        prompt("twin 2", "b", other, budget),
        prompt("triplet with its own budget", "b", other, 3),
        prompt("one token", "c", other[:1], budget),
        prompt("one token, nothing shared", "c", [(other[0] + 1) % vocabulary], budget),
        prompt("budget of one", "c", some(5), 1),
        prompt("one token, budget of one", "d", some(1), 1),
        prompt("alone in its group", "e", some(20), budget),
        prompt("periodic", "f", [5, 6, 7, 8] * 6, budget),
    ]
    draw.shuffle(prompts)
    return prompts


def generated(model: Any, asked: Any, eos_ids: frozenset[int] = NO_EOS) -> tuple[int, ...]:
    """New tokens of transformers' greedy ``generate``."""
    import torch

    ids = torch.tensor([asked.ids])
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=asked.max_new_tokens,
        eos_token_id=sorted(eos_ids) or None,
        pad_token_id=0,
    )
    return tuple(out[0, len(asked.ids) :].tolist())


def decoded(engine: Any, prompts: Sequence[Any], rows: int, *, json_end: bool = False) -> dict[str, Any]:
    done = list(engine.decode(prompts, rows=rows, stop_at_json_end=json_end))
    by_key = {completion.key: completion for completion in done}
    assert len(by_key) == len(done), "a prompt was answered twice"
    return by_key


@pytest.fixture(scope="module")
def prompts(reference: Any) -> list[Any]:
    return mixed_prompts(reference.config.vocab_size)


@pytest.fixture(scope="module")
def endless(reference: Any, prompts: list[Any]) -> dict[str, tuple[int, ...]]:
    """What the model writes where nothing ends it before its budget."""
    reference.generation_config.eos_token_id = None
    return {asked.key: generated(reference, asked) for asked in prompts}


@pytest.fixture(scope="module")
def stopping_token(endless: dict[str, tuple[int, ...]]) -> int:
    """A token that ends some completions, late enough to be of interest, and not others."""
    late = {token for ids in endless.values() for token in ids[4:]} - {ids[0] for ids in endless.values()}
    some = sorted(token for token in late if sum(token in ids for ids in endless.values()) >= 2)
    return some[0]


@pytest.mark.parametrize("rows", [1, 2, 3, 16, 100])
def test_equals_generate_to_the_end_of_the_budget(rows, make_engine, prompts, endless) -> None:
    found = decoded(make_engine(), prompts, rows)
    assert {key: done.ids for key, done in found.items()} == endless
    assert {done.finish_reason for done in found.values()} == {"length"}


@pytest.mark.parametrize("rows", [1, 2, 3, 16])
def test_equals_generate_up_to_the_end_token(rows, make_engine, reference, prompts, stopping_token) -> None:
    eos_ids = frozenset({stopping_token, 1})
    found = decoded(make_engine(eos_ids), prompts, rows)
    assert {key: done.ids for key, done in found.items()} == {p.key: generated(reference, p, eos_ids) for p in prompts}
    for asked in prompts:
        done = found[asked.key]
        assert done.finish_reason == ("eos" if done.ids[-1] in eos_ids else "length")
        assert done.finish_reason == "eos" or len(done.ids) == asked.max_new_tokens
    assert {done.finish_reason for done in found.values()} == {"eos", "length"}


@pytest.mark.parametrize("rows", [1, 2, 3, 16])
def test_stops_with_the_token_that_closes_the_json(rows, make_engine, prompts, endless, stopping_token) -> None:
    def piece(token: int) -> str:
        return 'x {"a": {}}, more' if token == stopping_token else "no bracket "

    found = decoded(make_engine(piece=piece), prompts, rows, json_end=True)
    for key, ids in endless.items():
        closed = stopping_token in ids
        expected = ids[: ids.index(stopping_token) + 1] if closed else ids
        assert (found[key].ids, found[key].finish_reason) == (expected, "json_end" if closed else "length")
    assert {done.finish_reason for done in found.values()} == {"json_end", "length"}


@pytest.mark.parametrize("rows", [1, 3])
def test_json_may_open_and_close_in_different_tokens(rows, make_engine, prompts, endless) -> None:
    """Every token opens or closes a bracket: each row ends where its own count comes back to zero."""

    def piece(token: int) -> str:
        return "{" if token % 2 else "}"

    found = decoded(make_engine(piece=piece), prompts, rows, json_end=True)
    for key, ids in endless.items():
        depth, end = 0, None
        for index, token in enumerate(ids):
            if depth or token % 2:
                depth += 1 if token % 2 else -1
                if depth == 0:
                    end = index + 1
                    break
        assert (found[key].ids, found[key].finish_reason) == (ids[:end], "json_end" if end else "length")


def test_json_is_not_looked_for_unless_asked(make_engine, prompts, endless) -> None:
    found = decoded(make_engine(piece=lambda _: "{}"), prompts, 3, json_end=False)
    assert {key: done.ids for key, done in found.items()} == endless


def test_an_end_token_that_also_closes_the_json_is_an_end_token(make_engine, prompts, stopping_token) -> None:
    engine = make_engine(frozenset({stopping_token}), lambda token: "{}" if token == stopping_token else "")
    reasons = {done.finish_reason for done in decoded(engine, prompts, 3, json_end=True).values()}
    assert reasons == {"eos", "length"}


def test_times_are_given_alone_and_only_alone(make_engine, prompts) -> None:
    engine = make_engine()
    for done in decoded(engine, prompts, 1).values():
        assert done.timing.prefill_seconds > 0
        assert done.timing.decode_seconds >= 0
        assert done.timing.decode_seconds > 0 or len(done.ids) == 1
    assert all(done.timing is None for done in decoded(engine, prompts, 2).values())


def test_alone_prompts_are_answered_in_the_given_order_and_as_soon_as_they_are_done(make_engine, prompts) -> None:
    stream = make_engine().decode(prompts, rows=1, stop_at_json_end=False)
    assert next(stream).key == prompts[0].key
    assert [done.key for done in stream] == [asked.key for asked in prompts[1:]]


def test_side_by_side_a_short_answer_does_not_wait_for_a_long_one(make_engine) -> None:
    asked = [prompt("long", "a", [9, 10, 11], 60), prompt("short", "a", [9, 10, 12], 2)]
    assert [done.key for done in make_engine().decode(asked, rows=2, stop_at_json_end=False)] == ["short", "long"]


@pytest.mark.parametrize("rows", [1, 4])
def test_no_prompts_no_completions(rows, make_engine) -> None:
    assert decoded(make_engine(), [], rows) == {}


def count_passes(model: Any) -> list[tuple[int, int]]:
    """The shape of the input ids of each forward pass from now on."""
    passes: list[tuple[int, int]] = []
    model.register_forward_pre_hook(
        lambda _module, _args, kwargs: passes.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    return passes


def test_guesses_save_passes_and_change_nothing(make_engine, reference) -> None:
    """A random model ends up repeating itself, which prompt lookup sees coming."""
    asked = [prompt("1", "a", [24] * 5, 120), prompt("2", "a", [24] * 4 + [25], 120)]
    model = load(Path(reference.config.name_or_path))
    engine = make_engine(model=model)
    passes = count_passes(model)
    found = decoded(engine, asked, 2)
    assert {key: done.ids for key, done in found.items()} == {p.key: generated(reference, p) for p in asked}
    # Without guesses: a prefill each, then 119 tokens side by side. With them 63 in all.
    assert len(passes) < 0.75 * (2 + 119)


def test_what_a_group_shares_is_prefilled_once(make_engine, reference) -> None:
    shared = [40 + i for i in range(50)]
    asked = [prompt(str(i), "a", [*shared, 10 + i, 11 + i], 1) for i in range(4)]
    model = load(Path(reference.config.name_or_path))
    engine = make_engine(model=model)
    passes = count_passes(model)
    decoded(engine, asked, 2)
    assert passes == [(1, 52), (1, 2), (1, 2), (1, 2)]
    passes.clear()
    decoded(engine, asked, 1)
    assert passes == [(1, 52)] * 4, "alone, nothing of another prompt may be used: it would be timed too fast"


def test_numbers_left_in_memory_do_not_reach_a_completion(poisoned_memory, make_engine, prompts, endless) -> None:
    found = decoded(make_engine(), prompts, 3)
    assert {key: done.ids for key, done in found.items()} == endless


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_other_architectures_equal_generate_too(name: str, make_engine, poisoned_memory) -> None:
    model = random_model(name)
    asked = mixed_prompts(VOCABULARY, budget=12)[:8]
    eos_ids = frozenset({5})
    expected = {p.key: generated(model, p, eos_ids) for p in asked}
    engine = make_engine(eos_ids, model=model)
    for rows in (1, 3):
        assert {key: done.ids for key, done in decoded(engine, asked, rows).items()} == expected


def test_a_model_that_the_cache_does_not_fit_is_decoded_alone(make_engine) -> None:
    model = random_model("mistral, sliding window")
    engine = make_engine(model=model)
    passes = count_passes(model)
    found = decoded(engine, mixed_prompts(VOCABULARY, budget=12)[:4], 3)
    assert {rows for rows, _ in passes} == {1}
    assert all(done.timing is not None for done in found.values())
    assert model.config._attn_implementation == "sdpa"


def test_random_sets_of_prompts_give_the_same_side_by_side(make_engine) -> None:
    """More shapes than can be listed: what rows=1 gives is what any number of rows gives."""
    engine = make_engine(frozenset({5}), lambda token: "{}" if token == 9 else "", random_model("llama"))
    draw = random.Random(1)
    for _ in range(8):
        stem = [draw.randrange(VOCABULARY) for _ in range(draw.randrange(20))]
        asked = [
            prompt(
                str(index),
                draw.choice("ab"),
                stem[: draw.randrange(21)] + [draw.randrange(VOCABULARY) for _ in range(draw.randrange(1, 6))],
                draw.randrange(1, 16),
            )
            for index in range(draw.randrange(1, 9))
        ]
        alone = {key: (d.ids, d.finish_reason) for key, d in decoded(engine, asked, 1, json_end=True).items()}
        rows = draw.choice((2, 3, 16))
        assert {
            key: (d.ids, d.finish_reason) for key, d in decoded(engine, asked, rows, json_end=True).items()
        } == alone
