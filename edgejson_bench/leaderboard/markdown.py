"""Boards as ``LEADERBOARD.md``: the same boards give the same bytes, and submitted text is never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from edgejson_bench import reported
from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.table import Board, Estimate, Gap, Row, StyleTable
from edgejson_bench.markdown_text import escape
from edgejson_bench.protocols import PROTOCOLS
from edgejson_bench.submission_files import COMPLETIONS

HOW_TO_READ = """\
Every row is one submitted run over all examples of its board. A board holds one data set (its fingerprint) under one
protocol; rows of different boards do not compare. **JSONExact** is the share of examples whose JSON object equals the
expected one, in percent; brackets hold 95 % intervals: Wilson's for shares, a bootstrap's for **field F1** (the mean
agreement of fields, 0 to 1). **Compliance** is the share of answers that the protocol's scorer finds to fit the
task's schema, in percent. Outputs that were cut, could not be parsed or failed count as wrong and stay in every n.
Rows are in order of JSONExact. A row's rank is 1 more than the number of models that are better beyond chance on the
same examples (exact McNemar, p < 0.05): **models of one rank are not told apart**. Latency is the median time of one
request alone, on a small fixed sample, of form texts unless the run was of prose alone; it compares only between rows
with the same machine and the same texts. The **layout gap** pairs the golds that a model was given in both styles:
the difference in percentage points with Newcombe's interval for paired shares and the exact McNemar test, and for
field F1 a paired bootstrap's interval. The last column links the completions from which the numbers follow.
**Level**: *rescored* rows were scored again from those completions by `verify`, which found every number to follow;
of *reproduced* ones the model was asked a sample again, too. Rows marked *no model* are made by rules that read the
layout back: they show how much a text style can be solved without a language model.
"""

REPORTED_TEXT = (
    "Numbers of publications, as printed: no completions, so nothing here was scored again, and no rank. "
    "They do not compare with the rows above: other data, another protocol."
)


def render(
    boards: Iterable[Board], submissions: str = "../submissions", elsewhere: Sequence[reported.Reported] = ()
) -> str:
    """The whole page.

    Args:
        boards: measured rows.
        submissions: the way from the page's folder to the submissions' root, for links.
        elsewhere: reported rows, shown apart.
    """
    parts = ["# EdgeJSON-Bench leaderboard", "Made by `edgejson-bench leaderboard`; edit submissions, not this file."]
    sections = [_board(board, submissions) for board in boards]
    parts += [HOW_TO_READ.strip(), *sections] if sections else ["There are no submissions yet."]
    if elsewhere:
        parts.append(_reported(elsewhere))
    return "\n\n".join(parts) + "\n"


FORMATS_APART = "compliance leaves string formats out, because the data's own expected objects do not pass them."


class _Notes:
    """Numbered footnotes of a board; one text has one number."""

    def __init__(self, spelling: str) -> None:
        self._spelling = spelling
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """The mark that stands for ``text``."""
        if text not in self._texts:
            self._texts.append(text)
        return self._spelling.format(self._texts.index(text) + 1)

    def lines(self) -> list[str]:
        """The notes, one list item each."""
        return [f"- {self._spelling.format(number)} {escape(text)}" for number, text in enumerate(self._texts, start=1)]


def _board(board: Board, submissions: str) -> str:
    protocol = PROTOCOLS.get(board.protocol)
    about = f"Data fingerprint `{board.fingerprint[:12]}`"
    if protocol is not None:
        about += f"; protocol {escape(protocol.name)}: {escape(protocol.summary)}"
    parts = [f"## {escape(board.title)}", about + "."]
    notes, machines = _Notes("<sup>{}</sup>"), _Notes("M{}")
    for style in board.styles:
        parts.append(f"Style **{escape(style.style)}**, n = {style.n}:{_formats(style)}")
        parts.append(_table(style, submissions, len(board.styles) > 1, notes, machines))
    if board.gaps:
        parts += ["**Layout gap**, form minus prose on the same golds:", _gaps(board.gaps)]
    if lines := notes.lines() + machines.lines():
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _gaps(gaps: Sequence[Gap]) -> str:
    header = ["Model", "Pairs", "JSONExact points", "p (McNemar)", "Right as form / prose alone", "Field F1"]
    rows = [
        [
            escape(gap.model) + (" (*no model*)" if gap.baseline else ""),
            str(gap.json_exact.n),
            cells.points_interval(gap.json_exact.value, gap.json_exact.low, gap.json_exact.high),
            cells.p_value(gap.p_value),
            f"{gap.only_form} / {gap.only_prose}",
            cells.difference_interval(gap.field_f1.value, gap.field_f1.low, gap.field_f1.high),
        ]
        for gap in gaps
    ]
    return "\n".join(_line(columns) for columns in (header, ["---", *["---:"] * 5], *rows))


def _reported(rows: Sequence[reported.Reported]) -> str:
    """Published numbers, as printed: without ranks and intervals, which nothing here could stand for."""
    notes = _Notes("<sup>{}</sup>")
    tiers = list(dict.fromkeys(tier for row in rows for tier in row.record["board"]["tiers"]))
    header = [
        "Model",
        "Parameters",
        "Board",
        "JSONExact %",
        *(f"{escape(t)} %" for t in tiers),
        "Field F1",
        "Compliance %",
    ]
    lines = []
    for row in rows:
        model, board, results = row.record["model"], row.record["board"], row.record["results"]
        by_tier = results["tiers_json_exact_percent"]
        marks = "".join(
            f" {notes.mark(note)}" for note in (*row.notes, *(f"source: {s}" for s in row.record["sources"]))
        )
        lines.append(
            [
                escape(model["name"]) + marks,
                cells.parameters(model["parameters"]),
                escape(f"{board['data']}, {board['split']}, {board['protocol']}, n = {board['examples']}"),
                f"{results['json_exact_percent']:.1f}",
                *(f"{by_tier[tier]:.1f}" if tier in by_tier else cells.ABSENT for tier in tiers),
                f"{results['field_f1']:.3f}",
                f"{results['compliance_percent']:.1f}",
            ]
        )
    rule = ["---" if column in ("Model", "Board") else "---:" for column in header]
    table = "\n".join(_line(columns) for columns in (header, rule, *lines))
    return "\n\n".join(["## Reported elsewhere, not measured here", REPORTED_TEXT, table, "\n".join(notes.lines())])


def _formats(style: StyleTable) -> str:
    return f" {FORMATS_APART}" if style.formats_apart else ""


def _table(style: StyleTable, submissions: str, several: bool, notes: _Notes, machines: _Notes) -> str:
    whose = ", all styles" if several else ""
    header = [
        "#",
        "Model",
        "Parameters",
        "Size",
        "JSONExact %",
        *(f"{escape(tier)} % (n = {n})" for tier, n in style.tiers.items()),
        "Field F1",
        "Compliance %",
        f"Cut / unparsed / failed{whose}",
        "p50 s",
        "Decode tok/s",
        "Machine",
        "Level",
        "Date",
        "Completions",
    ]
    rows = [_cells(row, style, submissions, notes, machines) for row in style.rows]
    rule = ["---" if column in ("Model", "Machine", "Level", "Date") else "---:" for column in header]
    return "\n".join(_line(columns) for columns in (header, rule, *rows))


def _line(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |"


def _cells(row: Row, style: StyleTable, submissions: str, notes: _Notes, machines: _Notes) -> list[str]:
    folder = quote(f"{submissions}/{row.submission}/{COMPLETIONS}")
    name = escape(row.model) + (" (*no model*)" if row.baseline else "")
    return [
        cells.ABSENT if row.rank is None else str(row.rank),
        name + "".join(f" {notes.mark(note)}" for note in row_notes(row)),
        cells.parameters(row.parameters),
        cells.size(row.size_bytes),
        _percent(row.json_exact),
        *(_percent(row.tiers[tier]) for tier in style.tiers),
        cells.fraction_interval(row.field_f1.value, row.field_f1.low, row.field_f1.high),
        _percent(row.compliance),
        f"{row.cut} / {row.unparsed} / {row.failed}",
        cells.seconds(row.p50_seconds) + (f" (n = {row.timed})" if row.timed else ""),
        cells.rate(row.decode_tokens_per_second),
        machines.mark(row.machine) if row.machine else cells.ABSENT,
        row.level,
        row.date,
        f"[{row.examples}]({folder})",
    ]


def _percent(estimate: Estimate) -> str:
    return cells.percent_interval(estimate.value, estimate.low, estimate.high)


def row_notes(row: Row) -> list[str]:
    """What has to be said of a row beside its numbers, a sentence each; holds submitted text."""
    notes = []
    if row.quantisation is not None:
        computed = f", computed in {row.dtype}" if row.dtype else ""
        notes.append(f"weights stored as {row.quantisation}{computed}")
    if row.other_prompt is not None:
        notes.append(f"asked with another prompt than the protocol's own: {row.other_prompt}")
    if row.again is not None:
        again = row.again
        notes.append(
            f"reproduced: of {again.asked} examples asked again, {again.same_texts} texts and {again.same_exact} "
            "verdicts came out the same"
        )
    if row.timed_failed:
        notes.append(f"{row.timed_failed} of {row.timed + row.timed_failed} timed requests failed and have no latency")
    return notes
