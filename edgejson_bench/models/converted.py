"""Weights in the form that an engine reads, made once from what the spec stands for and kept in the user's cache.

A process of its own converts them (:mod:`.convert`), so that its memory is not counted as the engine's. A folder in
the cache is whole or not there.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgejson_bench import process
from edgejson_bench.errors import ModelError, RunError
from edgejson_bench.jsonio import canonical, read_json, sha256_text, write_atomic
from edgejson_bench.records import ModelIdentity
from edgejson_bench.released import cache_root

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, Weights

CHILD = "edgejson_bench.models.convert"
RECORD = "converted.json"
GGUF = "model.gguf"
WEIGHTS = frozenset((".gguf", ".onnx", ".data"))
"""Suffixes of files that hold weights: an ONNX graph keeps its own beside it."""

Form = Literal["gguf-f32", "gguf-f16", "onnx"]

MADE_WITH: dict[Form, tuple[str, ...]] = {
    "gguf-f32": ("gguf", "torch", "transformers", "peft"),
    "gguf-f16": ("gguf", "torch", "transformers", "peft"),
    "onnx": ("onnxruntime-genai", "onnx-ir", "torch", "transformers", "peft", "gguf"),
}
"""Packages that decide what a conversion gives."""

EDITION = 1
"""Goes up when a conversion's result changes with the same packages."""

_seconds = 0.0


@dataclass(frozen=True)
class Parts:
    """The files that a spec stands for, and what is known of the model before it is loaded."""

    identity: ModelIdentity
    weights: Weights
    """The model, or the base of ``adapter``."""
    adapter: Weights | None = None
    tokenizer: Weights | None = None
    """Where the tokenizer lies, if not with ``weights``."""


@dataclass(frozen=True)
class Converted:
    """A folder of the cache."""

    folder: Path
    parameters: int
    """As transformers counts them, an adapter's included."""
    eos_token_ids: tuple[int, ...]
    context: int | None
    """Tokens that the model takes; None where its config does not say."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the weights, which are what the engine reads."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.suffix in WEIGHTS)


def seconds_spent() -> float:
    """Seconds that this process has waited for conversions: they are part of no engine's loading time."""
    return _seconds


def converted(form: Form, parts: Parts, options: LoadOptions, threads: int, note: Callable[[str], None]) -> Converted:
    """The weights of ``parts`` as ``form``, an adapter merged in float32; from the cache, or made now.

    Raises:
        ModelError: they cannot be loaded or have no such form, or the cache cannot be written.
    """
    global _seconds
    versions = {package: _version(package) for package in MADE_WITH[form]}
    identity = parts.identity
    made_of = {"revision": identity.revision, "base_revision": identity.base_revision, "edition": EDITION, **versions}
    folder = cache_root() / "converted" / f"{form}-{sha256_text(canonical(made_of))[:20]}"
    if not (folder / RECORD).is_file():
        note(f"converting {identity.spec} to {form}, once; it is kept in {folder}")
        started = time.perf_counter()
        try:
            _make(folder, form, parts, options, threads)
        except OSError as exc:
            raise ModelError(
                f"{identity.spec}: {exc.filename or folder}: cannot be written ({exc.strerror}); "
                "make room, or set EDGEJSON_CACHE to another folder"
            ) from None
        _seconds += time.perf_counter() - started
    record = read_json(folder / RECORD, ModelError)
    return Converted(folder, record["parameters"], tuple(record["eos_token_ids"]), record["context"])


def _make(folder: Path, form: Form, parts: Parts, options: LoadOptions, threads: int) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        request = {
            "form": form,
            "out": str(unfinished),
            "identity": asdict(parts.identity),
            "weights": _as_json(parts.weights),
            "adapter": _as_json(parts.adapter),
            "tokenizer": _as_json(parts.tokenizer),
            "options": {**asdict(options), "device": "cpu", "dtype": "float32", "threads": threads},
        }
        record = process.run_fresh(CHILD, request, threads, called="the converting process")
        write_atomic(unfinished / RECORD, json.dumps(record, indent=2) + "\n")
        if not folder.exists():  # another process may have been faster
            unfinished.chmod(0o755)
            unfinished.replace(folder)
    except RunError as exc:
        raise ModelError(f"{parts.identity.spec}: {exc}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _as_json(weights: Weights | None) -> dict[str, Any] | None:
    return None if weights is None else {"folder": str(weights.folder), "gguf_file": weights.gguf_file}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
