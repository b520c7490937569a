"""The worst answers of a submission, from its completions scored again. What to look at first is :mod:`error_page`'s.

Nothing is rendered and no text is cut here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from edgejson_bench.error_page import worst
from edgejson_bench.errors import SubmissionError
from edgejson_bench.evaluate import score_completions
from edgejson_bench.protocols import PROTOCOLS
from edgejson_bench.submission_files import Submission, unpack_completions
from edgejson_bench.tasks import Dataset, fingerprint


@dataclass(frozen=True)
class WrongAnswer:
    """One answer that is not exact. ``output`` is a model's text: untrusted, of any length."""

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


def worst_errors(submission: Submission, dataset: Dataset, count: int = 5) -> list[WrongAnswer]:
    """Up to ``count`` wrong answers by rising field F1, taken from every style, tier, kind and task in turn.

    ``dataset`` is the board's data. The same submission gives the same answers.

    Raises:
        SubmissionError: the protocol is not known, the data is not the board's, or the completions cannot be read or
            are not those of the board's examples.
        DataError: a schema of ``dataset`` is missing or unusable.
    """
    board = submission.record["board"]
    protocol = PROTOCOLS.get(board["protocol"])
    if protocol is None:
        raise SubmissionError(f"{submission.path}: board.protocol: {board['protocol']!r} is not known")
    split = dataset.splits.get(board["split"], ())
    if fingerprint(split, dataset.tasks) != board["fingerprint"]:
        raise SubmissionError(f"{submission.path}: board.fingerprint: data set {dataset.name} has another fingerprint")
    by_id = {example.id: example for example in split if example.style in board["styles"]}
    completions = unpack_completions(submission.completions_path)
    if differences := sorted(completions.keys() ^ by_id.keys()):
        raise SubmissionError(
            f"{submission.completions_path}: {differences[0]!r} is missing or is no example of the board"
        )
    scores = score_completions(dataset, list(by_id.values()), completions, protocol.scorer)
    chosen = worst((score for score in scores if not score.json_exact), count)
    return [
        WrongAnswer(
            example_id=score.example_id,
            task=score.task,
            style=score.style,
            field_f1=score.field_f1,
            kinds=score.error_kinds,
            gold=json.dumps(by_id[score.example_id].gold, indent=2, ensure_ascii=False),
            output=completions[score.example_id].error or completions[score.example_id].text,
        )
        for score in chosen
    ]
