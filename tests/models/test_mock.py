"""The mock: scripts, budgets, failures and interruptions."""

from __future__ import annotations

import pytest

from edgejson_bench.errors import ModelError
from edgejson_bench.models.mock import Mock
from edgejson_bench.records import Completion, Prompt, Settings

EOS = Settings(stop="eos", batch_size=1)
JSON_END = Settings(stop="json_end", batch_size=1)


def prompts(*ids: str, budget: int | None = 100) -> list[Prompt]:
    return [Prompt(i, "trip", f"Read {i}", "", None, budget) for i in ids]


def test_by_default_every_answer_is_an_empty_object() -> None:
    found = list(Mock().generate(prompts("a", "b"), EOS))
    assert found == [Completion(i, "{}", len(f"Read {i}"), 3, "eos") for i in ("a", "b")]


def test_answers_by_id_and_by_function() -> None:
    by_id = Mock({"a": "1"}, default="?").generate(prompts("a", "b"), EOS)
    assert [c.text for c in by_id] == ["1", "?"]
    by_function = Mock(lambda prompt: prompt.text.upper()).generate(prompts("a"), EOS)
    assert [c.text for c in by_function] == ["READ A"]


def test_a_whole_completion_is_passed_on() -> None:
    scripted = Completion("a", "{", 1, 2, "length")
    assert list(Mock(lambda _: scripted).generate(prompts("a"), EOS)) == [scripted]


@pytest.mark.parametrize(
    ("settings", "budget", "text", "tokens", "reason"),
    [
        (EOS, 100, '{"a": 1} and so on', 19, "eos"),
        (EOS, None, '{"a": 1} and so on', 19, "eos"),
        (EOS, 18, '{"a": 1} and so on', 18, "length"),
        (EOS, 5, '{"a":', 5, "length"),
        (JSON_END, 100, '{"a": 1}', 8, "json_end"),
        (JSON_END, 8, '{"a": 1}', 8, "json_end"),
        (JSON_END, 7, '{"a": 1', 7, "length"),
    ],
)
def test_one_character_is_one_token(
    settings: Settings, budget: int | None, text: str, tokens: int, reason: str
) -> None:
    (found,) = Mock({"a": '{"a": 1} and so on'}).generate(prompts("a", budget=budget), settings)
    assert (found.text, found.completion_tokens, found.finish_reason) == (text, tokens, reason)


def test_fails_where_it_is_told_to() -> None:
    found = list(Mock(fails_on={"b"}).generate(prompts("a", "b", "c"), EOS))
    assert [c.finish_reason for c in found] == ["eos", "error", "eos"]
    assert found[1].error == "the mock was told to fail on this example"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ModelError])
def test_is_interrupted_after_as_many_completions(interruption: type[BaseException]) -> None:
    model = Mock(interrupt_after=2, interruption=interruption)
    found: list[str] = []
    with pytest.raises(interruption, match="after 2 completions"):
        found.extend(completion.example_id for completion in model.generate(prompts("a", "b", "c"), EOS))
    assert found == ["a", "b"]
    assert len(list(model.generate(prompts("c"), EOS))) == 1


def test_identity_and_tokens() -> None:
    assert Mock().identity.kind == "mock"
    assert (Mock().identity.spec, Mock(name="other").identity.name) == ("mock", "other")
    assert Mock().count_tokens("Zürich") == 6


def test_chat_template() -> None:
    assert Mock().apply_chat_template("Hi {name}") == "Hi {name}"
    assert Mock(chat_template="<user>{message}</user>").apply_chat_template("Hi") == "<user>Hi</user>"
    with pytest.raises(ModelError, match="no chat template"):
        Mock(chat_template=None).apply_chat_template("Hi")
