"""What the parts of the performance page share: Markdown tables, and records' numbers as their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
"""What a benchmark printed as its last line."""


def decoding_alone(record: Record) -> dict[str, Record]:
    """Whatever decoded one request at a time, by its name."""
    own = {f"this engine, {dtype}": found for dtype, found in record["dtypes"].items()}
    others = {
        f"--engine {name}, {found['dtype'] or 'number types of its own'}": found
        for name, found in record["engines"].items()
    }
    return own | others


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def scaled(values: Record, by: float) -> dict[str, float]:
    """A spread in another unit."""
    return {key: values[key] * by for key in ("median", "min", "max")}


def share(value: float | None) -> str:
    """A share in percent; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.0f} %"


def number(value: float | None, digits: int) -> str:
    """A number; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def yes_no(met: bool) -> str:
    """Whether a target is met."""
    return "yes" if met else "**no**"
