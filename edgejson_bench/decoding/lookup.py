"""Prompt lookup: guess the next tokens of a row from what stood after the same few tokens before.

Extraction copies its input and bad completions repeat themselves, so guesses are often right. A guess is only
ever accepted where the model itself would have chosen it (Saxena 2023, "Prompt Lookup Decoding"; verification
as in Leviathan et al. 2023, arXiv:2211.17192, for greedy decoding).
"""

from __future__ import annotations

from collections.abc import Sequence

NGRAM = 3
"""Tokens that must agree before a continuation is proposed."""
LENGTHS = (0, 1, 3, 7, 15)
"""Guessed tokens per row and pass that are considered."""
MEMORY = 0.9
"""Weight of the past in a row's acceptance rate, per guessed token."""


class Lookup:
    """The tokens of one row, indexed by their n-grams, and how well guesses have fared."""

    def __init__(self, prompt: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._next: dict[tuple[int, ...], int] = {}
        self.acceptance = 0.5
        """Running share of guessed tokens that were right: the chance that the next one is."""
        for token in prompt:
            self.append(token)

    def append(self, token: int) -> None:
        """Take note of the row's next token."""
        if len(self._tokens) >= NGRAM:
            self._next[tuple(self._tokens[-NGRAM:])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self, count: int) -> list[int]:
        """Up to ``count`` tokens that followed the last n-gram where it stood before; empty if it never did."""
        start = self._next.get(tuple(self._tokens[-NGRAM:]))
        if start is None:
            return []
        known = self._tokens[start : start + count]
        period = len(self._tokens) - start
        # Beyond the end of what is known, a text that repeats itself repeats the guess.
        while len(known) < count:
            known.append(known[len(known) - period])
        return known

    def judge(self, guess: Sequence[int], chosen: Sequence[int]) -> None:
        """Learn from the tokens that a pass chose, whether or not the guess was put to the test."""
        for guessed, token in zip(guess, chosen, strict=False):
            self.acceptance = MEMORY * self.acceptance + (1 - MEMORY) * (guessed == token)
            if guessed != token:
                break  # tokens after the first wrong one say nothing


def best_length(rows: Sequence[Lookup], guesses: Sequence[Sequence[int]], tokens_per_pass: float) -> int:
    """How many guessed tokens per row make a pass worth most, out of :data:`LENGTHS`.

    A pass reads all weights once, and then costs in proportion to its tokens: ``tokens_per_pass`` is how many
    tokens cost as much as that reading (dozens on a CPU, hundreds on a GPU).
    """

    def worth(length: int) -> float:
        expected = 0.0
        for row, guess in zip(rows, guesses, strict=True):
            chance = row.acceptance
            tried = min(length, len(guess))
            # 1 + p + p^2 + ... + p^tried: the model's own token and each guess that can be reached
            expected += tried + 1 if chance >= 1 else (1 - chance ** (tried + 1)) / (1 - chance)
        return expected / (1 + len(rows) * (length + 1) / tokens_per_pass)

    return max(LENGTHS, key=worth)
