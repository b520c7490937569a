"""Scrambled forms fit their schema, can be read back, and say nothing that could be guessed."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.models.form_reader import read_form
from edgejson_bench.records import Example
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.tasks import load_shipped
from edgejson_bench.training.scramble import scrambled, words_known, words_of

SHIPPED = load_shipped()
FORMS = [example for example in SHIPPED.split("train") if example.style == "form"]
WORDS = words_of(SHIPPED.split("train"))
SCRAMBLED = {example.id: scrambled(example, SHIPPED.tasks[example.task].schema, WORDS) for example in FORMS}


def made(task: str) -> list[Example]:
    return [SCRAMBLED[example.id] for example in FORMS if example.task == task]


@pytest.mark.parametrize("task", sorted(SHIPPED.tasks))
def test_what_comes_back_fits_the_schema_and_can_be_read_back(task: str) -> None:
    schema = SHIPPED.tasks[task].schema
    for example in made(task):
        assert Draft7Validator(schema).is_valid(example.gold), example.id
        assert read_form(example.prompt, schema) == example.gold, example.id


def test_nearly_every_form_can_be_scrambled_and_then_is_another() -> None:
    unchanged = [example.id for example in FORMS if SCRAMBLED[example.id] is example]
    assert len(unchanged) < 0.03 * len(FORMS)
    for example in FORMS:
        if example.id not in unchanged:
            assert SCRAMBLED[example.id].id == f"{example.id}-scrambled"
            assert SCRAMBLED[example.id].prompt != example.prompt


def test_the_same_example_gives_the_same_text() -> None:
    for example in FORMS[::40]:
        assert scrambled(example, SHIPPED.tasks[example.task].schema, WORDS) == SCRAMBLED[example.id]


def test_years_reach_far_beyond_those_that_ship() -> None:
    def years(examples: list[Example]) -> set[int]:
        texts = [leaf for one in examples for leaf in leaves(one.gold).values() if isinstance(leaf, str)]
        return {int(text[:4]) for text in texts if re.match(r"\d{4}-\d{2}-\d{2}", text)}

    before, after = years(FORMS), years(list(SCRAMBLED.values()))
    assert len(after) > 5 * len(before)
    assert min(after) < 1940
    assert max(after) > 2050


def test_objects_lack_other_fields_and_arrays_have_other_lengths() -> None:
    example = next(example for example in FORMS if example.task == "iot_device_network")
    schema = SHIPPED.tasks[example.task].schema
    keys, lengths = set(), set()
    for number in range(30):
        again = scrambled(Example(f"{number}", example.task, "form", example.prompt, example.gold), schema, WORDS)
        keys.add(tuple(again.gold))
        lengths.add(len(again.gold["devices"]))
    assert len(keys) > 1
    assert len(lengths) > 1


def test_values_of_an_enumeration_stay_in_it_and_bounds_hold() -> None:
    schema = {
        "title": "Thing",
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["a", "b"]},
            "level": {"type": "integer", "minimum": 1, "maximum": 5},
            "on": {"type": "boolean"},
        },
        "required": ["kind", "level", "on"],
    }
    found = [
        scrambled(Example(f"{number}", "thing", "form", "", {"kind": "a", "level": 3, "on": True}), schema, WORDS).gold
        for number in range(60)
    ]
    assert {gold["kind"] for gold in found} == {"a", "b"}
    assert {gold["level"] for gold in found} == {1, 2, 3, 4, 5}
    assert {gold["on"] for gold in found} == {True, False}


def drawn(task: str, key: str, number: int = 200) -> list[Example]:
    """Many scrambled forms of one that has that key."""
    example = next(example for example in FORMS if example.task == task and example.gold.get(key))
    schema = SHIPPED.tasks[task].schema
    made = [scrambled(replace(example, id=str(one)), schema, WORDS) for one in range(number)]
    for one in made:
        assert read_form(one.prompt, schema) == one.gold
    return made


def test_an_object_without_named_properties_is_often_empty() -> None:
    empty = [one for one in drawn("api_response", "data") if one.gold.get("data") == {}]
    assert 80 < len(empty) < 140
    assert all("\nData:\n" in one.prompt for one in empty)


def test_some_values_have_two_lines_and_most_forms_none() -> None:
    broken = [one for one in drawn("location", "address") if "\n" in one.gold.get("address", "")]
    assert 5 < len(broken) < 60
    assert all(f"Address: {one.gold['address']}\n" in one.prompt for one in broken)


def test_sentences_are_one_to_four_and_words_may_be_times_of_day() -> None:
    schema = {
        "title": "Thing",
        "type": "object",
        "properties": {key: {"type": "string"} for key in ("told", "zone")},
        "required": ["told", "zone"],
    }
    gold = {"told": "There it is.", "zone": "Europe/Vienna"}
    made = [scrambled(Example(f"{number}", "thing", "form", "", gold), schema, WORDS).gold for number in range(300)]
    assert {one["told"].count(".") for one in made} == {1, 2, 3, 4}
    assert any(re.fullmatch(r"\d\d:\d\d:\d\d", one["zone"]) for one in made)


def test_numbers_may_be_below_zero_where_the_schema_lets_them() -> None:
    schema = {
        "title": "Thing",
        "type": "object",
        "properties": {"free": {"type": "number"}, "bounded": {"type": "number", "minimum": 0}},
        "required": ["free", "bounded"],
    }
    gold = {"free": 12.5, "bounded": 12.5}
    made = [scrambled(Example(f"{number}", "thing", "form", "", gold), schema, WORDS).gold for number in range(300)]
    assert 10 < sum(one["free"] < 0 for one in made) < 60
    assert min(one["bounded"] for one in made) >= 0


@pytest.mark.parametrize("mark", ["\u0120", "\u2581"])
def test_the_words_that_a_tokenizer_knows_are_its_whole_words_in_order(mark: str) -> None:
    class Tokenizer:
        def get_vocab(self) -> dict[str, int]:
            tokens = ["<pad>", f"{mark}the", "ing", f"{mark}a", f"{mark}Zebra", f"{mark}x1", f"{mark}ape", mark]
            return {token: number for number, token in reversed(list(enumerate(tokens)))}

    assert words_known(Tokenizer()) == ["the", "Zebra", "ape"]


def test_the_first_words_are_taken_more_often() -> None:
    words = [f"word{'abcdefghij'[number // 10]}{'abcdefghij'[number % 10]}" for number in range(100)]
    schema = {"title": "T", "type": "object", "properties": {"said": {"type": "string"}}, "required": ["said"]}
    gold = {"said": "one two three four five six"}
    made = [scrambled(Example(f"{number}", "t", "form", "", gold), schema, words).gold for number in range(200)]
    used = [words.index(word) for one in made for word in re.findall("word[a-j]{2}", one["said"].lower())]
    assert 0.4 < sum(place < 25 for place in used) / len(used) < 0.6
    assert max(used) > 95


def test_sparse_forms_have_more_brackets_in_fewer_characters() -> None:
    def counted(examples: list[Example]) -> tuple[int, int]:
        texts = [json.dumps(example.gold) for example in examples]
        return sum(map(len, texts)), sum(len(re.findall(r"[\[\]{}]", text)) for text in texts)

    forms = [e for e in FORMS if SHIPPED.tier(e) == "complex"]
    sparse = [scrambled(e, SHIPPED.tasks[e.task].schema, WORDS, sparse=1.0) for e in forms]
    for example in sparse:
        schema = SHIPPED.tasks[example.task].schema
        assert Draft7Validator(schema).is_valid(example.gold), example.id
        assert read_form(example.prompt, schema) == example.gold, example.id
    usual_characters, usual_brackets = counted([SCRAMBLED[e.id] for e in forms])
    characters, brackets = counted(sparse)
    assert brackets > usual_brackets
    assert characters < 0.95 * usual_characters


def test_about_the_asked_part_of_the_forms_is_sparse() -> None:
    same = [
        scrambled(e, SHIPPED.tasks[e.task].schema, WORDS, sparse=0.6)
        == scrambled(e, SHIPPED.tasks[e.task].schema, WORDS, sparse=1.0)
        for e in FORMS
    ]
    assert 0.5 < sum(same) / len(same) < 0.7


def test_what_no_draw_can_make_comes_back_as_it_was() -> None:
    schema = {"title": "Thing", "type": "object", "properties": {"a": {"type": "string", "pattern": "^never drawn$"}}}
    example = Example("1", "thing", "form", "", {"a": "never drawn"})
    schema["required"] = ["a"]
    assert scrambled(example, schema, WORDS) is example


def test_a_share_of_the_generated_forms_is_scrambled_and_no_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgejson_bench.generation import splits
    from edgejson_bench.training.data import TrainingData, with_generated
    from edgejson_bench.training.recipe import load

    train = [example for example in SHIPPED.split("train") if example.task == "rating"]
    made = [
        replace(e, prompt=f"{e.prompt} {n}", gold={**e.gold, "rating": 5, "date": f"19{n}"})
        for n, e in enumerate(train)
    ]
    monkeypatch.setattr(splits, "build", lambda _seed, **_: {"rating": {"train": made, "test": []}})
    choice = replace(load("edge-135m-more-continued").data, generated=1)
    found = with_generated(TrainingData((), ()), SHIPPED, choice).train
    forms = [example for example in found if example.style == "form"]
    changed = [example for example in found if example.id.endswith("-scrambled")]
    assert {example.style for example in changed} == {"form"}
    assert len(changed) == round(choice.scrambled * len(forms))
    assert len(found) == len(made)
