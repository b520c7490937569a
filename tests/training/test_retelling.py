"""The train rows' golds told anew: every text says its gold, and nothing comes from anywhere but the rows given."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edgejson_bench.generation.checks import gold_problems
from edgejson_bench.generation.prose.checks import faults
from edgejson_bench.generation.prose.frames import load, load_with_further
from edgejson_bench.jsonio import canonical
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.records import Example
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.tasks import load_shipped
from edgejson_bench.training import recipe
from edgejson_bench.training.data import TrainingData, choose, with_generated
from edgejson_bench.training.retelling import retold

SHIPPED = load_shipped()
TRAIN = SHIPPED.split("train")
WORDS = ("zyzzyva", "qanat")
"""In no record, so that what is drawn can be told from what is exchanged."""
CHOICE = replace(recipe.load("edge-135m-retold").data, generated=2)


def told(
    examples: list[Example],
    number: int = 1,
    *,
    further_frames: bool = True,
    exchanged: float = 1.0,
    exchanged_forms: float = 0.0,
    exchanged_presence: float = 0.0,
) -> list[Example]:
    return retold(
        examples,
        SHIPPED,
        number,
        further_frames=further_frames,
        exchanged=exchanged,
        exchanged_forms=exchanged_forms,
        exchanged_presence=exchanged_presence,
        words=WORDS,
    )


def of(task: str) -> list[Example]:
    return [example for example in TRAIN if example.task == task]


def test_each_gold_is_told_in_the_other_style_and_then_in_its_own() -> None:
    rows = of("invoice")
    first, second = told(rows, 1), told(rows, 2)
    assert [one.style for one in second] == [row.style for row in rows]
    assert all(one.style != row.style for one, row in zip(first, rows, strict=True))
    assert {one.style for one in first} == {"form", "prose"}
    assert [one.id for one in first] == [f"{row.id}-retold1" for row in rows]


@pytest.mark.parametrize("task", sorted(SHIPPED.tasks))
def test_every_text_says_its_gold(task: str) -> None:
    schema, file = SHIPPED.tasks[task].schema, load_with_further(task)
    for one in told(of(task), exchanged_forms=1.0, exchanged_presence=0.5):
        assert not gold_problems(one, schema), one.id
        if one.style == "form":
            assert read_form(one.prompt, schema) == one.gold, one.id
        else:
            assert not faults(one, file), one.id


def test_the_same_number_gives_the_same_texts_and_another_gives_others() -> None:
    rows = [row for row in of("support_ticket") if row.style == "prose"]
    second = told(rows, 2)
    assert told(rows, 2) == second
    assert not {one.prompt for one in told(rows, 4)} & {one.prompt for one in second}


def test_without_exchange_the_golds_stay_and_the_words_change() -> None:
    rows = sorted((row for row in TRAIN if row.style == "prose"), key=lambda row: row.task)
    for one, row in zip(told(rows, 2, exchanged=0.0), rows, strict=True):
        assert one.gold == row.gold
        assert one.prompt != row.prompt


def test_values_come_from_the_rows_given_or_are_drawn() -> None:
    """What another gold holds that was not given, as one held out, is said by none."""
    rows = [row for row in of("contact_info") if row.style == "form"]
    given, aside = rows[:4], rows[4:]
    own = {leaf for row in given for leaf in leaves(row.gold).values()}
    foreign = {leaf for row in aside for leaf in leaves(row.gold).values()} - own
    golds = [one.gold for number in range(1, 20, 2) for one in told(given, number)]
    assert foreign
    assert not foreign & {leaf for gold in golds for leaf in leaves(gold).values()}
    names = {gold["name"] for gold in golds}
    assert {row.gold["name"] for row in given} < names
    drawn = names - {row.gold["name"] for row in given}
    assert all({word.lower() for word in re.findall(r"[A-Za-z]{2,}", name)} <= set(WORDS) for name in drawn)


def test_most_golds_change_and_so_does_what_stands_beside_a_value() -> None:
    rows = [row for row in of("transaction_record") if row.style == "prose"]
    changed = [one for one, row in zip(told(rows, 2), rows, strict=True) if one.gold != row.gold]
    assert len(changed) > 0.8 * len(rows)
    amounts = {(row.gold["transaction_id"], row.gold["amount"]) for row in rows}
    assert any((one.gold["transaction_id"], one.gold["amount"]) not in amounts for one in changed)


def test_optional_fields_come_and_go_only_where_that_is_asked_for() -> None:
    schema, file = SHIPPED.tasks["support_ticket"].schema, load_with_further("support_ticket")
    rows = [row for row in of("support_ticket") if row.style == "prose"]
    as_before = [set(one.gold) == set(row.gold) for one, row in zip(told(rows, 2), rows, strict=True)]
    assert all(as_before)
    other = [
        one
        for one, row in zip(told(rows, 2, exchanged_presence=1.0), rows, strict=True)
        if one.gold.keys() != row.gold.keys()
    ]
    assert len(other) > len(rows) / 2
    known = {frozenset(row.gold) for row in rows}
    assert any(frozenset(one.gold) not in known for one in other)
    order = list(schema["properties"])
    for one in other:
        assert not gold_problems(one, schema), one.id
        assert not faults(one, file), one.id
        assert list(one.gold) == sorted(one.gold, key=order.index)


def shape(value: object) -> object:
    """What is in what, without the values."""
    if isinstance(value, dict):
        return tuple((key, shape(child)) for key, child in value.items())
    return tuple(map(shape, value)) if isinstance(value, list) else None


def test_forms_have_other_arrays_only_where_that_is_asked_for() -> None:
    rows = [row for row in of("ecommerce_analytics") if row.style == "form"]
    assert [one.gold for one in told(rows, 2)] == [row.gold for row in rows]
    known = {shape(row.gold) for row in rows}
    others = [one for one in told(rows, 2, exchanged_forms=1.0) if shape(one.gold) not in known]
    assert len(others) > 0.8 * len(rows)
    schema = SHIPPED.tasks["ecommerce_analytics"].schema
    for one in others:
        assert not gold_problems(one, schema), one.id
        assert read_form(one.prompt, schema) == one.gold, one.id


def test_items_of_forms_are_of_any_gold_given_and_of_no_other() -> None:
    rows = [row for row in of("tag_list") if row.style == "form"]
    given, aside = rows[:4], rows[4:]
    own = {leaf for row in given for leaf in leaves(row.gold).values()}
    foreign = {leaf for row in aside for leaf in leaves(row.gold).values()} - own
    golds = [one.gold for number in range(2, 40, 2) for one in told(given, number, exchanged_forms=1.0)]
    assert {tuple(gold["tags"]) for gold in golds} - {tuple(row.gold["tags"]) for row in given}
    mixed = [gold for gold in golds for row in given if len({tag in row.gold["tags"] for tag in gold["tags"]}) == 2]
    assert mixed  # some of a row's tags, beside others
    said = {leaf for gold in golds for leaf in leaves(gold).values() if isinstance(leaf, str)}
    assert foreign
    assert not foreign & said


def test_frames_are_further_ones_only_where_they_are_asked_for() -> None:
    rows = [row for row in of("rating") if row.style == "prose"]
    usual = set(load("rating").wordings["train"].frames)
    assert {one.frame for one in told(rows, 2, further_frames=False)} <= usual
    assert {one.frame for one in told(rows, 2)} - usual
    assert not {one.frame for one in told(rows, 2)} & set(load("rating").wordings["test"].frames)


def few(choice: recipe.DataChoice) -> TrainingData:
    """What is chosen of three tasks, which is enough to be told anew in seconds."""
    chosen = choose(SHIPPED, choice)
    tasks = {"rating", "location", "nested_organization"}
    return TrainingData(
        tuple(one for one in chosen.train if one.task in tasks),
        tuple(one for one in chosen.held_out if one.task in tasks),
    )


def test_a_training_has_the_rows_and_their_golds_told_anew() -> None:
    chosen = few(CHOICE)
    found = with_generated(chosen, SHIPPED, CHOICE, WORDS)
    assert found.train[: len(chosen.train)] == chosen.train
    assert found.held_out == chosen.held_out
    more = found.train[len(chosen.train) :]
    forms = [one for one in more if one.style == "form"]
    assert len(more) > 1.9 * len(chosen.train)
    assert 0.8 < sum(one.id.endswith("-scrambled") for one in forms) / len(forms) < 0.95
    numbers = {match[1] for one in more if (match := re.search(r"-retold(\d)", one.id))}
    assert numbers == {"1", "2"}


def test_no_text_and_no_gold_of_the_test_split_comes_back() -> None:
    """A gold that the test split has, and a form that ships, are left out where they would be told anew."""
    test = next(one for one in SHIPPED.split("test") if one.task == "rating" and one.style == "form")
    own = next(one for one in TRAIN if one.task == "rating" and one.style == "form")
    choice = replace(CHOICE, scrambled=0.0, exchanged=0.0)
    found = with_generated(TrainingData((replace(test, id="of-test"), own), ()), SHIPPED, choice, WORDS).train[2:]
    assert [one.id for one in found] == [f"{own.id}-retold1"]
    assert canonical(found[0].gold) == canonical(own.gold)


def test_only_the_styles_asked_for_are_told() -> None:
    choice = replace(CHOICE, styles=("form",))
    found = with_generated(few(choice), SHIPPED, choice, WORDS)
    assert {one.style for one in found.train} == {"form"}
