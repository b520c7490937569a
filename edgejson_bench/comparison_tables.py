"""A comparison of two runs, for a terminal of 80 columns. Built from finished records; it computes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from edgejson_bench import conclusions
from edgejson_bench.comparison import Comparison, Group
from edgejson_bench.console import printable


def heading(comparison: Comparison) -> Text:
    """Which runs are A and B, on what, and what beside the models differs."""
    text = Text()
    for name, run in (("A", comparison.first), ("B", comparison.second)):
        text.append(f"{name}  {_line(run.model)}", style="bold")
        text.append(f"  ({_line(run.directory)})\n")
    data = comparison.data
    made = f"data {data['name']} {data['fingerprint'][:12]}, split {data['split']}, protocol {comparison.protocol}"
    text.append(_line(f"{made}, {data['examples']} examples"))
    for note in comparison.notes:
        text.append(f"\nNote: {_line(note)}")
    return text


def exact_table(comparison: Comparison) -> Table:
    """JSONExact of both runs, their difference in points, and the examples that one of them alone got right."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("JSONExact", overflow="fold")
    for title in ("n", "A %", "B %", "A - B", "95 % interval", "only A", "only B", "exact p"):
        table.add_column(title, justify="right", no_wrap=True)
    for label, group in _groups(comparison):
        exact = group.json_exact
        table.add_row(
            label,
            str(group.n),
            f"{100 * group.first_exact / group.n:.1f}",
            f"{100 * group.second_exact / group.n:.1f}",
            conclusions.points(exact.difference),
            Text(conclusions.points_interval(exact.low, exact.high)),
            str(exact.only_first),
            str(exact.only_second),
            conclusions.p_value(exact.p_value),
        )
    return table


def f1_table(comparison: Comparison) -> Table:
    """Mean field F1 of both runs and their difference with both intervals."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("field F1", overflow="fold")
    for title in ("n", "A", "B", "A - B", "95 % interval", "by task"):
        table.add_column(title, justify="right", no_wrap=True)
    for label, group in _groups(comparison):
        f1 = group.field_f1
        table.add_row(
            label,
            str(group.n),
            f"{f1.first:.3f}",
            f"{f1.second:.3f}",
            conclusions.f1(f1.difference),
            Text(conclusions.f1_interval(f1.interval)),
            Text("one task" if f1.clustered is None else conclusions.f1_interval(f1.clustered)),
        )
    return table


def closing(comparison: Comparison) -> Text:
    """What may be concluded, a paragraph for each style, and what may not."""
    text = Text("\n".join(_line(compared.conclusion) for compared in comparison.styles.values()))
    text.append(
        "\nRows of single tiers are several comparisons at once: they describe, and establish nothing.", style="dim"
    )
    return text


def _line(text: str) -> str:
    """Untrusted text as one line, so that a name can't pass itself off as a row."""
    return " ".join(printable(text).split())


def _groups(comparison: Comparison) -> Iterator[tuple[Text, Group]]:
    for style, compared in comparison.styles.items():
        yield Text(_line(style), style="bold"), compared.overall
        for tier, group in compared.tiers.items():
            yield Text(f"  {_line(tier)}", style="dim"), group
