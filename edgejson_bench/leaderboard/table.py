"""From submissions to ranked boards, as plain records. It reads claims; it neither scores nor writes files.

A board holds what may be compared: the same data fingerprint under the same protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table as TerminalTable
from rich.text import Text

from edgejson_bench.console import printable
from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard import cells
from edgejson_bench.protocols import PROTOCOLS
from edgejson_bench.submission_files import Submission, load_all

BASELINE_KIND = "rules"
"""Kind of the rows that no language model made: they mark what the text style is worth."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; all three as fractions."""

    value: float
    low: float
    high: float
    n: int
    """Examples it was taken over."""


@dataclass(frozen=True)
class Row:
    """One submission on one style of a board."""

    rank: int | None
    """1 is best; shared where JSONExact is equal. None for baselines."""
    model: str
    """The submitted name: untrusted text, to be escaped wherever it is shown."""
    baseline: bool
    """Made by rules, without a model."""
    parameters: int | None
    size_bytes: int | None
    """Bytes of the weight files."""
    dtype: str | None
    """Number type of the computation."""
    quantisation: str | None
    """How the stored weights were rounded."""
    other_prompt: str | None
    """The prompt format and who chose it, where it is not the protocol's own."""
    json_exact: Estimate
    """Wilson interval."""
    tiers: Mapping[str, Estimate]
    """JSONExact by tier."""
    field_f1: Estimate
    """Bootstrap interval."""
    compliance: Estimate
    """Wilson interval."""
    examples: int
    """Completions of the submission, over all styles; the next three are out of these."""
    cut: int
    """Ended by the token budget."""
    unparsed: int
    """No JSON object could be taken from them, cut and failed ones included."""
    failed: int
    """The model gave no answer."""
    p50_seconds: float | None
    """Median end-to-end latency of a request alone."""
    timed: int
    """Requests that median was taken over."""
    timed_failed: int
    """Requests of the latency pass that failed and have no latency."""
    decode_tokens_per_second: float | None
    machine: str | None
    """Where latency was measured; only rows of one machine compare in time."""
    date: str
    submission: str
    """``<board>/<model>``: the folder under the submissions' root."""


@dataclass(frozen=True)
class StyleTable:
    """The rows of one board in one style, best first."""

    style: str
    n: int
    tiers: Mapping[str, int]
    """Examples by tier."""
    formats_apart: bool
    """Compliance leaves string formats out, because the data's golds do not pass them."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Board:
    """Rows that may be compared."""

    data: str
    fingerprint: str
    split: str
    protocol: str
    styles: tuple[StyleTable, ...]

    @property
    def title(self) -> str:
        """One line that names the board; holds submitted text."""
        return f"{self.data}, {self.split} split, protocol {self.protocol}"


def build(root: Path) -> list[Board]:
    """The boards of all submissions under ``root``.

    Raises:
        SubmissionError: a submission does not check out, or contradicts another of its board.
    """
    return boards(load_all(root))


def boards(submissions: Iterable[Submission]) -> list[Board]:
    """The boards of ``submissions``; the result does not depend on their order.

    Raises:
        SubmissionError: two submissions claim one board but other examples.
    """
    groups: dict[tuple[str, str], list[Submission]] = {}
    for submission in sorted(submissions, key=lambda submission: submission.folder):
        board = submission.record["board"]
        groups.setdefault((board["fingerprint"], board["protocol"]), []).append(submission)
    return sorted((_board(group) for group in groups.values()), key=_board_order)


def _board_order(board: Board) -> tuple[str, str, int, str, str]:
    known = list(PROTOCOLS)
    place = known.index(board.protocol) if board.protocol in known else len(known)
    return (board.data, board.split, place, board.protocol, board.fingerprint)


def _board(group: list[Submission]) -> Board:
    first = group[0]
    for other in group[1:]:
        if _shape(other) != _shape(first):
            raise SubmissionError(
                f"{other.path}: board: claims other examples than {first.path} under the same fingerprint and protocol"
            )
    board, results = first.record["board"], first.record["results"]
    styles = tuple(
        StyleTable(
            style=style,
            n=results[style]["overall"]["n"],
            tiers={tier: metrics["n"] for tier, metrics in results[style]["tiers"].items()},
            formats_apart="compliance_formats" in results[style]["overall"],
            rows=_ranked([_row(submission, style) for submission in group]),
        )
        for style in board["styles"]
    )
    return Board(board["data"], board["fingerprint"], board["split"], board["protocol"], styles)


def _shape(submission: Submission) -> Any:
    """What all submissions of a board must agree on."""
    record = submission.record
    numbers = {
        style: (
            result["overall"]["n"],
            "compliance_formats" in result["overall"],
            [(tier, metrics["n"]) for tier, metrics in result["tiers"].items()],
            [(task, metrics["n"]) for task, metrics in result["tasks"].items()],
        )
        for style, result in record["results"].items()
    }
    return record["board"]["split"], record["board"]["styles"], record["board"]["examples"], numbers


def _ranked(rows: list[Row]) -> tuple[Row, ...]:
    """Best first, by JSONExact, then field F1, then name; equal JSONExact shares a rank, baselines take none."""
    ordered = sorted(rows, key=lambda row: (-row.json_exact.value, -row.field_f1.value, row.model, row.submission))
    models = [row.json_exact.value for row in ordered if not row.baseline]
    return tuple(row if row.baseline else replace(row, rank=1 + models.index(row.json_exact.value)) for row in ordered)


def _row(submission: Submission, style: str) -> Row:
    record = submission.record
    model, counts, latency = record["model"], record["counts"], record["latency"]
    result = record["results"][style]
    times = latency and latency["end_to_end_seconds"]
    return Row(
        rank=None,
        model=model["name"],
        baseline=model["kind"] == BASELINE_KIND,
        parameters=model["parameters"],
        size_bytes=model["size_bytes"],
        dtype=model["dtype"],
        quantisation=model["quantisation"],
        other_prompt=_other_prompt(record),
        json_exact=_estimate(result["overall"], "json_exact"),
        tiers={tier: _estimate(metrics, "json_exact") for tier, metrics in result["tiers"].items()},
        field_f1=_estimate(result["overall"], "field_f1"),
        compliance=_estimate(result["overall"], "compliance"),
        examples=counts["examples"],
        cut=counts["cut"],
        unparsed=counts["unparsed"],
        failed=counts["failed"],
        p50_seconds=times["p50"] if times else None,
        timed=latency["n"] if latency else 0,
        timed_failed=latency["failed"] if latency else 0,
        decode_tokens_per_second=latency["decode_tokens_per_second"] if latency else None,
        machine=_machine(latency["hardware"], record["environment"]["threads"]) if latency else None,
        date=record["date"],
        submission=submission.folder,
    )


def _estimate(metrics: Mapping[str, Any], name: str) -> Estimate:
    low, high = metrics[name]["ci95"]
    return Estimate(metrics[name]["value"], low, high, metrics["n"])


def _other_prompt(record: Mapping[str, Any]) -> str | None:
    settings, protocol = record["settings"], PROTOCOLS.get(record["board"]["protocol"])
    if record["model"]["kind"] == BASELINE_KIND or (protocol and settings["prompt"] == protocol.prompt_format):
        return None
    return f"{settings['prompt']} (from {settings['prompt_source']})"


def _machine(hardware: Mapping[str, Any], threads: int | None) -> str:
    parts = [hardware["cpu"]]
    if hardware["cores"] is not None:
        parts.append(f"{hardware['cores']} cores")
    if hardware["memory_gib"] is not None:
        parts.append(f"{hardware['memory_gib']} GiB memory")
    parts.append(hardware["os"])
    if "device" in hardware:
        parts.append(f"on {hardware['device']}")
    if threads is not None:
        parts.append(f"{threads} threads")
    return ", ".join(parts)


def terminal_table(board: Board) -> TerminalTable:
    """A board for a terminal of 100 columns; submitted text is shown, never obeyed.

    Without parameters, sizes and intervals of tiers, for which :mod:`.markdown` has the room.
    """
    table = TerminalTable(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    table.title = Text(printable(board.title), style="bold")
    several = len(board.styles) > 1
    if several:
        table.add_column("style", no_wrap=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("model", overflow="fold")
    tiers = list(dict.fromkeys(tier for style in board.styles for tier in style.tiers))
    for title in ("JSONExact %", *tiers, "F1", "compl.", "cut/unp", "p50 s", "tok/s"):
        table.add_column(Text(title), justify="right", no_wrap=True)
    for style in board.styles:
        for row in style.rows:
            exact = row.json_exact
            table.add_row(
                *([style.style] if several else []),
                cells.ABSENT if row.rank is None else str(row.rank),
                Text(printable(row.model) + (" (no model)" if row.baseline else "")),
                cells.percent_interval(exact.value, exact.low, exact.high),
                *(cells.percent(row.tiers[tier].value) if tier in row.tiers else cells.ABSENT for tier in tiers),
                f"{row.field_f1.value:.3f}",
                cells.percent(row.compliance.value),
                f"{row.cut}/{row.unparsed}",
                cells.seconds(row.p50_seconds),
                cells.rate(row.decode_tokens_per_second),
            )
        table.add_section()
    return table
