"""Prompt lookup: what it proposes, how it learns from being wrong, and how many guesses are worth trying."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.decoding.lookup import (
    LENGTHS,
    ORDERS,
    UNLIKELY,
    Continuations,
    Guess,
    Lookup,
    Odds,
    best_length,
)

TOKENS = st.lists(st.integers(0, 3), max_size=40)
"""Few different tokens, so that n-grams come back."""
CHANCES = st.lists(st.floats(0, 1), max_size=15)


class Sure(Odds):
    """Every guess is held to be right, so that none is left out for want of chance."""

    def of(self, kind: int) -> float:
        return 1.0


def lookup_of(tokens: Sequence[int], group: Continuations | None = None, odds: Odds | None = None) -> Lookup:
    return Lookup(tokens, group or Continuations(), odds or Sure())


def guessed(lookup: Lookup, count: int) -> list[int]:
    return [guess.token for guess in lookup.guess(count)]


def continued(tokens: list[int], known: Sequence[list[int]]) -> int | None:
    """What stood last behind the longest n-gram with which ``tokens`` end: the first text that has it decides."""
    for order in ORDERS:
        for text in known:
            places = [place for place in range(order, len(text)) if text[place - order : place] == tokens[-order:]]
            if len(tokens) >= order and places:
                return text[places[-1]]
    return None


@given(TOKENS, TOKENS, st.integers(0, 20))
def test_guesses_are_at_most_as_many_as_asked_and_tokens_of_the_row(prompt, new, count):
    lookup = lookup_of(prompt)
    for token in new:
        lookup.append(token)
    guess = guessed(lookup, count)
    assert len(guess) <= count
    assert set(guess) <= {*prompt, *new}


@given(TOKENS, TOKENS)
def test_each_guess_is_what_followed_the_longest_n_gram_most_recently(tokens, others):
    group = Continuations()
    for place in range(1, len(others) + 1):
        group.learn(others[:place])
    context = list(tokens)
    for token in guessed(lookup_of(tokens, group), 5):
        assert token == continued(context, [tokens, others])
        context.append(token)
    if len(context) < len(tokens) + 5:
        assert continued(context, [tokens, others]) is None


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True), st.integers(1, 15))
def test_a_text_that_repeats_itself_is_continued_beyond_its_end(period, count):
    repeats = 4
    endless = period * (repeats + count)
    assert guessed(lookup_of(period * repeats), count) == endless[len(period) * repeats :][:count]


@pytest.mark.parametrize("tokens", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4, 5, 6)])
def test_nothing_is_guessed_where_nothing_came_back(tokens):
    assert guessed(lookup_of(tokens), 5) == []


def test_rows_of_a_group_learn_from_what_others_of_it_said_but_not_from_their_prompts():
    group, odds = Continuations(), Sure()
    first = Lookup((1, 2, 3), group, odds)
    second = Lookup((8, 7), group, odds)
    assert guessed(second, 2) == []
    for token in (7, 5, 6):
        first.append(token)
    assert guessed(second, 2) == [5, 6]
    assert guessed(Lookup((1,), group, odds), 1) == []


def test_guessing_ends_where_hardly_any_chance_is_left():
    lookup = lookup_of([1, 2] * 10, odds=Odds())
    sure = lookup.guess(2)[0]
    assert sure.kind == 0
    odds = Odds().of(sure.kind)
    expected = next(count for count in range(99) if odds ** (count + 1) < UNLIKELY)
    assert len(lookup.guess(99)) == expected


@given(st.lists(st.tuples(st.integers(0, 2 * len(ORDERS) - 1), st.booleans()), max_size=60))
def test_odds_stay_chances(judgements):
    odds = Odds()
    for kind, right in judgements:
        odds.judge(kind, right=right)
        assert 0 <= odds.of(kind) <= 1


def test_odds_follow_right_and_wrong_guesses_of_their_kind_and_nothing_else():
    odds = Odds()
    lookup = lookup_of((), odds=odds)
    before = [odds.of(kind) for kind in range(2 * len(ORDERS))]
    lookup.judge([], (1, 2))
    assert [odds.of(kind) for kind in range(2 * len(ORDERS))] == before
    # right, wrong, and one that was made of the wrong one
    lookup.judge([Guess(1, 3), Guess(9, 4), Guess(3, 5)], (1, 2, 3))
    after = [odds.of(kind) for kind in range(2 * len(ORDERS))]
    assert after[3] > before[3]
    assert after[4] < before[4]
    assert after[:3] + after[5:] == before[:3] + before[5:]


def test_a_kind_that_is_always_right_is_held_to_be_right_and_one_never_right_is_not():
    odds = Odds()
    for _ in range(600):
        odds.judge(8, right=True)
        odds.judge(0, right=False)
    assert odds.of(8) > 0.99
    assert odds.of(0) < 0.01


@given(st.lists(CHANCES, max_size=6), st.floats(1, 1000))
def test_best_length_is_one_of_those_considered(rows, tokens_per_pass):
    chosen = best_length(rows, tokens_per_pass)
    assert chosen in LENGTHS
    if not any(any(chances) for chances in rows):
        assert chosen == 0


@pytest.mark.parametrize(
    ("chances", "tokens_per_pass", "expected"),
    [
        ([1.0], 48.0, 15),
        ([0.0], 48.0, 0),
        ([1.0] * 16, 1.0, 15),  # right guesses are worth their tokens even where a pass's reading costs nothing
        ([0.5] * 16, 48.0, 1),  # a full CPU: 1.5 tokens for 1.25 times the cost
        ([0.2] * 16, 48.0, 0),  # 1.2 tokens are not worth that
        ([0.5] * 16, 400.0, 3),  # a GPU has room to spare
    ],
)
def test_more_is_tried_where_guesses_are_right_and_tokens_are_cheap(chances, tokens_per_pass, expected):
    assert best_length([[chance] * 15 for chance in chances], tokens_per_pass) == expected


def test_rows_that_guess_nothing_count_with_their_own_token():
    assert best_length([[0.9] * 3, []], 48.0) == 3
    assert best_length([[0.9] * 3, *[[]] * 40], 48.0) == 0
