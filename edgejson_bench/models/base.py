"""The interface that every model adapter implements. It holds no adapter and imports no framework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings


class Model(Protocol):
    """Anything that turns prompts into completions."""

    @property
    def identity(self) -> ModelIdentity:
        """What was loaded, in full."""
        ...

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        """Yield one completion per prompt, in any order, each as soon as it is done.

        A prompt that cannot be answered yields a completion with ``finish_reason="error"``; an exception
        means that the model as a whole is unusable. A model that ends by itself refuses ``stop="length"``.

        Raises:
            ModelError: the model cannot do what ``settings`` ask for.
        """
        ...

    def count_tokens(self, text: str) -> int | None:
        """Number of the model's own tokens in ``text``, special tokens left out; None if it has none."""
        ...

    def apply_chat_template(self, message: str) -> str:
        """``message`` as a single user turn, ready to be answered.

        Raises:
            ModelError: the model has no chat template.
        """
        ...
