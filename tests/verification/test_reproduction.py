"""Asking the model again: the same model reproduces, another one does not, and the sample cannot be foreseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.submission_files import Submission, load, unpack_completions
from edgejson_bench.verification.reproduction import Reproduction, reproduce, sample
from edgejson_bench.verification.verdicts import Again
from tests.submissions.edits import repacked
from tests.submitted import DATASET, scripted


def again(submission: Submission, model: Any, count: int = 6) -> Reproduction:
    examples = sample(submission, DATASET, count)
    return reproduce(submission, DATASET, unpack_completions(submission.completions_path), model, examples)


def test_the_same_model_reproduces(honest: Path) -> None:
    assert again(load(honest), scripted(wrong=1)) == Reproduction(Again(asked=6, same_texts=6, same_exact=6), ())


def test_a_model_that_answers_otherwise_does_not(honest: Path) -> None:
    found = again(load(honest), scripted(wrong=3))
    assert found.again == Again(asked=6, same_texts=4, same_exact=4)
    assert any("right there and wrong here, or the other way round" in problem for problem in found.problems)
    assert "completions: 4 of 6 texts came out the same" in found.problems


@pytest.mark.parametrize(
    ("identity", "line"),
    [
        ({"revision": "b" * 40}, f"model.revision: claims '{'a' * 40}', the model here has '{'b' * 40}'"),
        ({"parameters": 7}, "model.parameters: claims 134515008, the model here has 7"),
        ({"base_revision": "c"}, "model.base_revision: claims None, the model here has 'c'"),
    ],
)
def test_another_model_is_named(honest: Path, identity: dict[str, Any], line: str) -> None:
    assert again(load(honest), scripted(wrong=1, **identity)).problems == (line,)


def test_prompts_that_were_not_these_are_named(honest: Path) -> None:
    old, new = b'"prompt_tokens":', b'"prompt_tokens":9'
    submission = repacked(honest, lambda lines: [line.replace(old, new) for line in lines])
    (problem,) = again(submission, scripted(wrong=1)).problems
    assert "prompt tokens, it has" in problem


def test_the_sample_takes_all_tiers_and_another_one_for_other_completions(
    honest: Path, submitted: Callable[..., Path]
) -> None:
    one = load(honest)
    assert {DATASET.tier(example) for example in sample(one, DATASET, 2)} == {"simple", "complex"}
    assert sample(one, DATASET, 3) == sample(one, DATASET, 3)
    assert len(sample(one, DATASET, 99)) == 6
    found = {tuple(e.id for e in sample(one, DATASET, 3))}
    for number in range(8):
        one.record["completions"]["sha256"] = f"{number:064x}"
        found.add(tuple(e.id for e in sample(one, DATASET, 3)))
    assert len(found) > 1
