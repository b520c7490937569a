"""How hard a task is, measured on its schema and its data. It judges nothing and names no tier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from referencing import Registry
from referencing.jsonschema import DRAFT7

from edgejson_bench.errors import DataError
from edgejson_bench.protocols import gold_text, schema_definition
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.tasks import Dataset, Task, tier_order

ValuePath = tuple[str, ...]
"""Where a value may stand: property names, ``[]`` for the items of an array, ``*`` for unnamed properties."""

TokenCounter = Callable[[str], int | None]
"""A text's length in a model's tokens; None for a model that has none (``Model.count_tokens``)."""

MAX_LEAVES = 10_000
"""The largest schema of EdgeJSON v3 has 58; references that multiply could otherwise count for ever."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long the texts of a group are."""

    median: float
    maximum: int


@dataclass(frozen=True, slots=True)
class Complexity:
    """What one task asks for, in numbers."""

    task: str
    tier: str
    leaves: int
    """Distinct scalar paths of the schema; an object without named properties counts as one."""
    depth: int
    """Objects and arrays that are open at the deepest leaf: 1 for a flat object, 3 for an array of objects in it."""
    arrays: int
    """Distinct paths that hold an array."""
    train: int
    """Examples of the train split."""
    test: int
    """Examples of the test split."""
    gold_characters: Length | None
    """Of the gold in the spelling that budgets count, over both splits; None where there is no example."""
    gold_tokens: Length | None
    """The same in tokens; None without a token counter or an example."""
    schema_characters: int | None
    """Of the schema as a prompt shows it (compact, without ``$schema``); None where there is none."""
    schema_tokens: int | None
    """The same in tokens; None without a token counter or a schema."""


def measure(
    task: Task, splits: Mapping[str, Sequence[Example]], count_tokens: TokenCounter | None = None
) -> Complexity:
    """Measure one task.

    Leaves, depth and arrays come from the schema: references are followed (a recursive one counts as one leaf),
    alternatives (``anyOf`` and the like) are united. Without a schema they come from the golds.

    Args:
        task: the task.
        splits: examples by split (``Dataset.splits``); those of other tasks are left out.
        count_tokens: a model's own count, for the fields in tokens.

    Raises:
        DataError: the schema spans more than ``MAX_LEAVES`` leaves.
    """
    own = {name: [example for example in rows if example.task == task.name] for name, rows in splits.items()}
    golds = [example.gold for rows in own.values() for example in rows]
    shape = _Shape(task.name)
    if task.schema is not None:
        shape.add_schema(task.schema)
    else:
        for gold in golds:
            shape.add_value(gold, ())
    texts = [gold_text(gold) for gold in golds]
    definition = None if task.schema is None else schema_definition(task.schema)
    return Complexity(
        task=task.name,
        tier=task.tier,
        leaves=len(shape.leaves),
        depth=max(map(len, shape.leaves), default=0),
        arrays=len(shape.arrays),
        train=len(own.get("train", ())),
        test=len(own.get("test", ())),
        gold_characters=_length(map(len, texts)),
        gold_tokens=_length(map(count_tokens, texts)) if count_tokens else None,
        schema_characters=None if definition is None else len(definition),
        schema_tokens=count_tokens(definition) if count_tokens and definition is not None else None,
    )


def measure_all(dataset: Dataset, count_tokens: TokenCounter | None = None) -> list[Complexity]:
    """Every task of a data set, measured and put in order.

    Raises:
        DataError: see :func:`measure`.
    """
    return order(measure(task, dataset.splits, count_tokens) for task in dataset.tasks.values())


def order(complexities: Iterable[Complexity]) -> list[Complexity]:
    """From easy to hard: by tier, and within a tier by leaves, then depth, arrays, median gold length, name.

    The measures are compared one after the other, not weighed into a sum: leaves first because each is a value
    that must be right for an exact match; the rest only separates tasks that are equal so far.
    """

    def key(c: Complexity) -> tuple[tuple[int, str], int, int, int, float, str]:
        gold = c.gold_characters.median if c.gold_characters else 0.0
        return (tier_order(c.tier), c.leaves, c.depth, c.arrays, gold, c.task)

    return sorted(complexities, key=key)


def _length(counts: Iterable[int | None]) -> Length | None:
    known = [count for count in counts if count is not None]
    return Length(float(median(known)), max(known)) if known else None


@dataclass
class _Shape:
    """The paths of a task, gathered from its schema or its golds."""

    task: str
    leaves: set[ValuePath] = field(default_factory=set)
    arrays: set[ValuePath] = field(default_factory=set)

    def add_schema(self, schema: JsonObject) -> None:
        registry: Registry[Any] = Registry()
        resolver = registry.resolver_with_root(DRAFT7.create_resource(schema))

        def member(node: Any, path: ValuePath, followed: frozenset[str]) -> None:
            """One property or item: a leaf unless something is named within it; ``false`` allows no value."""
            if node is not False and not within(node, path, followed):
                self._add_leaf(path)

        def within(node: Any, path: ValuePath, followed: frozenset[str]) -> bool:
            """Add what ``node`` names below ``path``; False where it names nothing."""
            if not isinstance(node, dict):
                return False
            if "$ref" in node:  # in draft-07 its neighbours are ignored
                reference = node["$ref"]
                if reference in followed:
                    return False
                return within(resolver.lookup(reference).contents, path, followed | {reference})
            named = {**node.get("properties", {}), **node.get("patternProperties", {})}
            if node.get("additionalProperties") and isinstance(node["additionalProperties"], dict):
                named["*"] = node["additionalProperties"]
            for name, child in named.items():
                member(child, (*path, name), followed)
            found = bool(named)
            kinds = node.get("type", ())
            if "items" in node or "array" in ([kinds] if isinstance(kinds, str) else kinds):
                self.arrays.add(path)
                items = node.get("items", True)
                for item in items if isinstance(items, list) else [items]:
                    member(item, (*path, "[]"), followed)
                found = True
            branches = [branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, ())]
            branches += [node[key] for key in ("then", "else") if key in node]
            for branch in branches:
                found |= within(branch, path, followed)
            return found

        member(schema, (), frozenset())

    def add_value(self, value: Any, path: ValuePath) -> None:
        if isinstance(value, list):
            self.arrays.add(path)
        if not value or not isinstance(value, (dict, list)):
            self._add_leaf(path)
        elif isinstance(value, dict):
            for name, child in value.items():
                self.add_value(child, (*path, name))
        else:
            for child in value:
                self.add_value(child, (*path, "[]"))

    def _add_leaf(self, path: ValuePath) -> None:
        self.leaves.add(path)
        if len(self.leaves) > MAX_LEAVES:
            raise DataError(f"schema of task {self.task}: more than {MAX_LEAVES} leaves; references multiply in it")
