"""Reads values back from the spellings people use: dates, times, amounts, number words, durations, compass points.

It says what a phrase can mean. It knows no task; words that stand for a task's own values are given by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from edgejson_bench.scoring.exact import scalar_key

Words = Mapping[str, Sequence[str]]
"""Phrases by the value that they stand for, as :func:`word_key` names it. ``{}`` in a phrase stands for an amount."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SMALL_NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS = {word: number for number, word in enumerate(SMALL_NUMBERS)} | {
    f"{tens}-{SMALL_NUMBERS[unit]}" if unit else tens: 10 * place + unit
    for place, tens in enumerate(TENS, start=2)
    for unit in range(10)
}
"""Zero to ninety-nine in letters."""

_MONTH = "|".join(sorted((*MONTHS, *(name[:3] for name in MONTHS), "Sept"), key=len, reverse=True))
_DAY = r"(?P<{0}day>\d{{1,2}})(?:st|nd|rd|th)?"
_DATES = (
    r"(?P<a_year>\d{4})-(?P<a_month>\d{2})-(?P<a_day>\d{2})",
    _DAY.format("b_") + rf"\.?\s+(?:of\s+)?(?P<b_month>{_MONTH})\.?,?\s+(?P<b_year>\d{{4}})",
    rf"(?P<c_month>{_MONTH})\.?\s+(?:the\s+)?{_DAY.format('c_')},?\s+(?P<c_year>\d{{4}})",
)
_DATE = rf"(?:{'|'.join(_DATES)})"
_ZONE = r"\s*(?:Z|UTC|GMT)"
_TIME = (
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?)?\s*(?P<half>[ap]\.?m\.?)?"
    rf"(?P<zone>{_ZONE})\b"
)
_FLAGS = re.IGNORECASE
_DATE_THEN_TIME = re.compile(rf"\b{_DATE}(?:T|,?\s+(?:at\s+)?|,?\s*)\(?{_TIME}", _FLAGS)
_TIME_THEN_DATE = re.compile(rf"\b{_TIME}(?:,?\s+(?:on\s+)?(?:\w+day,?\s+)?(?:the\s+)?){_DATE}\b", _FLAGS)
_DATE_ALONE = re.compile(rf"\b{_DATE}(?!\d)", _FLAGS)

_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = re.compile(
    rf"(?<![\w.,-])(?P<sign>-|\u2212|minus\s+)?(?:US\$|[$\u20ac\u00a3\u00a5])?\s?(?P<digits>{_DIGITS})(?![\d])", _FLAGS
)
_COMPASS = re.compile(
    rf"(?:(?P<before>[NSEW])\s*)?(?P<digits>{_DIGITS})\s*(?:\u00b0|degrees)?\s*(?P<after>[NSEW]|north|south|east|west)?",
    _FLAGS,
)
_WORD = re.compile(rf"\b(?P<sign>minus\s+)?(?P<word>{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})\b", _FLAGS)
_DURATION = re.compile(
    r"(?<!\w)(?:(?P<half>half\s+an\s+hour)|(?P<quarters>three\s+quarters\s+of\s+an\s+hour)|(?P<quarter>a\s+quarter\s+of\s+an\s+hour)"
    r"|(?P<count>an?|one|[a-z]+|\d+)\s*(?P<unit>weeks?|days?|hours?|h|minutes?|min|seconds?|s)\b"
    r"(?P<and_half>\s+and\s+a\s+half)?(?:(?:\s+and)?\s+(?P<more>\d+|[a-z]+(?:-[a-z]+)?)\s*(?P<less>minutes?|min|seconds?|s))?)",
    _FLAGS,
)
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def word_key(value: Any) -> str:
    """The name of a value in a table of :data:`Words`: a string is itself, else as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def readings(phrase: str) -> list[Any]:
    """Everything that a whole phrase can mean: JSON scalars, the phrase itself among them.

    Dates are ISO days, times with a date and a zone (UTC, GMT, Z) are ``YYYY-MM-DDTHH:MM:SSZ``, amounts are numbers
    without their currency. A duration is given in every unit in which it is a whole number of units.
    """
    found: list[Any] = [phrase]
    bare = phrase.strip()
    found += _whole_dates(bare)
    if match := _NUMBER.fullmatch(bare.removesuffix("%").rstrip()):
        found.append(_number(match))
    if match := _COMPASS.fullmatch(bare):
        side = (match["before"] or match["after"] or "")[:1].upper()
        if side:
            found.append((-1 if side in "SW" else 1) * _value(match["digits"]))
    if match := _WORD.fullmatch(bare):
        found.append(_word_number(match))
    if match := _DURATION.fullmatch(bare):
        found += _durations(match)
    if bare.casefold() in _TRUTH:
        found.append(_TRUTH[bare.casefold()])
    return found


def expresses(phrase: str, value: Any, words: Words | None = None) -> bool:
    """Whether ``phrase``, as a whole, says ``value``.

    With ``words`` it must be one of the value's own phrases (in any case of letters) or the value's own spelling, and
    no phrase of another value.
    """
    if words is not None and (said := _by_words(phrase, words)) is not None:
        return said(value)
    return any(scalar_key(reading) == scalar_key(value) for reading in readings(phrase))


def occurs(value: Any, text: str) -> bool:
    """Whether ``text`` says ``value`` anywhere, in some spelling. What a task's own words stand for is not known here.

    A string occurs where it stands with no letter or digit right before or after it, in any case of letters.
    """
    if isinstance(value, str):
        if not value:
            return False
        if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, _FLAGS):
            return True
    return scalar_key(value) in _mentions(text)


@lru_cache(maxsize=256)
def _mentions(text: str) -> frozenset[tuple[str, Any]]:
    """Keys of every date, time, number and truth value that a text mentions."""
    found: list[Any] = []
    for pattern in (_DATE_THEN_TIME, _TIME_THEN_DATE):
        found += [moment for match in pattern.finditer(text) if (moment := _moment(match))]
    found += [day.isoformat() for match in _DATE_ALONE.finditer(text) if (day := _day(match))]
    found += [_number(match) for match in _NUMBER.finditer(text)]
    found += [_word_number(match) for match in _WORD.finditer(text)]
    for match in _DURATION.finditer(text):
        found += _durations(match)
    found += [value for word, value in _TRUTH.items() if re.search(rf"\b{word}\b", text, _FLAGS)]
    return frozenset(scalar_key(value) for value in found)


def _whole_dates(phrase: str) -> Iterator[str]:
    phrase = re.sub(r"^(?:on\s+)?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s+(?:the\s+)?", "", phrase, flags=_FLAGS)
    for pattern in (_DATE_THEN_TIME, _TIME_THEN_DATE):
        if (match := pattern.fullmatch(phrase.rstrip(")"))) and (moment := _moment(match)):
            yield moment
    if (match := _DATE_ALONE.fullmatch(phrase)) and (day := _day(match)):
        yield day.isoformat()


def _day(match: re.Match[str]) -> date | None:
    form = next(letter for letter in "abc" if match[f"{letter}_year"])
    month = match[f"{form}_month"]
    number = int(month) if month.isdigit() else next(i for i, m in enumerate(MONTHS, 1) if m[:3] == month[:3].title())
    try:
        return date(int(match[f"{form}_year"]), number, int(match[f"{form}_day"]))
    except ValueError:  # the 31st of June: words that look like a date and are none
        return None


def _moment(match: re.Match[str]) -> str | None:
    day = _day(match)
    hour, half = int(match["hour"]), (match["half"] or "").casefold()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    elif match["minute"] is None:
        return None  # "15 UTC" is no time of day
    try:
        minute, second = int(match["minute"] or 0), int(match["second"] or 0)
        return None if day is None else datetime(day.year, day.month, day.day, hour, minute, second).isoformat() + "Z"
    except ValueError:
        return None


def _value(digits: str) -> int | float:
    plain = digits.replace(",", "")
    return float(plain) if "." in plain else int(plain[:300])


def _number(match: re.Match[str]) -> int | float:
    return -_value(match["digits"]) if match["sign"] else _value(match["digits"])


def _word_number(match: re.Match[str]) -> int:
    number = NUMBER_WORDS[match["word"].casefold()]
    return -number if match["sign"] else number


def _durations(match: re.Match[str]) -> list[int]:
    if match["half"] or match["quarters"] or match["quarter"]:
        seconds = 1800 if match["half"] else 2700 if match["quarters"] else 900
    else:
        count = _count(match["count"])
        if count is None:
            return []
        unit = _SECONDS[match["unit"][0].casefold()]
        seconds = count * unit + (unit // 2 if match["and_half"] else 0)
        if match["more"]:
            more = _count(match["more"])
            if more is None:
                return []
            seconds += more * _SECONDS[match["less"][0].casefold()]
    return [seconds // unit for unit in _SECONDS.values() if seconds % unit == 0]


def _count(word: str) -> int | None:
    if word.isdigit():
        return int(word[:9])
    return 1 if word.casefold() in ("a", "an") else NUMBER_WORDS.get(word.casefold())


def _by_words(phrase: str, words: Words) -> Callable[[Any], bool] | None:
    """A test of values by a table of words; None where no phrase of it was used."""
    spoken = phrase.casefold()
    holders = {key for key, phrases in words.items() if spoken in (said.casefold() for said in phrases)}
    if holders:
        return lambda value: holders == {word_key(value)}
    for key, phrases in words.items():
        for before, mark, after in (said.partition("{}") for said in phrases):
            if mark and (match := re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", phrase, _FLAGS)):
                sign = -1 if key == "negative" else 1
                amounts = [sign * reading for reading in readings(match[1]) if isinstance(reading, int | float)]
                return lambda value: value in amounts
    return None
