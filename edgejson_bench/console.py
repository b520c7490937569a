"""What people see while they wait: progress with rate and time left on a terminal, plain lines elsewhere.

Everything here goes to stderr; stdout is for results.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

LINE_EVERY_SECONDS = 15.0


class Advance(Protocol):
    """Told of every finished item."""

    def __call__(self, key: str, tokens: int | None, told: str = "") -> None:
        """Item ``key`` is done; ``tokens`` is how many tokens it took, where they are counted.

        ``told`` is shown until the next one, such as a loss.
        """
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
def progress(
    title: str, work: Mapping[str, float], done: Collection[str] = (), *, lines: bool = False
) -> Iterator[Advance]:
    """Count the items of ``work``, ``done`` of which were there before.

    ``work`` holds a guess of how much each item takes, in any unit: items differ a hundredfold, so the time left
    goes by work and not by number. On a terminal a bar, elsewhere a line every 15 seconds.
    With ``lines`` a terminal gets lines, too: a bar is redrawn ten times a second, which a measurement would feel.
    """
    state = _State(work, set(done))
    if sys.stderr.isatty() and not lines:
        yield from _bar(title, state)
    else:
        yield from _lines(title, state)


class _State:
    """What is done, and how fast that went."""

    def __init__(self, work: Mapping[str, float], done: set[str]) -> None:
        self.work = work
        self.done = done
        self.before = self.finished_work()
        self.tokens = 0
        self.started = time.monotonic()

    def finished_work(self) -> float:
        return sum(self.work[key] for key in self.done)

    def advance(self, key: str, tokens: int | None) -> None:
        self.done.add(key)
        self.tokens += tokens or 0

    @property
    def count(self) -> str:
        return f"{len(self.done)}/{len(self.work)}"

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-9)

    @property
    def rate(self) -> str:
        return f"{self.tokens / self.seconds:.0f} tok/s" if self.tokens else ""

    @property
    def left(self) -> str:
        """Time left as far as it can be told, such as ``about 3 min left``."""
        made = self.finished_work() - self.before
        if made <= 0:
            return ""
        seconds = (sum(self.work.values()) - self.finished_work()) * self.seconds / made
        return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


def _bar(title: str, state: _State) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[told]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=stderr()) as bars:
        total = sum(state.work.values())
        before = int(state.before)
        task = bars.add_task(title, total=total, completed=before, count=state.count, told="", rate="", left="")

        def advance(key: str, tokens: int | None, told: str = "") -> None:
            state.advance(key, tokens)
            bars.update(
                task, completed=state.finished_work(), count=state.count, told=told, rate=state.rate, left=state.left
            )

        yield advance


def _lines(title: str, state: _State) -> Iterator[Advance]:
    last = time.monotonic()
    print(f"{title}: {state.count}", file=sys.stderr, flush=True)

    def advance(key: str, tokens: int | None, told: str = "") -> None:
        nonlocal last
        state.advance(key, tokens)
        now = time.monotonic()
        if now - last < LINE_EVERY_SECONDS and len(state.done) < len(state.work):
            return
        last = now
        parts = (state.count, told, state.rate, f"{state.seconds:.0f} s", state.left)
        print(f"{title}: {', '.join(part for part in parts if part)}", file=sys.stderr, flush=True)

    yield advance
