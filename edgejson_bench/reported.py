"""Published numbers without completions: kept as printed, with their sources, and held against what they could be.

A share of n examples is a multiple of 1/n. Where a printed percentage is none, or another source says otherwise, a
note says so. They are never ranked with what was measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from edgejson_bench.errors import SubmissionError
from edgejson_bench.records import JsonObject
from edgejson_bench.submission_files import REPORTED, SUBMISSION, explain, slug
from edgejson_bench.submission_yaml import load_file

HALF_A_TENTH = 0.05
"""Percentages are printed with one decimal."""

WORDS = {"json_exact_percent": "JSONExact", "field_f1": "field F1", "compliance_percent": "compliance"}


@dataclass(frozen=True)
class Reported:
    """One row as its file says it; the form is checked."""

    path: Path
    record: JsonObject

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of its numbers: what they cannot be, what contradicts them, what the file notes."""
        return (*_impossible(self.record), *_contradicted(self.record), *self.record["notes"])


def load(path: Path) -> Reported:
    """One reported row.

    Raises:
        SubmissionError: the file is missing or broken, breaks the schema, or lies in another folder than its name's.
    """
    record = load_file(path)
    error = next(iter(sorted(_validator().iter_errors(record), key=lambda error: [str(p) for p in error.path])), None)
    if error is not None:
        raise SubmissionError(f"{path}: {explain(error)}")
    if record["results"]["tiers_json_exact_percent"].keys() != record["board"]["tiers"].keys():
        raise SubmissionError(f"{path}: results.tiers_json_exact_percent: has other tiers than board.tiers")
    lies, belongs = path.resolve().parent, f"{REPORTED}/{slug(record['model']['name'])}"
    if f"{lies.parent.name}/{lies.name}" != belongs:
        raise SubmissionError(f"{path}: lies in {lies.parent.name}/{lies.name}, by model.name it belongs in {belongs}")
    return Reported(path, record)


def load_all(root: Path) -> list[Reported]:
    """All reported rows under the submissions' ``root``, the best JSONExact first.

    Raises:
        SubmissionError: one does not check out.
    """
    rows = [load(path) for path in sorted((root / REPORTED).rglob(SUBMISSION))]
    return sorted(rows, key=lambda row: (-row.record["results"]["json_exact_percent"], row.record["model"]["name"]))


def count_of(percent: float, n: int) -> int | None:
    """The count of ``n`` that is printed as ``percent`` with one decimal; None where there is none."""
    nearest = math.floor(percent * n / 100 + 0.5)
    return nearest if abs(100 * nearest / n - percent) <= HALF_A_TENTH + 1e-9 else None


def _impossible(record: JsonObject) -> Iterator[str]:
    results, board = record["results"], record["board"]
    shares = [(WORDS[key], results[key], board["examples"]) for key in ("json_exact_percent", "compliance_percent")]
    shares += [
        (f"JSONExact {tier}", percent, board["tiers"][tier])
        for tier, percent in results["tiers_json_exact_percent"].items()
    ]
    for what, percent, n in shares:
        if count_of(percent, n) is None:
            below = math.floor(percent * n / 100)
            near = f"{below} is {100 * below / n:.1f} %, {below + 1} is {100 * (below + 1) / n:.1f} %"
            yield f"{what}: {percent:.1f} % is no count of {n} ({near})"


def _contradicted(record: JsonObject) -> Iterator[str]:
    for other in record["contradictions"]:
        unit = " %" if other["key"].endswith("_percent") else ""
        yield f"{WORDS[other['key']]}: {other['value']:g}{unit} in {other['source']}"


@cache
def _validator() -> Any:
    text = resources.files("edgejson_bench").joinpath("reported_schema.json").read_text(encoding="utf-8")
    return Draft7Validator(json.loads(text))
