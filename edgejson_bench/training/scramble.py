"""Form texts that say things nobody would: the same schema, every value drawn anew from a wide range.

A model that sees believable values alone learns them: it writes 2026 where a text says 1976, and ends an identifier as
those it knows end. Copying is learnt from values that cannot be guessed, and where an object ends from objects that
lack some of their optional fields, or all of them. For training only; data that ships says believable things.

What foreign forms hold and those that ship do not was found with a model trained on the latter, on the released train
split: objects with nothing in them, values of several lines or sentences, clock times, amounts below zero, and words
that the model had never copied.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft7Validator

from edgejson_bench.generation.form import print_form
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.records import Example, JsonObject


@dataclass(frozen=True)
class Rates:
    """How often, 0 to 1, something is done to a form."""

    dropped: float
    """An optional field is left out whose value is no object and no array."""
    left_out: float
    """An array's item, or an optional field with an object or array, is."""
    repeated: float
    """An array's item comes once more, with other values."""
    shortened: float
    """A text is one word."""


USUAL = Rates(dropped=0.15, left_out=0.15, repeated=0.15, shortened=0.0)
SPARSE = Rates(dropped=0.4, left_out=0.15, repeated=0.5, shortened=0.8)
"""Much to nest and little to copy: where an item ends, and how many brackets close, is in every few tokens."""
EMPTIED, EMPTIED_FREE = 0.1, 0.6
"""How often an object that may be empty is, and one without named properties."""
BROKEN, BROKEN_VALUE = 0.25, 0.5
"""How many forms have values with line breaks, and how many of their values do."""
SEVERAL = 0.3
"""How often a sentence is followed by others."""
CLOCK = 0.05
"""How often a word is a time of day instead."""
NEGATIVE = 0.1
"""How often a number that may be below zero is."""
TRIES = 20
"""Draws for one example; one that cannot be read back, or does not fit the schema, is drawn again."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CODE = re.compile(r"\S*\d\S*")
_WORD = re.compile(r"[A-Za-z]{2,}")
_TOKEN_WORD = re.compile(r"[\u0120\u2581]([A-Za-z]{2,})")
"""A token that is a word behind a space, as byte-level BPE and SentencePiece write it."""


def words_known(tokenizer: Any) -> list[str]:
    """The words that are one token of ``tokenizer``, in the order of their ids: the frequent ones come first."""
    vocabulary: Mapping[str, int] = tokenizer.get_vocab()
    found = (_TOKEN_WORD.fullmatch(token) for token in sorted(vocabulary, key=vocabulary.__getitem__))
    return [match[1] for match in found if match]


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


def scrambled(example: Example, schema: JsonObject, words: Sequence[str], sparse: float = 0.0) -> Example:
    """``example``, a form, with other values and a text that says them; always the same for the same id and words, of
    which the first are taken more often. With the probability ``sparse``, its fields are fewer, its items more and its
    texts short.

    What comes back fits the schema (its formats left aside, as foreign data leaves them) and can be read back by the
    rules of the layout. Where no draw does, the example comes back as it was.
    """
    valid = Draft7Validator(schema).is_valid
    source = random.Random(f"scrambled/{example.id}")  # noqa: S311 - training data, nothing secret
    draw = Draw(source, words, SPARSE if sparse and source.random() < sparse else USUAL)
    for _ in range(TRIES):
        gold = draw.record(example.gold, schema)
        prompt = print_form(example.task, schema["title"], gold)
        if gold and valid(gold) and read_form(prompt, schema) == gold:
            return replace(example, id=f"{example.id}-scrambled", prompt=prompt, gold=gold)
    return example


class Draw:
    """A stream of values that look like given ones from afar."""

    def __init__(self, source: random.Random, words: Sequence[str], rates: Rates) -> None:
        self.random = source
        self.words = words
        self.rates = rates
        self.broken = False
        """Whether values may have line breaks; not every layout around them can be read back."""

    def record(self, gold: JsonObject, schema: JsonObject) -> JsonObject:
        """Another gold."""
        self.broken = self.random.random() < BROKEN
        return self.fields(gold, schema)

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
        """An object with some optional fields left out, or all."""
        known = schema.get("properties", {})
        if not schema.get("required") and self.random.random() < (EMPTIED if known else EMPTIED_FREE):
            return {}
        optional = set(known) - set(schema.get("required", ()))
        return {
            key: self.value(child, known.get(key, {}))
            for key, child in value.items()
            if key not in optional or self.random.random() >= self.absence(child)
        }

    def absence(self, value: Any) -> float:
        """How often a field with such a value is left out."""
        return self.rates.left_out if isinstance(value, Mapping | list) else self.rates.dropped

    def items(self, value: Sequence[Any], schema: Mapping[str, Any]) -> list[Any]:
        """An array with some items left out, and some once more."""
        made = []
        for item in value:
            chance = self.random.random() - self.rates.left_out
            count = 0 if chance < 0 else 2 if chance < self.rates.repeated else 1
            made += [self.value(item, schema) for _ in range(count)]
        return made or [self.value(value[0], schema)]

    def number(self, value: float, schema: Mapping[str, Any]) -> float:
        """A number about as long as ``value``, within the schema's bounds."""
        digits = len(str(abs(int(value)))) + self.random.choice((-1, 0, 0, 0, 1))
        high = 10.0 ** max(1, digits)
        low, high = schema.get("minimum", -high if value < 0 else 0.0), schema.get("maximum", high)
        number = self.random.uniform(low, max(low, high))
        return -number if "minimum" not in schema and self.random.random() < NEGATIVE else number

    def text(self, value: str) -> str:
        """Another date, moment, address, code or run of words."""
        if _DATE.fullmatch(value):
            return self.date()
        if _TIME.fullmatch(value):
            part = self.random.choice(("", f".{self.random.randrange(10**6):06d}"))
            return f"{self.date()}T{self.clock()}{part}{self.random.choice(('Z', ''))}"
        if _EMAIL.fullmatch(value):
            name, place, end = (self.word().lower() for _ in range(3))
            return f"{name}{self.random.choice(('', '.', str(self.random.randrange(100))))}{place}@{end}.example.org"
        if self.rates.shortened and self.random.random() < self.rates.shortened:
            return self.words_spelled(1, sentence=False)
        if _CODE.fullmatch(value) and self.random.random() < 0.4:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if any(character.isdigit() for character in value):
            return self.lines(" ".join(map(self.piece, value.split(" "))))
        if " " not in value and self.random.random() < CLOCK:
            return self.clock()
        sentence = value.endswith(".")
        count = self.random.randint(2, 4) if sentence and self.random.random() < SEVERAL else 1
        return self.lines(" ".join(self.phrase(len(value.split()), sentence=sentence) for _ in range(count)))

    def lines(self, text: str) -> str:
        """``text``, in some forms on two lines, as addresses are."""
        places = [place for place, character in enumerate(text) if character == " "]
        if not self.broken or not places or self.random.random() >= BROKEN_VALUE:
            return text
        place = self.random.choice(places)
        return f"{text[:place]}\n{text[place + 1 :]}"

    def word(self) -> str:
        """One of the words, twice as often of the first quarter as of all alike."""
        return self.words[int(len(self.words) * self.random.random() ** 2)]

    def clock(self) -> str:
        """Any second of a day."""
        hour, minute, second = (self.random.randrange(limit) for limit in (24, 60, 60))
        return f"{hour:02d}:{minute:02d}:{second:02d}"

    def date(self) -> str:
        """Any day that every month has, of a century and more."""
        return f"{self.random.randint(1930, 2060)}-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d}"

    def piece(self, given: str) -> str:
        """Another word with the same marks around it, or where there is a digit, other characters one by one."""
        if any(character.isdigit() for character in given):
            return "".join(map(self.character, given))
        return _WORD.sub(lambda _: self.word(), given, count=1)

    def character(self, given: str) -> str:
        """Another character of the same class; what is neither digit nor letter stays."""
        if given.isdigit():
            return self.random.choice("0123456789")
        if given.isascii() and given.isalpha():
            return self.random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if given.isupper() else "abcdefghijklmnopqrstuvwxyz")
        return given

    def phrase(self, length: int, *, sentence: bool) -> str:
        """About ``length`` words."""
        return self.words_spelled(max(1, length + self.random.choice((-2, -1, 0, 0, 1, 2))), sentence=sentence)

    def words_spelled(self, count: int, *, sentence: bool) -> str:
        """Words in no order that means anything, spelled in one of a few ways."""
        chosen = [self.word() for _ in range(count)]
        if sentence or count > 5:
            chosen = [word if self.random.random() < 0.1 else word.lower() for word in chosen]
            return " ".join([chosen[0].capitalize(), *chosen[1:]]) + ("." if sentence else "")
        spelled = self.random.choice((str.lower, str.title, str))
        return " ".join(map(spelled, chosen))
