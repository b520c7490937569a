"""What the engine does where memory runs out in a pass: fewer rows, no prompt lost and none answered twice."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from edgejson_bench.errors import ModelError
from tests.decoding.models import VOCABULARY, random_model
from tests.decoding.test_engine import count_passes, mixed_prompts

pytestmark = pytest.mark.torch

Answers = dict[str, tuple[tuple[int, ...], str]]
EOS = frozenset({5})


def failure(kind: str) -> BaseException:
    """A new one each time: an exception holds on to the frames that it was raised through, and so to the cache."""
    import torch

    told = {
        "CUDA": (torch.OutOfMemoryError, "CUDA out of memory.\nTried to allocate 2 GiB"),
        "CPU": (
            RuntimeError,
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.",
        ),
        "MPS": (RuntimeError, "MPS backend out of memory (MPS allocated: 9 bytes)."),
        "Python": (MemoryError, ""),
        "other": (RuntimeError, "mat1 and mat2 shapes cannot be multiplied"),
    }
    error, message = told[kind]
    return error(message)


KINDS = ("Python", "CPU", "CUDA", "MPS")


def broken_model(fails: Callable[[int, int, Any], bool], kind: str = "Python") -> Any:
    """A llama whose pass raises where ``fails`` says so of rows, tokens a row, and the cache."""
    model = random_model("llama")

    def before(_module: Any, _args: Any, kwargs: Any) -> None:
        rows, tokens = kwargs["input_ids"].shape
        if fails(rows, tokens, kwargs["past_key_values"]):
            raise failure(kind)

    model.register_forward_pre_hook(before, with_kwargs=True)
    return model


def answers(model: Any, rows: int, notes: list[str] | None = None) -> Answers:
    from edgejson_bench.decoding.engine import Engine

    engine = Engine(model, EOS, str, (notes if notes is not None else []).append)
    found: Answers = {}
    for done in engine.decode(mixed_prompts(VOCABULARY), rows=rows, stop_at_json_end=False):
        assert done.key not in found, "a prompt was answered twice"
        found[done.key] = (done.ids, done.finish_reason)
    return found


@pytest.fixture(scope="module")
def expected() -> Answers:
    return answers(random_model("llama"), 1)


@pytest.mark.parametrize("kind", KINDS)
def test_in_decode_rows_are_halved_until_they_fit(kind: str, expected: Answers) -> None:
    notes: list[str] = []
    model = broken_model(lambda rows, *_: rows > 2, kind)
    assert answers(model, 8, notes) == expected
    assert notes == [
        "out of memory with 8 rows side by side; going on with 4",
        "out of memory with 4 rows side by side; going on with 2",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_in_prefill_too(kind: str, expected: Answers) -> None:
    notes: list[str] = []
    model = broken_model(lambda rows, tokens, cache: tokens > 12 and cache.slots.rows > 1, kind)
    assert answers(model, 5, notes) == expected
    assert [note.rpartition(" ")[2] for note in notes] == ["2", "1"]


@pytest.mark.parametrize("number", range(0, 40, 3))
def test_whenever_it_happens_nothing_is_lost(number: int, expected: Answers) -> None:
    """The pass of that number fails, be it a prefill or a decoding one, before or after the first answers."""
    passes: list[int] = []

    def fails(*_: Any) -> bool:
        passes.append(1)
        return len(passes) == number + 1

    notes: list[str] = []
    assert answers(broken_model(fails), 4, notes) == expected
    assert len(notes) == 1


def test_what_the_failed_pass_held_is_given_back(expected: Answers) -> None:
    caches: list[weakref.ref[Any]] = []
    held: list[bool] = []

    def fails(rows: int, _tokens: int, cache: Any) -> bool:
        if not caches or caches[-1]() is not cache:
            held.append(any(earlier() is not None for earlier in caches))
            caches.append(weakref.ref(cache))
        return rows > 2

    assert answers(broken_model(fails), 8) == expected
    assert held == [False, False, False]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_row_that_does_not_fit_is_told_in_a_line(kind: str, rows: int) -> None:
    model = broken_model(lambda rows, tokens, _: tokens > 20, kind)
    with pytest.raises(ModelError, match=r"^example .*: out of memory with one row alone; free memory.*$") as caught:
        answers(model, rows)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rows", [1, 4])
def test_other_failures_are_not_taken_for_want_of_memory(rows: int) -> None:
    model = broken_model(lambda *_: True, "other")
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        answers(model, rows)


def test_two_prompts_of_one_name_are_refused() -> None:
    from edgejson_bench.decoding.engine import Engine, TokenPrompt

    twice = [TokenPrompt("same", "a", (1, 2), 3)] * 2
    with pytest.raises(ValueError, match="same key"):
        list(Engine(random_model("llama"), EOS, str).decode(twice, rows=2, stop_at_json_end=False))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_work_done_is_counted(rows: int) -> None:
    from edgejson_bench.decoding.engine import Engine, Work

    model = random_model("llama")
    passes = count_passes(model)
    engine = Engine(model, EOS, str)
    assert engine.work.accepted_per_row is None
    prompts = mixed_prompts(VOCABULARY)
    done = list(engine.decode(prompts, rows=rows, stop_at_json_end=False))
    work = engine.work
    assert work.prefills == len(prompts)
    assert work.accepted_tokens == sum(len(answer.ids) - 1 for answer in done)
    assert work.prefills + work.passes == len(passes)
    assert work.prefill_tokens + work.computed_tokens == sum(rows * tokens for rows, tokens in passes)
    assert work.passes <= work.rows <= rows * work.passes
    assert work.accepted_per_row == work.accepted_tokens / work.rows
    assert (work.accepted_per_row == 1) is (rows == 1)
    before = Work(**asdict(work))
    list(engine.decode(prompts[:2], rows=rows, stop_at_json_end=False))
    assert engine.work.since(before).prefills == 2
