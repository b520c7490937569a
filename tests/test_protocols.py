"""Protocols: the exact prompts, token budgets, and what each protocol fixes. Needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from edgejson_bench.cli import PROTOCOL_NAMES
from edgejson_bench.errors import DataError, ModelError, UsageError
from edgejson_bench.protocols import (
    PROTOCOLS,
    PromptFormat,
    build_prompts,
    get_protocol,
    gold_text,
    prompt_text,
    schema_definition,
    token_budgets,
)
from edgejson_bench.records import Example, ModelIdentity
from edgejson_bench.tasks import Dataset, Task, load_shipped

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "title": "Prüfung {natural_language_prompt}",
    "properties": {"a": {"type": "string"}},
}
SHOWN = '{"type":"object","title":"Prüfung {natural_language_prompt}","properties":{"a":{"type":"string"}}}'
TEXT = "Braces {prompt} {0} {} {schema_definition} %s \\n\n\nand blank lines."

INSTRUCTION = f"""### Instruction:
Extract the following information as JSON matching this schema:
{SHOWN}

### Input:
{TEXT}

### Response:
"""


class Counter:
    """A model that counts characters and chats in capitals, and generates nothing."""

    identity = ModelIdentity("counter", "counter", "mock")

    def __init__(self, counts: bool = True) -> None:
        self.counts = counts

    def count_tokens(self, text: str) -> int | None:
        return len(text) if self.counts else None

    def apply_chat_template(self, message: str) -> str:
        return f"USER {message} ASSISTANT "

    def generate(self, prompts: Any, settings: Any) -> Any:
        raise AssertionError("no protocol generates")


def example(key: str, task: str, gold: Mapping[str, Any], text: str = TEXT) -> Example:
    return Example(key, task, "form", text, dict(gold))


def dataset_of(schema: Any = SCHEMA) -> Dataset:
    train = (example("1", "long", {"a": "x" * 50}), example("2", "short", {"a": ""}))
    test = (example("3", "long", {"a": "é"}), example("4", "short", {"a": "ééé"}))
    tasks = {"long": Task("long", "simple", schema), "short": Task("short", "simple", schema)}
    return Dataset("made up", tasks, {"train": train, "test": test})


def test_the_command_line_offers_every_protocol_and_prompt() -> None:
    assert tuple(PROTOCOLS) == PROTOCOL_NAMES
    assert {protocol.prompt_format for protocol in PROTOCOLS.values()} < set(get_args(PromptFormat))


def test_an_unknown_protocol_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"^no protocol named 'v4'; choose from v3, v3-chat, v3\.1$"):
        get_protocol("v4")


def test_the_instruction_format_is_the_papers_to_the_character() -> None:
    assert prompt_text("instruction", SCHEMA, TEXT) == INSTRUCTION


def test_a_chat_message_is_the_instruction_without_the_response() -> None:
    assert prompt_text("instruction", SCHEMA, TEXT, chat=True) + "\n\n### Response:\n" == INSTRUCTION


@pytest.mark.parametrize("schema", [SCHEMA, None])
def test_the_published_format_shows_no_schema(schema) -> None:
    expected = f"Extract the structured JSON data from the following text.\n\nInput: {TEXT}\n\nOutput:"
    assert prompt_text("published", schema, TEXT) == expected


def test_a_schema_is_shown_compactly_in_its_own_order_without_its_dialect() -> None:
    assert schema_definition(SCHEMA) == SHOWN
    nested = {"properties": {"$schema": {"type": "string"}}}
    assert schema_definition(nested) == '{"properties":{"$schema":{"type":"string"}}}'


def test_the_instruction_format_needs_a_schema() -> None:
    with pytest.raises(
        DataError, match=r"^this protocol shows the schema, .*; add schemas/.* or use --protocol v3\.1$"
    ):
        prompt_text("instruction", None, TEXT)


def test_golds_are_counted_in_the_spelling_of_json_dumps_with_letters_as_they_are() -> None:
    assert gold_text({"a": ["é", 1.0, None, True]}) == '{"a": ["é", 1.0, null, true]}'


def test_a_budget_is_half_more_than_the_longest_gold_of_both_splits_plus_sixteen() -> None:
    # {"a": "..."} is nine characters and the value: 59 -> 88.5, in train alone; 12 -> 18, in test alone.
    assert token_budgets(dataset_of(), len) == {"long": 89 + 16, "short": 18 + 16}


def test_models_without_tokens_have_no_budget() -> None:
    assert token_budgets(dataset_of(), lambda _: None) == {"long": None, "short": None}


@pytest.mark.parametrize("name", ["v3", "v3-chat"])
def test_prompts_of_v3(name: str) -> None:
    dataset = dataset_of()
    prompts = build_prompts(dataset.split("test"), dataset, get_protocol(name), Counter())
    chat = name == "v3-chat"
    message = prompt_text("instruction", SCHEMA, TEXT, chat=chat)
    assert [p.text for p in prompts] == [f"USER {message} ASSISTANT " if chat else INSTRUCTION] * 2
    assert [(p.example_id, p.task, p.input, p.schema, p.max_new_tokens, p.adds_special_tokens) for p in prompts] == [
        ("3", "long", TEXT, SCHEMA, 105, not chat),
        ("4", "short", TEXT, SCHEMA, 34, not chat),
    ]


def test_prompts_of_v3_1_have_the_published_text_and_budget_whatever_the_model_counts() -> None:
    dataset = dataset_of()
    for model in (Counter(), Counter(counts=False)):
        prompts = build_prompts(dataset.split("test"), dataset, get_protocol("v3.1"), model)
        assert [p.max_new_tokens for p in prompts] == [512, 512]
        assert all(p.text == prompt_text("published", None, TEXT) and p.adds_special_tokens for p in prompts)


def test_the_prompt_a_model_was_trained_with_replaces_the_text_and_nothing_else() -> None:
    dataset = dataset_of()
    ours, trained = (
        build_prompts(dataset.split("test"), dataset, get_protocol("v3"), Counter(), format_)[0]
        for format_ in (None, "published")
    )
    assert trained.text == prompt_text("published", None, TEXT)
    assert trained.max_new_tokens == ours.max_new_tokens


def test_a_prompt_never_holds_the_gold() -> None:
    dataset = Dataset(
        "made up", {"t": Task("t", "simple", SCHEMA)}, {"test": (example("1", "t", {"a": "the gold itself"}),)}
    )
    for protocol in PROTOCOLS.values():
        (prompt,) = build_prompts(dataset.split("test"), dataset, protocol, Counter())
        assert "the gold itself" not in repr(prompt)


def test_data_without_schemas_is_refused_by_v3_and_fine_under_v3_1() -> None:
    dataset = dataset_of(schema=None)
    for name in ("v3", "v3-chat"):
        with pytest.raises(DataError, match=r"the data has none for this task"):
            build_prompts(dataset.split("test"), dataset, get_protocol(name), Counter())
    prompts = build_prompts(dataset.split("test"), dataset, get_protocol("v3.1"), Counter())
    assert [prompt.schema for prompt in prompts] == [None, None]


def test_a_model_without_a_chat_template_cannot_be_asked_by_chat() -> None:
    class Mute(Counter):
        def apply_chat_template(self, message: str) -> str:
            raise ModelError("no chat template")

    dataset = dataset_of()
    with pytest.raises(ModelError, match=r"^no chat template$"):
        build_prompts(dataset.split("test"), dataset, get_protocol("v3-chat"), Mute())


@pytest.mark.parametrize(
    ("name", "asked_batch", "settings"),
    [
        ("v3", 16, ("json_end", 16, "new_tokens")),
        ("v3-chat", 4, ("json_end", 4, "new_tokens")),
        ("v3.1", 16, ("eos", 1, "after_prompt")),
    ],
)
def test_settings(name: str, asked_batch: int, settings: tuple[str, int, str]) -> None:
    made = get_protocol(name).settings(asked_batch)
    assert (made.stop, made.batch_size, made.text_rule) == settings


def test_scorers() -> None:
    assert {name: protocol.scorer for name, protocol in PROTOCOLS.items()} == {
        "v3": "strict",
        "v3-chat": "strict",
        "v3.1": "v3.1",
    }


def test_no_shipped_gold_is_longer_than_its_budget() -> None:
    dataset = load_shipped()
    budgets = token_budgets(dataset, len)
    for rows in dataset.splits.values():
        for row in rows:
            budget = budgets[row.task]
            assert budget is not None
            assert len(gold_text(row.gold)) < budget
