"""Near copies of texts, found by the word 8-grams they share. It compares texts alone and knows no data set."""

from __future__ import annotations

from dataclasses import dataclass

SHINGLE_WORDS = 8
MAX_JACCARD = 0.8
"""A test prompt that shares more of its word 8-grams than this with one train prompt is a near copy."""

Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The remembered text that another is most like."""

    name: str
    jaccard: float
    """Shared word 8-grams over all 8-grams of the two."""


def shingles(text: str) -> Shingles:
    """The word 8-grams of ``text``; of a shorter text, all its words as one."""
    words = text.split()
    starts = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return frozenset(tuple(words[start : start + SHINGLE_WORDS]) for start in starts)


def jaccard(one: Shingles, other: Shingles) -> float:
    """Shared 8-grams over all 8-grams of two texts: 0 for nothing in common, 1 for the same."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


class NearCopies:
    """Texts that others are compared with. Only those that share an 8-gram are looked at, so it stays fast."""

    def __init__(self) -> None:
        self._texts: dict[str, Shingles] = {}
        self._holders: dict[tuple[str, ...], list[str]] = {}

    def add(self, name: str, text: str) -> None:
        """Remember ``text`` under ``name``."""
        self._texts[name] = shingles(text)
        for shingle in self._texts[name]:
            self._holders.setdefault(shingle, []).append(name)

    def find(self, text: str) -> str | None:
        """Name of a remembered text that ``text`` is a near copy of; None if there is none."""
        nearest = self.nearest(text)
        return nearest.name if nearest is not None and nearest.jaccard > MAX_JACCARD else None

    def nearest(self, text: str) -> Nearest | None:
        """The remembered text most like ``text``, of equals the first by name; None if none shares an 8-gram."""
        own = shingles(text)
        candidates = {name for shingle in own for name in self._holders.get(shingle, ())}
        found = (Nearest(name, jaccard(own, self._texts[name])) for name in candidates)
        return min(found, key=lambda nearest: (-nearest.jaccard, nearest.name), default=None)
