"""Boards as the template takes them: every number spelled, every text on one line, every row with its sort keys.

The template escapes; nothing here is HTML but charts, which :mod:`.svg` makes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import one_line
from edgejson_bench.leaderboard.markdown import FORMATS_APART, row_notes
from edgejson_bench.leaderboard.page.charts import board_ident, gap_chart, style_charts
from edgejson_bench.leaderboard.page.svg import Chart
from edgejson_bench.leaderboard.table import Board, Estimate, Gap, Row, StyleTable
from edgejson_bench.protocols import PROTOCOLS
from edgejson_bench.records import JsonObject
from edgejson_bench.reported import Reported
from edgejson_bench.submission_files import COMPLETIONS


@dataclass(frozen=True)
class Column:
    """A column's head."""

    label: str
    """With no-break spaces before units."""
    first: str
    """The order that a first click asks for: what is best or natural comes first."""
    number: bool = True
    sorted: str | None = None
    """The order the rows are in already."""
    about: str = ""
    """What the label leaves out."""


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    extra: str = ""
    """Said below it, smaller: an interval, or an n."""
    sort: str | None = None
    """Number to sort by; None sorts last, and texts sort by what they say."""
    bar: Estimate | None = None
    """Drawn as a bar with whiskers."""
    link: str | None = None
    """Relative path, quoted."""
    target: str | None = None
    """Id on this page that it points to."""
    title: str = ""


@dataclass(frozen=True)
class RowView:
    """One line of a table."""

    name: str
    rank: Cell | None
    baseline: bool
    reproduced: bool
    folder: str
    """Of the submission; empty for reported rows and gaps, which do not open."""
    marks: tuple[int, ...]
    """Numbers of the footnotes."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TableView:
    """A table with its caption."""

    ident: str
    style: str
    caption: str
    columns: tuple[Column, ...]
    """Those after the name."""
    rows: tuple[RowView, ...]
    ranked: bool
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True)
class BoardView:
    """A section of the page."""

    ident: str
    title: str
    fingerprint: str
    protocol: str
    protocol_summary: str
    tables: tuple[TableView, ...]
    gaps: TableView | None
    notes: tuple[str, ...]
    machines: tuple[str, ...]


class _Numbers:
    """Texts with a number each."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def of(self, text: str) -> int:
        return self.texts.setdefault(one_line(text), len(self.texts) + 1)


def board_view(board: Board, records: Mapping[str, JsonObject], submissions: str) -> BoardView:
    """One board; ``records`` are the submissions' contents by folder, ``submissions`` the way to their root.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    ident, protocol = board_ident(board), PROTOCOLS.get(board.protocol)
    notes, machines = _Numbers(), _Numbers()
    tables = tuple(
        _style_view(f"{ident}-{number}", board, style, records, submissions, notes, machines)
        for number, style in enumerate(board.styles)
    )
    return BoardView(
        ident=ident,
        title=one_line(board.title),
        fingerprint=board.fingerprint,
        protocol=one_line(board.protocol),
        protocol_summary=protocol.summary if protocol is not None else "",
        tables=tables,
        gaps=_gap_view(ident, board.gaps) if board.gaps else None,
        notes=tuple(notes.texts),
        machines=tuple(machines.texts),
    )


def reported_view(rows: Sequence[Reported]) -> tuple[TableView, tuple[str, ...]]:
    """The table of published numbers, as printed, and its footnotes."""
    notes = _Numbers()
    tiers = list(dict.fromkeys(tier for row in rows for tier in row.record["board"]["tiers"]))
    columns = (
        Column("Parameters", "ascending"),
        Column("Board", "ascending", number=False),
        Column("JSONExact\u00a0%", "descending", sorted="descending"),
        *(Column(f"{one_line(tier)}\u00a0%", "descending") for tier in tiers),
        Column("Field F1", "descending"),
        Column("Compliance\u00a0%", "descending"),
    )
    made = tuple(_reported_row(row, tiers, notes) for row in rows)
    return TableView("reported-table", "reported", "Reported numbers, as printed", columns, made, False), tuple(
        notes.texts
    )


def _style_view(
    ident: str,
    board: Board,
    style: StyleTable,
    records: Mapping[str, JsonObject],
    submissions: str,
    notes: _Numbers,
    machines: _Numbers,
) -> TableView:
    several = len(board.styles) > 1
    columns = (
        # first what the order is by: of the columns, a phone shows one
        Column("JSONExact\u00a0%", "descending", sorted="descending", about="95\u00a0%\u00a0interval"),
        Column("Parameters", "ascending"),
        Column("Size", "ascending"),
        *(Column(f"{one_line(tier)}\u00a0%", "descending", about=f"n = {n}") for tier, n in style.tiers.items()),
        Column("Field F1", "descending", about="0 to 1"),
        Column("Compliance\u00a0%", "descending"),
        Column(
            "Cut\u00a0/\u00a0unparsed /\u00a0failed",
            "ascending",
            about="of\u00a0all\u00a0styles" if several else "",
        ),
        Column("p50\u00a0s", "ascending", about="median latency"),
        Column("Decode tok/s", "descending"),
        Column("Machine", "ascending", number=False),
        Column("Level", "ascending", number=False),
        Column("Date", "descending", number=False),
        Column("Completions", "descending", number=False),
    )
    apart = f" {FORMATS_APART[0].upper()}{FORMATS_APART[1:]}" if style.formats_apart else ""
    return TableView(
        ident=ident,
        style=style.style,
        caption=f"Style {one_line(style.style)}, n = {style.n}.{apart}",
        columns=columns,
        rows=tuple(_row_view(row, style, submissions, board_ident(board), notes, machines) for row in style.rows),
        ranked=True,
        charts=tuple(style_charts(ident, style, records)),
    )


def _row_view(
    row: Row, style: StyleTable, submissions: str, ident: str, notes: _Numbers, machines: _Numbers
) -> RowView:
    machine = Cell(cells.ABSENT)
    if row.machine:
        number = machines.of(row.machine)
        machine = Cell(f"M{number}", sort=str(number), target=f"{ident}-machine-{number}", title=one_line(row.machine))
    timed = f"(n = {row.timed})" if row.timed else ""
    return RowView(
        name=one_line(row.model),
        rank=Cell(cells.ABSENT) if row.rank is None else Cell(str(row.rank), sort=str(row.rank)),
        baseline=row.baseline,
        reproduced=row.level == "reproduced",
        folder=row.submission,
        marks=tuple(notes.of(note) for note in row_notes(row)),
        cells=(
            _estimated(row.json_exact, bar=row.json_exact),
            Cell(cells.parameters(row.parameters), sort=_key(row.parameters)),
            Cell(cells.size(row.size_bytes), sort=_key(row.size_bytes)),
            *(_tier(row.tiers.get(tier)) for tier in style.tiers),
            _split(
                cells.fraction_interval(row.field_f1.value, row.field_f1.low, row.field_f1.high), row.field_f1.value
            ),
            _estimated(row.compliance),
            Cell(f"{row.cut} / {row.unparsed} / {row.failed}", sort=_key(row.unparsed)),
            Cell(cells.seconds(row.p50_seconds), timed, sort=_key(row.p50_seconds)),
            Cell(cells.rate(row.decode_tokens_per_second), sort=_key(row.decode_tokens_per_second)),
            machine,
            Cell(row.level),
            Cell(one_line(row.date)),
            Cell(
                str(row.examples), sort=_key(row.examples), link=quote(f"{submissions}/{row.submission}/{COMPLETIONS}")
            ),
        ),
    )


def _gap_view(ident: str, gaps: Sequence[Gap]) -> TableView:
    columns = (
        Column("Pairs", "descending"),
        Column("JSONExact points", "ascending", about="form minus prose, with its 95 % interval"),
        Column("p (McNemar)", "ascending"),
        Column("Right as form / prose alone", "descending"),
        Column("Field F1", "ascending"),
    )
    return TableView(
        ident=f"{ident}-gaps",
        style="gap",
        caption="Layout gap, form minus prose on the same golds; the best prose first.",
        columns=columns,
        rows=tuple(_gap_row(gap) for gap in gaps),
        ranked=False,
        charts=(gap_chart(ident, gaps),),
    )


def _gap_row(gap: Gap) -> RowView:
    exact, fields = gap.json_exact, gap.field_f1
    return RowView(
        name=one_line(gap.model),
        rank=None,
        baseline=gap.baseline,
        reproduced=False,
        folder="",
        marks=(),
        cells=(
            Cell(str(exact.n), sort=_key(exact.n)),
            _split(cells.points_interval(exact.value, exact.low, exact.high), exact.value),
            Cell(cells.p_value(gap.p_value), sort=_key(gap.p_value)),
            Cell(f"{gap.only_form} / {gap.only_prose}", sort=_key(gap.only_form)),
            _split(cells.difference_interval(fields.value, fields.low, fields.high), fields.value),
        ),
    )


def _reported_row(row: Reported, tiers: Sequence[str], notes: _Numbers) -> RowView:
    model, board, results = row.record["model"], row.record["board"], row.record["results"]
    by_tier = results["tiers_json_exact_percent"]
    about = f"{board['data']}, {board['split']}, {board['protocol']}, n = {board['examples']}"
    marks = [notes.of(note) for note in (*row.notes, *(f"source: {source}" for source in row.record["sources"]))]
    return RowView(
        name=one_line(model["name"]),
        rank=None,
        baseline=False,
        reproduced=False,
        folder="",
        marks=tuple(marks),
        cells=(
            Cell(cells.parameters(model["parameters"]), sort=_key(model["parameters"])),
            Cell(one_line(about)),
            _printed(results["json_exact_percent"]),
            *(_printed(by_tier.get(tier)) for tier in tiers),
            Cell(f"{results['field_f1']:.3f}", sort=_key(results["field_f1"])),
            _printed(results["compliance_percent"]),
        ),
    )


def _printed(percent: float | None) -> Cell:
    return Cell(cells.ABSENT) if percent is None else Cell(f"{percent:.1f}", sort=_key(percent))


def _tier(estimate: Estimate | None) -> Cell:
    return Cell(cells.ABSENT) if estimate is None else _estimated(estimate)


def _estimated(estimate: Estimate, bar: Estimate | None = None) -> Cell:
    return _split(cells.percent_interval(estimate.value, estimate.low, estimate.high), estimate.value, bar)


def _split(spelled: str, value: float, bar: Estimate | None = None) -> Cell:
    """``24.7 [18.6, 32.0]`` with the interval below the number: fifteen columns have to fit a screen."""
    number, _, interval = spelled.partition(" ")
    return Cell(number, interval, sort=_key(value), bar=bar)


def _key(number: Any) -> str | None:
    """A number as a sort key."""
    return None if number is None else f"{number:.9g}"
