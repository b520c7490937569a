"""Between prompts and token ids, the same for every adapter that decodes tokens, whichever engine computes them.

It holds a tokenizer and no weights, and it imports no framework of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from edgejson_bench.decoding.engine import TokenPrompt
from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.errors import ModelError
from edgejson_bench.records import Completion, FinishReason, Prompt, Timing


class PromptTokenizer:
    """Prompts to ids and ids to text, within the context of one model.

    Args:
        spec: names the model in messages.
        tokenizer: one of transformers.
        context: tokens that the model takes, prompt and completion together; None where it has no bound.
    """

    def __init__(self, spec: str, tokenizer: Any, context: int | None) -> None:
        self._spec = spec
        self._tokenizer = tokenizer
        self._context = context
        self._pieces = cache(lambda token: self.decode([token]))

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` without special tokens."""
        return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def apply_chat_template(self, message: str) -> str:
        """``message`` as one user turn, with the opening of the answer.

        Raises:
            ModelError: the tokenizer has no chat template.
        """
        if not self._tokenizer.chat_template:
            raise ModelError(
                f"{self._spec}: its tokenizer has no chat template, so no chat protocol can ask it; use --protocol v3"
            )
        turns = [{"role": "user", "content": message}]
        return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

    def tokenised(self, prompt: Prompt) -> TokenPrompt | Completion:
        """The prompt in tokens; the failed completion where it leaves no room in the model's context.

        Raises:
            ModelError: the prompt has no token budget.
        """
        ids = self._tokenizer(prompt.text, add_special_tokens=prompt.adds_special_tokens, verbose=False)["input_ids"]
        room = (self._context or len(ids) + (prompt.max_new_tokens or 0)) - len(ids)
        if room < 1 or not ids:
            why = f"the prompt has {len(ids)} tokens, the model takes {self._context}"
            return Completion(prompt.example_id, "", len(ids), 0, "error", error=why)
        if prompt.max_new_tokens is None or prompt.max_new_tokens < 1:
            raise ModelError(f"example {prompt.example_id}: a language model needs a token budget of at least 1")
        # A budget beyond the context would ask for positions the model was never trained on.
        return TokenPrompt(prompt.example_id, prompt.task, tuple(ids), min(prompt.max_new_tokens, room))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``, special tokens left out."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def pieces(self) -> Callable[[int], str]:
        """The text of single tokens, looked up once each."""
        return self._pieces


def after_prompt(prompt: Prompt, whole: str) -> str:
    """What the published harness takes for the completion: ``whole`` without as many characters as the prompt has."""
    return whole[len(prompt.text) :].strip()


def finished(
    prompt: Prompt, tokens: TokenPrompt, text: str, new_tokens: int, reason: FinishReason, timing: Timing | None
) -> Completion:
    """The completion of ``prompt``; one that ended with its JSON value is cut there.

    ``new_tokens`` counts the end token.
    """
    if reason == "json_end":
        # The last token may hold more than the closing bracket.
        text = text[: JsonEnd().feed(text)]
    return Completion(
        example_id=prompt.example_id,
        text=text,
        prompt_tokens=len(tokens.ids),
        completion_tokens=new_tokens,
        finish_reason=reason,
        timing=timing,
    )
