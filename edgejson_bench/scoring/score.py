"""One completion in, one :class:`Score` out, by the strict scorer or the published one. Nothing is averaged here."""

from __future__ import annotations

from edgejson_bench.errors import DataError
from edgejson_bench.records import Completion, Example, Score
from edgejson_bench.scoring.compliance import SchemaChecker
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.fields import field_f1
from edgejson_bench.scoring.parse import parse
from edgejson_bench.scoring.v3_1 import compliance_v3_1, exact_v3_1, field_f1_v3_1, parse_v3_1


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
    problem = _problem(example, completion)
    if problem is not None:
        return _unparsed(example, tier, completion, problem, formats=False)
    parsed = parse(completion.text)
    if parsed.value is None:
        return _unparsed(example, tier, completion, parsed.problem, formats=False)
    compliance = checker.check(parsed.value)
    return Score(
        example_id=example.id,
        task=example.task,
        tier=tier,
        style=example.style,
        json_exact=typed_equal(parsed.value, example.gold),
        field_f1=field_f1(parsed.value, example.gold).f1,
        compliance=compliance.structure,
        compliance_formats=compliance.formats,
        parsed=True,
        problem=None,
        finish_reason=completion.finish_reason,
    )


def score_v3_1(example: Example, tier: str, completion: Completion) -> Score:
    """Score as the published scorer does. It knows no formats; any JSON value but ``null`` counts as parsed.

    Raises:
        ValueError: the completion answers another example.
    """
    problem = _problem(example, completion)
    if problem is not None:
        return _unparsed(example, tier, completion, problem, formats=None)
    value = parse_v3_1(completion.text)
    if value is None:
        return _unparsed(example, tier, completion, "invalid_json", formats=None)
    return Score(
        example_id=example.id,
        task=example.task,
        tier=tier,
        style=example.style,
        json_exact=exact_v3_1(value, example.gold),
        field_f1=field_f1_v3_1(value, example.gold),
        compliance=compliance_v3_1(value, example.gold),
        compliance_formats=None,
        parsed=True,
        problem=None,
        finish_reason=completion.finish_reason,
    )


def _problem(example: Example, completion: Completion) -> str | None:
    """What keeps a completion from being read at all."""
    if completion.example_id != example.id:
        raise ValueError(f"completion of {completion.example_id!r} cannot be scored against example {example.id!r}")
    return "model_error" if completion.finish_reason == "error" else None


def _unparsed(
    example: Example, tier: str, completion: Completion, problem: str | None, *, formats: bool | None
) -> Score:
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
        problem=problem,
        finish_reason=completion.finish_reason,
    )
