"""Boards for a paper: a main table and a table by tier each (booktabs), and a document that shows them all.

``leaderboard.tex`` compiles as it is; a paper takes ``board-*.tex`` with ``\\input`` and needs booktabs, T1 fonts and
textcomp's symbols, which every LaTeX since 2020 has.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgejson_bench.latex_text import escape
from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.table import Board, Estimate, Row
from edgejson_bench.reported import Reported
from edgejson_bench.submission_files import slug

DOCUMENT = "leaderboard.tex"
ABSENT = r"\textendash{}"

MADE_BY = "% Made by edgejson-bench leaderboard; edit submissions, not this file.\n"
"""First line of every file, by which one that is no longer made can be told from somebody's own."""

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage{lmodern}
\usepackage{booktabs}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage{graphicx}
\begin{document}
\title{EdgeJSON-Bench leaderboard}
\author{}
\date{}
\maketitle
"""


def render(boards: Sequence[Board], reported: Sequence[Reported]) -> dict[str, str]:
    """The files by name: two tables a board, one of reported numbers, and the document that takes them in."""
    tables: dict[str, str] = {}
    for board in boards:
        name = f"board-{slug(board.data)}-{board.fingerprint[:8]}-{slug(board.protocol)}"
        tables[f"{name}.tex"] = _main_table(board)
        tables[f"{name}-tiers.tex"] = _tier_table(board)
    if reported:
        tables["reported.tex"] = _reported_table(reported)
    inputs = "".join(f"\\input{{{name.removesuffix('.tex')}}}\n" for name in tables)
    made = {DOCUMENT: PREAMBLE + (inputs or "There are no submissions yet.\n") + "\\end{document}\n", **tables}
    return {name: MADE_BY + content for name, content in made.items()}


def _main_table(board: Board) -> str:
    """A line a model: JSONExact and field F1 in each style with intervals, compliance in the first, latency."""
    models = _models(board)
    styles = [style.style for style in board.styles]
    columns = "rl rr" + " rr" * len(styles) + " r r"
    above = " & ".join(rf"\multicolumn{{2}}{{c}}{{{escape(style)}}}" for style in styles)
    rules = "".join(rf"\cmidrule(lr){{{5 + 2 * i}-{6 + 2 * i}}}" for i in range(len(styles)))
    head = ["\\#", "Model", "Parameters", "Size", *[r"JSONExact \%", "Field F1"] * len(styles), r"Compl. \%", "p50 s"]
    lines = []
    for rows in models:
        one = next(row for row in rows if row is not None)
        ranks = [ABSENT if row is None or row.rank is None else str(row.rank) for row in rows]
        measured = [cell for row in rows for cell in _measured(row)]
        first = ABSENT if rows[0] is None else cells.percent(rows[0].compliance.value)
        name = escape(one.model) + (r" \emph{(no model)}" if one.baseline else "")
        seconds = cells.seconds(one.p50_seconds)
        lines.append(
            [
                "/".join(dict.fromkeys(ranks)),
                name,
                _absent(cells.parameters(one.parameters)),
                _absent(cells.size(one.size_bytes)),
                *measured,
                first,
                _absent(seconds).replace("<", r"\textless{}"),
            ]
        )
    sizes = ", ".join(f"{escape(style.style)} $n = {style.n}$" for style in board.styles)
    caption = (
        f"{escape(board.title)}: {sizes}. Brackets: 95\\,\\% intervals (Wilson; bootstrap for field F1). Models of one "
        "rank are not told apart by paired exact McNemar tests ($p < 0.05$); two ranks are the styles', in order. "
        f"Compliance: {escape(styles[0])}. Latency: median of single requests, comparable on one machine only."
    )
    return _table(columns, [rf"& & & & {above} & & \\ {rules}", _line(head)], lines, caption, f"main-{_label(board)}")


def _tier_table(board: Board) -> str:
    """A line a model and style: JSONExact by tier with intervals."""
    tiers = list(dict.fromkeys(tier for style in board.styles for tier in style.tiers))
    counts = {tier: next(style.tiers[tier] for style in board.styles if tier in style.tiers) for tier in tiers}
    head = ["Model", "Style", *(f"{escape(tier)} ($n = {counts[tier]}$)" for tier in tiers), "all"]
    lines = []
    for style in board.styles:
        for row in style.rows:
            by_tier = [_percent(row.tiers[tier]) if tier in row.tiers else ABSENT for tier in tiers]
            name = escape(row.model) + (r" \emph{(no model)}" if row.baseline else "")
            lines.append([name, escape(style.style), *by_tier, _percent(row.json_exact)])
    caption = f"{escape(board.title)}: JSONExact in \\% by tier, with 95\\,\\% Wilson intervals."
    return _table("ll" + "r" * (len(tiers) + 1), [_line(head)], lines, caption, f"tiers-{_label(board)}")


def _reported_table(rows: Sequence[Reported]) -> str:
    tiers = list(dict.fromkeys(tier for row in rows for tier in row.record["board"]["tiers"]))
    head = ["Model", r"JSONExact \%", *(rf"{escape(tier)} \%" for tier in tiers), "Field F1", r"Compliance \%"]
    notes: list[str] = []
    lines = []
    for row in rows:
        results = row.record["results"]
        marks = []
        for note in row.notes:
            if note not in notes:
                notes.append(note)
            marks.append(notes.index(note) + 1)
        mark = rf"\textsuperscript{{{','.join(map(str, sorted(marks)))}}}" if marks else ""
        by_tier = results["tiers_json_exact_percent"]
        lines.append(
            [
                escape(row.record["model"]["name"]) + mark,
                f"{results['json_exact_percent']:.1f}",
                *(f"{by_tier[tier]:.1f}" if tier in by_tier else ABSENT for tier in tiers),
                f"{results['field_f1']:.3f}",
                f"{results['compliance_percent']:.1f}",
            ]
        )
    told = " ".join(f"({number}) {escape(note)}." for number, note in enumerate(notes, start=1)).replace("..", ".")
    sources = dict.fromkeys(source for row in rows for source in row.record["sources"])
    caption = (
        "Reported elsewhere, not measured here, as printed. "
        f"Sources: {'; '.join(escape(source) for source in sources)}. {told}"
    )
    return _table("l" + "r" * (len(head) - 1), [_line(head)], lines, caption, "reported")


def _models(board: Board) -> list[list[Row | None]]:
    """The rows of each submission, one for each style of the board, in the order of the first style they have."""
    order = list(dict.fromkeys(row.submission for style in board.styles for row in style.rows))
    found = [{row.submission: row for row in style.rows} for style in board.styles]
    return [[rows.get(submission) for rows in found] for submission in order]


def _measured(row: Row | None) -> list[str]:
    if row is None:
        return [ABSENT, ABSENT]
    fields = row.field_f1
    return [_percent(row.json_exact), _small(f"{fields.value:.3f}", f"{fields.low:.3f}", f"{fields.high:.3f}")]


def _percent(estimate: Estimate) -> str:
    return _small(*(cells.percent(number) for number in (estimate.value, estimate.low, estimate.high)))


def _small(value: str, low: str, high: str) -> str:
    return rf"{value} {{\scriptsize [{low}, {high}]}}"


def _absent(cell: str) -> str:
    return ABSENT if cell == cells.ABSENT else cell


def _line(columns: Sequence[str]) -> str:
    return " & ".join(columns) + r" \\"


def _label(board: Board) -> str:
    return f"{slug(board.data)}-{board.fingerprint[:8]}-{slug(board.protocol)}"


def _table(columns: str, head: Sequence[str], lines: Sequence[Sequence[str]], caption: str, label: str) -> str:
    # resizebox scales what is wider than the text, and by way of the box's own width never enlarges the rest
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{label}}}",
            r"\vspace{4pt}",
            r"\small",
            r"\sbox0{%",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *head,
            r"\midrule",
            *(_line(line) for line in lines),
            r"\bottomrule",
            r"\end{tabular}}",
            r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi",
            r"\end{table}",
            "",
        ]
    )
