"""A manifest and completions that no model made, for tests of run directories."""

from __future__ import annotations

import copy
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgejson_bench.records import Completion
from edgejson_bench.runs import COMPLETIONS, FORMAT_VERSION, RunDirectory, open_run

MANIFEST_OF_A_RUN: dict[str, Any] = {
    "format_version": FORMAT_VERSION,
    "created": "2026-01-01T00:00:00+00:00",
    "model": {"name": "little", "revision": "r1", "extra": {"threads": 2}},
    "data": {"name": "edgejson", "fingerprint": "f1", "ids": None},
    "settings": {"stop": "json_end", "batch_size": 16},
    "environment": {"hardware": {"cores": 2}, "versions": {"torch": "2.6"}},
    "code": {"commit": "c1", "dirty": False, "digest": "d1"},
}


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest; ``a__b=1`` sets its ``["a"]["b"]``."""
    made = copy.deepcopy(MANIFEST_OF_A_RUN)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = made
        for parent in parents:
            place = place[parent]
        place[last] = value
    return made


def completion(example_id: str = "e-1", text: str = '{"a": 1}', **changes: Any) -> Completion:
    return replace(Completion(example_id, text, 20, 5, "eos"), **changes)


def new_run(parent: Path) -> RunDirectory:
    """A new run directory, called ``run``."""
    return open_run(parent, "run", manifest(), "little")


def lines(run: RunDirectory) -> list[bytes]:
    return (run.path / COMPLETIONS).read_bytes().splitlines(keepends=True)


def keep(run: RunDirectory, *completions: Completion) -> None:
    with run.appending() as writer:
        for one in completions:
            writer.write(one)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: what a full disk does, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
