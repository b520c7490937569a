"""The oracles: where a perfect answer ends under each stop rule and budget, counted in tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgejson_bench.errors import ModelError
from edgejson_bench.models.oracle import RAMBLE, Oracle, Tokenizer
from edgejson_bench.models.scripted import Characters
from edgejson_bench.records import Completion, JsonObject, Prompt, Settings

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no finding."""

GOLD = {"city": "Zürich", "stops": [{"at": 5}, {}]}
TEXT = '{"city": "Zürich", "stops": [{"at": 5}, {}]}'
WHOLE = len(TEXT)


class Triples:
    """Three characters are a token, so a token can hold the last bracket and what follows it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def encode(self, text: str) -> list[int]:
        pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
        self._pieces += [piece for piece in dict.fromkeys(pieces) if piece not in self._pieces]
        return [self._pieces.index(piece) for piece in pieces]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(self._pieces[i] for i in ids)


class Utf8:
    """Bytes are tokens, so a budget can cut a character in two."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(ids).decode(errors="replace")


def answer(
    *,
    stop: str,
    budget: int | None,
    rambles: bool = False,
    tokenizer: Tokenizer | None = None,
    text_rule: str = "new_tokens",
    gold: JsonObject = GOLD,
) -> Completion:
    model = Oracle({"e-1": gold}, tokenizer or Characters(), rambles=rambles)
    prompt = Prompt("e-1", "trip", "Read:", "", None, budget)
    asked = Settings(stop=stop, batch_size=1, text_rule=text_rule)  # type: ignore[arg-type]
    (completion,) = model.generate([prompt], asked)
    return completion


@pytest.mark.parametrize("stop", ["json_end", "eos"])
@pytest.mark.parametrize(
    ("budget", "text", "tokens", "reason"),
    [
        (None, TEXT, WHOLE + 1, "eos"),
        (WHOLE + 1, TEXT, WHOLE + 1, "eos"),
        (WHOLE, TEXT, WHOLE, "length"),  # whole, and yet its end token was not produced
        (WHOLE - 1, TEXT[:-1], WHOLE - 1, "length"),
        (1, "{", 1, "length"),
    ],
)
def test_the_oracle_stops_by_itself(stop: str, budget: int | None, text: str, tokens: int, reason: str) -> None:
    found = answer(stop=stop, budget=budget)
    assert (found.text, found.completion_tokens, found.finish_reason) == (text, tokens, reason)
    assert found.prompt_tokens == len("Read:")


@pytest.mark.parametrize(
    ("budget", "text", "tokens", "reason"),
    [
        (None, TEXT, WHOLE, "json_end"),
        (10_000, TEXT, WHOLE, "json_end"),
        (WHOLE, TEXT, WHOLE, "json_end"),
        (WHOLE - 1, TEXT[:-1], WHOLE - 1, "length"),
    ],
)
def test_rambling_ends_where_the_json_closes(budget: int | None, text: str, tokens: int, reason: str) -> None:
    found = answer(stop="json_end", budget=budget, rambles=True)
    assert (found.text, found.completion_tokens, found.finish_reason) == (text, tokens, reason)


@pytest.mark.parametrize("budget", [1, WHOLE, WHOLE + 1, WHOLE + len(RAMBLE), 5_000])
def test_rambling_without_a_stop_rule_uses_up_the_budget(budget: int) -> None:
    found = answer(stop="eos", budget=budget, rambles=True)
    endless = TEXT + RAMBLE * 40
    assert (found.text, found.completion_tokens, found.finish_reason) == (endless[:budget], budget, "length")


def test_rambling_that_nothing_ends_is_refused() -> None:
    with pytest.raises(ModelError, match="example e-1: an answer that never ends needs a token budget"):
        answer(stop="eos", budget=None, rambles=True)


@pytest.mark.parametrize("pad", ["", "x", "xy"])
def test_the_last_token_may_hold_more_than_the_closing_bracket(pad: str) -> None:
    gold = {"a": pad}
    text = json.dumps(gold)
    found = answer(stop="json_end", budget=100, rambles=True, tokenizer=Triples(), gold=gold)
    assert (found.text, found.completion_tokens) == (text, -(-len(text) // 3))


def test_a_cut_inside_a_character_is_decoded_as_a_tokenizer_does() -> None:
    budget = len(b'{"city": "Z') + 1
    found = answer(stop="json_end", budget=budget, tokenizer=Utf8())
    assert (found.text, found.finish_reason) == ('{"city": "Z\ufffd', "length")


def test_the_published_text_rule_strips() -> None:
    budget = WHOLE + 1
    assert answer(stop="eos", budget=budget, rambles=True).text == TEXT + "\n"
    assert answer(stop="eos", budget=budget, rambles=True, text_rule="after_prompt").text == TEXT


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)


@unhurried
@given(st.dictionaries(st.text(), json_values, max_size=3), st.booleans(), st.sampled_from([Characters(), Utf8()]))
def test_within_a_generous_budget_every_gold_is_extracted(
    gold: JsonObject, rambles: bool, tokenizer: Tokenizer
) -> None:
    found = answer(stop="json_end", budget=10_000, rambles=rambles, tokenizer=tokenizer, gold=gold)
    assert json.loads(found.text) == gold
    assert found.text == json.dumps(gold, ensure_ascii=False)
    ids = tokenizer.encode(found.text)
    assert found.completion_tokens == len(ids) + (not rambles)


def test_an_unknown_example_is_an_error_completion() -> None:
    (found,) = Oracle({}, Characters()).generate([Prompt("e-9", "t", "", "", None, 5)], Settings("eos", 1))
    assert (found.finish_reason, found.error) == ("error", "the oracle has no gold for this example")


@pytest.mark.parametrize(("rambles", "name"), [(False, "oracle"), (True, "oracle-rambling")])
def test_identity_tokens_and_chat(rambles: bool, name: str) -> None:
    model = Oracle({}, Triples(), rambles=rambles, tokenizer_name="triples")
    assert (model.identity.spec, model.identity.name, model.identity.kind) == (name, name, "oracle")
    assert model.identity.extra == {"tokenizer": "triples"}
    assert model.count_tokens("abcd") == 2
    assert model.apply_chat_template("Read this.") == "Read this."
