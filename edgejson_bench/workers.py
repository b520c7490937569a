"""Independent work on many items, shared between processes where there is so much that starting them pays.

A result never depends on it: the same work gives the same results in the same order, whoever did it.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Protocol, TypeVar

from edgejson_bench.environment import usable_cores
from edgejson_bench.errors import RunError

Item = TypeVar("Item")
Result = TypeVar("Result")

MANY = 300
"""Submissions from which it pays: starting the processes takes as long as reading 200."""
MAX_PROCESSES = 8
CHUNKS = 16
"""Portions of the items for each process, so that none is left waiting for the last."""


class Share(Protocol):
    """Like the builtin ``map`` of one iterable. Where processes do the work, they have begun when this returns."""

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item], /) -> Iterator[Result]:
        """The results in the order of the items."""


@contextmanager
def sharing(items: int) -> Iterator[Share]:
    """A :class:`Share` for about so many items: of a process for each core, or without any where they are few.

    What is shared has to be picklable: functions of a module, and items and results of plain data. If the work raises,
    so does the iterator at that item, and what has not begun is dropped. Meanwhile no process, this one included, looks
    for reference cycles: it would walk through all that was read so far again and again, a fifth of the time.

    Raises:
        RunError: a process was ended from outside.
    """
    processes = min(MAX_PROCESSES, usable_cores() or 1)
    if items < MANY or processes == 1:
        yield map
        return
    # fresh processes: a copy of this one could hold locks of threads that it does not have
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin)

    def share(work: Callable[[Item], Result], shared: Iterable[Item]) -> Iterator[Result]:
        waiting = list(shared)
        return pool.map(work, waiting, chunksize=max(1, len(waiting) // (CHUNKS * processes)))

    collecting = gc.isenabled()
    gc.disable()
    try:
        yield share
    except BrokenProcessPool:
        raise RunError("a process that shared the work was ended, most often for want of memory; start again") from None
    finally:
        if collecting:
            gc.enable()
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """What a process of the pool does first."""
    # Ctrl-C reaches all processes of a terminal, and each would print a traceback: the parent has it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
