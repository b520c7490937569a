"""Reading and writing JSON files so that a bad line is named and a killed process leaves no half file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgejson_bench.errors import DataError, EdgeJSONError


def canonical(value: Any) -> str:
    """One fixed spelling per JSON value: sorted keys, no spaces, UTF-8 kept. NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """Hex sha256 of ``text`` in UTF-8 (lone surrogates kept as they are)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write ``content`` (text as UTF-8) such that a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path, error: type[EdgeJSONError] = DataError) -> Any:
    """Parse one JSON file.

    Raises:
        error: the file is missing, unreadable, not UTF-8 or not JSON; the message names file and line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except json.JSONDecodeError as exc:
        raise error(f"{path}:{exc.lineno}: not valid JSON ({exc.msg})") from None
    except (OSError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise error(f"{path}: cannot be read ({exc})") from None


def read_jsonl(path: Path, error: type[EdgeJSONError] = DataError) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` for every non-blank line of a JSON Lines file.

    Raises:
        error: missing or unreadable file, or a line that is no JSON object; the message names ``file:line``.
    """
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if not raw.strip():
                    continue
                try:
                    value = json.loads(raw.decode("utf-8"))
                except (ValueError, RecursionError) as exc:
                    raise error(f"{path}:{number}: not a valid JSON line ({exc})") from None
                if not isinstance(value, dict):
                    raise error(f"{path}:{number}: expected a JSON object, found {type(value).__name__}")
                yield number, value
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except OSError as exc:
        raise error(f"{path}: cannot be read ({exc.strerror})") from None
