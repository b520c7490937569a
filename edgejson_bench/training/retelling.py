"""The train rows' own golds told anew: in the other style as well, in other words, with values of one in another.

More texts from the same golds, where :mod:`edgejson_bench.generation.splits` would make more golds. What is exchanged
comes from the rows given, what is drawn is nothing that they hold, so no gold but theirs has a say. Forms can have
other values and items here, too; that their values are such as nobody would believe is the business of
:mod:`edgejson_bench.training.scramble`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgejson_bench.errors import DataError
from edgejson_bench.generation.checks import gold_problems
from edgejson_bench.generation.form import print_form
from edgejson_bench.generation.prose.checks import faults
from edgejson_bench.generation.prose.frames import FrameFile, load, load_with_further
from edgejson_bench.generation.prose.write import write
from edgejson_bench.generation.values import Values
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.records import Example, JsonObject
from edgejson_bench.tasks import Dataset
from edgejson_bench.training.scramble import USUAL, Draw

OF_ANOTHER, OF_ANOTHER_WHOLE = 0.5, 0.3
"""How often a value is that of another gold at the same field; and an object or array."""
DRAWN = 0.25
"""How often a value that is no other gold's is drawn anew, unless the task has phrases for what may stand there."""
TRIES = 20
"""Draws for one gold; one that does not fit the schema, or that no frame says whole, is drawn again."""


def retold(
    examples: Sequence[Example],
    dataset: Dataset,
    number: int,
    *,
    further_frames: bool,
    exchanged: float,
    exchanged_forms: float,
    exchanged_presence: float,
    words: Sequence[str],
) -> list[Example]:
    """Each gold of ``examples`` once more: in its own style where ``number`` is even, else in the other one.

    The same ``number`` gives the same texts; ids get it as a suffix.

    Args:
        examples: rows of the train split.
        dataset: the shipped data, for its schemas.
        number: of this telling.
        further_frames: whether prose is written with the further frames as well.
        exchanged: the probability, 0 to 1, that a gold told in prose has other values.
        exchanged_forms: the probability, 0 to 1, that a gold told as a form has other values, and other arrays.
        exchanged_presence: the probability, 0 to 1, that an optional field of such a gold is there or not as in one of
            the golds, whichever that is.
        words: what drawn texts are made of, the likely ones first.
    """
    by_task: dict[str, list[Example]] = {}
    for example in examples:
        by_task.setdefault(example.task, []).append(example)
    told = []
    for task, same in by_task.items():
        schema = dataset.tasks[task].schema or {}
        values = Values(f"retold/{task}/{number}")
        file = load_with_further(task) if further_frames else load(task)
        exchange = _Exchange(same, file, schema, values, exchanged_presence, words)
        for example in same:
            name = f"{example.id}-retold{number}"
            if (example.style == "form") == (number % 2 == 0):
                told.append(exchange.form(name, example, exchanged_forms))
            else:
                told.append(exchange.prose(name, example, exchanged))
    return told


class _Exchange:
    """A task's golds, to take values from, and its frames."""

    def __init__(
        self,
        examples: Sequence[Example],
        file: FrameFile,
        schema: JsonObject,
        values: Values,
        presence: float,
        words: Sequence[str],
    ) -> None:
        self.file, self.schema, self.values, self.presence = file, schema, values, presence
        self.draw = Draw(values.random, words, USUAL)
        self.pools: dict[str, list[Any]] = {}
        for example in examples:
            self._collect(example.gold, "")

    def _collect(self, value: Any, field: str) -> None:
        self.pools.setdefault(field, []).append(value)
        if isinstance(value, Mapping):
            for key, child in value.items():
                self._collect(child, _below(field, key))
        elif isinstance(value, list):
            for item in value:
                self._collect(item, f"{field}[]")

    def prose(self, name: str, example: Example, exchanged: float) -> Example:
        """The gold of ``example``, or with the probability ``exchanged`` one with other values, in prose.

        Raises:
            DataError: no frame says the gold as it is.
        """
        if self.values.maybe(exchanged):
            for _ in range(TRIES):
                gold = self._other(example.gold, self.schema, "")
                if gold_problems(Example(name, example.task, "prose", "", gold), self.schema):
                    continue
                try:
                    return self._written(name, example.task, gold)
                except DataError:  # drawn values may be such as no frame can say: draw again
                    continue
        return self._written(name, example.task, example.gold)

    def form(self, name: str, example: Example, exchanged: float) -> Example:
        """The gold of ``example``, or with the probability ``exchanged`` one with other values and items, as a form."""
        if exchanged and self.values.maybe(exchanged):  # where it is 0, older recipes' texts stay: nothing is drawn
            for _ in range(TRIES):
                gold = self._other(example.gold, self.schema, "", items=True)
                made = self._printed(name, example.task, gold)
                if gold and not gold_problems(made, self.schema) and read_form(made.prompt, self.schema) == gold:
                    return made
        return self._printed(name, example.task, example.gold)

    def _printed(self, name: str, task: str, gold: JsonObject) -> Example:
        return Example(name, task, "form", print_form(task, self.schema["title"], gold), gold)

    def _written(self, name: str, task: str, gold: JsonObject) -> Example:
        written = write(self.file, "train", self.schema, gold, self.values)
        made = Example(name, task, "prose", written.prompt, gold, written.frame, written.evidence)
        if found := faults(made, self.file):
            raise DataError(f"{name}: {'; '.join(found)}")
        return made

    def _other(self, value: Any, schema: Mapping[str, Any], field: str, *, items: bool = False) -> Any:
        """``value`` with some of what is in it exchanged for other golds' or drawn anew; with ``items``, some arrays
        have as many items as another gold's, each of any gold."""
        nested = isinstance(value, Mapping | list)
        if field and self.values.maybe(OF_ANOTHER_WHOLE if nested else OF_ANOTHER):
            value = self.values.pick(self.pools[field])
            if items and isinstance(value, list):
                value = [self.values.pick(self.pools[f"{field}[]"]) for _ in value]
        elif not nested and not isinstance(value, bool) and not self._has_phrases(field) and self.values.maybe(DRAWN):
            return self._drawn(value, schema)
        if isinstance(value, Mapping):
            known = schema.get("properties", {})
            fields = self._fields(value, schema, field) if self.presence else value
            return {
                key: self._other(child, known.get(key, {}), _below(field, key), items=items)
                for key, child in fields.items()
            }
        if isinstance(value, list):
            return [self._other(item, schema.get("items", {}), f"{field}[]", items=items) for item in value]
        return value

    def _fields(self, value: Mapping[str, Any], schema: Mapping[str, Any], field: str) -> JsonObject:
        """``value`` with optional fields come and gone: each as often as the golds have it there, whatever else they
        have. In the schema's order, as golds are."""
        optional = set(schema.get("properties", {})) - set(schema.get("required", ()))
        made = {}
        for key in dict.fromkeys((*schema.get("properties", {}), *value)):
            there = self.pools.get(_below(field, key), [])
            if key in optional and self.values.maybe(self.presence):
                if self.values.maybe(len(there) / len(self.pools[field])):
                    made[key] = value[key] if key in value else self.values.pick(there)
            elif key in value:
                made[key] = value[key]
        return made

    def _has_phrases(self, field: str) -> bool:
        return self.file.phrases(field.replace("[]", "")) is not None

    def _drawn(self, value: Any, schema: Mapping[str, Any]) -> Any:
        drawn = self.draw.value(value, schema)
        if isinstance(value, float):  # as many decimals as before: amounts of money have two
            return round(drawn, len(str(value).partition(".")[2]))
        return drawn


def _below(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
