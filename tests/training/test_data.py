"""What is trained on: never a test record, the same rows every time, and the very tokens that a model is asked with."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import DataError, UsageError
from edgejson_bench.jsonio import canonical
from edgejson_bench.protocols import completion_text, gold_text
from edgejson_bench.records import Example, ModelIdentity
from edgejson_bench.tasks import Dataset, Task, load_shipped, pair_key
from edgejson_bench.training.data import TrainingData, choose, to_rows, with_generated
from edgejson_bench.training.recipe import DataChoice, Shares, Visited, load
from tests.training import made

SHIPPED = load_shipped()
ALL = Shares(1.0, 1.0, 1.0)
CHOICE = DataChoice(
    ("form", "prose"),
    share=1.0,
    per_epoch=Visited(ALL, ALL),
    generated=0,
    generated_golds="new",
    exchanged=0.0,
    exchanged_forms=0.0,
    exchanged_presence=0.0,
    generated_from=1,
    further_frames=False,
    scrambled=0.0,
    sparse=0.0,
    held_out=0.1,
    held_out_asked=0,
)


def example(task: str, number: int, style: str, split: str = "train") -> Example:
    name = f"{task}-{split}-{number:03d}-{style}"
    return Example(name, task, style, f"{style} text of {name}", {"at": name})


def dataset(*, styles: tuple[str, ...] = ("form", "prose"), count: int = 20, splits: tuple[str, ...] = ()) -> Dataset:
    """Two tasks with ``count`` and a single example a style and split."""
    tasks = {name: Task(name, "simple", {"type": "object"}) for name in ("many", "single")}
    return Dataset(
        "made",
        tasks,
        {
            split: tuple(
                example(task, number, style, split)
                for task, last in (("many", count), ("single", 1))
                for style in styles
                for number in range(1, last + 1)
            )
            for split in splits or ("train", "test")
        },
    )


def ids(examples: Any) -> set[str]:
    return {one.id for one in examples}


def groups(examples: Any) -> Counter[tuple[str, str]]:
    return Counter((one.task, one.style) for one in examples)


# Choosing


@pytest.mark.parametrize("styles", [("form", "prose"), ("form",), ("prose",)])
@pytest.mark.parametrize("held_out", [0.0, 0.04, 0.5])
def test_nothing_of_the_test_split_is_taken_by_id_text_or_gold(styles: tuple[str, ...], held_out: float) -> None:
    chosen = choose(SHIPPED, replace(CHOICE, styles=styles, held_out=held_out))
    taken = (*chosen.train, *chosen.held_out)
    assert ids(taken) <= ids(SHIPPED.split("train"))
    for content in (lambda one: one.prompt, lambda one: canonical(one.gold)):
        assert not {content(one) for one in taken} & {content(one) for one in SHIPPED.split("test")}


def test_all_of_the_train_split_is_trained_on_or_held_out_and_nothing_both() -> None:
    chosen = choose(SHIPPED, CHOICE)
    assert Counter(one.id for one in (*chosen.train, *chosen.held_out)) == Counter(ids(SHIPPED.split("train")))


def test_no_gold_that_is_held_out_is_trained_on_in_another_style() -> None:
    chosen = choose(SHIPPED, replace(CHOICE, held_out=0.5))
    assert not {canonical(one.gold) for one in chosen.held_out} & {canonical(one.gold) for one in chosen.train}


def test_the_choice_depends_on_the_ids_alone() -> None:
    data = dataset()
    chosen = choose(data, CHOICE)
    assert choose(data, CHOICE) == chosen
    shuffled = list(data.split("train"))
    random.Random(1).shuffle(shuffled)
    reworded = tuple(replace(one, prompt="other", gold={"of": one.id}) for one in shuffled)
    again = choose(replace(data, splits={**data.splits, "train": reworded}), CHOICE)
    assert (ids(again.train), ids(again.held_out)) == (ids(chosen.train), ids(chosen.held_out))


@pytest.mark.parametrize("held_out", [0.0, 0.01, 0.1, 0.25, 0.5])
def test_a_share_of_every_task_and_style_is_held_out_but_never_all(held_out: float) -> None:
    chosen = choose(dataset(), replace(CHOICE, held_out=held_out))
    aside = math.ceil(20 * held_out)
    assert groups(chosen.held_out) == Counter(
        {("many", style): aside for style in ("form", "prose") if aside},
    )
    assert groups(chosen.train) == Counter(
        {(task, style): count for task, count in (("many", 20 - aside), ("single", 1)) for style in ("form", "prose")}
    )


def test_held_out_examples_are_not_just_the_first() -> None:
    held_out = choose(dataset(), CHOICE).held_out
    assert ids(held_out) != {example("many", number, style).id for number in (1, 2) for style in ("form", "prose")}


def test_smaller_shares_are_parts_of_larger_ones_and_hold_out_the_same() -> None:
    shares = (0.01, 0.25, 0.5, 1.0)
    chosen = [choose(dataset(), replace(CHOICE, share=share)) for share in shares]
    assert [groups(one.train)["many", "form"] for one in chosen] == [1, 4, 9, 18]
    assert [groups(one.train)["single", "prose"] for one in chosen] == [1] * 4
    for smaller, larger in itertools.pairwise(chosen):
        assert ids(smaller.train) < ids(larger.train)
        assert smaller.held_out == larger.held_out


@pytest.mark.parametrize("style", ["form", "prose"])
def test_one_style_is_the_same_examples_as_among_both(style: str) -> None:
    both, one = choose(dataset(), CHOICE), choose(dataset(), replace(CHOICE, styles=(style,)))
    assert ids(one.train) == {e.id for e in both.train if e.style == style}
    assert ids(one.held_out) == {e.id for e in both.held_out if e.style == style}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (dataset(splits=("test",)), "has no train split"),
        (dataset(styles=("form",)), "has no prose style"),
        (replace(dataset(), splits={"train": ()}), "has no form style"),
    ],
    ids=["no train split", "a style is absent", "an empty train split"],
)
def test_data_that_cannot_be_trained_on_is_one_line(data: Dataset, said: str) -> None:
    with pytest.raises((DataError, UsageError), match=said) as caught:
        choose(data, CHOICE)
    assert "\n" not in str(caught.value)
    assert "data set made" in str(caught.value)


# Generated data


def stand_in(seed: int) -> dict[str, Any]:
    """What the generator might make: copies of what ships, and one new record a style and seed."""
    shipped = next(one for one in SHIPPED.split("train") if one.task == "rating")
    test = next(one for one in SHIPPED.split("test") if one.task == "rating" and one.style == "prose")
    new = [
        replace(
            example("rating", 1, style), prompt=f"{style} {seed} {'xyz' * seed}", gold={"rating": seed, "of": style}
        )
        for style in ("form", "prose")
    ]
    copies = [
        replace(new[0], id="same text", prompt=shipped.prompt, gold={"rating": -seed}),
        replace(new[0], id="same gold", prompt="a", gold=shipped.gold),
        replace(new[0], id="near copy", prompt=test.prompt + " ", gold={"rating": -9 * seed}),
        replace(new[0], id="of every seed", prompt="always the same", gold={"always": "the same"}),
    ]
    return {
        "rating": {"train": [*new, *copies], "test": [replace(new[0], id="a test record", prompt="t", gold={"t": 1})]}
    }


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgejson_bench.generation import splits

    monkeypatch.setattr(splits, "build", lambda seed, **_: stand_in(seed - splits.SEED))


def test_generated_records_are_added_without_copies_of_what_ships(generator: None) -> None:
    chosen = choose(SHIPPED, CHOICE)
    more = with_generated(chosen, SHIPPED, replace(CHOICE, generated=2))
    assert more.held_out == chosen.held_out
    assert more.train[: len(chosen.train)] == chosen.train
    assert [one.id for one in more.train[len(chosen.train) :]] == [
        "rating-train-001-form-seed1",
        "rating-train-001-prose-seed1",
        "of every seed-seed1",
        "rating-train-001-form-seed2",
        "rating-train-001-prose-seed2",
    ]


def test_what_goes_on_begins_behind_the_data_sets_that_were_seen(generator: None) -> None:
    chosen = choose(SHIPPED, CHOICE)
    both = with_generated(chosen, SHIPPED, replace(CHOICE, generated=2)).train[len(chosen.train) :]
    second = with_generated(chosen, SHIPPED, replace(CHOICE, generated=1, generated_from=2)).train[len(chosen.train) :]
    ids = {example.id for example in second} - {"of every seed-seed2"}  # which the first of both has already
    assert ids
    assert ids == {example.id for example in both if example.id.endswith("-seed2")}


def test_generated_records_are_of_the_styles_asked_for(generator: None) -> None:
    more = with_generated(TrainingData((), ()), SHIPPED, replace(CHOICE, styles=("prose",), generated=1))
    assert [one.id for one in more.train] == ["rating-train-001-prose-seed1"]


def test_nothing_is_generated_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgejson_bench.generation import splits

    monkeypatch.setattr(splits, "build", lambda *_, **__: pytest.fail("not asked for"))
    chosen = choose(dataset(), CHOICE)
    assert with_generated(chosen, SHIPPED, CHOICE) is chosen


# Tokens


FEW = [next(one for one in SHIPPED.split("train") if one.task == task and one.style == style)
       for task in ("rating", "shopping_cart") for style in ("form", "prose")]  # fmt: skip
SMALL = replace(SHIPPED, splits={"train": tuple(FEW)})
RECIPES = ("edge-135m", "maaza-mlm-135m", "maaza-mlm-135m-end-token")


def tokenizer_of_kind(kind: str) -> Any:
    from tokenizers import processors

    from tests.standins.tiny import END_OF_TEXT, tiny_tokenizer

    tokenizer = tiny_tokenizer()
    if kind == "begins every text with a token":
        special = [(END_OF_TEXT, tokenizer.bos_token_id)]
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{END_OF_TEXT} $A", special_tokens=special
        )
    return tokenizer


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["plain", "begins every text with a token"])
@pytest.mark.parametrize("prompt", ["instruction", "compact", "published"])
def test_prompts_are_the_tokens_that_the_model_is_asked_with(
    prompt: Any, kind: str, tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgejson_bench.models.transformers import TransformersModel
    from edgejson_bench.protocols import build_prompts, get_protocol

    tokenizer = tokenizer_of_kind(kind)
    recipe = made.recipe(tiny_model_dir, prompt=prompt)
    causal_lm = made.network(recipe).causal_lm.eval()
    model = TransformersModel.around(ModelIdentity("tiny", "tiny", "training"), causal_lm, tokenizer)
    asked: dict[str, tuple[int, ...]] = {}

    def decode(prompts: Any, **_: Any) -> Any:
        asked.update({one.key: one.ids for one in prompts})
        return iter(())

    monkeypatch.setattr(model._engine, "decode", decode)
    protocol = get_protocol("v3")
    assert list(model.generate(build_prompts(FEW, SMALL, protocol, model, prompt), protocol.settings(4))) == []

    rows = to_rows(FEW, SMALL, recipe, tokenizer)
    assert {row.example_id: row.prompt for row in rows} == asked
    begins = kind != "plain"
    assert all((row.prompt[0] == tokenizer.bos_token_id) == begins for row in rows)
    assert all(row.completion[0] != tokenizer.bos_token_id for row in rows)


@pytest.mark.torch
@pytest.mark.parametrize("name", RECIPES)
def test_completions_are_the_golds_with_the_end_token_only_where_the_recipe_says(name: str) -> None:
    recipe, tokenizer = load(name), tokenizer_of_kind("plain")
    for one, row in zip(FEW, to_rows(FEW, SMALL, recipe, tokenizer), strict=True):
        ended = row.completion[-1] == tokenizer.eos_token_id
        tokens = row.completion[:-1] if ended else row.completion
        assert ended == recipe.end_token
        assert tokenizer.eos_token_id not in (*row.prompt, *tokens)
        assert tokenizer.decode(tokens) == completion_text(recipe.prompt, one.gold)
        assert json.loads(tokenizer.decode(tokens)) == one.gold
        assert tokenizer.decode(tokens).startswith(" {" if recipe.prompt == "published" else "{")
        assert tokenizer.decode(tokens).lstrip() == gold_text(one.gold)


@pytest.mark.torch
def test_rows_say_what_they_are_of() -> None:
    rows = to_rows(FEW, SMALL, load("edge-135m"), tokenizer_of_kind("plain"))
    assert [(row.example_id, row.task, row.style) for row in rows] == [(one.id, one.task, one.style) for one in FEW]
    assert [row.tier for row in rows] == ["simple", "simple", "medium", "medium"]
    assert to_rows([], SMALL, load("edge-135m"), tokenizer_of_kind("plain")) == []


@pytest.mark.torch
def test_rows_of_one_task_begin_alike_where_the_prompt_shows_the_schema() -> None:
    from edgejson_bench.training.packing import shared_length

    tokenizer = tokenizer_of_kind("plain")
    for prompt, least in (("compact", 60), ("instruction", 100)):
        rows = to_rows(FEW, SMALL, replace(load("edge-135m"), prompt=prompt), tokenizer)  # type: ignore[arg-type]
        assert shared_length([row.prompt for row in rows[:2]]) > least


@pytest.mark.torch
def test_without_a_schema_only_the_published_prompt_will_do() -> None:
    foreign = replace(SMALL, tasks={name: replace(task, schema=None) for name, task in SMALL.tasks.items()})
    tokenizer = tokenizer_of_kind("plain")
    assert len(to_rows(FEW, foreign, load("maaza-mlm-135m"), tokenizer)) == len(FEW)
    with pytest.raises(DataError, match="has none for this task"):
        to_rows(FEW, foreign, load("edge-135m"), tokenizer)


def test_only_the_shipped_data_has_a_generator() -> None:
    foreign = replace(SHIPPED, name="mine")
    with pytest.raises(UsageError, match="there is no generator for data set mine"):
        with_generated(TrainingData((), ()), foreign, replace(CHOICE, generated=1))


def test_the_two_texts_of_a_gold_are_held_out_together() -> None:
    twins = [
        replace(example("rating", number, style), id=f"rating-{number}-{style}", gold={"n": number})
        for number in range(12)
        for style in ("form", "prose")
    ]
    dataset = replace(SHIPPED, splits={"train": tuple(twins)})
    chosen = choose(dataset, replace(CHOICE, styles=("form", "prose"), held_out=0.25))
    keys = {pair_key(one.id, one.style) for one in chosen.held_out}
    assert len(chosen.held_out) == 6
    assert len(keys) == 3
