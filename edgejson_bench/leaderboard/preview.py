"""``leaderboard.pdf``: what the LaTeX tables look like, compiled by a TeX of this machine in a folder of its own.

For looking at: its bytes depend on that TeX, so it is neither committed nor checked. No table is made here.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgejson_bench.console import printable
from edgejson_bench.errors import MissingExtra, SubmissionError
from edgejson_bench.jsonio import write_atomic
from edgejson_bench.leaderboard.latex import DOCUMENT

FILE = "leaderboard.pdf"

COMPILERS: dict[str, tuple[str, ...]] = {
    "pdflatex": ("-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "-no-shell-escape"),
    "tectonic": ("--untrusted", "--chatter=minimal"),
    "latexmk": ("-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-latexoption=-no-shell-escape"),
}
"""In the order they are looked for, with their flags. None may run other programs, whatever a table says."""

GUARDED = {"openin_any": "p", "openout_any": "p", "shell_escape": "f"}
"""TeX Live's own switches: files in its folder alone, and no shell."""

TIME_LIMIT = 180.0
"""Seconds. A thousand rows take pdflatex a few; tectonic fetches packages when it is first used."""

MAX_ERROR = 200
"""Characters of a TeX error that are told."""

_ERROR = re.compile(r"^(?:! |error: |(?=\S+\.(?:tex|sty|cls|fd):\d+: ))(.+)$", re.MULTILINE)


def write(files: Mapping[str, str | bytes], out: Path) -> Path:
    """Compile the leaderboard's document among ``files`` and write the PDF into the folder ``out``; returns its path.

    Raises:
        MissingExtra: there is no TeX on the path; the message says what to install.
        SubmissionError: it does not compile, takes too long, or the PDF cannot be written.
    """
    found = next(((name, path) for name in COMPILERS if (path := shutil.which(name))), None)
    if found is None:
        raise MissingExtra(
            f"{FILE} needs {', '.join(COMPILERS)} on the path: apt-get install texlive-latex-recommended lmodern, "
            "or any TeX distribution"
        )
    name, program = found
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for file, content in files.items():
            if file.endswith(".tex") and isinstance(content, str):
                (folder / file).write_text(content, encoding="utf-8")
        code = _run([program, *COMPILERS[name], DOCUMENT], folder)
        made = folder / FILE
        if code != 0 or not made.is_file():
            raise SubmissionError(f"{out / DOCUMENT}: {name} does not compile it: {_first_error(folder, code)}")
        try:
            write_atomic(out / FILE, made.read_bytes())
        except OSError as exc:
            raise SubmissionError(f"{out / FILE}: cannot be written ({exc.strerror})") from None
    return out / FILE


def _run(command: list[str], folder: Path) -> int:
    """The exit code; what is said goes to a file, so that no process that is left over can hold a pipe open."""
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env={**os.environ, **GUARDED},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise SubmissionError(
                f"{DOCUMENT}: {Path(command[0]).name} was stopped after {TIME_LIMIT:g} seconds"
            ) from None
        finally:
            if process.poll() is None:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _first_error(folder: Path, code: int) -> str:
    """The first error in what was said or logged, on one line."""
    for name in ("said.txt", Path(DOCUMENT).with_suffix(".log").name):
        path = folder / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if found := _ERROR.search(text):
            return printable(" ".join(found.group(1).split()))[:MAX_ERROR]
    return f"it ended with code {code} and told no error"
