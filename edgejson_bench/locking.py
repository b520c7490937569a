"""One process at a time in a folder that is written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from edgejson_bench.errors import EdgeJSONError

FILE = ".lock"


@contextmanager
def held(folder: Path, error: type[EdgeJSONError], *, busy: str, unwritable: str = "") -> Iterator[None]:
    """Hold ``folder`` while the block runs; the operating system lets go of it when the process ends, however it ends.

    Args:
        folder: must exist.
        error: what is raised.
        busy: what another process is doing there, for the message.
        unwritable: what to do where the folder cannot be written.

    Raises:
        EdgeJSONError: of the class ``error``: another process holds the folder, or it cannot be written.
    """
    lock = FileLock(folder / FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise error(f"{folder}: another process is {busy}; wait for it or end it") from None
    except OSError as exc:
        raise error(f"{folder}: not writable ({exc.strerror}){unwritable}") from None
    try:
        yield
    finally:
        lock.release()
