"""Schema compliance: golden cases, unusable schemas, and when formats enter the headline."""

from __future__ import annotations

import pytest

from edgejson_bench.errors import DataError
from edgejson_bench.records import Example
from edgejson_bench.scoring.compliance import MAX_MESSAGE, SchemaChecker, golds_pass_formats, require_formats
from edgejson_bench.tasks import Task
from tests.scoring.cases import load, params

CASES = load("compliance")


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
