"""The leaderboard's files, all from submissions alone: the same submissions give the same bytes.

Each format is a module that renders; what is on disk is written and checked here. Bytes of figures depend on the
versions that drew them, too, so those of other versions are not compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgejson_bench.errors import MissingExtra, SubmissionError
from edgejson_bench.jsonio import write_atomic
from edgejson_bench.leaderboard import figures, latex, markdown, page, plain, table
from edgejson_bench.leaderboard.page.details import answered
from edgejson_bench.leaderboard.table import Board
from edgejson_bench.reported import Reported
from edgejson_bench.reported import load_all as load_reported
from edgejson_bench.submission_files import Submission, files_under, load_all
from edgejson_bench.tasks import load_shipped
from edgejson_bench.verification import ledger
from edgejson_bench.workers import Share, sharing
from edgejson_bench.worst_answers import WrongAnswer, golds_of, with_texts


@dataclass(frozen=True)
class Leaderboard:
    """Everything that is shown."""

    boards: tuple[Board, ...]
    reported: tuple[Reported, ...]
    files: Mapping[str, str | bytes]
    """Content of each file, by its path in the leaderboard's folder."""
    undrawn: tuple[str, ...] = ()
    """Figures that belong there and were not drawn: neither checked nor removed."""


def make(submissions: Path, out: Path, note: Callable[[str], None] | None = None) -> Leaderboard:
    """The leaderboard of all submissions under ``submissions``; ``out`` is where it will lie, which links depend on.

    ``note`` is told in a line why there are no figures, if so. Without it, none are drawn.

    Raises:
        SubmissionError: a submission does not check out or was not verified.
    """
    with sharing(len(files_under(submissions))) as share:
        return _make(submissions, out, note, share)


def _make(submissions: Path, out: Path, note: Callable[[str], None] | None, share: Share) -> Leaderboard:
    measured = load_all(submissions, share)
    if note is not None:
        figures.prepare(share)
    entries = ledger.read(submissions)
    boards = tuple(table.boards(measured, lambda submission: ledger.entry_of(submission, entries)))
    reported = tuple(load_reported(submissions))
    way = Path(os.path.relpath(submissions.resolve(), out.resolve())).as_posix()
    records = {submission.folder: submission.record for submission in measured}
    drawn = () if note is None else figures.draw(boards, records, share)
    files: dict[str, str | bytes] = {
        "LEADERBOARD.md": markdown.render(boards, way, reported),
        "leaderboard.json": plain.as_json(boards, reported),
        "leaderboard.csv": plain.as_csv(boards),
        **latex.render(boards, reported),
        "index.html": page.render(
            boards,
            records,
            reported,
            worst_answers(boards, measured, entries),
            way,
        ),
    }
    named = figures.names(boards, records)
    if note is not None:
        try:
            files |= dict(drawn)
        except MissingExtra as exc:
            note(str(exc))
    return Leaderboard(boards, reported, files, tuple(name for name in named if name not in files))


def worst_answers(
    boards: Sequence[Board], measured: Sequence[Submission], entries: Mapping[str, ledger.Entry]
) -> dict[str, list[WrongAnswer]]:
    """The worst answers that the page has room for, as verification found them; only of boards on the data that ships,
    because other data may not be at hand.

    Raises:
        SubmissionError, DataError: completions or data are not the board's.
    """
    golds = {(one.split, one.fingerprint): one for one in golds_of(load_shipped())}
    known = {
        one.folder: (one, golds[place])
        for one in measured
        if (place := (one.record["board"]["split"], one.record["board"]["fingerprint"])) in golds
    }
    # a submission's completions take 8 ms to unpack, so that those which are not shown stay packed
    return {folder: with_texts(entries[folder].worst, *known[folder]) for folder in answered(boards, known)}


def write(made: Leaderboard, out: Path) -> list[Path]:
    """Write the files into the folder ``out``, and remove tables of boards that are gone; returns their paths.

    Raises:
        SubmissionError: one cannot be written.
    """
    try:
        for name, content in made.files.items():
            write_atomic(out / name, content)
        for path in _left_over(made, out):
            path.unlink()
    except OSError as exc:
        raise SubmissionError(f"{exc.filename or out}: not writable ({exc.strerror})") from None
    return [out / name for name in made.files]


def check(made: Leaderboard, out: Path, note: Callable[[str], None] = lambda _: None) -> list[str]:
    """What in ``out`` is not what :func:`write` would write there, one short phrase each; nothing is written.

    Figures are compared with those that the same versions drew; ``note`` is told in a line of others.
    """
    problems, elsewhere = [], {}
    for name, content in made.files.items():
        path = out / name
        expected = content.encode("utf-8") if isinstance(content, str) else content
        if isinstance(content, bytes) and path.is_file():
            maker = figures.maker(path.read_bytes())
            if maker not in (None, figures.made_with()):
                elsewhere[name] = maker
                continue
        problems.append(_difference(path, expected))
    if elsewhere:
        note(f"{len(elsewhere)} figures are not compared: they are of {elsewhere[min(elsewhere)]}, another than here")
    return [*filter(None, problems), *(f"{path} (of a board that is gone)" for path in _left_over(made, out))]


def _left_over(made: Leaderboard, out: Path) -> list[Path]:
    """Tables and figures that were made here once, and are made no more."""
    known = {*made.files, *made.undrawn}
    tables = [path for path in sorted(out.glob("*.tex")) if path.name not in known]
    drawings = [
        path for path in sorted((out / figures.FOLDER).glob("*")) if f"{figures.FOLDER}/{path.name}" not in known
    ]
    return [
        *(path for path in tables if path.read_bytes().startswith(latex.MADE_BY.encode("ascii"))),
        *(path for path in drawings if path.is_file() and figures.maker(path.read_bytes())),
    ]


def _difference(path: Path, expected: bytes) -> str | None:
    if not path.is_file():
        return f"{path} (missing)"
    found = path.read_bytes()
    if found == expected:
        return None
    if path.suffix == ".pdf":
        return f"{path} (differs)"
    pairs = zip(found.split(b"\n"), expected.split(b"\n"), strict=False)
    same = next((number for number, (a, b) in enumerate(pairs) if a != b), None)
    where = "its length differs" if same is None else f"line {same + 1} differs"
    return f"{path} ({where})"
