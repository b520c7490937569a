"""The whole audit of a data set: every room asked in turn, the answers in one record. It prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgejson_bench.audit.findings import KINDS, Fault, Finding, by_kind, in_order, located
from edgejson_bench.audit.form_text import form_fault, is_form
from edgejson_bench.audit.golds import Checkers, schema_checkers, validity_fault
from edgejson_bench.audit.lengths import Lengths, Measured, Reading, measure, reading, summarise
from edgejson_bench.audit.repeats import Likeness, duplicate_faults, leaks
from edgejson_bench.audit.said import TaskWords, evidence_faults, frame_words, not_found_fault
from edgejson_bench.audit.solvable import PROTOCOLS, RememberingTokenizer, Solver, ceilings, rules
from edgejson_bench.decoding.stops import MAX_DEPTH
from edgejson_bench.errors import DataError
from edgejson_bench.models.scripted import Characters, Tokenizer
from edgejson_bench.protocols import Protocol, get_protocol, gold_text
from edgejson_bench.records import Example
from edgejson_bench.scoring.statistics import wilson
from edgejson_bench.scoring.taxonomy import depth
from edgejson_bench.tasks import SPLITS, STYLES, Dataset, tier_order

MAX_CHARACTERS = 200_000
"""Longest prompt or gold that is audited: six times what fits into the 8192 tokens that SmolLM2 reads."""

CAP = 512
"""Tokens that the published harness lets a model write."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found by looking at a data set."""

    findings: tuple[Finding, ...]
    """Worst kind first."""
    closest: tuple[Likeness, ...]
    """See :attr:`Audit.closest`."""


@dataclass(frozen=True, slots=True)
class Solved:
    """How many examples of a group an extractor without a language model gets right."""

    name: str
    protocol: str | None
    """None where no protocol makes a difference."""
    n: int
    """Examples it was given; 0 where rules lack the schemas."""
    exact: int
    ci95: tuple[float, float] | None
    """Wilson interval of exact over n, as fractions; None where n is 0."""


@dataclass(frozen=True, slots=True)
class Group:
    """One style of one split, as a whole or in one tier."""

    split: str
    style: str
    tier: str | None
    """None for all tiers together."""
    n: int
    """Examples."""
    tasks: int
    """Different tasks among them."""
    valid: int
    """Golds that satisfy their schema, formats left out."""
    valid_with_formats: int
    """Golds that satisfy it with formats asserted."""
    found: Mapping[str, int]
    """Findings by kind, 0 included."""
    lengths: Lengths
    solved: tuple[Solved, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """All that is known about a data set after looking."""

    data: str
    """Name of the data set."""
    unit: str
    """What lengths are counted in, such as ``tokens of SmolLM2``, or ``characters``."""
    cap: int
    """Length of a gold that is held against, in ``unit``."""
    findings: tuple[Finding, ...]
    """Worst kind first."""
    groups: tuple[Group, ...]
    """By split and style, all tiers together before each of them."""
    closest: tuple[Likeness, ...]
    """The closest pair of a test and a train text, by style of the test text; empty where a split is absent."""
    readings: tuple[Reading, ...]
    """Of every task that has texts in another layout than the form's."""
    left_out: tuple[str, ...]
    """What could not be measured, a sentence each with the reason."""

    def to_json(self) -> dict[str, Any]:
        """All of it, ready for JSON; the verdict first."""
        return {"verdict": {"findings": len(self.findings), "kinds": by_kind(self.findings)}, **asdict(self)}


def audit(
    dataset: Dataset,
    *,
    tokenizer: Tokenizer | None = None,
    unit: str = "tokens",
    cap: int = CAP,
    words: TaskWords = frame_words,
    note: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Look at every example of every split.

    Args:
        dataset: what to audit.
        tokenizer: whose tokens are counted; None counts characters, and leaves the ceiling of v3.1 out.
        unit: name of that tokenizer's tokens.
        cap: length that golds are held against.
        words: what stands for a task's own values, such as enums, in texts with evidence.
        note: told what takes a while.

    Raises:
        DataError: a schema is unusable, or an example too long or too deep to be looked at.
    """
    total = sum(len(examples) for examples in dataset.splits.values())
    note(f"reading {total} examples")
    seen = look(dataset, words)
    note(f"measuring what protocols allow and rules solve on {total} examples")
    protocols, left_out = _protocols(dataset, tokenizer)
    counter = RememberingTokenizer(tokenizer or Characters())
    solvers = {
        split: [
            *(s for protocol in protocols for s in ceilings(dataset, examples, protocol, counter)),
            *rules(dataset, examples),
        ]
        for split, examples in dataset.splits.items()
    }
    measured = {e.id: measure(e, counter) for examples in dataset.splits.values() for e in examples}
    return Audit(
        data=dataset.name,
        unit="characters" if tokenizer is None else unit,
        cap=cap,
        findings=seen.findings,
        groups=tuple(_groups(dataset, seen.findings, measured, cap, solvers)),
        closest=seen.closest,
        readings=tuple(_readings(dataset)),
        left_out=left_out,
    )


def look(dataset: Dataset, words: TaskWords = frame_words) -> Seen:
    """The part of an audit that looks for faults and measures nothing, in a few seconds per thousand examples.

    Raises:
        DataError: as :func:`audit`.
    """
    for split, examples in dataset.splits.items():
        for example in examples:
            _check_size(split, example)
    checkers = schema_checkers(dataset)
    findings = [
        located(dataset, split, example, fault)
        for split, examples in dataset.splits.items()
        for example, fault in _faults(dataset, examples, checkers, words)
    ]
    train, test = (dataset.splits.get(split, ()) for split in SPLITS)
    leaked, closest = leaks(train, test)
    findings += [located(dataset, "test", example, leaked[example.id]) for example in test if example.id in leaked]
    return Seen(in_order(findings), closest)


def _check_size(split: str, example: Example) -> None:
    where = f"{split}: example {example.id}"
    levels = depth(example.gold)
    if levels > MAX_DEPTH:
        raise DataError(
            f"{where}: its gold is {levels} levels deep; no more than {MAX_DEPTH} are read, so leave it out"
        )
    for name, text in (("prompt", example.prompt), ("gold", gold_text(example.gold))):
        if len(text) > MAX_CHARACTERS:
            raise DataError(
                f"{where}: its {name} has {len(text):,} characters; no more than {MAX_CHARACTERS:,} are read, "
                "so shorten it or leave it out"
            )


def _faults(
    dataset: Dataset, examples: Sequence[Example], checkers: Checkers, words: TaskWords
) -> Iterator[tuple[Example, Fault]]:
    """Everything that is wrong within one split."""
    repeated = duplicate_faults(examples)
    for example in examples:
        if (fault := validity_fault(example, checkers)) is not None:
            yield example, fault
        if example.id in repeated:
            yield example, repeated[example.id]
        for fault in _text_faults(example, dataset, checkers, words):
            yield example, fault


def _text_faults(example: Example, dataset: Dataset, checkers: Checkers, words: TaskWords) -> Iterator[Fault]:
    """What is wrong between an example's text and its gold, by the means that the text allows."""
    yield from evidence_faults(example, words(example.task))
    if is_form(example.prompt):
        fault = form_fault(example, dataset.tasks[example.task], checkers.get(example.task))
    else:
        fault = not_found_fault(example) if example.evidence is None else None
    if fault is not None:
        yield fault


def _protocols(dataset: Dataset, tokenizer: Tokenizer | None) -> tuple[list[Protocol], tuple[str, ...]]:
    """The protocols whose ceiling can be measured, and why the others' cannot."""
    used = {example.task for examples in dataset.splits.values() for example in examples}
    without = sum(1 for name in used if dataset.tasks[name].schema is None)
    measured, left_out = [], []
    for protocol in map(get_protocol, PROTOCOLS):
        if protocol.prompt_format == "instruction" and without:
            left_out.append(f"ceiling of {protocol.name}: it shows the schema, and {without} tasks have none")
        elif protocol.max_new_tokens is not None and tokenizer is None:
            left_out.append(f"ceiling of {protocol.name}: its budget is in tokens, and no tokenizer is there to count")
        else:
            measured.append(protocol)
    return measured, tuple(left_out)


def _groups(
    dataset: Dataset,
    findings: Sequence[Finding],
    measured: Mapping[str, Measured],
    cap: int,
    solvers: Mapping[str, Sequence[Solver]],
) -> Iterator[Group]:
    kinds: dict[str, set[str]] = {}
    for finding in findings:
        kinds.setdefault(finding.kind, set()).add(finding.example_id)
    for split, examples in dataset.splits.items():
        for style in sorted({example.style for example in examples}, key=STYLES.index):
            whole = [example for example in examples if example.style == style]
            for tier in (None, *sorted({dataset.tier(example) for example in whole}, key=tier_order)):
                rows = [example for example in whole if tier in (None, dataset.tier(example))]
                ids = {example.id for example in rows}
                found = {kind: len(ids & kinds.get(kind, set())) for kind in KINDS}
                valid = len(rows) - found["invalid"] - found["no_schema"]
                yield Group(
                    split=split,
                    style=style,
                    tier=tier,
                    n=len(rows),
                    tasks=len({example.task for example in rows}),
                    valid=valid,
                    valid_with_formats=valid - found["format"],
                    found=found,
                    lengths=summarise(rows, measured, cap),
                    solved=tuple(_solved(solver, ids) for solver in solvers[split]),
                )


def _solved(solver: Solver, ids: set[str]) -> Solved:
    n, exact = len(solver.attempted & ids), len(solver.exact & ids)
    return Solved(solver.name, solver.protocol, n, exact, wilson(exact, n) if n else None)


def _readings(dataset: Dataset) -> Iterator[Reading]:
    texts: dict[str, list[str]] = {}
    for examples in dataset.splits.values():
        for example in examples:
            if not is_form(example.prompt):
                texts.setdefault(example.task, []).append(example.prompt)
    for task in sorted(texts, key=lambda name: (tier_order(dataset.tasks[name].tier), name)):
        yield reading(task, dataset.tasks[task].tier, texts[task])
