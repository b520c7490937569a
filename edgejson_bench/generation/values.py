"""Seeded sources of single values. The tasks' generators combine them into objects that hang together."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from faker import Faker

T = TypeVar("T")

TOP_LEVEL_OPTIONAL = 0.7
NESTED_OPTIONAL = 0.6
"""How often an optional field is present, as in EdgeJSON v3."""


class Values:
    """One seeded stream of believable values: Faker's names and places, our own domain vocabulary.

    The same seed gives the same values in every process (``hash`` is never involved).
    """

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(str(seed))
        self.faker = Faker("en_US", use_weighting=False)
        self.faker.seed_instance(self.random.getrandbits(64))
        self._decks: dict[str, list[Any]] = {}

    def maybe(self, probability: float = TOP_LEVEL_OPTIONAL) -> bool:
        """True with ``probability``: whether an optional field is present."""
        return self.random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``, all equally likely."""
        return self.random.choice(options)

    def deal(self, deck: str, options: Sequence[T]) -> T:
        """Like :meth:`pick`, but none comes again from the deck of that name before all have been dealt.

        A name stands for one set of options: it is shuffled when first dealt and whenever it is used up.
        """
        if not self._decks.get(deck):
            self._decks[deck] = self.random.sample(options, len(options))
        card: T = self._decks[deck].pop()
        return card

    def sample(self, options: Sequence[T], low: int, high: int) -> list[T]:
        """Between ``low`` and ``high`` different options, in random order."""
        return self.random.sample(options, self.random.randint(low, min(high, len(options))))

    def integer(self, low: int, high: int) -> int:
        """Whole number from ``low`` to ``high``, both included."""
        return self.random.randint(low, high)

    def number(self, low: float, high: float, digits: int = 2) -> float:
        """Number between ``low`` and ``high``, rounded to ``digits`` decimals."""
        return round(self.random.uniform(low, high), digits)

    def code(self, pattern: str) -> str:
        """``#`` becomes a digit, ``?`` an upper-case letter: ``INV-####`` -> ``INV-4821``."""
        letters, digits = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789"
        table = {"#": digits, "?": letters}
        return "".join(self.random.choice(table[c]) if c in table else c for c in pattern)

    def moment(self, first_year: int = 2021, last_year: int = 2025) -> datetime:
        """A moment in UTC, to the second."""
        start = datetime(first_year, 1, 1, tzinfo=UTC)
        span = int((datetime(last_year + 1, 1, 1, tzinfo=UTC) - start).total_seconds())
        return start + timedelta(seconds=self.random.randrange(span))

    def day(self, first_year: int = 2021, last_year: int = 2025) -> date:
        """A calendar day."""
        return self.moment(first_year, last_year).date()

    def working_time(self, first_year: int = 2022, last_year: int = 2025, step_minutes: int = 1) -> datetime:
        """A moment in UTC on a weekday between 08:00 and 17:59, on a multiple of ``step_minutes``."""
        day = self.day(first_year, last_year)
        day -= timedelta(days=max(0, day.weekday() - 4))
        minutes = self.random.randrange(8 * 60, 18 * 60, step_minutes)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)


def timestamp(moment: datetime) -> str:
    """RFC 3339 with a zone, as ``format: date-time`` asks: ``2024-03-03T14:15:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cents(amount: int) -> float:
    """Cents to a decimal amount; sums are taken in cents, so printed amounts add up exactly."""
    return round(amount / 100, 2)


def share(amount: int, basis_points: int) -> int:
    """Hundredths of a percent of an amount in cents, rounded half up to the cent: 8.25 % is 825."""
    return (amount * basis_points + 5000) // 10000


def present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` without the absent ones (None), order kept."""
    return {key: value for key, value in fields.items() if value is not None}
