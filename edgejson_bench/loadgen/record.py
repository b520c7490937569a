"""The file that ``latency`` writes: one model on one machine, with every raw sample. Never overwritten."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from edgejson_bench.environment import code_state, versions
from edgejson_bench.errors import RunError, UsageError
from edgejson_bench.jsonio import canonical, read_json, sha256_text, write_atomic
from edgejson_bench.machine import fingerprint
from edgejson_bench.runs import directory_name

FORMAT_VERSION = 1
FOLDER = Path("latency")
"""Where results go that were given no name."""


def build(found: Mapping[str, Any], answers: Sequence[Mapping[str, Any]], threads: int) -> dict[str, Any]:
    """One record out of the answers of the processes that measured one scenario each.

    Args:
        found: what :func:`edgejson_bench.machine.machine` says, and anything else that is to be kept beside it.
        answers: at least one; of the same model and workload.
        threads: how many each process was given.

    Raises:
        RunError: the model was another in one of them, so its files changed in between.
    """
    first = answers[0]
    if any(answer["identity"] != first["identity"] for answer in answers):
        raise RunError("the model's files changed between the two scenarios; measure again")
    device = first["device"]
    return {
        "format_version": FORMAT_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": first["identity"],
        "workload": first["workload"],
        "hardware": {
            **found,
            "device": device,
            "threads": threads,
            "fingerprint": fingerprint(found, device, threads),
        },
        "versions": {**versions(), **_further_versions()},
        "code": code_state(),
        "scenarios": {answer["scenario"]["scenario"]: answer["scenario"] for answer in answers},
    }


def check_free(path: Path | None) -> None:
    """Make sure, before anything is measured, that :func:`keep` will be able to write there.

    Raises:
        UsageError: the file is there, or its folder cannot be written.
    """
    path = path or FOLDER / "any.json"
    if os.path.lexists(path):
        raise UsageError(_taken(path))
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written ({folder} is no writable folder); choose another --out")


def keep(record: Mapping[str, Any], path: Path | None) -> Path:
    """Write a record to a file that is not there yet and return its path; without one, a name of its own is made.

    Raises:
        RunError: the file is there, or cannot be written.
    """
    if path is None:
        name = f"{record['model']['name']}-{record['workload']['name']}"
        path = FOLDER / f"{directory_name(name, sha256_text(canonical(record)))}.json"
    content = json.dumps(record, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("x").close()  # claimed, so that the atomic write replaces nothing of anybody else
        write_atomic(path, content)
    except FileExistsError:
        raise RunError(_taken(path)) from None
    except OSError as exc:
        raise RunError(f"{path}: cannot be written ({exc.strerror}); choose another --out") from None
    return path


def _taken(path: Path) -> str:
    return f"{path}: is there already; choose another --out, or remove it first"


def load(path: Path) -> dict[str, Any]:
    """A record from its file.

    Raises:
        RunError: it is not there, or is none.
    """
    record = read_json(path, RunError)
    if not isinstance(record, dict) or record.get("format_version") != FORMAT_VERSION or "scenarios" not in record:
        raise RunError(f"{path}: not a latency record of format {FORMAT_VERSION}")
    return record


def _further_versions() -> dict[str, str]:
    return {package: metadata.version(package) for package in ("mlcommons-loadgen", "numpy", "psutil")}
