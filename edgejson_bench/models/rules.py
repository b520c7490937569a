"""Two models without weights: rules that read the form style back, with the task's schema and without it.

They mark what a text style is worth: whatever rules can solve needs no language model. Nothing here learns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from edgejson_bench.errors import ModelError
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.models.scripted import CANNOT_GO_ON
from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings


class Rules:
    """The rules as a :class:`~edgejson_bench.models.base.Model`.

    They read ``Prompt.input`` and, unless ``schema_free``, ``Prompt.schema``; never ``Prompt.text``, so a protocol's
    wording and chat template make no difference to them. They have no tokens, and no budget applies.
    """

    def __init__(self, *, schema_free: bool = False) -> None:
        self._schema_free = schema_free
        name = "rules-schema-free" if schema_free else "rules"
        self._identity = ModelIdentity(spec=name, name=name, kind="rules")

    @property
    def identity(self) -> ModelIdentity:
        """Name and kind; there are no weights."""
        return self._identity

    def generate(self, prompts: Iterable[Prompt], settings: Settings) -> Iterator[Completion]:
        """Yield one completion per prompt, in order: compact JSON, or an error where the rules lack the schema.

        Raises:
            ModelError: a length is to be forced, and rules have no tokens.
        """
        if settings.stop == "length":
            raise ModelError(CANNOT_GO_ON.format(name=self.identity.name))
        for prompt in prompts:
            if self._schema_free:
                found = read_form(prompt.input)
            elif prompt.schema is not None:
                found = read_form(prompt.input, prompt.schema)
            else:
                message = f"task {prompt.task} has no schema to read by; use --model rules-schema-free"
                yield Completion(prompt.example_id, "", None, None, "error", message)
                continue
            text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            yield Completion(prompt.example_id, text, None, None, "eos")

    def count_tokens(self, text: str) -> int | None:  # noqa: ARG002
        """None: rules have no tokens."""
        return None

    def apply_chat_template(self, message: str) -> str:
        """``message`` as it is: the rules don't read it."""
        return message
