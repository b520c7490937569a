"""Form texts that say things nobody would: the same schema, every value drawn anew from a wide range.

A model that sees believable values alone learns them: it writes 2026 where a text says 1976, and ends an identifier as
those it knows end. Copying is learnt from values that cannot be guessed, and where an object ends from objects that
lack some of their optional fields. For training only; data that ships says believable things.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jsonschema import Draft7Validator

from edgejson_bench.generation.form import print_form
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.records import Example, JsonObject

DROPPED = 0.15
"""How often an optional field, or an array's item, is left out."""
REPEATED = 0.15
"""How often an array's item comes once more, with other values."""
TRIES = 20
"""Draws for one example; one that cannot be read back, or does not fit the schema, is drawn again."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CODE = re.compile(r"\S*\d\S*")
_WORD = re.compile(r"[A-Za-z]{2,}")


def words_of(examples: Iterable[Example]) -> list[str]:
    """The different words of the golds' strings, sorted."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.update(_WORD.findall(value))
        elif isinstance(value, Mapping | list):
            for child in value.values() if isinstance(value, Mapping) else value:
                walk(child)

    for example in examples:
        walk(example.gold)
    return sorted(found)


def scrambled(example: Example, schema: JsonObject, words: Sequence[str]) -> Example:
    """``example``, a form, with other values and a text that says them; always the same for the same id.

    What comes back fits the schema (its formats left aside, as foreign data leaves them) and can be read back by the
    rules of the layout. Where no draw does, the example comes back as it was.
    """
    valid = Draft7Validator(schema).is_valid
    draw = _Draw(random.Random(f"scrambled/{example.id}"), words)  # noqa: S311 - training data, nothing secret
    for _ in range(TRIES):
        gold = draw.value(example.gold, schema)
        prompt = print_form(example.task, schema["title"], gold)
        if gold and valid(gold) and read_form(prompt, schema) == gold:
            return replace(example, id=f"{example.id}-scrambled", prompt=prompt, gold=gold)
    return example


class _Draw:
    """A stream of values that look like given ones from afar."""

    def __init__(self, source: random.Random, words: Sequence[str]) -> None:
        self.random = source
        self.words = words

    def value(self, value: Any, schema: Mapping[str, Any]) -> Any:
        """Another value of that kind, under that part of the schema."""
        if options := schema.get("enum"):
            return self.random.choice(options)
        if isinstance(value, Mapping):
            return self.fields(value, schema)
        if isinstance(value, list):
            return self.items(value, schema.get("items", {}))
        if isinstance(value, bool):
            return self.random.random() < 0.5
        if isinstance(value, int):
            return round(self.number(value, schema))
        if isinstance(value, float):
            return round(self.number(value, schema), self.random.choice((1, 2, 2, 2, 3, 6)))
        return self.text(value) if isinstance(value, str) else value

    def fields(self, value: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
        """An object with some optional fields left out."""
        known = schema.get("properties", {})
        optional = set(known) - set(schema.get("required", ()))
        return {
            key: self.value(child, known.get(key, {}))
            for key, child in value.items()
            if key not in optional or self.random.random() >= DROPPED
        }

    def items(self, value: Sequence[Any], schema: Mapping[str, Any]) -> list[Any]:
        """An array with some items left out, and some once more."""
        made = []
        for item in value:
            chance = self.random.random()
            count = 0 if chance < DROPPED else 2 if chance < DROPPED + REPEATED else 1
            made += [self.value(item, schema) for _ in range(count)]
        return made or [self.value(value[0], schema)]

    def number(self, value: float, schema: Mapping[str, Any]) -> float:
        """A number about as long as ``value``, within the schema's bounds."""
        digits = len(str(abs(int(value)))) + self.random.choice((-1, 0, 0, 0, 1))
        high = 10.0 ** max(1, digits)
        low, high = schema.get("minimum", -high if value < 0 else 0.0), schema.get("maximum", high)
        return self.random.uniform(low, max(low, high))

    def text(self, value: str) -> str:
        """Another date, moment, address, code or run of words."""
        if _DATE.fullmatch(value):
            return self.date()
        if _TIME.fullmatch(value):
            hour, minute, second = (self.random.randrange(limit) for limit in (24, 60, 60))
            part = self.random.choice(("", f".{self.random.randrange(10**6):06d}"))
            return f"{self.date()}T{hour:02d}:{minute:02d}:{second:02d}{part}{self.random.choice(('Z', ''))}"
        if _EMAIL.fullmatch(value):
            name, place, end = (self.random.choice(self.words).lower() for _ in range(3))
            return f"{name}{self.random.choice(('', '.', str(self.random.randrange(100))))}{place}@{end}.example.org"
        if _CODE.fullmatch(value) and self.random.random() < 0.4:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if any(character.isdigit() for character in value):
            return " ".join(map(self.piece, value.split(" ")))
        return self.phrase(len(value.split()), sentence=value.endswith("."))

    def date(self) -> str:
        """Any day that every month has, of a century and more."""
        return f"{self.random.randint(1930, 2060)}-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d}"

    def piece(self, given: str) -> str:
        """Another word with the same marks around it, or where there is a digit, other characters one by one."""
        if any(character.isdigit() for character in given):
            return "".join(map(self.character, given))
        return _WORD.sub(lambda _: self.random.choice(self.words), given, count=1)

    def character(self, given: str) -> str:
        """Another character of the same class; what is neither digit nor letter stays."""
        if given.isdigit():
            return self.random.choice("0123456789")
        if given.isascii() and given.isalpha():
            return self.random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if given.isupper() else "abcdefghijklmnopqrstuvwxyz")
        return given

    def phrase(self, length: int, *, sentence: bool) -> str:
        """About ``length`` words in no order that means anything, spelled in one of a few ways."""
        count = max(1, length + self.random.choice((-2, -1, 0, 0, 1, 2)))
        chosen = [self.random.choice(self.words) for _ in range(count)]
        if sentence or count > 5:
            chosen = [word if self.random.random() < 0.1 else word.lower() for word in chosen]
            return " ".join([chosen[0].capitalize(), *chosen[1:]]) + ("." if sentence else "")
        spelled = self.random.choice((str.lower, str.title, str))
        return " ".join(map(spelled, chosen))
