"""A scripted model: for tests that need no weights, for dry runs, and for rehearsing failures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from edgejson_bench.errors import ModelError
from edgejson_bench.models.scripted import Characters, complete
from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings

Answers = Mapping[str, str] | Callable[[Prompt], str | Completion]
"""Text by example id, or a function; a :class:`Completion` is passed on as it is."""


class Mock:
    """Answers from a script, as a :class:`~edgejson_bench.models.base.Model`. One character is one token.

    Texts are cut by the protocol's stop rule and budget as a decoder's would be.

    Args:
        answers: the script; without one, every answer is ``default``.
        default: the answer to examples that a mapping does not name.
        fails_on: ids of examples that yield a completion with ``finish_reason="error"``.
        interrupt_after: raise ``interruption`` in place of any further completion after this many in one call to
            ``generate``; None never does.
        interruption: what is raised; by default what Ctrl-C raises.
        chat_template: holds ``{message}`` once; None for a model without a chat template.
        name: the name in the identity.
    """

    def __init__(
        self,
        answers: Answers | None = None,
        *,
        default: str = "{}",
        fails_on: Collection[str] = (),
        interrupt_after: int | None = None,
        interruption: type[BaseException] = KeyboardInterrupt,
        chat_template: str | None = "{message}",
        name: str = "mock",
    ) -> None:
        self._answers = answers
        self._default = default
        self._fails_on = fails_on
        self._interrupt_after = interrupt_after
        self._interruption = interruption
        self._chat_template = chat_template
        self._identity = ModelIdentity(spec="mock", name=name, kind="mock")

    @property
    def identity(self) -> ModelIdentity:
        """Name and kind; there are no weights."""
        return self._identity

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        """Yield one completion per prompt, in order, until the interruption that was asked for."""
        for done, prompt in enumerate(prompts):
            if done == self._interrupt_after:
                raise self._interruption(f"the mock was told to stop after {done} completions")
            yield self._answer(prompt, settings)

    def _answer(self, prompt: Prompt, settings: Settings) -> Completion:
        if prompt.example_id in self._fails_on:
            return Completion(prompt.example_id, "", None, None, "error", "the mock was told to fail on this example")
        if callable(self._answers):
            answer = self._answers(prompt)
        else:
            answer = (self._answers or {}).get(prompt.example_id, self._default)
        if isinstance(answer, Completion):
            return answer
        return complete(prompt, settings, Characters(), answer)

    def count_tokens(self, text: str) -> int:
        """Characters of ``text``."""
        return len(text)

    def apply_chat_template(self, message: str) -> str:
        """``message`` in the template.

        Raises:
            ModelError: the mock was made without a chat template.
        """
        if self._chat_template is None:
            raise ModelError("mock: it has no chat template, so a chat protocol cannot ask it; use --protocol v3")
        return self._chat_template.replace("{message}", message)
