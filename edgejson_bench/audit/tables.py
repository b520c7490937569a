"""An audit for people: sections of at most 100 columns, the verdict last. Built from the finished record alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edgejson_bench.audit.findings import KINDS, Finding, by_kind
from edgejson_bench.audit.whole import Audit, Group, Solved
from edgejson_bench.complexity import Length
from edgejson_bench.console import printable

WIDTH = 100
"""Columns that the sections need."""

EXAMPLES = 3
"""Findings of a kind that are shown; ``--json`` has all."""

_COLUMNS = {
    "no_schema": "no\nschema",
    "invalid": "\ninvalid",
    "format": "\nformat",
    "contradiction": "contra-\ndiction",
    "ambiguous": "ambi-\nguous",
    "not_found": "not\nfound",
    "duplicate": "dupli-\ncate",
    "leak": "\nleak",
}


def sections(audit: Audit) -> Iterator[RenderableType]:
    """Everything there is to show, in order."""
    n = sum(group.n for group in audit.groups if group.tier is None)
    yield Text(f"Audit of {_line(audit.data)}: {n} examples", style="bold")
    yield _golds(audit)
    yield _likeness(audit)
    yield _solved(audit)
    yield _intervals(audit)
    if audit.readings:
        yield _readings(audit)
    if audit.findings:
        yield _findings(audit)
    if audit.left_out:
        yield Text("\n".join(f"Left out: {_line(reason)}" for reason in audit.left_out))
    yield verdict(audit)


def verdict(audit: Audit) -> Text:
    """How much was found, the worst first."""
    kinds = by_kind(audit.findings)
    count = len(audit.findings)
    if not count:
        return Text("No findings", style="bold green")
    listed = ", ".join(f"{n} {_name(kind)}" for kind, n in kinds.items())
    return Text(f"{count} {'finding' if count == 1 else 'findings'}: {listed}", style="bold red")


def _golds(audit: Audit) -> Table:
    table = _table("golds and texts")
    table.add_column("n", justify="right")
    table.add_column("tasks", justify="right")
    for title in _COLUMNS.values():
        table.add_column(title, justify="right", no_wrap=True)
    for group in audit.groups:
        counts = (str(group.found[kind]) if group.found[kind] else "-" for kind in _COLUMNS)
        table.add_row(_label(group), str(group.n), str(group.tasks), *counts)
    return table


def _likeness(audit: Audit) -> Text:
    if not audit.closest:
        return Text("No train and test text share eight words in a row, or one of the splits is not there")
    lines = [
        f"  test {close.style}: {close.jaccard:.2f}, {_line(close.test)} and {_line(close.train)}"
        for close in audit.closest
    ]
    return Text("\n".join(["Word 8-grams shared by a test and a train text, at most (Jaccard)", *lines]))


def _solved(audit: Audit) -> Table:
    solvers = [(solved.name, solved.protocol) for solved in audit.groups[0].solved] if audit.groups else []
    table = _table(f"lengths in\n{_line(audit.unit)}\nand solved")
    for title in ("\n\nn", "\nprompt\nmedian", "\n\nmax", "\ngold\nmedian", "\n\nmax", f"\n\n>{audit.cap}"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, protocol in solvers:
        table.add_column(_SOLVERS[name].format(protocol=protocol), justify="right", no_wrap=True)
    for group in audit.groups:
        lengths = group.lengths
        over = len(lengths.over_cap)
        measures = (str(group.n), *_length(lengths.prompt), *_length(lengths.gold), str(over) if over else "-")
        table.add_row(_label(group), *measures, *(str(s.exact) if s.n else "n/a" for s in group.solved))
    return table


_SOLVERS = {
    "oracle": "{protocol}\nperfect,\nstops",
    "oracle-rambling": "{protocol}\nperfect,\nrambles",
    "rules": "\n\nrules",
    "rules-schema-free": "rules\nschema-\nfree",
}


def _intervals(audit: Audit) -> Table:
    """What rules solve, in per cent and with its interval; styles as a whole only."""
    table = _table("JSONExact of rules")
    table.add_column("n", justify="right")
    wholes = [group for group in audit.groups if group.tier is None]
    names = [solved.name for solved in wholes[0].solved if solved.protocol is None] if wholes else []
    for name in names:
        table.add_column(f"{name} %", justify="right", no_wrap=True)
        table.add_column("95 % interval", justify="right", no_wrap=True)
    for group in wholes:
        shares = (cell for solved in group.solved if solved.protocol is None for cell in _share(solved))
        table.add_row(_label(group), str(group.n), *shares)
    return table


def _share(solved: Solved) -> tuple[str, str]:
    if solved.ci95 is None:
        return "n/a", ""
    low, high = solved.ci95
    return f"{100 * solved.exact / solved.n:.1f}", f"{100 * low:.1f}-{100 * high:.1f}"


def _readings(audit: Audit) -> Table:
    table = _table("natural texts, all splits")
    for title in ("n", "words", "max", "Flesch"):
        table.add_column(title, justify="right", no_wrap=True)
    tier = None
    for reading in audit.readings:
        if reading.tier != tier:
            tier = reading.tier
            table.add_row(Text(_line(tier), style="bold"))
        ease = "-" if reading.flesch is None else f"{reading.flesch:.0f}"
        table.add_row(Text(f"  {_line(reading.task)}"), str(reading.n), *_length(reading.words), ease)
    return table


def _findings(audit: Audit) -> Lines:
    """What each kind found means, how many, why, and the first of them."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for kind, count in by_kind(audit.findings).items():
        found = [finding for finding in audit.findings if finding.kind == kind]
        text.append(f"{count} {_name(kind)}: ", style="bold")
        text.append(f"{KINDS[kind]}\n")
        if causes := _causes(found):
            text.append(f"  {causes}\n", style="dim")
        for finding in found[:EXAMPLES]:
            text.append(f"  {_line(finding.example_id)}")
            text.append(f": {_line(finding.details[0])}\n" if finding.details else "\n")
        if count > EXAMPLES:
            text.append(f"  and {count - EXAMPLES} more (--json lists all)\n", style="dim")
    text.rstrip()
    return Lines(text)  # on its own, a console would join it to others and fold it


def _causes(findings: Iterable[Finding]) -> str:
    counts = Counter(" and ".join(map(_name, finding.causes)) for finding in findings if finding.causes)
    return ", ".join(f"{count} {causes}" for causes, count in counts.most_common())


def _table(title: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=40)
    return table


def _label(group: Group) -> Text:
    if group.tier is None:
        return Text(f"{group.split} {_line(group.style)}", style="bold")
    return Text(f"  {_line(group.tier)}", style="dim")


def _length(length: Length) -> tuple[str, str]:
    return f"{length.median:.0f}", str(length.maximum)


def _name(identifier: str) -> str:
    return identifier.replace("_", " ")


def _line(text: str) -> str:
    """Untrusted text as one line, so that a name can't pass itself off as a row."""
    return " ".join(printable(text).split())
