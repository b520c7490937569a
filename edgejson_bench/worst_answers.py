"""A submission's worst answers: which they are is found where it is scored, what they say where they are shown.

Nothing is rendered and no text is cut here. What to look at first is :mod:`error_page`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgejson_bench.error_page import worst
from edgejson_bench.errors import SubmissionError
from edgejson_bench.records import Example, Score
from edgejson_bench.submission_files import Submission, unpack_completions
from edgejson_bench.tasks import Dataset, fingerprint

COUNT = 5
"""Wrong answers of a submission that are kept to look at."""


@dataclass(frozen=True)
class Wrong:
    """One answer that is not exact, without its texts."""

    example_id: str
    field_f1: float
    """0 to 1, to six decimals."""
    kinds: tuple[str, ...]
    """Kinds of error, the primary one first."""


@dataclass(frozen=True)
class WrongAnswer:
    """The same with its texts. ``output`` is a model's text: untrusted, of any length."""

    example_id: str
    task: str
    style: str
    field_f1: float
    """0 to 1."""
    kinds: tuple[str, ...]
    """Kinds of error, the primary one first."""
    gold: str
    """The expected object, as indented JSON."""
    output: str
    """The completion as it came; of a failed request the failure."""


def pick(scores: Iterable[Score], count: int = COUNT) -> tuple[Wrong, ...]:
    """Up to ``count`` wrong answers by rising field F1, taken from every style, tier, kind and task in turn."""
    chosen = worst((score for score in scores if not score.json_exact), count)
    return tuple(Wrong(score.example_id, round(score.field_f1, 6), score.error_kinds) for score in chosen)


@dataclass(frozen=True)
class Golds:
    """The examples of one split, and what a board says that is made of them."""

    split: str
    fingerprint: str
    examples: Mapping[str, Example]
    """By id."""


def golds_of(dataset: Dataset) -> list[Golds]:
    """Those of each split of ``dataset``."""
    return [
        Golds(name, fingerprint(split, dataset.tasks), {example.id: example for example in split})
        for name, split in dataset.splits.items()
    ]


def with_texts(chosen: Sequence[Wrong], submission: Submission, golds: Golds) -> list[WrongAnswer]:
    """``chosen`` with gold and output. Nothing is scored.

    Raises:
        SubmissionError: ``golds`` are another board's, or the completions cannot be read or lack one of ``chosen``.
    """
    board = submission.record["board"]
    if (board["split"], board["fingerprint"]) != (golds.split, golds.fingerprint):
        raise SubmissionError(f"{submission.path}: board.fingerprint: is not that of split {golds.split}")
    completions = unpack_completions(submission.completions_path)
    answers = []
    for one in chosen:
        if one.example_id not in golds.examples or one.example_id not in completions:
            raise SubmissionError(
                f"{submission.completions_path}: {one.example_id!r} is missing or is no example of the board"
            )
        example, completion = golds.examples[one.example_id], completions[one.example_id]
        answers.append(
            WrongAnswer(
                example_id=one.example_id,
                task=example.task,
                style=example.style,
                field_f1=one.field_f1,
                kinds=one.kinds,
                gold=json.dumps(example.gold, indent=2, ensure_ascii=False),
                output=completion.error or completion.text,
            )
        )
    return answers
