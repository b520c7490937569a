"""Tasks, splits and data sets: what is evaluated. Loads files and fingerprints them; builds no prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from edgejson_bench.errors import DataError, UsageError
from edgejson_bench.jsonio import canonical, read_json, read_jsonl, sha256_text
from edgejson_bench.records import TIERS, Example, JsonObject

STYLES = ("form", "prose")
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Task:
    """One schema, in one tier."""

    name: str
    """The folder's name, such as ``invoice``."""
    tier: str
    """``simple``, ``medium`` or ``complex``."""
    schema: JsonObject | None
    """JSON Schema (draft-07); None where foreign data brings none and the name is not one of ours."""

    @property
    def title(self) -> str:
        """The schema's title, as the form heading prints it."""
        return str((self.schema or {}).get("title", self.name))


@dataclass(frozen=True)
class Dataset:
    """Tasks and their splits, as loaded from one place."""

    name: str
    """``edgejson`` for the data that ships, ``released`` for the published files, else the folder's name."""
    tasks: Mapping[str, Task]
    """By name."""
    splits: Mapping[str, tuple[Example, ...]]
    """By split name, examples in file order; a split that is absent has no key."""

    def split(self, name: str) -> tuple[Example, ...]:
        """The examples of one split.

        Raises:
            DataError: this data set has no such split.
        """
        if name not in self.splits:
            has = ", ".join(self.splits) or "no split at all"
            raise DataError(f"data set {self.name} has no {name} split (it has {has}); choose one with --split")
        return self.splits[name]

    def task(self, name: str) -> Task:
        """One task by name.

        Raises:
            UsageError: there is no such task; near names are proposed.
        """
        if name in self.tasks:
            return self.tasks[name]
        import difflib

        near = difflib.get_close_matches(name, self.tasks, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known tasks: {', '.join(sorted(self.tasks))}"
        raise UsageError(f"no task named {name!r} in data set {self.name}; {hint}")

    def tier(self, example: Example) -> str:
        """Tier of an example's task."""
        return self.tasks[example.task].tier


def fingerprint(examples: Iterable[Example], tasks: Mapping[str, Task]) -> str:
    """Hex sha256 over the canonical JSON of the sorted examples and the schemas of their tasks.

    Titles, tiers and schemas are part of what a model is asked, so a change in any of them is other data. Frames and
    evidence are annotations, and are not.
    """
    ordered = sorted(examples, key=lambda example: example.id)
    names = sorted({example.task for example in ordered})
    content = {
        "examples": [[e.id, e.task, e.style, e.prompt, e.gold] for e in ordered],
        "tasks": [[name, tasks[name].tier, tasks[name].schema] for name in names],
    }
    return sha256_text(canonical(content))


def pair_key(example_id: str, style: str) -> str:
    """What the examples of one gold in several styles have in common: the id without its style's suffix."""
    return example_id.removesuffix(f"-{style}")


def pairs(examples: Iterable[Example]) -> dict[str, str]:
    """Ids of form examples to those of their prose twins: same :func:`pair_key`, same task, equal gold."""
    by_style: dict[str, dict[str, Example]] = {style: {} for style in STYLES}
    for example in examples:
        if example.style in by_style:
            by_style[example.style][pair_key(example.id, example.style)] = example
    form, prose = by_style["form"], by_style["prose"]
    return {
        form[key].id: prose[key].id
        for key in sorted(form.keys() & prose.keys())
        if form[key].task == prose[key].task and canonical(form[key].gold) == canonical(prose[key].gold)
    }


def style_order(style: str) -> tuple[int, str]:
    """Sort key that puts form before prose, unknown styles last."""
    return (STYLES.index(style) if style in STYLES else len(STYLES), style)


def tier_order(tier: str) -> tuple[int, str]:
    """Sort key that puts tiers in the order of complexity, unknown ones last."""
    return (TIERS.index(tier) if tier in TIERS else len(TIERS), tier)


def select(
    dataset: Dataset,
    split: str,
    *,
    styles: Sequence[str] = (),
    tiers: Sequence[str] = (),
    tasks: Sequence[str] = (),
    limit: int | None = None,
) -> tuple[Example, ...]:
    """The examples of ``split`` that the selectors leave, in file order.

    ``limit`` keeps that many, taken in turn from each tier and style so that a small sample holds all of them. The
    styles of one gold stay together, as far as the number allows.

    Raises:
        UsageError: a selector names something that does not exist, or nothing is left.
        DataError: the data set has no such split.
    """
    for name in tasks:
        dataset.task(name)
    present = {example.style for example in dataset.split(split)}
    for style in styles:
        if style not in present:
            has = " and ".join(sorted(present)) or "no style at all"
            raise UsageError(f"data set {dataset.name}, split {split}, has no {style} style; it has {has}")
    known_tiers = {task.tier for task in dataset.tasks.values()}
    for tier in tiers:
        if tier not in known_tiers:
            raise UsageError(f"no tier named {tier!r}; known tiers: {', '.join(sorted(known_tiers, key=tier_order))}")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit {limit}: must be at least 1")
    chosen = [
        example
        for example in dataset.split(split)
        if (not styles or example.style in styles)
        and (not tiers or dataset.tier(example) in tiers)
        and (not tasks or example.task in tasks)
    ]
    if not chosen:
        raise UsageError(f"nothing to do: no example of data set {dataset.name}, split {split}, fits the selection")
    if limit is not None and limit < len(chosen):
        in_turn = interleaved(chosen, dataset)
        kept = {example.id for example in in_turn[:limit]}
        chosen = [example for example in chosen if example.id in kept]
    return tuple(chosen)


def interleaved(examples: Iterable[Example], dataset: Dataset) -> list[Example]:
    """One gold after the other, by turns from each tier and, within it, from the golds that have the same styles."""
    golds: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        golds.setdefault((example.task, pair_key(example.id, example.style)), []).append(example)
    columns: dict[tuple[tuple[int, str], tuple[str, ...]], list[list[Example]]] = {}
    for gold in golds.values():
        gold.sort(key=lambda example: example.style)
        place = (tier_order(dataset.tier(gold[0])), tuple(example.style for example in gold))
        columns.setdefault(place, []).append(gold)
    rows = zip_longest(*(columns[place] for place in sorted(columns)), fillvalue=[])
    return [example for row in rows for gold in row for example in gold]


def shipped_root() -> Path:
    """Folder of the tasks that ship: in the wheel beside this package, in a checkout at its root.

    Raises:
        DataError: neither is there, so the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_tasks", package.parent / "tasks"):
        if candidate.is_dir():
            return candidate
    raise DataError(f"{package}: the shipped tasks are missing; install edgejson-bench again")


def load_shipped(root: Path | None = None) -> Dataset:
    """The 25 tasks that ship with the project, from ``<tier>/<task>/{schema.json, train.jsonl, test.jsonl}``.

    Raises:
        DataError: a file is missing or broken; the message names file and line.
    """
    root = shipped_root() if root is None else root
    tasks: dict[str, Task] = {}
    splits: dict[str, list[Example]] = {split: [] for split in SPLITS}
    for schema_path in sorted(root.glob("*/*/schema.json"), key=lambda p: (tier_order(p.parts[-3]), p)):
        folder = schema_path.parent
        task = Task(folder.name, folder.parent.name, read_json(schema_path))
        tasks[task.name] = task
        for split in SPLITS:
            path = folder / f"{split}.jsonl"
            splits[split] += [read_example(path, number, row) for number, row in read_jsonl(path)]
    if not tasks:
        raise DataError(f"{root}: no tasks here (expected <tier>/<task>/schema.json)")
    return Dataset("edgejson", tasks, {name: tuple(rows) for name, rows in splits.items()})


def read_example(path: Path, number: int, row: Mapping[str, object]) -> Example:
    """An :class:`Example` from one parsed line of our own record shape.

    Raises:
        DataError: a key is missing or of the wrong type; the message names ``file:line`` and the key.
    """
    kinds = {"id": str, "task": str, "style": str, "prompt": str, "gold": dict}
    for key, kind in kinds.items():
        if not isinstance(row.get(key), kind):
            found = "missing" if key not in row else f"a {type(row[key]).__name__}"
            raise DataError(f"{path}:{number}: {key!r} must be a {kind.__name__}, it is {found}")
    frame = row.get("frame")
    if not isinstance(frame, str | None):
        raise DataError(f"{path}:{number}: 'frame' must be a str, it is a {type(frame).__name__}")
    evidence = _read_evidence(f"{path}:{number}", row.get("evidence"), str(row["prompt"]))
    return Example(**{key: row[key] for key in kinds}, frame=frame, evidence=evidence)  # type: ignore[arg-type]


def _read_evidence(where: str, spans: object, prompt: str) -> dict[str, tuple[int, int]] | None:
    if spans is None:
        return None
    if not isinstance(spans, dict):
        raise DataError(f"{where}: 'evidence' must be a dict of JSON pointers, it is a {type(spans).__name__}")
    evidence = {}
    for pointer, span in spans.items():
        ends = span if isinstance(span, list) and [type(end) for end in span] == [int, int] else None
        if ends is None or not 0 <= ends[0] < ends[1] <= len(prompt):
            raise DataError(f"{where}: evidence of {pointer!r} must be [start, end] within the prompt, it is {span!r}")
        evidence[pointer] = (ends[0], ends[1])
    return evidence
