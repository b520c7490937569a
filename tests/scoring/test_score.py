"""From a completion to a score, by either scorer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.errors import DataError
from edgejson_bench.records import Completion, Example, Score
from edgejson_bench.scoring.compliance import SchemaChecker
from edgejson_bench.scoring.score import score_strict, score_v3_1
from tests.scoring.cases import load, params

EXAMPLE = Example("letter-1", "letter", "form", "text", {"to": "Ann", "sent": "2024-03-03T14:15:00Z", "pages": 2})
CHECKER = SchemaChecker(
    {
        "required": ["to"],
        "properties": {
            "to": {"type": "string"},
            "sent": {"type": "string", "format": "date-time"},
            "pages": {"type": "integer"},
        },
    }
)
GOLD = json.dumps(EXAMPLE.gold)


def completion(text: str, finish_reason: str = "eos") -> Completion:
    return Completion(EXAMPLE.id, text, 10, 20, finish_reason)


def strict(text: str, finish_reason: str = "eos") -> Score:
    return score_strict(EXAMPLE, "simple", CHECKER, completion(text, finish_reason))


PERFECT = Score("letter-1", "letter", "simple", "form", True, 1.0, True, True, True, None, "eos")
FAILED = replace(
    PERFECT, json_exact=False, field_f1=0.0, compliance=False, compliance_formats=False, parsed=False, problem="?"
)


def test_strict_scores_the_gold_in_full():
    assert strict(GOLD) == PERFECT
    assert strict(f"```json\n{GOLD}\n```\nDone.", "json_end") == replace(PERFECT, finish_reason="json_end")


def test_strict_scores_what_is_partly_right():
    score = strict('{"to": "Ann", "sent": "2024-03-03T14:15:00", "pages": 2}')
    assert score == replace(
        PERFECT,
        json_exact=False,
        field_f1=pytest.approx(2 / 3),
        compliance_formats=False,
        error_kinds=("value_hallucination",),
    )


@pytest.mark.parametrize(
    ("text", "finish_reason", "problem", "kind"),
    [
        ("", "eos", "no_object", "invalid_json"),
        ("on and on", "length", "no_object", "invalid_json"),
        ("[1]", "json_end", "not_object", "structure"),
        (GOLD[:-1], "length", "truncated", "truncated"),
        (GOLD[:-1], "eos", "truncated", "truncated"),
        ('{"to": NaN}', "json_end", "not_finite", "invalid_json"),
        (GOLD, "error", "model_error", "model_error"),
        ("", "error", "model_error", "model_error"),
    ],
)
def test_strict_scores_failures_zero_and_names_them(text, finish_reason, problem, kind):
    expected = replace(FAILED, problem=problem, finish_reason=finish_reason, error_kinds=(kind,))
    assert strict(text, finish_reason) == expected


def test_a_wrong_answer_keeps_all_its_kinds_the_primary_one_first():
    score = strict('{"to": 5, "pages": 3, "cc": null}')
    assert score.error_kinds == ("field_omission", "extra_field", "type", "value_hallucination")


def test_strict_takes_the_deepest_value_the_parser_takes():
    score = strict('{"to":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH)
    assert (score.parsed, score.json_exact, score.field_f1, score.compliance) == (True, False, 0.0, False)


def test_strict_without_a_schema_is_an_error():
    with pytest.raises(DataError, match=r"task 'letter' has no schema.*--protocol v3\.1"):
        score_strict(EXAMPLE, "simple", None, completion(GOLD))


@pytest.mark.parametrize("case", params(load("v3_1")))
def test_v3_1_golden(case):
    example = replace(EXAMPLE, gold=case["gold"])
    score = score_v3_1(example, "simple", completion(case["text"]))
    assert score.parsed is case["parsed"]
    assert score.json_exact is case["exact"]
    assert score.field_f1 == pytest.approx(case["field_f1"])
    assert score.compliance is case["compliance"]
    assert score.compliance_formats is None
    assert score.problem == (None if case["parsed"] else "invalid_json")
    assert bool(score.error_kinds) is not case["exact"]


@pytest.mark.parametrize(
    ("text", "gold", "kinds"),
    [
        ('{"a": true}', {"a": 1}, ()),
        ('{"a": true, "b": 3}', {"a": 1, "b": 2}, ("value_hallucination",)),
        ('{"a": 1}', {"a": True, "b": 2}, ("field_omission",)),
        ('{"a": NaN}', {"a": 1}, ("value_hallucination",)),
        ("[1]", {"a": 1}, ("structure",)),
        ("5", {"a": 1}, ("structure",)),
        ("nothing", {"a": 1}, ("invalid_json",)),
        ('{"a": {"b": {"c": 1}}} and so on', {"a": {"b": {"c": 1}}}, ("field_omission", "extra_field")),
        ('{"a": 1, "b": ', {"a": 1, "b": 2}, ("truncated",)),
        ('{"a": {"b": 1}, "c": ', {"a": {"b": 1}, "c": 2}, ("truncated", "field_omission", "extra_field")),
    ],
)
def test_v3_1_kinds_are_of_what_it_reads_and_takes_for_equal(text, gold, kinds):
    score = score_v3_1(replace(EXAMPLE, gold=gold), "simple", completion(text))
    assert score.error_kinds == kinds
    assert score.json_exact is (not kinds)


def test_v3_1_counts_a_failed_model_as_unparsed():
    score = score_v3_1(EXAMPLE, "simple", completion(GOLD, "error"))
    assert score == replace(
        FAILED,
        compliance_formats=None,
        problem="model_error",
        finish_reason="error",
        error_kinds=("model_error",),
    )


def test_a_completion_of_another_example_is_refused():
    other = replace(completion(GOLD), example_id="letter-2")
    with pytest.raises(ValueError, match="letter-2"):
        score_strict(EXAMPLE, "simple", CHECKER, other)
    with pytest.raises(ValueError, match="letter-2"):
        score_v3_1(EXAMPLE, "simple", other)
