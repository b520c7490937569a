"""A run directory: who ran what, completions as they come, scores, and a report written last.

``manifest.json`` holds everything that can move a score and names the run; ``completions.jsonl`` grows a line
at a time; ``report.json`` appears atomically when all is done. It neither generates nor scores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from io import FileIO
from pathlib import Path
from typing import Any, get_args

from edgejson_bench.errors import RunError
from edgejson_bench.jsonio import canonical, read_json, read_jsonl, sha256_text, write_atomic
from edgejson_bench.locking import held
from edgejson_bench.records import Completion, FinishReason, Score, Timing

FORMAT_VERSION = 1
MANIFEST, COMPLETIONS, SCORES, LATENCY, EQUIVALENCE, ERRORS, REPORT = (
    "manifest.json",
    "completions.jsonl",
    "scores.jsonl",
    "latency.json",
    "equivalence.json",
    "errors.md",
    "report.json",
)
NOT_IN_FINGERPRINT = ("created", "fingerprint", "code.commit")
"""Paths of the manifest's entries that say when and from which commit; the code's digest stands for the code.

Whether code was uncommitted counts: such a run can't be submitted, and committing must make a new one."""


def run_fingerprint(manifest: Mapping[str, Any]) -> str:
    """Hex sha256 over all of a manifest that can move a score."""
    return sha256_text(canonical(_without_volatile(manifest)))


def _without_volatile(value: Any, prefix: str = "") -> Any:
    if isinstance(value, Mapping):
        paths = {key: f"{prefix}{key}" for key in value}  # not names: data has a fingerprint of its own, which counts
        return {
            key: _without_volatile(value[key], f"{path}.")
            for key, path in paths.items()
            if path not in NOT_IN_FINGERPRINT
        }
    return value


def directory_name(model_name: str, fingerprint: str) -> str:
    """``<model>-<fingerprint>`` in characters that every file system takes."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", model_name).strip("-.")[:60] or "model"
    return f"{safe}-{fingerprint[:12]}".lower()


class RunDirectory:
    """One run on disk. Made by :func:`open_run` for writing, :func:`load_run` for reading."""

    def __init__(self, path: Path, manifest: Mapping[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @property
    def report(self) -> dict[str, Any] | None:
        """The report, or None while the run is not complete."""
        path = self.path / REPORT
        return read_json(path, RunError) if path.is_file() else None

    @property
    def latency(self) -> dict[str, Any] | None:
        """The latency measurement, or None where none was made."""
        path = self.path / LATENCY
        return read_json(path, RunError) if path.is_file() else None

    @property
    def equivalence(self) -> dict[str, Any] | None:
        """What decoding alone gave on a sample, or None where that was not asked for."""
        path = self.path / EQUIVALENCE
        return read_json(path, RunError) if path.is_file() else None

    def completions(self) -> dict[str, Completion]:
        """What has been kept so far, by example id.

        Raises:
            RunError: a line is broken or answers an example twice; the message names file and line.
        """
        path = self.path / COMPLETIONS
        if not path.exists():
            return {}
        kept: dict[str, Completion] = {}
        for number, row in read_jsonl(path, RunError):
            completion = completion_from_json(row, f"{path}:{number}")
            if completion.example_id in kept:
                raise RunError(f"{path}:{number}: a second completion for {completion.example_id!r}; remove one")
            kept[completion.example_id] = completion
        return kept

    def drop_half_written_line(self) -> bool:
        """Cut a last line off that a killed process left without its end. Returns whether there was one."""
        path = self.path / COMPLETIONS
        if not path.exists() or path.stat().st_size == 0:
            return False
        with path.open("r+b") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole == len(content):
                return False
            file.truncate(whole)
        return True

    @contextmanager
    def appending(self) -> Iterator[CompletionWriter]:
        """Hold the directory for writing completions; a second process is refused.

        Raises:
            RunError: another process is writing this run, or the file cannot be written.
        """
        with (
            held(self.path, RunError, busy="writing this run"),
            (self.path / COMPLETIONS).open("ab", buffering=0) as file,
        ):
            yield CompletionWriter(file)

    def write_latency(self, latency: Mapping[str, Any]) -> None:
        """Keep a latency measurement, raw samples included.

        Raises:
            RunError: it cannot be written.
        """
        self._write(LATENCY, _pretty(latency))

    def write_equivalence(self, equivalence: Mapping[str, Any]) -> None:
        """Keep what decoding alone gave.

        Raises:
            RunError: it cannot be written.
        """
        self._write(EQUIVALENCE, _pretty(equivalence))

    def write_errors(self, page: str) -> None:
        """Keep the page of errors.

        Raises:
            RunError: it cannot be written.
        """
        self._write(ERRORS, page)

    def write_report(self, scores: Iterable[Score], report: Mapping[str, Any]) -> None:
        """Write the scores and then, atomically, the report that marks the run complete.

        Raises:
            RunError: they cannot be written.
        """
        lines = [json.dumps(asdict(score), ensure_ascii=False) for score in scores]
        self._write(SCORES, "".join(f"{line}\n" for line in lines))
        self._write(REPORT, _pretty(report))

    def _write(self, name: str, content: str) -> None:
        try:
            write_atomic(self.path / name, content)
        except OSError as exc:
            raise RunError(f"{self.path / name}: cannot be written ({exc.strerror})") from None


class CompletionWriter:
    """Appends completions, each handed to the operating system before the next is made."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, completion: Completion) -> None:
        """Append one line. No buffer is in between, so a killed process can't lose it.

        Raises:
            RunError: it cannot be written, as on a full disk; what was written before is kept.
        """
        # ASCII-escaped: a completion may hold lone surrogates, which UTF-8 cannot
        line = json.dumps(completion_to_json(completion)).encode() + b"\n"
        try:
            whole = self._file.write(line) == len(line)
            reason = "only a part of the line"
        except OSError as exc:
            whole, reason = False, str(exc.strerror)
        if not whole:
            raise RunError(f"{self._file.name}: cannot be written ({reason}); make room, then the same command goes on")


def open_run(parent: Path, name: str | None, manifest: dict[str, Any], model_name: str) -> RunDirectory:
    """Create the directory of a run, or take up the one that is there if it is the same run.

    Raises:
        RunError: the directory cannot be written, holds something else, or belongs to another run.
    """
    fingerprint = run_fingerprint(manifest)
    path = parent / (name or directory_name(model_name, fingerprint))
    manifest = {**manifest, "fingerprint": fingerprint}
    try:
        path.mkdir(parents=True, exist_ok=True)
        if (path / MANIFEST).exists():
            return _same_run(path, manifest)
        if any(path.iterdir()):
            raise RunError(
                f"{path}: holds files but no {MANIFEST}, so it is no run directory; choose another --run-dir"
            )
        write_atomic(path / MANIFEST, _pretty(manifest))
    except FileExistsError:
        raise RunError(f"{path}: is a file, not a directory; choose another --run-dir") from None
    except OSError as exc:
        raise RunError(f"{path}: not writable ({exc.strerror}); choose another --runs or --run-dir") from None
    return RunDirectory(path, manifest)


def load_run(path: Path) -> RunDirectory:
    """A run directory for reading.

    Raises:
        RunError: it is not there, or its manifest is missing, broken or altered.
    """
    if not path.is_dir():
        raise RunError(f"{path}: no such run directory")
    manifest = read_json(path / MANIFEST, RunError)
    if not isinstance(manifest, dict) or manifest.get("format_version") != FORMAT_VERSION:
        raise RunError(f"{path / MANIFEST}: not a run manifest of format {FORMAT_VERSION}")
    if manifest.get("fingerprint") != run_fingerprint(manifest):
        raise RunError(f"{path / MANIFEST}: was altered after it was written; its fingerprint does not fit it")
    return RunDirectory(path, manifest)


def _same_run(path: Path, manifest: dict[str, Any]) -> RunDirectory:
    existing = load_run(path)
    if existing.manifest["fingerprint"] == manifest["fingerprint"]:
        return existing
    different = sorted(_differences(_without_volatile(existing.manifest), _without_volatile(manifest)))
    shown = ", ".join(different[:4]) + (", ..." if len(different) > 4 else "")
    raise RunError(f"{path}: belongs to another run (different: {shown}); choose another --run-dir, or leave it out")


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key in {*a, *b}:
        left, right = a.get(key), b.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from _differences(left, right, f"{prefix}{key}.")
        elif left != right:
            yield f"{prefix}{key}"


def completion_to_json(completion: Completion) -> dict[str, Any]:
    """One line of ``completions.jsonl``; absent error and timing are left out."""
    row = asdict(completion)
    return {key: value for key, value in row.items() if value is not None or key.endswith("_tokens")}


def completion_from_json(row: Mapping[str, Any], where: str) -> Completion:
    """The inverse of :func:`completion_to_json`.

    Raises:
        RunError: a key is missing, unknown or of the wrong type; ``where`` is named.
    """
    known = {"example_id", "text", "prompt_tokens", "completion_tokens", "finish_reason", "error", "timing"}
    if unknown := sorted(set(row) - known):
        raise RunError(f"{where}: unknown key {unknown[0]!r} in a completion")
    for key, kinds in {
        "example_id": str,
        "text": str,
        "prompt_tokens": int | None,
        "completion_tokens": int | None,
        "error": str | None,
        "timing": dict | None,
    }.items():
        if not isinstance(row.get(key), kinds) or isinstance(row.get(key), bool):
            raise RunError(f"{where}: {key!r} is missing or of the wrong type")
    if row.get("finish_reason") not in get_args(FinishReason):
        raise RunError(f"{where}: finish_reason {row.get('finish_reason')!r} is none of {get_args(FinishReason)}")
    timing = row.get("timing")
    try:
        return Completion(**{**row, "timing": Timing(**timing) if timing else None})
    except TypeError as exc:
        raise RunError(f"{where}: not a completion ({exc})") from None


def _pretty(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
