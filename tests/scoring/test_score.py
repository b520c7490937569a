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
    assert score == replace(PERFECT, json_exact=False, field_f1=pytest.approx(2 / 3), compliance_formats=False)


@pytest.mark.parametrize(
    ("text", "finish_reason", "problem"),
    [
        ("", "eos", "no_object"),
        ("[1]", "json_end", "not_object"),
        (GOLD[:-1], "length", "truncated"),
        (GOLD[:-1], "eos", "truncated"),
        ('{"to": NaN}', "json_end", "not_finite"),
        (GOLD, "error", "model_error"),
        ("", "error", "model_error"),
    ],
)
def test_strict_scores_failures_zero_and_names_them(text, finish_reason, problem):
    assert strict(text, finish_reason) == replace(FAILED, problem=problem, finish_reason=finish_reason)


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


def test_v3_1_counts_a_failed_model_as_unparsed():
    score = score_v3_1(EXAMPLE, "simple", completion(GOLD, "error"))
    assert score == replace(FAILED, compliance_formats=None, problem="model_error", finish_reason="error")


def test_a_completion_of_another_example_is_refused():
    other = replace(completion(GOLD), example_id="letter-2")
    with pytest.raises(ValueError, match="letter-2"):
        score_strict(EXAMPLE, "simple", CHECKER, other)
    with pytest.raises(ValueError, match="letter-2"):
        score_v3_1(EXAMPLE, "simple", other)
