"""Prompt lookup: guess a row's next tokens from what stood after the same tokens before, in its text or its group's.

Extraction copies its input, and completions of one task say the same keys in the same places. A guess is only ever
accepted where the model itself would have chosen it (Saxena 2023, "Prompt Lookup Decoding"; verification as in
Leviathan et al. 2023, arXiv:2211.17192, for greedy decoding), so what a row gets does not depend on other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ORDERS = (8, 5, 3, 2, 1)
"""Tokens that must agree before one is proposed: the longest agreement that there is decides."""
LENGTHS = (0, 1, 2, 3, 5, 7, 11, 15)
"""Guessed tokens per row and pass that are considered."""
MEMORY = 0.99
"""Weight of the past in how often guesses of a kind are right, per guess."""
UNLIKELY = 0.05
"""Chance of being reached and right below which guessing ends."""


class Guess(NamedTuple):
    """One guessed token."""

    token: int
    kind: int
    """How it was found: the agreement's rank in :data:`ORDERS`, and in which text."""


class Continuations:
    """What followed the n-grams of a text, or of several, most recently."""

    def __init__(self) -> None:
        self._next: dict[tuple[int, ...], int] = {}

    def learn(self, tokens: Sequence[int]) -> None:
        """Take note of what the last of ``tokens`` follows."""
        for order in ORDERS:
            if len(tokens) > order:
                self._next[tuple(tokens[-order - 1 : -1])] = tokens[-1]

    def after(self, ngram: tuple[int, ...]) -> int | None:
        """The token that followed it; None if it never stood anywhere."""
        return self._next.get(ngram)


class Odds:
    """How often guesses of each kind were right lately."""

    def __init__(self) -> None:
        # What the golds of the test split would give, own text and group's in turn; a few dozen guesses tell more.
        self._shares = [0.8, 0.85, 0.7, 0.8, 0.7, 0.7, 0.4, 0.8, 0.55, 0.6]

    def of(self, kind: int) -> float:
        """The chance that a guess of that kind is right, if those before it were."""
        return self._shares[kind]

    def judge(self, kind: int, *, right: bool) -> None:
        """One more guess of that kind was put to the test."""
        self._shares[kind] = MEMORY * self._shares[kind] + (1 - MEMORY) * right


class Lookup:
    """The tokens of one row, and what it guesses from.

    Args:
        prompt: the row's prompt.
        group: what followed what in the completions of the row's group; this row's are added.
        odds: of all rows.
    """

    def __init__(self, prompt: Sequence[int], group: Continuations, odds: Odds) -> None:
        self._tokens: list[int] = []
        self._own = Continuations()
        self._group = group
        self._odds = odds
        for token in prompt:
            self._tokens.append(token)
            self._own.learn(self._tokens)

    def append(self, token: int) -> None:
        """Take note of the next token of the row's completion."""
        self._tokens.append(token)
        self._own.learn(self._tokens)
        self._group.learn(self._tokens)

    def guess(self, count: int) -> list[Guess]:
        """Up to ``count`` tokens that may come next; fewer where nothing is known, or hardly any chance is left."""
        context = self._tokens[-ORDERS[0] :]
        made: list[Guess] = []
        chance = 1.0
        while len(made) < count and (found := self._find(context)) is not None:
            chance *= self._odds.of(found.kind)
            if chance < UNLIKELY:
                break
            made.append(found)
            context.append(found.token)
        return made

    def _find(self, context: Sequence[int]) -> Guess | None:
        for rank, order in enumerate(ORDERS):
            if len(context) < order:
                continue
            ngram = tuple(context[-order:])
            for place, text in enumerate((self._own, self._group)):
                if (token := text.after(ngram)) is not None:
                    return Guess(token, 2 * rank + place)
        return None

    def judge(self, guesses: Sequence[Guess], chosen: Sequence[int]) -> None:
        """Learn from the tokens that a pass chose, whether or not the guesses were put to the test."""
        for guess, token in zip(guesses, chosen, strict=False):
            self._odds.judge(guess.kind, right=guess.token == token)
            if guess.token != token:
                break  # guesses after the first wrong one were made of it

    def chances(self, guesses: Sequence[Guess]) -> list[float]:
        """The chance that each guess is right, if those before it are."""
        return [self._odds.of(guess.kind) for guess in guesses]


def best_length(rows: Sequence[Sequence[float]], tokens_per_pass: float) -> int:
    """How many guessed tokens per row make a pass worth most, out of :data:`LENGTHS`.

    ``rows`` hold each row's chances. A pass reads all weights once, and then costs in proportion to its tokens:
    ``tokens_per_pass`` is how many tokens cost as much as that reading (dozens on a CPU, hundreds on a GPU).
    """
    reached = [1.0] * len(rows)  # the chance that a row gets as far as the guess looked at
    expected = float(len(rows))  # the model's own token of each row
    best, best_worth = 0, 0.0
    for length in range(max(LENGTHS) + 1):
        if length:
            for place, chances in enumerate(rows):
                reached[place] *= chances[length - 1] if length <= len(chances) else 0.0
            expected += sum(reached)
        worth = expected / (1 + len(rows) * (length + 1) / tokens_per_pass)
        if length in LENGTHS and worth > best_worth:
            best, best_worth = length, worth
    return best
