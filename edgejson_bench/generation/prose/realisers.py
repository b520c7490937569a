"""Values in the spellings people use: dates, times, amounts, counts, durations, compass points, words for enums.

Each realiser has its inverse in :mod:`edgejson_bench.spellings`; a test reads every spelling back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from edgejson_bench.generation.values import Values
from edgejson_bench.spellings import MONTHS, NUMBER_WORDS, Words, word_key

LETTERS = {number: word for word, number in NUMBER_WORDS.items()}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

DAY_STYLES = ("long", "us", "short", "ordinal", "weekday")
CLOCKS = ("12", "12", "24")
SPELLED_OUT = 12
"""Largest count that is written in letters."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A value in words, with what grammar puts around it."""

    text: str
    """What expresses the value: the evidence."""
    after: str = ""
    """What follows it, such as the noun that is counted."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How one writer spells things, the same through a whole text."""

    day: str
    """Style of dates: one of ``DAY_STYLES``."""
    clock: str
    """``12`` or ``24`` hours."""
    time_first: bool
    """Whether the time comes before the date."""
    thousands: bool
    """Whether 12,240 has its comma."""
    round_cents: bool
    """Whether whole amounts are written without cents."""
    letters: bool
    """Whether small counts are written in letters."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What a realiser may draw on beside the value."""

    values: Values
    habits: Habits
    words: Sequence[str]
    """What the frame tells the realiser beside the value."""
    phrases: Words | None
    """Words for the field's values, where its task has some."""


def habits(v: Values) -> Habits:
    """The habits of somebody."""
    return Habits(v.pick(DAY_STYLES), v.pick(CLOCKS), v.maybe(0.4), v.maybe(0.6), v.maybe(0.5), v.maybe(0.6))


def verbatim(value: Any, _: Voice) -> Spoken:
    """The string as it is."""
    if not isinstance(value, str):
        raise ValueError(f"verbatim is for strings, not for {value!r}")
    return Spoken(value)


def plain(value: Any, _: Voice) -> Spoken:
    """A number or truth value as JSON writes it, without commas: for codes, versions and machine output."""
    return Spoken(word_key(value))


def day(value: Any, voice: Voice) -> Spoken:
    """A date, in the writer's style or the named one: long, us, short, ordinal, weekday or iso."""
    return Spoken(_day(date.fromisoformat(value), voice.words[0] if voice.words else voice.habits.day))


def moment(value: Any, voice: Voice) -> Spoken:
    """A date and time in UTC: by habit, or ``iso``, ``log``, or a style of dates, which settles the date's alone."""
    when = datetime.fromisoformat(value).astimezone(UTC)
    style = voice.words[0] if voice.words else voice.habits.day
    if style == "iso":
        return Spoken(when.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if style == "log":
        return Spoken(when.strftime("%Y-%m-%d %H:%M:%S UTC"))
    clock, calendar = f"{_clock(when, voice.habits.clock)} UTC", _day(when.date(), style)
    if voice.habits.time_first:
        return Spoken(f"{clock} on {calendar}")
    return Spoken(f"{calendar}, {clock}" if style in ("short", "weekday") else f"{calendar} at {clock}")


def number(value: Any, voice: Voice) -> Spoken:
    """A number in digits; whole ones without a decimal point, thousands by habit."""
    return Spoken(_digits(value, voice.habits.thousands))


def count(value: Any, voice: Voice) -> Spoken:
    """A small whole number, in letters by habit; with its noun, if ``singular plural`` are given."""
    spelled = voice.habits.letters and value in LETTERS and value <= SPELLED_OUT
    text = LETTERS[value] if spelled else _digits(value, voice.habits.thousands)
    return Spoken(text, f" {voice.words[0 if value == 1 else 1].replace('_', ' ')}" if voice.words else "")


def money(value: Any, voice: Voice) -> Spoken:
    """An amount with its sign in front: ``$`` or the given one."""
    sign = voice.words[0] if voice.words else "$"
    return Spoken(f"{'-' if value < 0 else ''}{sign}{_amount(abs(value), voice.habits)}")


def amount(value: Any, voice: Voice) -> Spoken:
    """An amount without its currency, which the text says beside it."""
    return Spoken(f"{'-' if value < 0 else ''}{_amount(abs(value), voice.habits)}")


def signed(value: Any, voice: Voice) -> Spoken:
    """An amount in a phrase that says its sign: the field's words for ``negative`` and ``positive``."""
    phrases = (voice.phrases or {}).get("negative" if value < 0 else "positive", ())
    if not phrases:
        raise ValueError("signed needs words 'negative' and 'positive' for the field")
    return Spoken(voice.values.pick(phrases).replace("{}", _amount(abs(value), voice.habits)))


def latitude(value: Any, _: Voice) -> Spoken:
    """Degrees with N or S."""
    return Spoken(f"{_digits(abs(value), False)}\u00b0 {'S' if value < 0 else 'N'}")


def longitude(value: Any, _: Voice) -> Spoken:
    """Degrees with E or W."""
    return Spoken(f"{_digits(abs(value), False)}\u00b0 {'W' if value < 0 else 'E'}")


def minutes(value: Any, voice: Voice) -> Spoken:
    """A duration that is given in minutes."""
    hours, rest = divmod(value, 60)
    options = [f"{value} minutes" if value != 1 else "one minute"]
    if value in (30, 60, 90):
        options.append({30: "half an hour", 60: "an hour", 90: "an hour and a half"}[value])
    elif hours and rest == 0:
        options.append(f"{LETTERS[hours]} hours")
    elif hours:
        options.append(f"{hours} h {rest} min")
    return Spoken(voice.values.pick(options))


def seconds(value: Any, voice: Voice) -> Spoken:
    """A duration that is given in seconds: in the largest unit that leaves a whole number."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if value and value % size == 0:
            many = value // size
            said = LETTERS.get(many, str(many)) if voice.habits.letters and many <= SPELLED_OUT else str(many)
            return Spoken(f"{said} {unit}{'' if many == 1 else 's'}")
    return Spoken(f"{_digits(value, False)} second{'' if value == 1 else 's'}")


def days(value: Any, voice: Voice) -> Spoken:
    """A duration that is given in days: whole weeks by habit."""
    if value and value % 7 == 0 and value <= 84 and voice.habits.letters:
        return Spoken(f"{LETTERS[value // 7]} week{'' if value == 7 else 's'}")
    return Spoken(f"{_digits(value, False)} day{'' if value == 1 else 's'}")


def spoken_words(value: Any, voice: Voice) -> Spoken:
    """One of the task's phrases for the value of an enum, a truth value or a closed set of strings."""
    phrases = (voice.phrases or {}).get(word_key(value), ())
    if phrases:
        return Spoken(voice.values.pick(phrases))
    raise ValueError(f"there are no words for {value!r}")


REALISERS: dict[str, Callable[[Any, Voice], Spoken]] = {
    "verbatim": verbatim,
    "plain": plain,
    "day": day,
    "moment": moment,
    "number": number,
    "count": count,
    "money": money,
    "amount": amount,
    "signed": signed,
    "latitude": latitude,
    "longitude": longitude,
    "minutes": minutes,
    "seconds": seconds,
    "days": days,
    "words": spoken_words,
}
"""Realisers of single values, by the name that frames give them. ``list`` and ``pairs`` are in :mod:`.write`."""

CAPITALISED = frozenset(REALISERS) - {"verbatim", "plain"}
"""Realisers whose first letter may be raised without changing what is said."""


def _day(when: date, style: str) -> str:
    month = MONTHS[when.month - 1]
    spellings = {
        "iso": when.isoformat(),
        "long": f"{when.day} {month} {when.year}",
        "us": f"{month} {when.day}, {when.year}",
        "short": f"{when.day} {month[:3]} {when.year}",
        "ordinal": f"{when.day}{_suffix(when.day)} of {month} {when.year}",
        "weekday": f"{WEEKDAYS[when.weekday()]}, {when.day} {month} {when.year}",
    }
    if style not in spellings:
        raise ValueError(f"no style of dates is named {style!r}; there are {', '.join(spellings)}")
    return spellings[style]


def _suffix(number: int) -> str:
    return "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _clock(when: datetime, clock: str) -> str:
    tail = f":{when.second:02d}" if when.second else ""
    if clock == "24":
        return f"{when.hour:02d}:{when.minute:02d}{tail}"
    return f"{when.hour % 12 or 12}:{when.minute:02d}{tail} {'pm' if when.hour >= 12 else 'am'}"


def _digits(value: float, thousands: bool) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    exact = Decimal(int(value)) if float(value).is_integer() else Decimal(str(value))
    return f"{exact:,f}" if thousands else f"{exact:f}"  # f: a small number is never 6e-05


def _amount(value: float, habits: Habits) -> str:
    if float(value).is_integer() and habits.round_cents:
        return _digits(value, habits.thousands)
    if round(value, 2) != value:
        return _digits(value, habits.thousands)
    return f"{value:,.2f}" if habits.thousands else f"{value:.2f}"
