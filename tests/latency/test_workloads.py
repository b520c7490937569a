"""Which queries are made: the same for everybody, each example before any comes again, fixed lengths to the token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import DataError, ModelError
from edgejson_bench.loadgen.workloads import chosen, exactly, fixed, natural
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.rules import Rules
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Completion
from tests.submitted import DATASET

TEST = DATASET.split("test")
V3 = get_protocol("v3")


def test_every_example_comes_once_before_any_comes_again() -> None:
    ids = [example.id for example in chosen(TEST, 2 * len(TEST) + 1, seed=5)]
    everyone = sorted(example.id for example in TEST)
    first, second, rest = ids[: len(TEST)], ids[len(TEST) : -1], ids[-1:]
    assert sorted(first) == sorted(second) == everyone
    assert first != second
    assert len(rest) == 1


def test_the_seed_and_nothing_else_decides() -> None:
    assert chosen(TEST, 4, seed=1) == chosen(tuple(reversed(TEST)), 4, seed=1)
    assert chosen(TEST, 4, seed=1) == chosen(TEST, 6, seed=1)[:4]
    assert len({tuple(e.id for e in chosen(TEST, 6, seed=seed)) for seed in range(20)}) > 10


def test_natural_is_what_a_run_would_ask() -> None:
    model = Mock()
    workload = natural(DATASET, model, V3, "instruction", queries=8, seed=2, batch_size=3)
    asked = {prompt.example_id: prompt for prompt in build_prompts(TEST, DATASET, V3, model)}
    assert [asked[prompt.example_id] for prompt in workload.prompts] == list(workload.prompts)
    assert [p.example_id for p in workload.prompts] == [e.id for e in chosen(TEST, 8, seed=2)]
    assert (workload.settings.stop, workload.settings.batch_size) == ("json_end", 3)


def test_an_empty_split_is_named() -> None:
    empty = replace(DATASET, splits={**DATASET.splits, "test": ()})
    with pytest.raises(DataError, match=r"^the test split of this data is empty, so there is nothing to time$"):
        natural(empty, Mock(), V3, "instruction", queries=1, seed=0, batch_size=1)


def test_fixed_prompts_have_exactly_256_tokens_and_share_no_task() -> None:
    model = Mock()
    workload = fixed(DATASET, model, queries=2 * len(TEST), seed=0, batch_size=4)
    assert {model.count_tokens(prompt.text) for prompt in workload.prompts} == {256}
    assert {prompt.max_new_tokens for prompt in workload.prompts} == {128}
    assert len({prompt.task for prompt in workload.prompts}) == 2 * len(TEST)
    assert len({prompt.text for prompt in workload.prompts}) == len(TEST)
    assert workload.settings.stop == "length"
    assert not any(prompt.adds_special_tokens for prompt in workload.prompts)


class Pairs(Mock):
    """Counts a character outside ASCII as two tokens."""

    def count_tokens(self, text: str) -> int:
        return len(text) + sum(not character.isascii() for character in text)


def test_where_a_character_is_several_tokens_another_place_of_the_text_is_cut() -> None:
    text = exactly(4, iter(["abcéfghij"]), Pairs())
    assert Pairs().count_tokens(text) == 4
    assert text == "bcé"
    with pytest.raises(ModelError, match=r"^mock: no text could be cut to exactly 3 of its tokens; use --workload nat"):
        exactly(3, iter(["é" * 200] * 9), Pairs())


def test_a_model_without_tokens_is_refused() -> None:
    with pytest.raises(ModelError, match=r"^rules: has no tokens, .*; use --workload natural$"):
        fixed(DATASET, Rules(), queries=1, seed=0, batch_size=1)


@pytest.mark.parametrize(
    ("completion", "why"),
    [
        (Completion("e", "x", 256, 127, "length"), "it had 256 in and 127 out; is its context too short?"),
        (Completion("e", "x", 257, 128, "length"), "it had 257 in and 128 out; is its context too short?"),
        (Completion("e", "", 256, 0, "error", "the prompt has 256 tokens, the model takes 100"), "the model takes 100"),
    ],
)
def test_a_length_that_was_not_kept_is_an_error(completion: Completion, why: str) -> None:
    workload = fixed(DATASET, Mock(), queries=1, seed=0, batch_size=1)
    workload.check(Completion("e", "x", 256, 128, "length"))
    with pytest.raises(ModelError) as caught:
        workload.check(completion)
    assert why in str(caught.value)
    natural(DATASET, Mock(), V3, "instruction", queries=1, seed=0, batch_size=1).check(completion)


@pytest.mark.torch
def test_a_real_tokenizers_tokens_are_counted(tiny_model_dir: Path) -> None:
    from edgejson_bench.models.transformers import Weights, load_tokenizer

    class Counting(Mock):
        tokenizer: Any = load_tokenizer("tiny", Weights(tiny_model_dir))

        def count_tokens(self, text: str) -> int:
            return int(self.tokenizer.count_tokens(text))

    workload = fixed(DATASET, Counting(), queries=6, seed=0, batch_size=1)
    assert {Counting().count_tokens(prompt.text) for prompt in workload.prompts} == {256}
