"""Schema compliance: golden cases, unusable schemas, and when formats enter the headline."""

from __future__ import annotations

import random
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench.errors import DataError
from edgejson_bench.records import Example
from edgejson_bench.scoring.compliance import (
    MAX_MESSAGE,
    Compliance,
    SchemaChecker,
    checker_for,
    golds_pass_formats,
    require_formats,
)
from edgejson_bench.tasks import Task, load_shipped
from tests.scoring.cases import load, params

CASES = load("compliance")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.fixture(scope="module")
def checker() -> SchemaChecker:
    return SchemaChecker(CASES["schema"])


@pytest.mark.parametrize("case", params(CASES["cases"]))
def test_golden(case, checker):
    compliance = checker.check(case["value"])
    assert (compliance.structure, compliance.formats) == (case["structure"], case["formats"])
    assert (compliance.first_error is None) is case["formats"]
    if case["error"] is not None:
        assert compliance.first_error == case["error"]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ([], "the schema must be a JSON object, it is []"),
        ({"type": "strin"}, "the schema is not a valid JSON Schema (draft-07) at $.type: 'strin'"),
        ({"title": "Bad", "properties": {"a": {"required": "b"}}}, "schema 'Bad' is not a valid"),
        ({"properties": {"a": {"pattern": "("}}}, "at $.properties.a.pattern: '(' is not a 'regex'"),
        ({"title": "Loop", "$ref": "#"}, "schema 'Loop' refers to itself without end"),
        ({"$ref": "#/definitions/none"}, "$ref '/definitions/none' leads nowhere"),
        ({"$ref": "http://schemas.invalid/x.json"}, "$ref 'http://schemas.invalid/x.json' leads nowhere"),
    ],
)
def test_unusable_schema_is_named_in_one_line(schema, message):
    with pytest.raises(DataError) as caught:
        SchemaChecker(schema)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reference_that_only_a_value_reaches_is_an_error_then():
    checker = SchemaChecker({"properties": {"a": {"$ref": "#/definitions/none"}}})
    assert checker.check({}).formats
    with pytest.raises(DataError, match="leads nowhere"):
        checker.check({"a": 1})


def test_reference_within_the_schema_is_followed():
    checker = SchemaChecker(
        {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}}
    )
    assert checker.check({"a": 1}).structure
    assert not checker.check({"a": "1"}).structure


def test_value_beyond_what_can_be_checked_does_not_comply():
    compliance = SchemaChecker({"properties": {"a": {"multipleOf": 0.01}}}).check({"a": 10**400})
    assert not compliance.structure
    assert "cannot be checked" in compliance.first_error


# The compiled validator passes what jsonschema passes

SHIPPED = load_shipped()
ODD = [
    None,
    True,
    0,
    1,
    -1,
    1.0,
    2.5,
    10**30,
    1e300,
    "",
    "x",
    "2024-02-30",
    "2024-02-29T24:00:00Z",
    "a@b",
    [],
    {},
    [{}],
]


def changed_somewhere(value: Any, draw: random.Random) -> Any:
    """A copy of ``value`` with an odd value, a key more or less, or an item more or less, somewhere in it."""
    if isinstance(value, dict) and value and draw.random() < 0.8:
        key = draw.choice(list(value))
        copy = {other: child for other, child in value.items() if other != key or draw.random() < 0.8}
        if key in copy:
            copy[key] = changed_somewhere(copy[key], draw)
        return copy if draw.random() < 0.8 else {**copy, "unknown": draw.choice(ODD)}
    if isinstance(value, list) and value and draw.random() < 0.8:
        place = draw.randrange(len(value))
        return [*value[:place], changed_somewhere(value[place], draw), *value[place + draw.randrange(2) :]]
    return draw.choice(ODD)


def by_jsonschema(checker: SchemaChecker, value: Any) -> Compliance:
    compiled, checker._compiled = checker._compiled, None
    try:
        return checker.check(value)
    finally:
        checker._compiled = compiled


@pytest.mark.parametrize("task", sorted(SHIPPED.tasks))
def test_compiled_or_not_the_verdict_is_the_same(task):
    draw = random.Random(task)
    checker = SchemaChecker(SHIPPED.tasks[task].schema)
    golds = [example.gold for split in SHIPPED.splits.values() for example in split if example.task == task]
    values = [*golds, *(changed_somewhere(gold, draw) for gold in golds * 3)]
    verdicts = [checker.check(value) for value in values]
    assert verdicts == [by_jsonschema(checker, value) for value in values]
    without_formats = Draft7Validator(SHIPPED.tasks[task].schema)
    assert [verdict.structure for verdict in verdicts] == [without_formats.is_valid(value) for value in values]
    assert len({verdict.structure for verdict in verdicts}) == 2  # some pass, some do not


@pytest.mark.parametrize("case", params(CASES["cases"]))
def test_compiled_or_not_the_golden_cases_are_the_same(case, checker):
    assert checker.check(case["value"]) == by_jsonschema(checker, case["value"])


DATED = {"properties": {"at": {"format": "date"}}}


@pytest.mark.parametrize(
    ("schema", "structure"),
    [
        ({"required": ["x"], **DATED}, False),
        ({"if": DATED, "else": {"required": ["x"]}}, True),
        ({"anyOf": [DATED]}, True),
        ({"not": {"not": DATED}}, True),
        ({"properties": {"at": {"format": "date", "maxLength": 3}}}, False),
    ],
)
def test_an_error_that_only_formats_bring_about_is_none_of_structure(schema, structure):
    found = SchemaChecker(schema).check({"at": "no date"})
    assert (found.structure, found.formats) == (structure, False)


def test_right_answers_of_nearly_all_tasks_need_no_jsonschema(monkeypatch):
    slow = SchemaChecker._first_error
    asked = set()
    monkeypatch.setattr(SchemaChecker, "_first_error", lambda self, *given: asked.add(self) or slow(self, *given))
    checkers = {name: checker_for(task.schema) for name, task in SHIPPED.tasks.items()}
    assert all(checkers[example.task].check(example.gold).formats for example in SHIPPED.split("test"))
    assert len(asked) <= 1  # the one whose schema has a regular expression


@pytest.mark.parametrize("value", [{"a": 10**400}, {"a": float("inf")}, {"a": "\ud800"}, nested(300)])
def test_what_the_compiled_validator_cannot_read_jsonschema_judges(value):
    checker = SchemaChecker({"properties": {"b": {"type": "integer"}}})
    assert checker.check(value) == by_jsonschema(checker, value)


def test_error_text_is_short_however_long_the_value(checker):
    assert len(checker.check({"number": ["x"] * 10_000, "total": 1}).first_error) == MAX_MESSAGE


def test_missing_format_checker_is_named_with_its_install_line():
    require_formats(["date", "date-time", "email", "uri"])
    with pytest.raises(DataError, match=r"date-time, email; .*pip install \"jsonschema\[format\]\""):
        require_formats(["date"])


def gold(sent: str, task: str = "letter") -> Example:
    return Example(f"{task}-{sent}", task, "form", "text", {"sent": sent})


SCHEMA = {"properties": {"sent": {"type": "string", "format": "date-time"}}}
TASKS = {"letter": Task("letter", "simple", SCHEMA), "bare": Task("bare", "simple", None)}


@pytest.mark.parametrize(
    ("golds", "passes"),
    [
        ([gold("2024-03-03T14:15:00Z"), gold("2024-03-04T14:15:00+01:00")], True),
        ([gold("2024-03-03T14:15:00Z"), gold("2024-03-03T14:15:00")], False),
        ([gold("2024-03-03T14:15:00Z"), gold("2024-03-03T14:15:00Z", task="bare")], False),
    ],
    ids=["all pass", "one has no zone", "one has no schema"],
)
def test_formats_enter_the_headline_only_where_all_golds_pass(golds, passes):
    assert golds_pass_formats(golds, TASKS) is passes


def test_schemas_of_one_text_share_a_checker():
    assert checker_for({"title": "a"}) is checker_for({"title": "a"})
    assert checker_for({"title": "a"}) is not checker_for({"title": "b"})
    for _ in range(2):
        with pytest.raises(DataError, match="must be a JSON object"):
            checker_for([])
