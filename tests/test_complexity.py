"""Measured complexity: counted by hand on small schemas."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.complexity import Complexity, Length, measure, measure_all, order
from edgejson_bench.errors import DataError
from edgejson_bench.foreign import load_folder
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, Task

RELEASED = Path(__file__).resolve().parents[2] / "shared" / "edgejson_v3"
TEXT = {"type": "string"}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def many(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


@pytest.mark.parametrize(
    ("schema", "leaves", "depth", "arrays"),
    [
        (thing(a=TEXT, b={"type": "integer"}), 2, 1, 0),
        (thing(a=TEXT, tags=many(TEXT)), 2, 2, 1),
        (thing(a=TEXT, items=many(thing(name=TEXT, price=TEXT, notes=many(TEXT)))), 4, 4, 2),
        (thing(a=thing(b=thing(c=TEXT))), 1, 3, 0),
        (thing(free={"type": "object"}, more={"type": "object", "additionalProperties": True}, any={}), 3, 1, 0),
        (thing(map={"type": "object", "additionalProperties": thing(x=TEXT, y=TEXT)}), 2, 3, 0),
        (thing(map={"patternProperties": {"^a": TEXT, "^b": many(TEXT)}}), 2, 3, 1),
        (thing(loose={"type": "array"}), 1, 2, 1),
        (thing(pair={"items": [thing(x=TEXT), thing(x=TEXT, y=TEXT)]}), 2, 3, 1),
        (thing(maybe={"type": ["array", "null"], "items": TEXT}), 1, 2, 1),
        (thing(yes=True, no=False), 1, 1, 0),
        (thing(a={"anyOf": [TEXT, thing(x=TEXT), thing(x=TEXT, y=TEXT)]}), 2, 2, 0),
        ({**thing(a=TEXT), "allOf": [{"required": ["a"]}, {"then": thing(b=TEXT)}]}, 2, 1, 0),
        (thing(a={"anyOf": [TEXT, {"type": "null"}]}), 1, 1, 0),
        (
            {
                **thing(a={"$ref": "#/definitions/d"}, b={"$ref": "#/definitions/d"}),
                "definitions": {"d": thing(x=TEXT)},
            },
            2,
            2,
            0,
        ),
        ({"type": "object"}, 1, 0, 0),
    ],
)
def test_shape_of_a_schema(schema: dict[str, Any], leaves: int, depth: int, arrays: int) -> None:
    measured = measure(Task("t", "simple", schema), {})
    assert (measured.leaves, measured.depth, measured.arrays) == (leaves, depth, arrays)


def test_a_recursive_schema_is_followed_once() -> None:
    schema = thing(name=TEXT, children=many({"$ref": "#"}))
    measured = measure(Task("t", "simple", schema), {})
    # name, children/[]/name, children/[]/children/[] (the second round, counted as one)
    assert (measured.leaves, measured.depth, measured.arrays) == (3, 4, 2)


def test_references_that_multiply_are_refused() -> None:
    levels = {f"d{n}": thing(**{c: {"$ref": f"#/definitions/d{n + 1}"} for c in "abcdefghij"}) for n in range(30)}
    schema = {**thing(a={"$ref": "#/definitions/d0"}), "definitions": {**levels, "d30": TEXT}}
    with pytest.raises(DataError, match="schema of task bomb: more than 10000 leaves"):
        measure(Task("bomb", "simple", schema), {})


EXAMPLES = {
    "train": (
        Example("1", "t", "form", "p", {"a": "é", "tags": ["x", "y"]}),
        Example("2", "t", "form", "p", {"a": 1}),
        Example("3", "other", "form", "p", {"a": "x" * 100}),
    ),
    "test": (Example("4", "t", "form", "p", {"a": {}, "items": [{"b": 1}, {"c": []}]}),),
}


def test_golds_and_schema_are_measured_in_characters_and_tokens() -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **thing(a=TEXT)}
    measured = measure(Task("t", "medium", schema), EXAMPLES, count_tokens=lambda text: text.count('"'))
    assert measured == Complexity(
        task="t",
        tier="medium",
        leaves=1,
        depth=1,
        arrays=0,
        train=2,
        test=1,
        gold_characters=Length(30, 41),
        gold_tokens=Length(8, 10),
        schema_characters=len('{"type":"object","properties":{"a":{"type":"string"}}}'),
        schema_tokens=12,
    )


def test_without_a_schema_the_golds_are_measured() -> None:
    measured = measure(Task("t", "medium", None), EXAMPLES)
    # a, tags/[], items/[]/b, items/[]/c (an empty array is a leaf)
    assert (measured.leaves, measured.depth, measured.arrays) == (4, 3, 3)
    assert (measured.schema_characters, measured.schema_tokens, measured.gold_tokens) == (None, None, None)


def test_a_task_without_examples_and_a_model_without_tokens() -> None:
    measured = measure(Task("t", "simple", None), {"train": ()}, count_tokens=lambda text: None)
    assert measured == Complexity("t", "simple", 0, 0, 0, 0, 0, None, None, None, None)
    assert measure(Task("t", "simple", thing()), EXAMPLES, count_tokens=lambda text: None).gold_tokens is None


def test_order_is_by_tier_then_leaves_depth_arrays_gold_length_and_name() -> None:
    base = Complexity("m", "medium", 5, 2, 1, 0, 0, Length(100, 900), None, None, None)
    expected = [
        replace(base, tier="simple", leaves=99, depth=99),
        replace(base, leaves=4, depth=9),
        replace(base, depth=1, arrays=9),
        replace(base, arrays=0, gold_characters=Length(500, 500)),
        replace(base, gold_characters=None),
        replace(base, gold_characters=Length(99, 9000)),
        replace(base, task="a"),
        base,
        replace(base, tier="complex", leaves=1),
        replace(base, tier="unknown", leaves=0),
    ]
    for seed in range(5):
        shuffled = random.Random(seed).sample(expected, len(expected))
        assert order(shuffled) == expected


def test_measure_all_orders_a_data_set() -> None:
    tasks = {name: Task(name, tier, thing(a=TEXT)) for name, tier in (("t", "medium"), ("other", "simple"))}
    measured = measure_all(Dataset("d", tasks, EXAMPLES))
    assert [(c.task, c.train, c.test) for c in measured] == [("other", 1, 0), ("t", 2, 1)]


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the released train data is not beside this checkout")
def test_the_released_tiers_grow_in_leaves() -> None:
    measured = measure_all(load_folder(RELEASED).dataset)
    assert len(measured) == 25
    ranges = {
        tier: (min(leaves), max(leaves))
        for tier in ("simple", "medium", "complex")
        if (leaves := [c.leaves for c in measured if c.tier == tier])
    }
    assert ranges == {"simple": (3, 5), "medium": (9, 13), "complex": (32, 58)}
