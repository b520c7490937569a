"""A known answer told as a decoder would: token by token, under the stop rule and the token budget.

What ``oracle`` and ``mock`` share. It decides where an answer ends, never what it says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.errors import ModelError
from edgejson_bench.records import Completion, FinishReason, Prompt, Settings

CANNOT_GO_ON = "{name}: its answers end by themselves, so no length can be forced on it; use --workload natural"
"""What a model says that has nothing to write up to a given length."""


class Tokenizer(Protocol):
    """The two directions of a tokenizer, special tokens left out of both."""

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids; ``decode(encode(text)) == text``. A cut character may decode to replacement characters."""
        ...


class Characters:
    """A tokenizer whose tokens are single characters."""

    def encode(self, text: str) -> list[int]:
        """Code points of ``text``."""
        return [ord(character) for character in text]

    def decode(self, ids: Sequence[int]) -> str:
        """The characters with these code points."""
        return "".join(map(chr, ids))


def complete(prompt: Prompt, settings: Settings, tokenizer: Tokenizer, answer: str, *, ramble: str = "") -> Completion:
    """The completion of a decoder that writes ``answer`` and then the end token, or ``ramble`` over and over.

    - ``json_end`` ends the completion at the first JSON value's end if more was to follow; otherwise the answer ends by
      itself (``eos``). The end token counts as a token.
    - A budget that is used up before that cuts after its last token (``length``). An answer of exactly
      ``max_new_tokens`` tokens is whole, and still ``length``: its end token was not produced.

    Raises:
        ModelError: rambling that neither the stop rule nor a budget ends, or a forced length without rambling.
    """
    if settings.stop == "length" and not ramble:
        raise ModelError(CANNOT_GO_ON.format(name="this model"))
    budget = prompt.max_new_tokens
    ids = tokenizer.encode(answer)
    text = answer
    if ramble:
        text, ids = _lengthened(answer, ramble, budget or 0, tokenizer)
    stop = JsonEnd().feed(text) if settings.stop == "json_end" else None
    reason: FinishReason
    if stop is not None and stop < len(text):
        text, used, reason = text[:stop], _tokens_until(text[:stop], ids, tokenizer), "json_end"
    elif ramble and budget is None:
        raise ModelError(f"example {prompt.example_id}: an answer that never ends needs a token budget")
    else:
        used, reason = len(ids) + 1, "eos"
    if budget is not None and used > budget:
        text, used, reason = tokenizer.decode(ids[:budget]), budget, "length"
    if settings.text_rule == "after_prompt":
        text = text.strip()
    return Completion(prompt.example_id, text, len(tokenizer.encode(prompt.text)), used, reason)


def _lengthened(answer: str, ramble: str, budget: int, tokenizer: Tokenizer) -> tuple[str, list[int]]:
    """``answer`` and so many times ``ramble`` that together they have more than ``budget`` tokens."""
    times = 1
    while True:
        text = answer + ramble * times
        ids = tokenizer.encode(text)
        if len(ids) > budget:
            return text, ids
        times *= 2


def _tokens_until(text: str, ids: Sequence[int], tokenizer: Tokenizer) -> int:
    """How many of ``ids`` it takes to write all of ``text``, with which they begin; the last may hold more."""
    return bisect_left(range(len(ids)), True, key=lambda count: tokenizer.decode(ids[:count]).startswith(text))
