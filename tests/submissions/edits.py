"""Writing submissions and changing what was written: what the tests of this folder share."""

from __future__ import annotations

import copy
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgejson_bench import submissions
from edgejson_bench.runs import RunDirectory
from edgejson_bench.submission_files import Submission, load
from edgejson_bench.submission_yaml import dump
from edgejson_bench.tasks import Dataset
from tests.submitted import DATASET


def write(directory: RunDirectory, root: Path, dataset: Dataset = DATASET, **words: Any) -> Path:
    return submissions.write(directory, dataset, root, **{"submitter": "A. Tester", "training_data": None, **words})


def edited(path: Path, edit: Callable[[dict[str, Any]], Any]) -> Path:
    """The YAML file with its content changed."""
    record = copy.deepcopy(load(path).record)
    edit(record)
    path.write_text(dump(record), encoding="utf-8")
    return path


def set_(*path: str | int) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    """``set_("model", "kind")(value)`` edits a record there."""

    def to(value: Any) -> Callable[[dict[str, Any]], None]:
        def edit(record: Any) -> None:
            for part in path[:-1]:
                record = record[part]
            record[path[-1]] = value

        return edit

    return to


def repacked(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> Submission:
    """A submission whose completions were changed, and their hash with them."""
    packed = path.with_name("completions.jsonl.gz")
    before = packed.read_bytes()
    packed.write_bytes(gzip.compress(b"".join(edit(gzip.decompress(before).splitlines(keepends=True)))))
    old, new = (hashlib.sha256(content).hexdigest() for content in (before, packed.read_bytes()))
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return load(path)
