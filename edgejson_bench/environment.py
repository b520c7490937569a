"""What a run was made with: machine, versions, code. Read without importing any framework."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("edgejson-bench", "torch", "transformers", "tokenizers", "peft", "gguf", "jsonschema")
"""Packages whose version can move a completion, a score or a time."""

DECIDING_CODE = ("models", "decoding", "protocols.py", "schema_signature.py", "tasks.py", "generation/form.py")
"""The parts of this package that decide what a completion is."""


def hardware() -> dict[str, Any]:
    """The machine: processor, logical cores this process may use, memory in GiB, operating system."""
    return {
        "cpu": _cpu_name(),
        "cores": usable_cores(),
        "memory_gib": _memory_gib(),
        "os": f"{platform.system()} {platform.machine()}",
    }


def usable_cores() -> int | None:
    """Logical cores that this process may use; None where the system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def versions() -> dict[str, str]:
    """Python and the installed ones of :data:`PACKAGES`."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def code_state() -> dict[str, Any]:
    """Which code ran: git commit and whether package or tasks differ from it, and a digest of the deciding files.

    ``commit`` and ``dirty`` are None outside a checkout of this project, as for an installed wheel; the version
    and the digest then say which code it was.
    """
    package = Path(__file__).resolve().parent
    root = package.parent
    commit: str | None = None
    dirty: bool | None = None
    if (root / ".git").exists() and (root / "pyproject.toml").is_file():
        commit = _git(root, "rev-parse", "HEAD")
        status = _git(root, "status", "--porcelain", "--", "edgejson_bench", "tasks", "pyproject.toml")
        dirty = None if status is None else bool(status)
    return {"commit": commit, "dirty": dirty, "digest": _code_digest(package)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _code_digest(package: Path) -> str:
    digest = hashlib.sha256()
    for part in DECIDING_CODE:
        path = package / part
        files = [path] if path.is_file() else sorted([*path.glob("*.py"), *path.glob("*.yaml")])
        for file in files:
            digest.update(f"{part}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # no /proc outside Linux; the platform module knows less, but something
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None
