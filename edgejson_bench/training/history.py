"""What training did, a JSON line per step and per look at the held-out rows; read back for curves and metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgejson_bench.errors import TrainingError
from edgejson_bench.jsonio import read_jsonl, write_atomic

FILE = "history.jsonl"


@dataclass(frozen=True)
class Step:
    """What one optimizer step did."""

    step: int
    """Counted from 1."""
    epoch: int
    """Counted from 1."""
    loss: float
    """Mean over the labelled tokens, in nats, before the step."""
    tiers: Mapping[str, float]
    """The same per tier, for those in the step."""
    tokens: int
    """Tokens of the step's rows."""
    targets: int
    """Labelled tokens."""
    learning_rate: float
    grad_norm: float
    """Before clipping."""
    seconds: float


@dataclass(frozen=True)
class HeldOut:
    """How the held-out rows fare after a step."""

    step: int
    """Steps done before; 0 is the base."""
    epoch: int
    losses: Mapping[str, float]
    """Mean loss per labelled token in nats: ``all`` and per tier."""
    json_exact: Mapping[str, tuple[int, int]]
    """Exact answers and examples asked, ``all`` and per tier; empty where none were asked."""
    seconds: float
    answers: Mapping[str, bool] = field(default_factory=dict)
    """Whether the answer to each example asked is exact, by its id, so that two trainings can be compared in pairs;
    empty in histories of before this was kept."""


@dataclass(frozen=True)
class History:
    """A training from its first step to its last so far."""

    steps: tuple[Step, ...]
    held_out: tuple[HeldOut, ...]


class HistoryFile:
    """The history of one training folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def append(self, record: Step | HeldOut) -> None:
        """Add a record.

        Raises:
            TrainingError: it cannot be written.
        """
        kind = "step" if isinstance(record, Step) else "held_out"
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, **asdict(record)}) + "\n")
        except OSError as exc:
            raise TrainingError(f"{self.path}: cannot be written ({exc.strerror}); make room and go on") from None

    def read(self) -> History:
        """All records.

        Raises:
            TrainingError: a line is broken; it is named.
        """
        if not self.path.exists():
            return History((), ())
        steps: list[Step] = []
        held_out: list[HeldOut] = []
        for number, row in read_jsonl(self.path, TrainingError):
            kind = row.pop("kind", None)
            try:
                if kind == "step":
                    steps.append(Step(**row))
                elif kind == "held_out":
                    counts = {tier: (right, n) for tier, (right, n) in row.pop("json_exact").items()}
                    held_out.append(HeldOut(json_exact=counts, **row))
                else:
                    raise TypeError(f"kind {kind!r}")
            except (TypeError, KeyError, ValueError, AttributeError) as exc:
                raise TrainingError(f"{self.path}:{number}: no record of a training ({exc})") from None
        return History(tuple(steps), tuple(held_out))

    def cut_back_to(self, step: int, *, looked: int) -> None:
        """Drop what a checkpoint does not know of, and a half-written last line: training goes on from the checkpoint.

        Args:
            step: the last step that is kept.
            looked: the step of the last look at the held-out rows that is kept; those after it come again.
        """
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_atomic(self.path, whole)
        rows = read_jsonl(self.path, TrainingError)
        kept = [
            row
            for number, row in rows
            if _step_of(row, f"{self.path}:{number}") <= (looked if row.get("kind") == "held_out" else step)
        ]
        write_atomic(self.path, "".join(json.dumps(row) + "\n" for row in kept))


def _step_of(row: Mapping[str, Any], where: str) -> int:
    if type(row.get("step")) is not int:
        raise TrainingError(f"{where}: a record without a step; remove that line")
    return int(row["step"])
