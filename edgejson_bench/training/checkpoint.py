"""Checkpoints: one safetensors file with all that an exact resume needs, replaced atomically. No pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from edgejson_bench.errors import TrainingError
from edgejson_bench.jsonio import write_atomic

FILE = "checkpoint.safetensors"
MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    step: int
    """Optimizer steps done."""
    seconds: float
    """Time spent in them, over all attempts."""
    tokens: int
    """Row tokens trained on."""
    epochs_end: int
    """Steps done at the end of the last epoch whose end was seen to (``on_epoch``)."""


NOTHING_DONE = Progress(step=0, seconds=0.0, tokens=0, epochs_end=0)


class Checkpoints:
    """The checkpoint of one training folder.

    Args:
        folder: the training's.
        fingerprint: the training's; a checkpoint of another one is refused.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.path = folder / FILE
        self.fingerprint = fingerprint

    def progress(self) -> Progress:
        """How far the checkpoint has come; nowhere without one. Its tensors are neither read nor checked.

        Raises:
            TrainingError: it is broken.
        """
        if not self.path.exists():
            return NOTHING_DONE
        try:
            with safe_open(self.path, framework="pt") as file:
                return Progress(**json.loads((file.metadata() or {})["progress"]))
        except (SafetensorError, OSError, KeyError, ValueError, TypeError) as exc:
            raise self._broken(exc) from None

    def save(
        self, progress: Progress, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer
    ) -> None:
        """Replace the checkpoint.

        Raises:
            TrainingError: it cannot be written; the one before is kept.
        """
        tensors: dict[str, torch.Tensor] = {"rng.cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            tensors["rng.cuda"] = torch.cuda.get_rng_state()
        for name, parameter in parameters.items():
            tensors[f"weight.{name}"] = parameter.detach().cpu().contiguous()
            state = optimizer.state.get(parameter, {})  # none where no gradient ever came
            for moment in MOMENTS if state else ():
                tensors[f"{moment}.{name}"] = state[moment].cpu().contiguous()
        told = {"fingerprint": self.fingerprint, "progress": json.dumps(vars(progress))}
        try:
            write_atomic(self.path, save(tensors, metadata=told))
        except OSError as exc:
            raise TrainingError(f"{self.path}: cannot be written ({exc.strerror}); make room and go on") from None

    def load(self, parameters: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer) -> Progress:
        """Put what was kept back into ``parameters``, ``optimizer`` and the random generators; nothing without one.

        Returns how far it had come.

        Raises:
            TrainingError: it is broken, or of another recipe, base or data.
        """
        if not self.path.exists():
            return NOTHING_DONE
        try:
            with safe_open(self.path, framework="pt") as file:
                told: dict[str, Any] = file.metadata() or {}
                if told.get("fingerprint") != self.fingerprint:
                    raise TrainingError(f"{self.path}: is a checkpoint of another training; choose another --out")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
            progress = Progress(**json.loads(told["progress"]))
            for name, parameter in parameters.items():
                parameter.data.copy_(tensors[f"weight.{name}"])
                if not any(f"{moment}.{name}" in tensors for moment in MOMENTS):
                    continue  # no gradient had ever come
                optimizer.state[parameter] = {
                    "step": torch.tensor(float(progress.step)),
                    **{m: tensors[f"{m}.{name}"].to(parameter.device) for m in MOMENTS},
                }
            torch.set_rng_state(tensors["rng.cpu"])
            if "rng.cuda" in tensors and torch.cuda.is_available():
                torch.cuda.set_rng_state(tensors["rng.cuda"])
        except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as exc:
            raise self._broken(exc) from None
        return progress

    def remove(self) -> None:
        """Forget it: the training is complete."""
        self.path.unlink(missing_ok=True)

    def _broken(self, exc: Exception) -> TrainingError:
        return TrainingError(f"{self.path}: cannot be read as a checkpoint ({exc}); remove it to begin again")
