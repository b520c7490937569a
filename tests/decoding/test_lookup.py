"""Prompt lookup: what it proposes, how it learns from being wrong, and how many guesses are worth trying."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.decoding.lookup import LENGTHS, NGRAM, Lookup, best_length

TOKENS = st.lists(st.integers(0, 3), max_size=40)
"""Few different tokens, so that n-grams come back."""


def with_acceptance(value: float) -> Lookup:
    lookup = Lookup(())
    lookup.acceptance = value
    return lookup


@given(TOKENS, TOKENS, st.integers(0, 20))
def test_a_guess_is_empty_or_as_long_as_asked_and_made_of_tokens_of_the_row(prompt, new, count):
    lookup = Lookup(prompt)
    for token in new:
        lookup.append(token)
    guess = lookup.guess(count)
    assert len(guess) in (0, count)
    assert set(guess) <= {*prompt, *new}


@given(TOKENS, st.integers(1, 10))
def test_a_guess_is_what_followed_the_last_n_gram_most_recently(tokens, count):
    earlier = [
        start + NGRAM for start in range(len(tokens) - NGRAM) if tokens[start : start + NGRAM] == tokens[-NGRAM:]
    ]
    known = tokens[earlier[-1] :][:count] if earlier else []
    guess = Lookup(tokens).guess(count)
    assert guess[: len(known)] == known
    assert bool(guess) == bool(earlier)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True), st.integers(1, 15))
def test_a_text_that_repeats_itself_is_continued_beyond_its_end(period, count):
    repeats = NGRAM + 1
    endless = period * (repeats + count)
    assert Lookup(period * repeats).guess(count) == endless[len(period) * repeats :][:count]


@pytest.mark.parametrize("tokens", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4, 5, 6)])
def test_nothing_is_guessed_where_nothing_came_back(tokens):
    assert Lookup(tokens).guess(5) == []


@given(st.lists(st.tuples(TOKENS, TOKENS), max_size=20))
def test_acceptance_stays_a_share(rounds):
    lookup = Lookup(())
    for guess, chosen in rounds:
        lookup.judge(guess, chosen)
        assert 0 <= lookup.acceptance <= 1


def test_acceptance_follows_right_and_wrong_guesses_and_nothing_else():
    lookup = with_acceptance(0.5)
    lookup.judge((), (1, 2))
    assert lookup.acceptance == 0.5
    lookup.judge((1, 2), (1, 2, 3))
    assert lookup.acceptance == pytest.approx(0.5 * 0.81 + 0.19)
    right_then_wrong = with_acceptance(0.5)
    right_then_wrong.judge((1, 9, 3), (1, 2, 3))
    assert right_then_wrong.acceptance == pytest.approx((0.5 * 0.9 + 0.1) * 0.9)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 15)), max_size=6), st.floats(1, 1000))
def test_best_length_is_one_of_those_considered(rows, tokens_per_pass):
    lookups = [with_acceptance(acceptance) for acceptance, _ in rows]
    guesses = [[0] * length for _, length in rows]
    chosen = best_length(lookups, guesses, tokens_per_pass)
    assert chosen in LENGTHS
    if not any(guesses):
        assert chosen == 0


@pytest.mark.parametrize(
    ("acceptances", "tokens_per_pass", "expected"),
    [
        ([1.0], 48.0, 15),
        ([0.0], 48.0, 0),
        ([1.0] * 16, 1.0, 15),  # right guesses are worth their tokens even where a pass's reading costs nothing
        ([0.5] * 16, 48.0, 1),  # a full CPU: 1.5 tokens for 1.25 times the cost
        ([0.2] * 16, 48.0, 0),  # 1.2 tokens are not worth that
        ([0.5] * 16, 400.0, 3),  # a GPU has room to spare
    ],
)
def test_more_is_tried_where_guesses_are_right_and_tokens_are_cheap(acceptances, tokens_per_pass, expected):
    lookups = [with_acceptance(value) for value in acceptances]
    assert best_length(lookups, [[0] * 15] * len(lookups), tokens_per_pass) == expected
