"""What adapters share that decode tokens, whichever engine computes: our token ids go in, our rules end answers."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from edgejson_bench.decoding.engine import TokenCompletion, TokenPrompt
from edgejson_bench.decoding.stops import Stops
from edgejson_bench.models.tokens import PromptTokenizer, after_prompt, finished
from edgejson_bench.records import Completion, FinishReason, ModelIdentity, Prompt, Settings, Timing

Asked = Sequence[tuple[Prompt, TokenPrompt]]
"""Prompts that fit the model's context, with their tokens."""


class EngineModel(ABC):
    """The :class:`edgejson_bench.models.base.Model` interface around an engine, which has only to decode tokens."""

    _identity: ModelIdentity
    _text: PromptTokenizer

    @property
    def identity(self) -> ModelIdentity:
        """What was loaded, in full."""
        return self._identity

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` without special tokens."""
        return self._text.count_tokens(text)

    def apply_chat_template(self, message: str) -> str:
        """``message`` as one user turn, with the opening of the answer.

        Raises:
            ModelError: the tokenizer has no chat template.
        """
        return self._text.apply_chat_template(message)

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        """Yield completions as they finish; a prompt longer than the context yields an error completion.

        With a batch of one, prompts go in the given order, nothing is reused between them, and completions carry
        their times.
        """
        asked: list[tuple[Prompt, TokenPrompt]] = []
        for prompt in prompts:
            made = self._text.tokenised(prompt)
            if isinstance(made, Completion):
                yield made
            else:
                asked.append((prompt, made))
        if asked:
            yield from self._decode(asked, settings)

    @abstractmethod
    def _decode(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        """Answer prompts, at least one, as :meth:`generate` says."""


def in_words(
    prompt: Prompt, tokens: TokenPrompt, made: TokenCompletion, settings: Settings, text: PromptTokenizer
) -> Completion:
    """The completion that ``made`` is, by the text rule of ``settings``."""
    if settings.text_rule == "after_prompt":
        words = after_prompt(prompt, text.decode([*tokens.ids, *made.ids]))
    else:
        words = text.decode(made.ids)
    return finished(prompt, tokens, words, len(made.ids), made.finish_reason, made.timing)


class Answer:
    """One answer in the making, of an engine that gives its tokens one by one.

    Args:
        prompt: what is asked.
        tokens: the same in tokens.
        settings: stop rule and text rule.
        end_tokens: ids that end an answer, unless the stop rule passes them over.
        text: the model's tokenizer.
    """

    def __init__(
        self,
        prompt: Prompt,
        tokens: TokenPrompt,
        settings: Settings,
        end_tokens: frozenset[int],
        text: PromptTokenizer,
    ) -> None:
        self.tokens = tokens
        self._prompt, self._settings, self._text = prompt, settings, text
        self._stops = Stops(
            end_tokens if settings.stop != "length" else frozenset(),
            tokens.max_new_tokens,
            text.pieces() if settings.stop == "json_end" else None,
        )
        self._ids: list[int] = []
        self._reason: FinishReason | None = None
        self._started = self._first_at = self._ended = 0.0

    def start(self) -> None:
        """Take the time from here: the engine is about to get the prompt."""
        self._started = time.perf_counter()

    def take(self, token: int) -> bool:
        """Add the next token; whether the answer is over."""
        self._ended = time.perf_counter()
        self._first_at = self._first_at or self._ended
        self._ids.append(token)
        self._reason = self._stops.take(token)
        return self._reason is not None

    def completion(self) -> Completion:
        """The finished answer."""
        assert self._reason is not None, "asked for before the answer was over"
        timing = None
        if self._settings.batch_size == 1:
            timing = Timing(self._first_at - self._started, self._ended - self._first_at)
        made = TokenCompletion(self.tokens.key, tuple(self._ids), self._reason, timing)
        return in_words(self._prompt, self.tokens, made, self._settings, self._text)
