"""From paths to verdicts: each submission is read as untrusted input, scored again, and given the level it has earned.

A level is never taken from a submitter: ``reported`` rows bring numbers alone, ``rescored`` ones completions from which
every number follows, and ``reproduced`` ones a model that gave the same answers here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from edgejson_bench import reported
from edgejson_bench.errors import DataError, SubmissionError, UsageError
from edgejson_bench.protocols import gold_text
from edgejson_bench.records import JsonObject, Score
from edgejson_bench.submission_files import SUBMISSION, Submission, load, unpack_completions
from edgejson_bench.submission_yaml import load_file
from edgejson_bench.submissions import rescore
from edgejson_bench.tasks import Dataset
from edgejson_bench.verification.plausible import implausible
from edgejson_bench.worst_answers import Wrong, pick

Level = Literal["reported", "rescored", "reproduced"]

FindData = Callable[[JsonObject], Dataset]
"""The data set of a board; raises a DataError or UsageError that says what to do where it is not at hand."""

NO_MODEL = "rules"
"""Kind of the baselines: written to give the golds back, so answers equal to golds or to each other say nothing."""


@dataclass(frozen=True)
class Again:
    """What the model said when it was asked a sample of the examples again."""

    asked: int
    same_texts: int
    same_exact: int
    """Examples whose JSONExact came out as submitted."""


@dataclass(frozen=True)
class Verdict:
    """What was found out about one submission."""

    path: Path
    """Its YAML file."""
    level: Level | None
    """What it has earned; None where it is refused."""
    problems: tuple[str, ...] = ()
    """Why it is refused, a line each."""
    flags: tuple[str, ...] = ()
    """What a person should look at; refuses nothing."""
    exact: Mapping[str, str] = field(default_factory=dict)
    """By style, which examples are exact: hexadecimal digits of a bit per example, in the order of their ids."""
    worst: tuple[Wrong, ...] = ()
    """The answers to look at first."""
    again: Again | None = None
    """What a level of ``reproduced`` rests on."""
    answers: str | None = None
    """Digest over the completions' texts."""
    submission: Submission | None = None
    """The submission, where its form is right."""


def find(paths: Sequence[Path]) -> list[Path]:
    """The YAML files that ``paths`` stand for: files, submissions' folders, folders of submissions. Each once.

    Raises:
        UsageError: a path is not there, or there is no submission in it.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_file():
            inside = [path]
        elif path.is_dir():
            inside = sorted(path.rglob(SUBMISSION))
        else:
            raise UsageError(f"{path}: no such file or folder")
        if not inside:
            raise UsageError(f"{path}: there is no {SUBMISSION} in it")
        found |= dict.fromkeys(inside)
    return list(found)


def verify(path: Path, find_data: FindData) -> Verdict:
    """Put one submission to every test that its files and data allow."""
    try:
        if _is_reported(path):
            return Verdict(path, "reported", flags=reported.load(path).notes)
        submission = load(path)
    except SubmissionError as exc:
        return Verdict(path, None, (_without_place(str(exc), path),))
    problems = _misplaced(submission)
    try:
        dataset = find_data(submission.record["board"])
        scored = rescore(submission, dataset)
        problems += scored.differences
        completions = unpack_completions(submission.completions_path)
    except (SubmissionError, DataError, UsageError) as exc:
        problems.append(_without_place(str(exc), path))
        return Verdict(path, None, tuple(problems), submission=submission)
    if scored.scores:
        problems += implausible(submission, dataset, completions)
    digest = hashlib.sha256()
    for example_id in sorted(completions):
        digest.update(f"{example_id}\0{completions[example_id].text}\0".encode("utf-8", "surrogatepass"))
    flags: tuple[str, ...] = ()
    if submission.record["model"]["kind"] != NO_MODEL:
        golds = {example.id: gold_text(example.gold) for split in dataset.splits.values() for example in split}
        verbatim = sum(completion.text.strip() == golds.get(name) for name, completion in completions.items())
        if verbatim == len(completions):
            flags = ("completions: every text is its gold, character by character",)
    level: Level | None = None if problems else "rescored"
    return Verdict(
        path=path,
        level=level,
        problems=tuple(problems),
        flags=flags,
        exact=exact_bits(scored.scores),
        worst=pick(scored.scores),
        answers=digest.hexdigest(),
        submission=submission,
    )


def exact_bits(scores: Iterable[Score]) -> dict[str, str]:
    """JSONExact of each example as hexadecimal digits by style: the first example of all, by id, is the highest bit."""
    styles: dict[str, list[Score]] = {}
    for score in scores:
        styles.setdefault(score.style, []).append(score)
    bits = {}
    for style, of_style in sorted(styles.items()):
        ordered = sorted(of_style, key=lambda score: score.example_id)
        number = int("".join(str(int(score.json_exact)) for score in ordered), 2)
        bits[style] = f"{number:0{-(-len(ordered) // 4)}x}"
    return bits


def _is_reported(path: Path) -> bool:
    record = load_file(path)
    return isinstance(record, dict) and record.get("kind") == "reported"


def verify_all(paths: Sequence[Path], find_data: FindData, others: Iterable[Verdict] = ()) -> list[Verdict]:
    """The verdicts on all ``paths``, in order, with those flagged that give another's answers word for word."""
    return flag_copies([verify(path, find_data) for path in paths], others)


def flag_copies(verdicts: Sequence[Verdict], others: Iterable[Verdict] = ()) -> list[Verdict]:
    """``verdicts`` with a flag on each whose texts are all those of another model's submission."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in [*verdicts, *others]:
        if verdict.answers and verdict.submission and verdict.submission.record["model"]["kind"] != NO_MODEL:
            groups.setdefault(verdict.answers, []).append(verdict)
    flagged = []
    for verdict in verdicts:
        twins = [twin for twin in groups.get(verdict.answers or "", []) if _other_model(twin, verdict)]
        told = tuple(f"completions: word for word those of {twin.path.parent.as_posix()}" for twin in twins)
        flagged.append(replace(verdict, flags=verdict.flags + told))
    return flagged


def _other_model(one: Verdict, other: Verdict) -> bool:
    if one.submission is None or other.submission is None or one.path == other.path:
        return False
    keys = ("revision", "base_revision", "dtype")
    return any(one.submission.record["model"][key] != other.submission.record["model"][key] for key in keys) or (
        one.submission.record["model"]["id"] != other.submission.record["model"]["id"]
    )


def _misplaced(submission: Submission) -> list[str]:
    """Whether the folders it lies in are those that its content names."""
    board, name = submission.folder.split("/")
    lies = submission.path.resolve().parent
    if (lies.parent.name, lies.name) == (board, name):
        return []
    return [f"board: lies in {lies.parent.name}/{lies.name}, by its content it belongs in {submission.folder}"]


def _without_place(message: str, path: Path) -> str:
    """``message`` without the file's path at its beginning, which is printed anyway."""
    return message.removeprefix(f"{path}: ")
