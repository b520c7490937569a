"""What verification has found out, kept beside the submissions: ``verified.json``, by folder, with the files' hashes.

The leaderboard shows only what stands here with the hashes of the files as they are, so nothing on it is a mere claim.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from edgejson_bench.errors import SubmissionError
from edgejson_bench.jsonio import read_json, sha256_file, write_atomic
from edgejson_bench.submission_files import Submission
from edgejson_bench.verification.verdicts import Again, Level, Verdict
from edgejson_bench.worst_answers import Wrong

FILE = "verified.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """What one submission has earned, as long as its file stays what it was."""

    level: Level
    sha256: str
    """Of the YAML file, which holds the completions' own."""
    exact: Mapping[str, str]
    """By style, which examples are exact (:func:`.verdicts.exact_bits`): what rows are compared by, pair by pair."""
    worst: tuple[Wrong, ...] = ()
    """The answers to look at first, for pages to show."""
    again: Again | None = None
    """What ``reproduced`` rests on."""


def read(root: Path) -> dict[str, Entry]:
    """The ledger of the submissions under ``root``, by ``<board>/<model>``; empty where there is none.

    Raises:
        SubmissionError: it is broken.
    """
    path = root / FILE
    if not path.exists():
        return {}
    content = read_json(path, SubmissionError)
    try:
        if content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format_version is {content['format_version']!r}")
        entries = {folder: _entry(**entry) for folder, entry in content["submissions"].items()}
        for entry in entries.values():
            if entry.level not in get_args(Level):
                raise ValueError("an unknown level")
            if (entry.level == "reproduced") != (entry.again is not None):
                raise ValueError("reproduced, and no word of what the model was asked again")
            for digits in entry.exact.values():
                int(digits, 16)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise SubmissionError(f"{path}: no ledger ({exc}); remove it, then: edgejson-bench verify --record") from None
    return entries


def _entry(*, worst: list[dict[str, Any]], again: dict[str, int] | None = None, **rest: Any) -> Entry:
    named = tuple(Wrong(**{**each, "kinds": tuple(each["kinds"])}) for each in worst)
    return Entry(**rest, worst=named, again=Again(**again) if again else None)


def record(root: Path, verdicts: Sequence[Verdict]) -> Path:
    """Write down what ``verdicts`` say of submissions under ``root``. Entries of folders that are gone are dropped.

    A submission keeps ``reproduced`` while its file is the same: verifying without the model takes nothing away.

    Raises:
        SubmissionError: the ledger is broken or cannot be written.
    """
    before = read(root)
    entries = {folder: entry for folder, entry in before.items() if (root / folder).is_dir()}
    for verdict in verdicts:
        if verdict.submission is None:
            continue
        folder = verdict.submission.folder
        if verdict.level is None:
            entries.pop(folder, None)
            continue
        entry = Entry(verdict.level, sha256_file(verdict.path), verdict.exact, verdict.worst, verdict.again)
        old = before.get(folder)
        if verdict.again is None and old is not None and old.sha256 == entry.sha256:
            entry = replace(entry, level=old.level, again=old.again)
        entries[folder] = entry
    content = {
        "format_version": FORMAT_VERSION,
        "submissions": {folder: asdict(entries[folder]) for folder in sorted(entries)},
    }
    try:
        write_atomic(root / FILE, json.dumps(content, indent=2) + "\n")
    except OSError as exc:
        raise SubmissionError(f"{root / FILE}: cannot be written ({exc.strerror})") from None
    return root / FILE


def differences(root: Path, verdicts: Sequence[Verdict]) -> list[str]:
    """What in the ledger is not what ``verdicts``, on all submissions under ``root``, say; a line each."""
    entries = read(root)
    found: list[str] = []
    for verdict in verdicts:
        if verdict.level == "reported":
            continue  # shown apart, as what it is
        folder = verdict.submission.folder if verdict.submission else verdict.path.parent.name
        entry = entries.pop(folder, None)
        if verdict.level is None:
            continue  # told already
        if entry is None:
            found.append(f"{folder}: is not in {FILE}")
        elif entry.sha256 != sha256_file(verdict.path):
            found.append(f"{folder}: {FILE} knows another {verdict.path.name}")
        elif entry.level != verdict.level and entry.level != "reproduced":
            found.append(f"{folder}: {FILE} says {entry.level}, it is {verdict.level}")
        elif entry.exact != verdict.exact:
            found.append(f"{folder}: {FILE} says that other examples are exact")
        elif entry.worst != verdict.worst:
            found.append(f"{folder}: {FILE} names other worst answers")
    return found + [f"{folder}: is in {FILE} and nowhere else" for folder in sorted(entries)]


def entry_of(submission: Submission, entries: Mapping[str, Entry]) -> Entry:
    """What verification found out about ``submission``.

    Raises:
        SubmissionError: it was never verified, or is another since.
    """
    entry = entries.get(submission.folder)
    if entry is None or entry.sha256 != sha256_file(submission.path):
        state = "was never verified" if entry is None else "is not what was verified"
        raise SubmissionError(f"{submission.path}: {state}; run: edgejson-bench verify --record")
    return entry
