"""Perfect extractors: they know the gold, and so measure what a protocol lets a perfect model reach.

A protocol's stop rule, budget and scorer are all that can keep an oracle from a full score. No other model sees a gold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from edgejson_bench.models.scripted import Tokenizer, complete
from edgejson_bench.protocols import gold_text
from edgejson_bench.records import Completion, JsonObject, ModelIdentity, Prompt, Settings

__all__ = ["RAMBLE", "Oracle", "Tokenizer"]

RAMBLE = """

### Input:
Dear team, thanks for the quick reply. Please book a room for four people on Tuesday and send {details} to me.

### Response:
{"room": "A4", "people": 4, "options": {"projector": true, "catering": {"lunch": false}}}"""
"""What the rambling oracle goes on with: another example, as models write that were never taught an end token."""


class Oracle:
    """Answers each example with its gold, as a :class:`~edgejson_bench.models.base.Model`.

    It stops by itself, or goes on forever if it ``rambles``. Either way the protocol's budget applies, in the tokens of
    the given tokenizer. The prompt's text is counted, never read, so a chat template makes no difference.

    Args:
        golds: the expected object by example id.
        tokenizer: whose tokens are counted.
        rambles: go on with junk after the gold.
        tokenizer_name: recorded in the identity; it decides where a budget cuts.
    """

    def __init__(
        self,
        golds: Mapping[str, JsonObject],
        tokenizer: Tokenizer,
        *,
        rambles: bool = False,
        tokenizer_name: str | None = None,
    ) -> None:
        self._golds = golds
        self._tokenizer = tokenizer
        self._ramble = RAMBLE if rambles else ""
        name = "oracle-rambling" if rambles else "oracle"
        self._identity = ModelIdentity(spec=name, name=name, kind="oracle", extra={"tokenizer": tokenizer_name})

    @property
    def identity(self) -> ModelIdentity:
        """Name, kind, and the tokenizer that is counted with; there are no weights."""
        return self._identity

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        """Yield one completion per prompt, in order; an error for an example whose gold is not known.

        Raises:
            ModelError: the rambling oracle has neither a budget nor a stop rule to end it.
        """
        for prompt in prompts:
            if prompt.example_id in self._golds:
                answer = gold_text(self._golds[prompt.example_id])
                yield complete(prompt, settings, self._tokenizer, answer, ramble=self._ramble)
            else:
                yield Completion(prompt.example_id, "", None, None, "error", "the oracle has no gold for this example")

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text``."""
        return len(self._tokenizer.encode(text))

    def apply_chat_template(self, message: str) -> str:
        """``message`` as it is: the oracle does not read it."""
        return message
