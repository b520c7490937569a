"""Other people's data: a folder of examples becomes a data set. Reads files and names every bad line;
fetches nothing, repairs nothing, and trusts no name or schema that it finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgejson_bench.errors import DataError
from edgejson_bench.foreign_schema import clipped, is_name, read_schema
from edgejson_bench.jsonio import canonical, read_jsonl
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.tasks import SPLITS, STYLES, Dataset, Task, load_shipped, read_example, tier_order

FILE_NAMES = {
    split: (f"{split}.jsonl", f"data/{split}.jsonl", f"edgejson_{split}_v3.jsonl", f"data/edgejson_{split}_v3.jsonl")
    for split in SPLITS
}
"""Where a split may lie in a folder; the last name is where the released repository keeps it."""

MAX_ID_LENGTH = 200
"""Characters. Ids are printed in tables and error lines; the longest released one has fewer than 60."""

_JSON_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


@dataclass(frozen=True)
class LoadedFolder:
    """A data set, and what its user should know about how it was put together."""

    dataset: Dataset
    """Named after the folder."""
    notes: tuple[str, ...]
    """One sentence each: schemas or tiers that were borrowed, missing or contradicted. Empty if nothing was."""


@dataclass(frozen=True)
class _Files:
    """What was found in a folder."""

    schemas: Mapping[str, Path]
    """By task name; the tier is in the path."""
    tiers: Mapping[str, str]
    """By task name, for the tasks in ``schemas``."""
    splits: Mapping[str, tuple[Path, ...]]
    """Files of each split that is there."""
    task_folders: bool
    """Our own layout, in which an example's task is the name of its folder."""


@dataclass(frozen=True)
class _Record:
    """An example and what its line says besides."""

    example: Example
    tier: str | None
    where: str
    """``file:line``"""


def load_folder(path: Path, *, shipped: Dataset | None = None) -> LoadedFolder:
    """Load a folder of examples in one of two layouts.

    - ``train.jsonl`` and/or ``test.jsonl``, or the released names ``edgejson_{train,test}_v3.jsonl``, in the
      folder or in its ``data/``; with or without ``schemas/<tier>/<task>.json``;
    - the layout of ``edgejson-bench generate``: ``<tier>/<task>/{schema.json, train.jsonl, test.jsonl}``.

    A line is a record of ours (``id, task, style, prompt, gold``) or a released one (``id, schema_id, prompt,
    expected_output``, with or without ``complexity``; its style is ``form`` unless it says otherwise).

    A task's tier is the folder of its schema; failing that, its records' ``complexity``; failing that, the tier
    of the shipped task of that name. Its schema is the folder's own; failing that, the shipped task's; failing
    that, None. Whatever was borrowed is said in the notes.

    Args:
        path: the folder.
        shipped: the tasks to borrow from; the ones that ship where it is None, and then loaded only if needed.

    Raises:
        DataError: no data there, or a file, line, schema or name that cannot be used; the message names it.
    """
    try:
        files = _find_files(path)
    except OSError as exc:
        raise DataError(f"{path}: cannot be read ({exc.strerror})") from None
    schemas = {name: read_schema(file) for name, file in files.schemas.items()}
    splits = {split: _read_split(paths, files.task_folders) for split, paths in files.splits.items()}
    records = [record for split in splits.values() for record in split]
    _refuse_duplicate_ids(records)
    tasks, notes = _assemble_tasks(path, files, schemas, records, shipped)
    dataset = Dataset(
        path.resolve().name or "folder",
        tasks,
        {split: tuple(record.example for record in rows) for split, rows in splits.items()},
    )
    return LoadedFolder(dataset, tuple(notes))


def _find_files(folder: Path) -> _Files:
    if not folder.is_dir():
        what = "is a file; pass the folder that holds it" if folder.is_file() else "no such folder"
        raise DataError(f"{folder}: {what}")
    splits: dict[str, tuple[Path, ...]] = {}
    for split, names in FILE_NAMES.items():
        present = [folder / name for name in names if (folder / name).is_file()]
        if len(present) > 1:
            raise DataError(f"{present[0]} and {present[1]} both hold the {split} split; keep one of them")
        if present:
            splits[split] = (present[0],)
    if splits:
        schema_files = sorted(folder.glob("schemas/*/*.json"), key=lambda file: (tier_order(file.parts[-2]), file))
        misplaced = next(iter(sorted(folder.glob("schemas/*.json"))), None)
        if misplaced is not None:
            raise DataError(f"{str(misplaced)!r}: a schema lies in the folder of its tier, schemas/<tier>/<task>.json")
        return _Files(*_index_schemas([(file, file.parent.name, file.stem) for file in schema_files]), splits, False)
    schema_files = sorted(folder.glob("*/*/schema.json"), key=lambda file: (tier_order(file.parts[-3]), file))
    if schema_files:
        located = [(file, file.parent.parent.name, file.parent.name) for file in schema_files]
        return _Files(*_index_schemas(located), _task_folder_splits(schema_files), True)
    sought = ", ".join(name for split in SPLITS for name in FILE_NAMES[split][::2])
    raise DataError(f"{folder}: no data here; looked for {sought} (here and in data/), and <tier>/<task>/schema.json")


def _index_schemas(located: Sequence[tuple[Path, str, str]]) -> tuple[dict[str, Path], dict[str, str]]:
    """Files and tiers by task name, from ``(file, tier, task)``."""
    files: dict[str, Path] = {}
    tiers: dict[str, str] = {}
    for file, tier, task in located:
        for name in (tier, task):
            if not is_name(name):
                raise DataError(f"{str(file)!r}: {name!r} is no name of a tier or task; use letters, digits, _ and -")
        if task in files:
            raise DataError(f"{file}: task {task} already has the schema {files[task]}; keep one of them")
        files[task], tiers[task] = file, tier
    return files, tiers


def _task_folder_splits(schema_files: Sequence[Path]) -> dict[str, tuple[Path, ...]]:
    """A split that one task has, every task must have: a lost file would otherwise only shrink the benchmark."""
    splits = {}
    for split in SPLITS:
        files = [schema_file.with_name(f"{split}.jsonl") for schema_file in schema_files]
        missing = [file for file in files if not file.is_file()]
        if len(missing) == len(files):
            continue
        if missing:
            raise DataError(f"{missing[0]}: no such file, though other tasks have a {split} split; it may be empty")
        splits[split] = tuple(files)
    if not splits:
        raise DataError(f"{schema_files[0].parent}: neither {' nor '.join(f'{split}.jsonl' for split in SPLITS)} here")
    return splits


def _read_split(paths: Sequence[Path], task_folders: bool) -> list[_Record]:
    records = []
    for path in paths:
        for number, row in read_jsonl(path):
            record = _read_record(path, number, row)
            if task_folders and record.example.task != path.parent.name:
                raise DataError(f"{record.where}: task {record.example.task} in the folder of task {path.parent.name}")
            records.append(record)
    if not records:
        raise DataError(f"{paths[0]}: no records in it; if the split is not wanted, remove the file")
    return records


def _read_record(path: Path, number: int, row: JsonObject) -> _Record:
    where = f"{path}:{number}"
    if "schema_id" in row or "expected_output" in row:
        row = {**row, "task": row.get("schema_id"), "gold": row.get("expected_output")}
        row.setdefault("style", "form")
        spelling = {"task": "schema_id", "gold": "expected_output"}
    elif "task" in row or "gold" in row:
        spelling = {}
    else:
        raise DataError(
            f"{where}: neither record shape is complete; "
            "expected id, task, style, prompt, gold or id, schema_id, prompt, expected_output"
        )
    for key, kind in (("id", str), ("task", str), ("style", str), ("prompt", str), ("gold", dict)):
        if not isinstance(row.get(key), kind):
            named, expected = spelling.get(key, key), "an object" if kind is dict else "a string"
            found = f"found {_JSON_TYPES[type(row[named])]}" if named in row else "but is missing"
            raise DataError(f"{where}: {named!r} must be {expected}, {found}")
    example = read_example(path, number, row)
    _check_example(where, example, spelling.get("task", "task"))
    tier = row.get("complexity")
    if tier is not None and not (isinstance(tier, str) and is_name(tier)):
        raise DataError(f"{where}: 'complexity' must be the name of a tier, it is {clipped(tier)}")
    return _Record(example, tier, where)


def _check_example(where: str, example: Example, task_key: str) -> None:
    # Ids and names reach terminals, tables and file names: no escape sequences, no path pieces.
    if not (0 < len(example.id) <= MAX_ID_LENGTH and example.id.isprintable() and example.id.strip()):
        raise DataError(f"{where}: 'id' must be 1 to {MAX_ID_LENGTH} printable characters, it is {clipped(example.id)}")
    if not is_name(example.task):
        raise DataError(
            f"{where}: {task_key!r} must be letters, digits, _ and -, starting with a letter or digit, "
            f"it is {clipped(example.task)}"
        )
    if example.style not in STYLES:
        raise DataError(f"{where}: 'style' must be {' or '.join(STYLES)}, it is {clipped(example.style)}")
    if not example.prompt.strip():
        raise DataError(f"{where}: 'prompt' is empty")
    try:
        canonical([example.prompt, example.gold]).encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"{where}: holds half of a surrogate pair (\\ud800 to \\udfff alone), which is no text"
        ) from None
    except (ValueError, RecursionError) as exc:
        raise DataError(f"{where}: the expected object is not plain JSON ({exc})") from None


def _refuse_duplicate_ids(records: Sequence[_Record]) -> None:
    first: dict[str, str] = {}
    for record in records:
        earlier = first.setdefault(record.example.id, record.where)
        if earlier != record.where:
            raise DataError(
                f"{record.where}: id {record.example.id!r} is already used at {earlier}; "
                "ids must be unique over both splits"
            )


def _assemble_tasks(
    folder: Path,
    files: _Files,
    schemas: Mapping[str, JsonObject],
    records: Sequence[_Record],
    shipped: Dataset | None,
) -> tuple[dict[str, Task], list[str]]:
    """The tasks by name, and the notes on what was borrowed, missing or contradicted."""
    stated = _stated_tiers(records, files.tiers)
    first_line: dict[str, str] = {}
    for record in records:
        first_line.setdefault(record.example.task, record.where)
    tasks = {name: Task(name, files.tiers[name], schema) for name, schema in schemas.items()}
    unknown = [name for name in first_line if name not in schemas]
    if not unknown:
        return tasks, list(_contradictions(records, files.tiers))
    lenders = (load_shipped() if shipped is None else shipped).tasks
    for name in unknown:
        lender = lenders.get(name)
        tier = stated.get(name) or (lender.tier if lender else None)
        if tier is None:
            raise DataError(
                f"{first_line[name]}: the tier of task {name} is unknown; add {folder / 'schemas'}/<tier>/{name}.json, "
                "or give its records a 'complexity' (simple, medium or complex)"
            )
        tasks[name] = Task(name, tier, lender.schema if lender else None)
    no_tier = [name for name in unknown if name not in stated]
    borrowed = [name for name in unknown if tasks[name].schema is not None]
    without = [name for name in unknown if tasks[name].schema is None]
    notes = [
        *(_listed(borrowed, "schema borrowed from the shipped task of the same name")),
        *(_listed(no_tier, "tier taken from the shipped task of the same name")),
        *(_listed(without, "no schema: none can be shown to a model, and compliance cannot be scored")),
        *_contradictions(records, files.tiers),
    ]
    return tasks, notes


def _stated_tiers(records: Sequence[_Record], settled: Mapping[str, str]) -> dict[str, str]:
    """Tier by task as the records state it, for tasks whose tier no schema's folder has settled."""
    stated: dict[str, tuple[str, str]] = {}
    for record in records:
        task = record.example.task
        if record.tier is None or task in settled:
            continue
        tier, where = stated.setdefault(task, (record.tier, record.where))
        if tier != record.tier:
            raise DataError(
                f"{record.where}: task {task} is {record.tier} here and {tier} at {where}; "
                f"a task has one tier (schemas/<tier>/{task}.json would settle it)"
            )
    return {task: tier for task, (tier, _) in stated.items()}


def _contradictions(records: Sequence[_Record], settled: Mapping[str, str]) -> Iterator[str]:
    other = [r for r in records if r.tier is not None and r.tier != settled.get(r.example.task, r.tier)]
    if other:
        states = "record states" if len(other) == 1 else "records state"
        yield (
            f"{len(other)} {states} another complexity than the folder of their schema, which counts "
            f"(first: {other[0].where})"
        )


def _listed(names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    shown = ", ".join(sorted(names)[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [f"{len(names)} {'task' if len(names) == 1 else 'tasks'} ({shown}): {what}"]
