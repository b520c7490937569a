"""What people see while they wait: progress with rate and time left on a terminal, plain lines elsewhere.

Everything here goes to stderr; stdout is for results.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

LINE_EVERY_SECONDS = 15.0


class Advance(Protocol):
    """Told of every finished item."""

    def __call__(self, tokens: int | None) -> None:
        """One more item is done; ``tokens`` is how many new tokens it took, where they are counted."""
        ...


def stderr() -> Console:
    """The console for progress and notes."""
    return Console(stderr=True, highlight=False)


def note(message: str) -> None:
    """A line about what is going on. Control characters are shown, never sent to the terminal."""
    stderr().print(Text(printable(message)), style="dim", soft_wrap=True)


def printable(text: str) -> str:
    """``text`` with everything that could steer a terminal spelled out; newlines and tabs are kept."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def progress(title: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Count ``total`` items, ``done`` of which were there before.

    On a terminal a bar with tokens per second and time left; elsewhere a line every 15 seconds.
    """
    if sys.stderr.isatty():
        yield from _bar(title, total, done)
    else:
        yield from _lines(title, total, done)


def _bar(title: str, total: int, done: int) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        # A long window: completions arrive in bursts, as groups of prompts finish.
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr(), speed_estimate_period=300) as bars:
        task = bars.add_task(title, total=total, completed=done, rate="")
        started, counted = time.monotonic(), 0

        def advance(tokens: int | None) -> None:
            nonlocal counted
            counted += tokens or 0
            seconds = time.monotonic() - started
            rate = f"{counted / seconds:.0f} tok/s" if counted and seconds > 0 else ""
            bars.update(task, advance=1, rate=rate)

        yield advance


def _lines(title: str, total: int, done: int) -> Iterator[Advance]:
    started = last = time.monotonic()
    finished, counted = 0, 0
    print(f"{title}: {done}/{total}", file=sys.stderr, flush=True)

    def advance(tokens: int | None) -> None:
        nonlocal last, finished, counted
        finished += 1
        counted += tokens or 0
        now = time.monotonic()
        if now - last < LINE_EVERY_SECONDS and done + finished < total:
            return
        last = now
        seconds = max(now - started, 1e-9)
        left = (total - done - finished) * seconds / finished
        rate = f", {counted / seconds:.0f} tok/s" if counted else ""
        line = f"{title}: {done + finished}/{total}{rate}, {seconds:.0f} s, about {left:.0f} s left"
        print(line, file=sys.stderr, flush=True)

    yield advance
