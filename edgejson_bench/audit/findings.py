"""What an audit finds: one record per fault of one example, and which kinds of faults there are, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset

KINDS = {
    "invalid": "the gold does not satisfy its schema, formats left out",
    "contradiction": "the gold says other than its text",
    "leak": "a test example that train gives away",
    "duplicate": "the same prompt, or the same gold in the same style, again in one split",
    "ambiguous": "another valid object prints to the same text",
    "format": "the gold satisfies its schema only where formats are left out",
    "not_found": "a value of the gold was not found in the text, in any spelling known here",
    "no_schema": "the task has no schema, so its golds cannot be checked",
}
"""Kinds of findings, worst first, and what each means. ``not_found`` is weak: a value may be said in words that are not
known here."""

GATED = ("invalid", "contradiction", "leak", "duplicate")
"""Kinds that ``--strict`` fails on: no data set need have any of them."""

SHOWN = 60
"""Characters of a value that are quoted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one example."""

    kind: str
    """One of ``KINDS``."""
    split: str
    style: str
    tier: str
    task: str
    example_id: str
    causes: tuple[str, ...] = ()
    """Short names of what is behind it, such as ``added`` or ``near_copy``; empty where the kind says it all."""
    details: tuple[str, ...] = ()
    """One sentence for each place or other example."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding before it is known whose it is."""

    kind: str
    """One of ``KINDS``."""
    causes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


def located(dataset: Dataset, split: str, example: Example, fault: Fault) -> Finding:
    """The finding that ``fault`` is for ``example``."""
    tier = dataset.tier(example)
    return Finding(fault.kind, split, example.style, tier, example.task, example.id, fault.causes, fault.details)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst kind first; within a kind as they were found."""
    places = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted(findings, key=lambda finding: places[finding.kind]))


def by_kind(findings: Sequence[Finding]) -> dict[str, int]:
    """Number of findings of each kind that there is, worst kind first."""
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def shown(value: object) -> str:
    """``value`` as a short piece of a sentence: control characters escaped, long texts cut."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def shown_apart(one: object, other: object) -> tuple[str, str]:
    """Two values as :func:`shown`, long texts from shortly before the place where they part."""
    if not (isinstance(one, str) and isinstance(other, str)) or max(len(one), len(other)) < SHOWN - 2:
        return shown(one), shown(other)
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - SHOWN // 3)
    mark = "..." if start else ""
    return shown(mark + one[start:]), shown(mark + other[start:])
