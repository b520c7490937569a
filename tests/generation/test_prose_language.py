"""The language of frames: parsing, filling, optional phrases, series, parts, evidence; and its one-line complaints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgejson_bench.errors import DataError
from edgejson_bench.generation.prose.frames import add_further, read
from edgejson_bench.generation.prose.template import TemplateError, parse
from edgejson_bench.generation.prose.write import Written, write
from edgejson_bench.generation.values import Values

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "n": {"type": "integer"},
        "on": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "items": {
            "type": "array",
            "items": {"type": "object", "properties": {"what": {"type": "string"}, "price": {"type": "number"}}},
        },
        "extra": {"type": "object"},
    },
}


def written(text: str, gold: dict[str, Any], *, more: str = "", seed: str = "a") -> Written:
    """``text`` as the only test frame of a file, filled with ``gold``."""
    source = f"{more}\ntest:\n  frames:\n    only: {json.dumps(text)}\n"
    return write(read("sample", source), "test", SCHEMA, gold, Values(seed))


def said(text: str, gold: dict[str, Any], **options: Any) -> str:
    return written(text, gold, **options).prompt


def test_a_value_is_marked_where_it_is_said() -> None:
    result = written("Hello {name}, you are {name}!", {"name": "Ann"})
    assert result.prompt == "Hello Ann, you are Ann!"
    assert result.evidence == {"/name": (6, 9)}  # the first mention


@pytest.mark.parametrize(
    ("text", "gold", "expected"),
    [
        ("{name}[ has {n:plain}].", {"name": "A"}, "A."),
        ("{name}[ has {n:plain}].", {"name": "A", "n": 3}, "A has 3."),
        ("[{n:plain} for |Only for ]{name}", {"name": "A"}, "Only for A"),
        ("[{n:plain} for |Only for ]{name}", {"name": "A", "n": 3}, "3 for A"),
        ("{name}[: [& n {n:plain}|tags {tags}]].", {"name": "A"}, "A."),
        ("{name}[: [& n {n:plain}|tags {tags}]].", {"name": "A", "tags": ["x"]}, "A: tags x."),
        ("{name}: [&; n {n:plain}|tags {tags}].", {"name": "A", "n": 3, "tags": ["x", "y"]}, "A: n 3; tags x and y."),
        ("{name} \\[ok\\] \\<x\\> \\| \\{\\}", {"name": "A"}, "A [ok] <x> | {}"),
        ("{name}  [ {n:plain} ]  end\n\n\n\n[{n:plain}]\n\ntail", {"name": "A"}, "A end\n\ntail"),
        ("{name}.", {"name": "Elijah C."}, "Elijah C."),
        ("got {extra:pairs equals} {name}", {"name": "A", "extra": {"a_b": 1, "c": True}}, "got a_b=1, c=true A"),
        ("got {extra:pairs colon} {name}", {"name": "A", "extra": {"a": "12"}}, 'got a: "12" A'),
    ],
)
def test_filling(text: str, gold: dict[str, Any], expected: str) -> None:
    assert said(text, gold) == expected


def test_parts_take_items_in_order_and_say_all_of_each() -> None:
    source = """
test:
  parts:
    line: {join: "; ", texts: ["{what} for {price:money}", "{what}"]}
  frames:
    only: "{items:line}"
"""
    gold = {"items": [{"what": "tea", "price": 2.5}, {"what": "milk"}, {"what": "jam", "price": 4.0}]}
    result = write(read("sample", source), "test", SCHEMA, gold, Values("a"))
    assert result.prompt.startswith("tea for $2.50; milk; jam for $4")
    assert list(result.evidence) == [
        "/items/0/what",
        "/items/0/price",
        "/items/1/what",
        "/items/2/what",
        "/items/2/price",
    ]


def test_words_say_truth_values_and_capitals_begin_sentences() -> None:
    more = "words:\n  on clause:\n    true: [it is running]\n    false: [it stands still]\n"
    assert said("{name}. {^on:words clause}.", {"name": "A", "on": True}, more=more) == "A. It is running."


def test_a_series_can_come_in_any_order() -> None:
    gold = {"name": "A", "n": 3, "tags": ["x"]}
    texts = {said("[&~; {name}|n {n:plain}|tags {tags}]", gold, seed=str(seed)) for seed in range(30)}
    assert len(texts) == 6


def test_a_frame_that_leaves_a_leaf_out_is_not_used() -> None:
    source = "test:\n  frames:\n    short: '{name}'\n    long: '{name} {n:plain}'\n"
    for seed in range(5):
        assert write(read("sample", source), "test", SCHEMA, {"name": "A", "n": 3}, Values(seed)).frame == "long"


def test_when_restricts_a_frame() -> None:
    source = "test:\n  frames:\n    three: {when: {n: [3]}, text: 'three {n:plain}'}\n    any: 'any {n:plain}'\n"
    frames = {write(read("sample", source), "test", SCHEMA, {"n": 4}, Values(seed)).frame for seed in range(9)}
    assert frames == {"any"}


@pytest.mark.parametrize(
    ("text", "gold", "complaint"),
    [
        ("{name}", {"name": "A", "n": 3}, "no test frame suits"),
        ("{nme}", {"name": "A"}, "the schema has no 'nme'"),
        ("{name:loud}", {"name": "A"}, "no realiser and no part has that name"),
        ("{^name}", {"name": "A"}, "keeps its first letter"),
        ("{on}", {"on": True}, "a truth value needs words"),
        ("{items}", {"items": [{"what": "x"}]}, "object or array"),
        ("{~aside}", {"name": "A"}, "no asides named"),
        ("{=nothing}", {"name": "A"}, "no slot named"),
        ("{day:day sideways}", {"day": "2024-03-03"}, "no style of dates"),
    ],
)
def test_a_frame_that_cannot_be_filled_is_named(text: str, gold: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DataError, match=complaint) as caught:
        said(text, gold)
    assert "sample.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["{name", "[open", "<a|b", "a]b", "a|b", "a>b", "{na me}", "\\q", "{a:}"])
def test_templates_that_are_none(source: str) -> None:
    with pytest.raises(TemplateError, match="character"):
        parse(source)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("- a", "must be a mapping"),
        ("test: {frame: {}}", "unknown key 'frame'"),
        ("words: {on: {true: yes}}", "must be a list of texts"),
        ("words: {on: {a: [same], b: [Same]}}", "stands for both"),
        ("{test: {frames: {x: 'a'}}, train: {frames: {x: 'b'}}}", "is in both splits"),
        ("test: {frames: {x: '{a'}}", "not closed"),
        ("test: {frames: {x: 3}}", "must be a mapping"),
        ("a: b: c", "not YAML"),
    ],
)
def test_frame_files_that_are_none(source: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint) as caught:
        read("sample", source)
    assert str(caught.value).startswith("sample.yaml")
    assert "\n" not in str(caught.value)


# Further frames

MAIN = "train: {asides: {a: [Hi.]}, frames: {old: '{~a} {name}'}}\ntest: {frames: {asked: 'Who? {name}'}}"


def test_further_frames_are_added_to_those_of_the_train_split_alone() -> None:
    file = add_further(read("sample", MAIN), "{asides: {b: [Bye.]}, frames: {new: '{name} {~a} {~b}'}}")
    assert list(file.wordings["train"].frames) == ["old", "new"]
    assert file.wordings["test"] == read("sample", MAIN).wordings["test"]
    v = Values("a")
    texts = {write(file, "train", SCHEMA, {"name": "Ann"}, v).prompt for _ in range(2)}
    assert texts == {"Hi. Ann", "Ann Hi. Bye."}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{frames: {old: '{name}'}}", "further/sample.yaml: frames.old is in sample.yaml, too; give it another name"),
        ("{asides: {a: [Ho.]}}", "further/sample.yaml: asides.a is in sample.yaml, too; give it another name"),
        ("{frames: {asked: '{name}'}}", "further/sample.yaml: frame 'asked' is in both splits; each split has its own"),
        ("{words: {}}", "further/sample.yaml: unknown key 'words'; known are asides, frames, parts"),
        ("{frames: {new: '{name'}}", "further/sample.yaml.frames.new: character 1: '{' is not closed"),
        ("frames: [", "further/sample.yaml: not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_of_further_frames_is_said_in_a_line(source: str, complaint: str) -> None:
    with pytest.raises(DataError) as caught:
        add_further(read("sample", MAIN), source)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
