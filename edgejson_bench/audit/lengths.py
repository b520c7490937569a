"""How long prompts and golds are, and how hard texts are to read. Numbers alone; nothing here is a fault."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from edgejson_bench.complexity import Length
from edgejson_bench.models.scripted import Tokenizer
from edgejson_bench.protocols import gold_text
from edgejson_bench.records import Example

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouyà-æè-ïò-öø-ýÿ]+")
_SENTENCE_END = re.compile(r"[.!?]+(?=[\s\"')\]]|\Z)|\n+")


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of one group of examples, in the audit's unit."""

    prompt: Length
    """Of the texts, without any instruction of a protocol."""
    gold: Length
    """Of the golds, in the spelling that budgets count."""
    over_cap: tuple[str, ...]
    """Ids of the examples whose gold is longer than the cap."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the natural texts of one task read, all splits together."""

    task: str
    tier: str
    n: int
    words: Length
    """Words of a text, numbers and codes left out."""
    flesch: float | None
    """Median Flesch reading ease; None where no text has a word."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Lengths of one example."""

    prompt: int
    gold: int


def measure(example: Example, tokenizer: Tokenizer) -> Measured:
    """Lengths of one example, in the tokenizer's tokens."""
    return Measured(len(tokenizer.encode(example.prompt)), len(tokenizer.encode(gold_text(example.gold))))


def summarise(examples: Sequence[Example], measured: Mapping[str, Measured], cap: int) -> Lengths:
    """Lengths of a group (of at least one example), from those of its examples by id."""
    rows = [measured[example.id] for example in examples]
    return Lengths(
        _length([row.prompt for row in rows]),
        _length([row.gold for row in rows]),
        tuple(example.id for example in examples if measured[example.id].gold > cap),
    )


def reading(task: str, tier: str, texts: Sequence[str]) -> Reading:
    """How the texts (at least one) of a task read."""
    scores = [score for score in map(flesch, texts) if score is not None]
    words = _length([len(_WORD.findall(text)) for text in texts])
    return Reading(task, tier, len(texts), words, median(scores) if scores else None)


def flesch(text: str) -> float | None:
    """Flesch reading ease (Flesch 1948): 206.835 - 1.015 words per sentence - 84.6 syllables per word.

    About 60 to 70 is plain English, 30 and less is hard; it knows no language but English. Words are runs of
    letters, so numbers, codes and the digits of dates do not count. A sentence ends at ``.``, ``!`` or ``?`` before a
    space, quote or bracket, and at the end of a line. None where there is no word.
    """
    words = _WORD.findall(text)
    if not words:
        return None
    sentences = sum(1 for part in _SENTENCE_END.split(text) if _WORD.search(part))
    syllables = sum(map(count_syllables, words))
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def count_syllables(word: str) -> int:
    """Syllables of an English word, by rule: groups of vowels, without a silent e or ed at the end; at least 1.

    An e at the end counts after a consonant and l (``table``), and -ed after d or t (``loaded``).
    """
    lower = word.lower()
    groups = len(_VOWELS.findall(lower))
    if re.search(r"[^aeiouyl]e\Z|[aeiouy]le\Z|[^aeiouydt]ed\Z", lower):
        groups -= 1
    return max(1, groups)


def _length(values: Sequence[int]) -> Length:
    return Length(median(values), max(values))
