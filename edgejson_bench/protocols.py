"""Protocols: named, versioned bundles of prompt, budget, stop rule and scorer. Training uses the same prompts.

``v3`` is the default. ``v3-chat`` asks the same through the model's chat template. ``v3.1`` is what the
published harness does, distortions included, for comparison with published numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgejson_bench.errors import DataError, UsageError
from edgejson_bench.models.base import Model
from edgejson_bench.records import Example, JsonObject, Prompt, Settings
from edgejson_bench.schema_signature import signature
from edgejson_bench.tasks import Dataset

PromptFormat = Literal["instruction", "compact", "published"]
"""``instruction``: schema shown in full; ``compact``: the same with the schema as a signature; ``published``: none."""

INSTRUCTION = """### Instruction:
Extract the following information as JSON matching this schema:
{schema_definition}

### Input:
{natural_language_prompt}"""
RESPONSE = "\n\n### Response:\n"
"""The instruction format of the paper (4.2.3); a chat message is its first part, the answer follows the second."""

PUBLISHED = "Extract the structured JSON data from the following text.\n\nInput: {prompt}\n\nOutput:"
"""The prompt of the published harness, with which the published Maaza adapters were trained."""

BUDGET_FACTOR = 1.5
BUDGET_MARGIN = 16
"""A task's budget is 1.5 x its longest gold plus 16 tokens: no gold is cut, and rambling is cheap."""


@dataclass(frozen=True)
class Protocol:
    """How a model is asked, stopped and scored."""

    name: str
    summary: str
    """One line for people."""
    prompt_format: PromptFormat
    """The prompt, unless the model is known to have been trained with another or the user chooses one."""
    chat: bool
    """Whether the prompt goes through the model's chat template."""
    stop: Literal["json_end", "eos"]
    text_rule: Literal["new_tokens", "after_prompt"]
    max_new_tokens: int | None
    """A fixed token budget; None for one per task, from its longest gold."""
    scorer: Literal["strict", "v3.1"]
    batch_size: int | None
    """Prescribed rows side by side; None leaves the choice to the user."""

    def settings(self, batch_size: int) -> Settings:
        """The generation settings this protocol asks for."""
        return Settings(stop=self.stop, batch_size=self.batch_size or batch_size, text_rule=self.text_rule)


_V3 = Protocol(
    "v3",
    "schema shown, stops where the JSON closes, no gold cut, strict scorer",
    "instruction",
    chat=False,
    stop="json_end",
    text_rule="new_tokens",
    max_new_tokens=None,
    scorer="strict",
    batch_size=None,
)
_V3_CHAT = replace(_V3, name="v3-chat", summary="v3 through the model's chat template", chat=True)
_V3_1 = Protocol(
    "v3.1",
    "as published: no schema, 512 tokens, no stop rule, lenient scorer",
    "published",
    chat=False,
    stop="eos",
    text_rule="after_prompt",
    max_new_tokens=512,
    scorer="v3.1",
    batch_size=1,
)
PROTOCOLS = {protocol.name: protocol for protocol in (_V3, _V3_CHAT, _V3_1)}


def get_protocol(name: str) -> Protocol:
    """A protocol by name.

    Raises:
        UsageError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"no protocol named {name!r}; choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def schema_definition(schema: JsonObject) -> str:
    """The schema as a prompt shows it: compact JSON, without the ``$schema`` line that tells a model nothing."""
    shown = {key: value for key, value in schema.items() if key != "$schema"}
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def gold_text(gold: JsonObject) -> str:
    """A gold as text, in the spelling that budgets are counted in and that training teaches."""
    return json.dumps(gold, ensure_ascii=False)


def completion_text(prompt_format: PromptFormat, gold: JsonObject) -> str:
    """What training teaches a model to answer: the gold, behind a space where the prompt ends within a line."""
    return (" " if prompt_format == "published" else "") + gold_text(gold)


def prompt_text(prompt_format: PromptFormat, schema: JsonObject | None, text: str, *, chat: bool = False) -> str:
    """The prompt for one text, as plain text that a completion follows, or as the message of a chat.

    Raises:
        DataError: the format shows the schema and there is none.
    """
    if prompt_format == "published":
        return PUBLISHED.format(prompt=text)
    if schema is None:
        raise DataError(
            "this protocol shows the schema, and the data has none for this task; "
            "add schemas/<tier>/<task>.json to the data folder, or use --protocol v3.1"
        )
    # replace, not format: schemas and texts are full of braces, and one must not be read inside the other
    head, tail = INSTRUCTION.split("{schema_definition}")
    definition = signature(schema) if prompt_format == "compact" else schema_definition(schema)
    message = head + definition + tail.replace("{natural_language_prompt}", text)
    return message if chat else message + RESPONSE


def prompt_template(prompt_format: PromptFormat) -> str:
    """What :func:`prompt_text` makes, with ``{schema}`` and ``{text}`` where those go: for people and programs."""
    if prompt_format == "published":
        return PUBLISHED.replace("{prompt}", "{text}")
    named = INSTRUCTION.replace("{schema_definition}", "{schema}").replace("{natural_language_prompt}", "{text}")
    return named + RESPONSE


def token_budgets(dataset: Dataset, count_tokens: Callable[[str], int | None]) -> dict[str, int | None]:
    """Token budget of each task: 1.5 x its longest gold over all splits of the data in use, plus 16.

    None for models that have no tokens: they end by themselves.
    """
    longest: dict[str, int | None] = {}
    for split in dataset.splits.values():
        for example in split:
            count = count_tokens(gold_text(example.gold))
            before = longest.get(example.task, 0)
            longest[example.task] = None if count is None or before is None else max(before, count)
    return {
        task: None if count is None else math.ceil(BUDGET_FACTOR * count) + BUDGET_MARGIN
        for task, count in longest.items()
    }


def build_prompts(
    examples: Sequence[Example],
    dataset: Dataset,
    protocol: Protocol,
    model: Model,
    prompt_format: PromptFormat | None = None,
) -> list[Prompt]:
    """The prompts of ``examples`` under ``protocol``, in the given order.

    ``prompt_format`` overrides the protocol's, for models trained with another.

    Raises:
        DataError: the prompt shows a schema that the data does not have.
        ModelError: the protocol chats and the model has no chat template.
    """
    used_format = prompt_format or protocol.prompt_format
    budgets: dict[str, int | None]
    if protocol.max_new_tokens is None:
        budgets = token_budgets(dataset, model.count_tokens)
    else:
        budgets = dict.fromkeys(dataset.tasks, protocol.max_new_tokens)
    prompts = []
    for example in examples:
        schema = dataset.tasks[example.task].schema
        text = prompt_text(used_format, schema, example.prompt, chat=protocol.chat)
        prompts.append(
            Prompt(
                example_id=example.id,
                task=example.task,
                text=model.apply_chat_template(text) if protocol.chat else text,
                input=example.prompt,
                schema=schema,
                max_new_tokens=budgets[example.task],
                adds_special_tokens=not protocol.chat,
            )
        )
    return prompts
