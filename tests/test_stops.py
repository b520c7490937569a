"""The scanner that stops decoding: chunking must not matter, and the parser must agree with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.decoding.stops import MAX_DEPTH, JsonEnd
from edgejson_bench.jsonio import canonical
from edgejson_bench.scoring.parse import parse
from tests.scoring.cases import JSON_ISH, OBJECTS, load, params


def end_of(text: str) -> int | None:
    return JsonEnd().feed(text)


@pytest.mark.parametrize("case", params(load("parse")))
def test_ends_where_the_parser_says_fed_by_character(case):
    scanner = JsonEnd()
    ends = [end for char in case["text"] if (end := scanner.feed(char)) is not None]
    assert (ends[0] if ends else None) == parse(case["text"]).end


def test_reports_the_end_as_soon_as_it_is_fed():
    scanner = JsonEnd()
    assert [scanner.feed(chunk) for chunk in ("Sure: ", '{"a": [1', ', {"b": "}"', "}]", "}")] == [None] * 4 + [28]
    assert (scanner.start, scanner.end) == (6, 28)


def test_ignores_what_follows_the_end():
    scanner = JsonEnd()
    assert [scanner.feed(chunk) for chunk in ("{} {", "}", "", "{}")] == [2, 2, 2, 2]


def test_empty_chunks_change_nothing():
    scanner = JsonEnd()
    assert [scanner.feed(chunk) for chunk in ("", "{", "", "}")] == [None, None, None, 2]


@pytest.mark.parametrize(
    ("chunks", "end"),
    [
        (['{"a": "\\', '"}', '"}'], 12),
        (['{"a": "\\\\', '"}'], 11),
        (["`", "``js", "on", "\n", "[", "]"], 10),
        (["``", "`", "[", "{}]"], 7),
        (["x[", "{", "}]"], 4),
        (["``` x [", "{}"], 9),
    ],
    ids=["escaped quote", "escaped backslash", "fence and array", "bare fence", "prose", "prose after a fence"],
)
def test_state_survives_a_chunk_border(chunks, end):
    scanner = JsonEnd()
    assert [scanner.feed(chunk) for chunk in chunks][-1] == end == end_of("".join(chunks))


def test_nesting_is_read_up_to_the_limit_and_broken_right_past_it():
    deepest = '{"a":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"
    assert end_of(deepest) == len(deepest)
    scanner = JsonEnd()
    assert scanner.feed('{"a":' + "[" * 100_000) == len('{"a":') + MAX_DEPTH
    assert scanner.problem == "too_deep"


@given(JSON_ISH, st.data())
def test_any_chunking_gives_the_same_end(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    scanner = JsonEnd()
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        scanner.feed(text[start:stop])
    assert scanner.end == end_of(text)


@given(JSON_ISH)
def test_a_text_cut_at_its_end_parses_the_same(text):
    end = end_of(text)
    assert parse(text[:end]) == parse(text)
    if end is not None:
        assert all(end_of(text[:shorter]) is None for shorter in range(end))


@given(OBJECTS, JSON_ISH)
def test_ends_right_after_an_object(value, rest):
    assert end_of(canonical(value) + rest) == len(canonical(value))
