"""The charts as files for papers: ``figures/*.svg`` and ``*.pdf``, a column wide, on white; what they show is
:mod:`.plots`'. The same boards give the same bytes with the same versions of what draws them, which each file names.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from itertools import chain
from typing import Any

from edgejson_bench import drawing
from edgejson_bench.jsonio import sha256_text
from edgejson_bench.leaderboard.labels import one_line
from edgejson_bench.leaderboard.plots import Limits, Plot, Scatter, Whiskers, of_board
from edgejson_bench.leaderboard.table import Board
from edgejson_bench.records import JsonObject
from edgejson_bench.submission_files import slug
from edgejson_bench.workers import MAX_PROCESSES, Share

FOLDER = "figures"
FORMATS = ("svg", "pdf")
PAPER = Limits(tiers=8, tasks=8, errors=6, gaps=15)

STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",  # looks alike on machines without the font
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "pdf.compression": 0,  # compressed, the bytes depend on the zlib that Python was built with
}

_MADE_WITH = re.compile(rb"edgejson-bench with matplotlib [0-9A-Za-z.+-]+, fontTools [0-9A-Za-z.+-]+")


def names(boards: Sequence[Board], records: Mapping[str, JsonObject]) -> list[str]:
    """The files that :func:`draw` makes, as paths from the leaderboard's folder; needs no matplotlib."""
    return [f"{FOLDER}/{name}.{form}" for name, _ in _figures(boards, records) for form in FORMATS]


def draw(boards: Sequence[Board], records: Mapping[str, JsonObject], share: Share = map) -> Iterator[tuple[str, bytes]]:
    """The files with their paths from the leaderboard's folder, in the order of :func:`names`; ``records`` are the
    submissions' contents by folder.

    Raises:
        MissingExtra: matplotlib is not installed; the message holds the install line. Raised by the iterator.
        KeyError: a row's submission is not in ``records``.
    """
    return chain.from_iterable(share(_files, list(_figures(boards, records))))


def prepare(share: Share) -> None:
    """Let the processes that will :func:`draw` import what draws, while there is nothing else for them to do."""
    share(_import, range(MAX_PROCESSES))  # without processes, nothing begins


def _import(_: int) -> None:
    with drawing.settings(STYLE):
        from edgejson_bench.leaderboard import paper  # noqa: F401


def _files(named: tuple[str, Plot]) -> list[tuple[str, bytes]]:
    """The files of one chart."""
    name, plot = named
    with drawing.settings(STYLE):
        from edgejson_bench.leaderboard import paper  # imports matplotlib

        figure = paper.figure(plot)
        title, about = one_line(plot.title), one_line(_about(plot))
        told = {
            "svg": {"Title": title, "Description": about, "Creator": made_with(), "Date": None},
            "pdf": {"Title": title, "Subject": about, "Creator": made_with(), "Producer": None, "CreationDate": None},
        }
        drawn = []
        for form in FORMATS:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=form, metadata=told[form])
            drawn.append((f"{FOLDER}/{name}.{form}", buffer.getvalue()))
    return drawn


@cache
def made_with() -> str:
    """What decides the files' bytes besides the boards: fontTools cuts the fonts that a PDF holds."""
    return f"edgejson-bench with matplotlib {metadata.version('matplotlib')}, fontTools {metadata.version('fonttools')}"


def maker(content: bytes) -> str | None:
    """What a file says that it was made with; None where it is not from here."""
    found = _MADE_WITH.search(content)
    return found.group().decode("ascii") if found else None


def _figures(boards: Sequence[Board], records: Mapping[str, JsonObject]) -> Iterator[tuple[str, Plot]]:
    used: set[str] = set()
    for board in boards:
        for style, plot in of_board(board, records, PAPER):
            parts = (slug(board.data), board.fingerprint[:8], slug(board.protocol), *([slug(style)] if style else []))
            name = "-".join((*parts, plot.key))
            if name in used:  # two styles, or protocols, whose names differ only in what a file's name cannot hold
                name += f"-{sha256_text(f'{board.protocol} {style}')[:8]}"
            used.add(name)
            yield name, plot


def _about(plot: Plot) -> str:
    """What a caption has to say."""
    return plot.note if isinstance(plot, Scatter | Whiskers) else f"{plot.note}{plot.left_out}"
