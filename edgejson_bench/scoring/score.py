"""One completion in, one :class:`Score` out, by the strict scorer or the published one. Nothing is averaged here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgejson_bench.errors import DataError
from edgejson_bench.records import Completion, Example, Score
from edgejson_bench.scoring.compliance import SchemaChecker
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.fields import field_f1
from edgejson_bench.scoring.parse import parse
from edgejson_bench.scoring.taxonomy import Finding, classify, error_kinds
from edgejson_bench.scoring.v3_1 import compliance_v3_1, exact_v3_1, field_f1_v3_1, parse_v3_1


@dataclass(frozen=True, slots=True)
class Answer:
    """What a scorer reads in a completion, and what is wrong with it."""

    value: Any
    """The JSON value; None where nothing could be read."""
    exact: bool
    """It equals the gold, as the scorer sees equality."""
    problem: str | None
    """Why nothing could be read: the score's ``problem``."""
    findings: tuple[Finding, ...]
    """Everything that is wrong; empty exactly where ``exact``."""


def score_strict(example: Example, tier: str, checker: SchemaChecker | None, completion: Completion) -> Score:
    """Score with the strict parser, typed equality, leaf-level F1 and the task's schema.

    Raises:
        DataError: there is no schema to check against.
        ValueError: the completion answers another example.
    """
    if checker is None:
        raise DataError(
            f"task {example.task!r} has no schema, which strict compliance needs; "
            "add schemas/<tier>/<task>.json to the data folder or use --protocol v3.1"
        )
    answer = read_answer(example, completion, "strict")
    if answer.value is None:
        return _unparsed(example, tier, completion, answer, formats=False)
    compliance = checker.check(answer.value)
    return Score(
        example_id=example.id,
        task=example.task,
        tier=tier,
        style=example.style,
        json_exact=answer.exact,
        field_f1=1.0 if answer.exact else field_f1(answer.value, example.gold).f1,
        compliance=compliance.structure,
        compliance_formats=compliance.formats,
        parsed=True,
        problem=None,
        finish_reason=completion.finish_reason,
        error_kinds=error_kinds(answer.findings),
    )


def score_v3_1(example: Example, tier: str, completion: Completion) -> Score:
    """Score as the published scorer does. It knows no formats; any JSON value but ``null`` counts as parsed.

    Raises:
        ValueError: the completion answers another example.
    """
    answer = read_answer(example, completion, "v3.1")
    if answer.value is None:
        return _unparsed(example, tier, completion, answer, formats=None)
    return Score(
        example_id=example.id,
        task=example.task,
        tier=tier,
        style=example.style,
        json_exact=answer.exact,
        field_f1=field_f1_v3_1(answer.value, example.gold),
        compliance=compliance_v3_1(answer.value, example.gold),
        compliance_formats=None,
        parsed=True,
        problem=None,
        finish_reason=completion.finish_reason,
        error_kinds=error_kinds(answer.findings),
    )


def read_answer(example: Example, completion: Completion, scorer: str) -> Answer:
    """Read a completion as ``scorer`` (``strict`` or ``v3.1``) does, and say what is wrong with what it read.

    Raises:
        ValueError: the completion answers another example.
    """
    if completion.example_id != example.id:
        raise ValueError(f"completion of {completion.example_id!r} cannot be scored against example {example.id!r}")
    if completion.finish_reason == "error":
        return Answer(None, False, "model_error", classify(example, None, "model_error"))
    parsed = parse(completion.text)
    if scorer == "strict":
        exact = parsed.value is not None and typed_equal(parsed.value, example.gold)
        if exact:
            return Answer(parsed.value, True, None, ())
        return Answer(parsed.value, exact, parsed.problem, classify(example, parsed.value, parsed.problem))
    value = parse_v3_1(completion.text)
    if value is not None and exact_v3_1(value, example.gold):
        return Answer(value, True, None, ())
    problem = None if value is not None else "invalid_json"
    # This scorer knows no word for a cut answer, and may have read an object inside of it.
    cut = "truncated" if parsed.problem == "truncated" else problem
    return Answer(value, False, problem, classify(example, value, cut, exact_v3_1))


def _unparsed(example: Example, tier: str, completion: Completion, answer: Answer, *, formats: bool | None) -> Score:
    """The lowest score there is: it stays in every denominator."""
    return Score(
        example_id=example.id,
        task=example.task,
        tier=tier,
        style=example.style,
        json_exact=False,
        field_f1=0.0,
        compliance=False,
        compliance_formats=formats,
        parsed=False,
        problem=answer.problem,
        finish_reason=completion.finish_reason,
        error_kinds=error_kinds(answer.findings),
    )
