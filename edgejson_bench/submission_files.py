"""A submission on disk: ``<root>/<board>/<model>/{submission.yaml, completions.jsonl.gz}``, read as untrusted input.

Checks what the files alone can tell: form, hashes, places. Scores nothing; that the numbers follow from the
completions is for :mod:`edgejson_bench.submissions`.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import jsonschema_rs
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from edgejson_bench.errors import RunError, SubmissionError
from edgejson_bench.jsonio import sha256_file
from edgejson_bench.records import Completion, JsonObject
from edgejson_bench.runs import completion_from_json, completion_to_json
from edgejson_bench.submission_yaml import key_path, load_file
from edgejson_bench.workers import Share

SUBMISSION, COMPLETIONS = "submission.yaml", "completions.jsonl.gz"
REPORTED = "reported"
"""Folder under the root for published numbers, which :mod:`edgejson_bench.reported` reads."""

MAX_PACKED_BYTES = 32 * 2**20
MAX_UNPACKED_BYTES = 64 * 2**20
"""Largest completions, compressed and not. 158 examples at 8,192 tokens each are some 5 MiB of text."""

MAX_MESSAGE = 160
"""Longest quotation of a validator's message, in characters."""


@dataclass(frozen=True)
class Submission:
    """One submission, as its file says it: the form is checked, the numbers are claims."""

    path: Path
    """The ``submission.yaml`` it was read from."""
    record: JsonObject
    """Its content, valid under ``submission_schema.json``."""

    @property
    def completions_path(self) -> Path:
        """The completions, beside the YAML."""
        return self.path.with_name(COMPLETIONS)

    @property
    def folder(self) -> str:
        """``<board>/<model>``, as it should lie under the root."""
        return f"{board_folder(self.record['board'])}/{slug(self.record['model']['name'])}"


def slug(text: str) -> str:
    """``text`` as one lower-case path piece that every file system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:60].strip("-.").lower() or "unnamed"


def board_folder(board: Mapping[str, Any]) -> str:
    """``<data>-<fingerprint>-<protocol>``, such as ``edgejson-1a2b3c4d-v3``."""
    return f"{slug(board['data'])}-{board['fingerprint'][:8]}-{slug(board['protocol'])}"


def load(path: Path) -> Submission:
    """Read and check one submission; ``path`` is its folder or its YAML file.

    Raises:
        SubmissionError: a file is missing or broken, breaks the schema, or the completions' hash is another; one line
            with the key's path.
    """
    path = path / SUBMISSION if path.is_dir() else path
    record = load_file(path)
    if problem := first_problem(record):
        raise SubmissionError(f"{path}: {problem}")
    submission = Submission(path, record)
    completions = submission.completions_path
    if not completions.is_file():
        raise SubmissionError(f"{path}: completions.file: there is no {COMPLETIONS} beside it")
    if sha256_file(completions) != record["completions"]["sha256"]:
        raise SubmissionError(f"{path}: completions.sha256: {COMPLETIONS} has another sha256")
    return submission


def files_under(root: Path) -> list[Path]:
    """The files of all measured submissions under ``root``, sorted.

    Raises:
        SubmissionError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise SubmissionError(f"{root}: no such folder; make a first submission with: edgejson-bench submit RUN")
    return sorted(path for path in root.rglob(SUBMISSION) if path.relative_to(root).parts[0] != REPORTED)


def load_all(root: Path, share: Share = map) -> list[Submission]:
    """Every measured submission under ``root``, sorted by board and model; each lies in the folder its content names.

    Raises:
        SubmissionError: ``root`` is no folder, or a submission does not check out.
    """
    submissions = list(share(load, files_under(root)))
    for submission in submissions:
        place = submission.path.parent.relative_to(root).as_posix()
        if place != submission.folder:
            raise SubmissionError(
                f"{submission.path}: lies in {place}, by its board and model.name it belongs in {submission.folder}"
            )
    return sorted(submissions, key=lambda submission: submission.folder.split("/"))


def first_problem(record: Any) -> str | None:
    """The first thing that breaks the schema or contradicts itself, as ``key.path: message``; None if nothing does."""
    if problem := _broken_rule(record):
        return problem
    examples, board, counts = record["completions"]["n"], record["board"], record["counts"]
    if examples != board["examples"]:
        return f"completions.n: is {examples}, board.examples is {board['examples']}"
    if examples != counts["examples"]:
        return f"counts.examples: is {counts['examples']}, completions.n is {examples}"
    if sorted(board["styles"]) != sorted(record["results"]):
        return f"board.styles: is {board['styles']}, results has {list(record['results'])}"
    if record["layout_gap"] is not None and not {"form", "prose"} <= record["results"].keys():
        return f"layout_gap: needs the styles form and prose, results has {list(record['results'])}"
    return None


def _broken_rule(record: Any) -> str | None:
    """The first thing that breaks the schema.

    The compiled validator decides: 0.2 ms for a submission, where jsonschema takes 30. What it refuses is put into
    words by jsonschema, or by itself where the two should ever disagree.
    """
    try:
        if _compiled().is_valid(record):
            return None
        fault = next(iter(_compiled().iter_errors(record)))
        refused = f"{key_path(list(fault.instance_path))}: {_short(fault.message)}"
    except ValueError as exc:  # what JSON cannot hold: half of a surrogate pair, a key that is no text
        refused = f"top level: holds what is no JSON ({_short(str(exc))})"
    errors = sorted(Draft7Validator(_schema()).iter_errors(record), key=lambda error: [str(p) for p in error.path])
    return explain(errors[0]) if errors else refused


@cache
def _schema() -> Any:
    return json.loads(resources.files("edgejson_bench").joinpath("submission_schema.json").read_text(encoding="utf-8"))


@cache
def _compiled() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(_schema())


def explain(error: ValidationError) -> str:
    """A schema's complaint as ``key.path: message``, on one line and not too long."""
    place = list(error.path)
    found: Any = error.instance
    expected: Any = error.validator_value
    if error.validator == "additionalProperties" and expected is False:
        schema: Any = error.schema
        return f"{key_path([*place, min(set(found) - set(schema['properties']))])}: unknown key"
    if error.validator == "required":
        return f"{key_path([*place, next(key for key in expected if key not in found)])}: is missing"
    return f"{key_path(place)}: {_short(error.message)}"


def _short(message: str) -> str:
    """A validator's message on one line: the beginning quotes the value, the end says what is wrong with it."""
    line = " ".join(message.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE // 2]} ... {line[-MAX_MESSAGE // 2 :]}"


def pack_completions(completions: Iterable[Completion]) -> bytes:
    """Completions as gzip'd JSON Lines, sorted by example id; the same completions give the same bytes.

    (With the same zlib: another implementation may compress to other bytes, which hold the same lines.)
    """
    rows = [completion_to_json(each) for each in sorted(completions, key=lambda each: each.example_id)]
    # ASCII-escaped: a completion may hold lone surrogates, which UTF-8 cannot
    lines = [json.dumps(row, sort_keys=True, separators=(",", ":"), allow_nan=False) for row in rows]
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write("".join(f"{line}\n" for line in lines).encode("ascii"))
    return packed.getvalue()


def unpack_completions(path: Path) -> dict[str, Completion]:
    """The completions in a packed file, by example id.

    Raises:
        SubmissionError: not gzip, too large, or a line is broken or answers an example twice; the line is named.
    """
    try:
        with path.open("rb") as packed:
            if os.fstat(packed.fileno()).st_size > MAX_PACKED_BYTES:
                raise SubmissionError(f"{path}: is larger than {MAX_PACKED_BYTES // 2**20} MiB")
            with gzip.GzipFile(fileobj=packed, mode="rb") as file:
                content = file.read(MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as exc:
        raise SubmissionError(f"{path}: not a readable gzip file ({exc})") from None
    if len(content) > MAX_UNPACKED_BYTES:
        raise SubmissionError(f"{path}: unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB")
    found: dict[str, Completion] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        where = f"{path}:{number}"
        try:
            row = json.loads(line, parse_constant=_refuse_constant)
            if not isinstance(row, dict):
                raise SubmissionError(f"{where}: expected a JSON object, found {type(row).__name__}")
            completion = completion_from_json(row, where)
        except (ValueError, RecursionError) as exc:
            raise SubmissionError(f"{where}: not a valid JSON line ({exc})") from None
        except RunError as exc:
            raise SubmissionError(str(exc)) from None
        if completion.example_id in found:
            raise SubmissionError(f"{where}: a second completion for {completion.example_id!r}")
        found[completion.example_id] = completion
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
