"""From submissions to ranked boards, as plain records. It reads claims; it neither scores nor writes files.

A board holds what may be compared: the same data fingerprint under the same protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from edgejson_bench.errors import SubmissionError
from edgejson_bench.protocols import PROTOCOLS
from edgejson_bench.scoring.statistics import smallest_significant_lead
from edgejson_bench.submission_files import Submission
from edgejson_bench.tasks import STYLES
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import Again, Level

EntryOf = Callable[[Submission], ledger.Entry]
"""What verification found out about a submission."""

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
    """1 is best; shared where paired tests do not tell models apart. None for baselines."""
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
    level: Level
    """What verification found out: every number follows, or the model was asked again as well."""
    again: Again | None
    """What a level of ``reproduced`` rests on."""
    exact: str
    """Which examples are exact, a bit each in the order of ids, as hexadecimal digits: for paired tests."""
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
class Gap:
    """What the form style is worth to one model: form minus prose on the same golds."""

    model: str
    """The submitted name: untrusted text."""
    baseline: bool
    """Made by rules, without a model."""
    json_exact: Estimate
    """Difference of the two shares, as a fraction; n counts the pairs."""
    p_value: float
    """Exact McNemar test of the difference, two-sided."""
    only_form: int
    """Golds that were right as form alone."""
    only_prose: int
    """Golds that were right as prose alone."""
    field_f1: Estimate
    """Difference of the means."""


@dataclass(frozen=True)
class Board:
    """Rows that may be compared."""

    data: str
    fingerprint: str
    split: str
    protocol: str
    styles: tuple[StyleTable, ...]
    """Every style that some submission ran; a submission has a row where it ran all of the style."""
    gaps: tuple[Gap, ...]
    """Of the submissions that ran both styles, the best prose first."""

    @property
    def title(self) -> str:
        """One line that names the board; holds submitted text."""
        return f"{self.data}, {self.split} split, protocol {self.protocol}"


def boards(submissions: Iterable[Submission], entry_of: EntryOf) -> list[Board]:
    """The boards of ``submissions``; the result does not depend on their order.

    ``entry_of`` tells what verification found out about a submission.

    Raises:
        SubmissionError: two submissions claim one board but other examples.
    """
    groups: dict[tuple[str, str], list[Submission]] = {}
    for submission in sorted(submissions, key=lambda submission: submission.folder):
        board = submission.record["board"]
        groups.setdefault((board["fingerprint"], board["protocol"]), []).append(submission)
    return sorted((_board(group, entry_of) for group in groups.values()), key=_board_order)


def _board_order(board: Board) -> tuple[str, str, int, str, str]:
    known = list(PROTOCOLS)
    place = known.index(board.protocol) if board.protocol in known else len(known)
    return (board.data, board.split, place, board.protocol, board.fingerprint)


def _board(group: list[Submission], entry_of: EntryOf) -> Board:
    board = group[0].record["board"]
    ran = {style: [s for s in group if style in s.record["results"]] for style in _styles(group)}
    for submissions in ran.values():
        for other in submissions[1:]:
            _check_same_examples(other, submissions[0])
    styles = tuple(_style_table(style, submissions, entry_of) for style, submissions in ran.items())
    both = [submission for submission in group if submission.record["layout_gap"]]
    both.sort(key=lambda s: -s.record["results"]["prose"]["overall"]["json_exact"]["value"])
    gaps = tuple(_gap(submission) for submission in both)
    return Board(board["data"], board["fingerprint"], board["split"], board["protocol"], styles, gaps)


def _styles(group: list[Submission]) -> list[str]:
    """The styles of all submissions, known ones in their order first."""
    found = {style for submission in group for style in submission.record["results"]}
    return [*(style for style in STYLES if style in found), *sorted(found.difference(STYLES))]


def _style_table(style: str, submissions: list[Submission], entry_of: EntryOf) -> StyleTable:
    result = submissions[0].record["results"][style]
    return StyleTable(
        style=style,
        n=result["overall"]["n"],
        tiers={tier: metrics["n"] for tier, metrics in result["tiers"].items()},
        formats_apart="compliance_formats" in result["overall"],
        rows=_ranked([_row(submission, style, entry_of(submission)) for submission in submissions]),
    )


def _gap(submission: Submission) -> Gap:
    gap, model = submission.record["layout_gap"], submission.record["model"]
    exact, fields = gap["json_exact"], gap["field_f1"]
    return Gap(
        model=model["name"],
        baseline=model["kind"] == BASELINE_KIND,
        json_exact=_difference(exact, gap["n"]),
        p_value=exact["p_value"],
        only_form=exact["only_form"],
        only_prose=exact["only_prose"],
        field_f1=_difference(fields, gap["n"]),
    )


def _difference(claimed: Mapping[str, Any], n: int) -> Estimate:
    low, high = claimed["ci95"]
    return Estimate(claimed["difference"], low, high, n)


def _check_same_examples(one: Submission, other: Submission) -> None:
    """Submissions of a board may have run other styles, but of one style the same examples."""
    same = all(
        _shape(one, style) == _shape(other, style)
        for style in one.record["results"].keys() & other.record["results"].keys()
    )
    if not same or one.record["board"]["split"] != other.record["board"]["split"]:
        raise SubmissionError(
            f"{one.path}: board: claims other examples than {other.path} under the same fingerprint and protocol"
        )


def _shape(submission: Submission, style: str) -> Any:
    """What all submissions of a board must agree on in a style."""
    result = submission.record["results"][style]
    return (
        result["overall"]["n"],
        "compliance_formats" in result["overall"],
        [(tier, metrics["n"]) for tier, metrics in result["tiers"].items()],
        [(task, metrics["n"]) for task, metrics in result["tasks"].items()],
    )


def _ranked(rows: list[Row]) -> tuple[Row, ...]:
    """Best first, by JSONExact, then field F1, then name; baselines take no rank.

    A row's rank is 1 more than the number of models that are better beyond chance, pair by pair on the same examples
    (exact McNemar, p < 0.05); so a rank is shared where the data do not tell models apart.
    """
    ordered = sorted(rows, key=lambda row: (-row.json_exact.value, -row.field_f1.value, row.model, row.submission))
    ranks = iter(_ranks([int(row.exact, 16) for row in ordered if not row.baseline]))
    return tuple(row if row.baseline else replace(row, rank=next(ranks)) for row in ordered)


def _ranks(outcomes: Sequence[int]) -> list[int]:
    """The rank of each model, from which examples each has right, a bit an example.

    Of 1,000 models a million pairs are compared; whether a lead is beyond chance depends on it and on the number of
    examples that one alone has right, so that the test is done once for each such number.
    """
    needed = cache(smallest_significant_lead)
    right = [outcome.bit_count() for outcome in outcomes]
    ranks = []
    for mine, own in zip(outcomes, right, strict=True):
        leads = ((other, count - own) for other, count in zip(outcomes, right, strict=True) if count > own)
        ranks.append(1 + sum(lead >= needed((mine ^ other).bit_count()) for other, lead in leads))
    return ranks


def _row(submission: Submission, style: str, entry: ledger.Entry) -> Row:
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
        level=entry.level,
        again=entry.again,
        exact=entry.exact.get(style, "0"),
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
