"""Spellings read back: golden cases, and everything that a realiser writes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.generation.prose.realisers import REALISERS, Voice, habits
from edgejson_bench.generation.values import Values, timestamp
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.spellings import expresses, occurs, readings

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
SEEDS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("3 March 2024", "2024-03-03"),
        ("March 3, 2024", "2024-03-03"),
        ("3rd of March 2024", "2024-03-03"),
        ("Sunday, 3 March 2024", "2024-03-03"),
        ("Mar 3, 2024", "2024-03-03"),
        ("3 March 2024 at 2:15 pm UTC", "2024-03-03T14:15:00Z"),
        ("14:15:07 UTC on 3 March 2024", "2024-03-03T14:15:07Z"),
        ("12:05 am UTC on 3 March 2024", "2024-03-03T00:05:00Z"),
        ("2024-03-03 14:15:07 UTC", "2024-03-03T14:15:07Z"),
        ("$1,240.50", 1240.5),
        ("-$54.90", -54.9),
        ("minus 4.5", -4.5),
        ("41.38° N", 41.38),
        ("3.18° W", -3.18),
        ("twenty-one", 21),
        ("Three", 3),
        ("an hour and a half", 90),
        ("1 h 30 min", 5400),
        ("two weeks", 14),
        ("12 %", 12),
        ("yes", True),
        ("Björn", "Björn"),
    ],
)
def test_a_phrase_can_mean(phrase: str, value: Any) -> None:
    assert any(typed_equal(reading, value) for reading in readings(phrase))


@pytest.mark.parametrize(
    "phrase", ["31 June 2024", "13:15 pm UTC on 3 March 2024", "25:00 UTC on 3 March 2024", "three-ish", "4.5.6", ""]
)
def test_words_that_mean_nothing_but_themselves(phrase: str) -> None:
    assert readings(phrase) == [phrase]


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("2024-03-03", "sent on the 3rd of March 2024, I think", True),
        ("2024-03-04", "sent on the 3rd of March 2024, I think", False),
        ("2024-03-03T14:15:07Z", "at 2:15:07 pm UTC on March 3, 2024 we", True),
        (54.9, "it cost $54.90.", True),
        (4, "it cost $54.90, in room A-4 of 2.4.1", False),
        (-12, "it fell to minus 12 overnight", True),
        (3, "three of them", True),
        ("Ann", "hello ann!", True),
        ("Ann", "hello Anna!", False),
        ("C++", "we use C++, mostly", True),
        (True, "set to true", True),
        (True, "1 of 1", False),
        (1, "that is true", False),
        ("", "anything", False),
        (None, "null", False),
    ],
)
def test_a_value_occurs_in_a_text(value: Any, text: str, expected: bool) -> None:
    assert occurs(value, text) is expected


WORDS = {"negative": ["{} went out"], "positive": ["{} came in"], "true": ["on at last"], "false": ["off"]}


@pytest.mark.parametrize(
    ("phrase", "value", "expected"),
    [
        ("54.90 went out", -54.9, True),
        ("54.90 came in", -54.9, False),
        ("54.90 Came In", 54.9, True),
        ("On at last", True, True),
        ("off", True, False),
        ("on at last", False, False),
    ],
)
def test_words_of_a_task(phrase: str, value: Any, expected: bool) -> None:
    assert expresses(phrase, value, WORDS) is expected


def spoken(name: str, value: Any, seed: int, *words: str) -> str:
    v = Values(seed)
    return REALISERS[name](value, Voice(v, habits(v), words, {"negative": ["{} out"], "positive": ["{} in"]})).text


@given(MOMENTS, SEEDS)
def test_every_spelling_of_a_moment_reads_back(when: datetime, seed: int) -> None:
    value = timestamp(when)
    for words in ((), ("iso",), ("log",), ("weekday",)):
        assert expresses(spoken("moment", value, seed, *words), value)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), SEEDS)
def test_every_spelling_of_a_day_reads_back(day: date, seed: int) -> None:
    assert expresses(spoken("day", day.isoformat(), seed), day.isoformat())


@given(st.integers(-10_000_000, 10_000_000), SEEDS)
def test_every_spelling_of_an_amount_reads_back(cents: int, seed: int) -> None:
    value = round(cents / 100, 2)
    for name in ("number", "money", "amount", "plain"):
        assert expresses(spoken(name, value, seed), value), name
    phrase = spoken("signed", value, seed)
    assert expresses(phrase, value, {"negative": ["{} out"], "positive": ["{} in"]})


@given(st.integers(0, 400), SEEDS)
def test_every_spelling_of_a_count_or_duration_reads_back(number: int, seed: int) -> None:
    for name in ("count", "minutes", "seconds", "days", "number"):
        if name != "minutes" or number:
            assert expresses(spoken(name, number, seed), number), name


@given(st.floats(-180, 180).map(lambda degrees: round(degrees, 5)), SEEDS)
def test_every_spelling_of_a_coordinate_reads_back(degrees: float, seed: int) -> None:
    for name in ("latitude", "longitude"):
        assert expresses(spoken(name, degrees, seed), degrees)


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert text in readings(text)
    occurs("x", text)
