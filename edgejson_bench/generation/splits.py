"""The data that ships, built from a seed and written to files: how many examples per task, no copies, all valid.

The same seed gives the same bytes in every process. What a record says is the generators' business.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from edgejson_bench.copies import NearCopies
from edgejson_bench.errors import DataError
from edgejson_bench.generation import complex as complex_tier
from edgejson_bench.generation import medium, simple
from edgejson_bench.generation.checks import gold_problems, problems
from edgejson_bench.generation.form import print_form
from edgejson_bench.generation.prose.checks import faults
from edgejson_bench.generation.prose.frames import FrameFile, load_with_further
from edgejson_bench.generation.prose.frames import load as load_frames
from edgejson_bench.generation.prose.write import write as write_prose
from edgejson_bench.generation.values import Values
from edgejson_bench.jsonio import canonical, read_json, write_atomic
from edgejson_bench.records import TIERS, Example, JsonObject
from edgejson_bench.tasks import SPLITS, pair_key, shipped_root

SEED = 20251123
"""Seed of the data that ships."""

COUNTS = {
    "contact_info": (8, 4),
    "location": (22, 9),
    "log_entry": (43, 6),
    "notification": (39, 9),
    "product_info": (44, 6),
    "rating": (36, 7),
    "sensor_reading": (45, 8),
    "simple_config": (27, 8),
    "tag_list": (40, 10),
    "user_profile": (46, 9),
    "api_response": (21, 8),
    "email_metadata": (5, 3),
    "event_registration": (9, 0),
    "invoice": (26, 5),
    "medical_record": (28, 9),
    "meeting_notes": (11, 2),
    "order_details": (24, 6),
    "shopping_cart": (22, 9),
    "support_ticket": (19, 8),
    "transaction_record": (27, 7),
    "ecommerce_analytics": (25, 5),
    "iot_device_network": (23, 7),
    "medical_encounter": (17, 2),
    "multi_party_transaction": (20, 9),
    "nested_organization": (2, 2),
}
"""Train and test examples per task and style, as in EdgeJSON v3: 629 and 158 in all."""

GENERATORS = {
    "simple": simple.GENERATORS,
    "medium": medium.GENERATORS,
    "complex": complex_tier.GENERATORS,
}
"""Generators by tier and task."""

PATIENCE = 200
"""Rejected draws in a row after which a generator is too poor for the count asked of it."""

Splits = dict[str, list[Example]]
"""Examples by split name."""


def tier_of(task: str) -> str:
    """Tier whose generators hold ``task``.

    Raises:
        DataError: no generator makes it.
    """
    for tier in TIERS:
        if task in GENERATORS[tier]:
            return tier
    raise DataError(f"no generator for task {task}; add one to edgejson_bench/generation")


def build(seed: int = SEED, *, further_frames: bool = False) -> dict[str, Splits]:
    """All examples by task and split, in the order of :data:`COUNTS`.

    Each task, split and style has its own stream of values, and copies are looked for within the task (headings and
    frames keep tasks apart), so adding a task moves no other. The two styles of the test split say the same golds.

    Args:
        seed: of all values.
        further_frames: whether the prose of the train split is written with the further frames as well.

    Raises:
        DataError: a generator yields an invalid record, or too few different ones.
    """
    load = load_with_further if further_frames else load_frames
    return {task: _build_task(task, seed, load(task)) for task in COUNTS}


def _build_task(task: str, seed: int, file: FrameFile) -> Splits:
    schema = read_json(_schema_path(task))
    seen: set[str] = set()
    splits = _form(task, schema, seed, seen)
    for split, examples in _prose(file, schema, seed, seen, splits["test"]).items():
        splits[split] += examples
    return splits


def _form(task: str, schema: JsonObject, seed: int, seen: set[str]) -> Splits:
    """The form style; what it holds is added to ``seen``."""
    train_texts = NearCopies()
    splits: Splits = {}
    for split, count in zip(SPLITS, COUNTS[task], strict=True):
        values = Values(f"{seed}/{task}/{split}")
        splits[split] = []
        for number in range(1, count + 1):
            name = f"{task}-{split}-{number:03d}-form"
            gold, prompt = _draw(name, task, schema, values, seen, train_texts if split == "test" else None)
            if split == "train":
                train_texts.add(name, prompt)
            seen |= {prompt, canonical(gold)}
            splits[split].append(_checked(Example(name, task, "form", prompt, gold), schema))
    return splits


def _draw(
    name: str, task: str, schema: JsonObject, values: Values, seen: set[str], train_texts: NearCopies | None
) -> tuple[JsonObject, str]:
    """The stream's next gold and form text that are neither seen before nor a near copy of a train text."""
    for _ in range(PATIENCE):
        gold = GENERATORS[tier_of(task)][task](values)
        prompt = print_form(task, schema["title"], gold)
        copied = prompt in seen or canonical(gold) in seen
        if not copied and (train_texts is None or train_texts.find(prompt) is None):
            return gold, prompt
    raise _too_poor(name, task)


def _prose(file: FrameFile, schema: JsonObject, seed: int, seen: set[str], twins: Sequence[Example]) -> Splits:
    """The prose style: a train split of its own golds, and the golds of ``twins``, the form style's test split."""
    task = file.task
    values = Values(f"{seed}/{task}/train/prose")
    texts = NearCopies()
    train: list[Example] = []
    for number in range(1, COUNTS[task][0] + 1):
        name = f"{task}-train-{number:03d}-prose"
        gold, _ = _draw(name, task, schema, values, seen, None)
        train.append(_write(name, task, schema, file, "train", gold, values, seen, None))
        texts.add(name, train[-1].prompt)
        seen |= {train[-1].prompt, canonical(gold)}
    values = Values(f"{seed}/{task}/test/prose")
    test: list[Example] = []
    for twin in twins:
        name = f"{pair_key(twin.id, twin.style)}-prose"
        test.append(_write(name, task, schema, file, "test", twin.gold, values, seen, texts))
        seen.add(test[-1].prompt)
    return {"train": train, "test": test}


def _write(
    name: str,
    task: str,
    schema: JsonObject,
    file: FrameFile,
    split: str,
    gold: JsonObject,
    values: Values,
    seen: set[str],
    train_texts: NearCopies | None,
) -> Example:
    for _ in range(PATIENCE):
        written = write_prose(file, split, schema, gold, values)
        if written.prompt not in seen and (train_texts is None or train_texts.find(written.prompt) is None):
            example = Example(name, task, "prose", written.prompt, gold, written.frame, written.evidence)
            return _checked(example, schema, file)
    raise _too_poor(name, task)


def _checked(example: Example, schema: JsonObject, file: FrameFile | None = None) -> Example:
    found = problems(example, schema) if file is None else [*gold_problems(example, schema), *faults(example, file)]
    if found:
        raise DataError(f"{example.id}: the generator of {example.task} made an invalid record ({'; '.join(found)})")
    return example


def _too_poor(name: str, task: str) -> DataError:
    return DataError(f"{name}: {PATIENCE} draws in a row were copies; give the generator of {task} more variety")


def _schema_path(task: str) -> Path:
    return shipped_root() / tier_of(task) / task / "schema.json"


def render(seed: int = SEED) -> dict[Path, str]:
    """Text of every file, by its path below the data folder: one compact JSON object a line, then the schemas."""
    files: dict[Path, str] = {}
    for task, splits in build(seed).items():
        folder = Path(tier_of(task)) / task
        for split, examples in splits.items():
            files[folder / f"{split}.jsonl"] = "".join(_line(example) for example in examples)
        files[folder / "schema.json"] = _schema_path(task).read_text(encoding="utf-8")
    return files


def _line(example: Example) -> str:
    row = {key: value for key, value in asdict(example).items() if value is not None}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def write(folder: Path, seed: int = SEED) -> list[Path]:
    """Write every split (an empty file where it has no example) and, outside the shipped folder, every schema.

    Returns the files written. Each appears whole or not at all.
    """
    home = folder.resolve() == shipped_root().resolve()
    written = []
    for path, text in render(seed).items():
        if home and path.name == "schema.json":
            continue
        write_atomic(folder / path, text)
        written.append(folder / path)
    return written


def check(folder: Path, seed: int = SEED) -> list[str]:
    """Names of the files below ``folder`` that are missing or whose bytes are not what ``seed`` gives."""
    return [
        path.as_posix()
        for path, text in render(seed).items()
        if not (folder / path).is_file() or (folder / path).read_bytes() != text.encode("utf-8")
    ]
