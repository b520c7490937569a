"""The transformers adapter: from prompts to completions, and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from edgejson_bench.errors import ModelError
from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings
from tests.decoding.models import needs_packed, random_model

pytestmark = pytest.mark.torch

ALONE = Settings("eos", 1)
INPUT = 'Name: Ada é\nPaid: True\n\nOutput: {"name":'


def load(folder: Path, **options: Any) -> Any:
    from edgejson_bench.models.transformers import LoadOptions, TransformersModel, Weights

    return TransformersModel(
        ModelIdentity("tiny", "tiny", "transformers"), Weights(folder), options=LoadOptions(threads=1, **options)
    )


@pytest.fixture(scope="module")
def model(tiny_model_dir: Path) -> Any:
    return load(tiny_model_dir)


@pytest.fixture(scope="module")
def tokenizer(tiny_model_dir: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model_dir)


def prompt(text: str = INPUT, budget: int | None = 20, key: str = "1", **settings: Any) -> Prompt:
    return Prompt(key, "task", text, text, None, budget, **settings)


def answer(model: Any, asked: Prompt, settings: Settings = ALONE) -> Completion:
    (completion,) = model.generate([asked], settings)
    return completion


def reference_ids(folder: Path, ids: list[int], budget: int) -> list[int]:
    """New tokens of transformers' greedy ``generate``."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded = AutoModelForCausalLM.from_pretrained(folder)
    batch = torch.tensor([ids])
    out = loaded.generate(
        batch, attention_mask=torch.ones_like(batch), do_sample=False, max_new_tokens=budget, pad_token_id=0
    )
    return out[0, len(ids) :].tolist()


def test_a_completion_is_what_generate_writes_with_honest_counts(model, tokenizer, tiny_model_dir) -> None:
    ids = tokenizer(INPUT)["input_ids"]
    new = reference_ids(tiny_model_dir, ids, 20)
    done = answer(model, prompt())
    assert done.text == tokenizer.decode(new)
    assert (done.prompt_tokens, done.completion_tokens, done.finish_reason) == (len(ids), len(new), "length")
    assert done.timing is not None
    assert done.error is None


def test_batches_give_the_same_completions_without_times(model) -> None:
    asked = [prompt(INPUT[: 10 + index], key=str(index)) for index in range(5)]
    alone = {done.example_id: done for done in model.generate(asked, ALONE)}
    together = {done.example_id: done for done in model.generate(asked, Settings("eos", 3))}
    assert set(alone) == set(together) == {p.example_id for p in asked}
    for key, done in together.items():
        assert (done.text, done.completion_tokens) == (alone[key].text, alone[key].completion_tokens)
        assert done.timing is None


def test_after_prompt_cuts_characters_and_strips_where_new_tokens_keeps_all(model, tokenizer) -> None:
    """The published rule counts characters of the whole decoded text, from which special tokens have gone."""
    text = "<|im_start|>" + INPUT
    ids = tokenizer(text)["input_ids"]
    new = answer(model, prompt(text))
    cut = answer(model, prompt(text), Settings("eos", 1, "after_prompt"))
    whole = tokenizer.decode(ids, skip_special_tokens=True) + new.text
    assert cut.text == whole[len(text) :].strip() != new.text
    assert (cut.prompt_tokens, cut.completion_tokens) == (new.prompt_tokens, new.completion_tokens)


def test_after_prompt_and_new_tokens_agree_but_for_blanks_on_plain_text(model) -> None:
    assert answer(model, prompt(), Settings("eos", 1, "after_prompt")).text == answer(model, prompt()).text.strip()


def test_text_after_the_closing_bracket_is_dropped(model, monkeypatch) -> None:
    """A token may hold more than the bracket: the text ends with it, the count keeps the token."""
    from edgejson_bench.decoding.engine import TokenCompletion

    ids = tuple(model._tokenizer('{"a": {}} and more')["input_ids"])
    scripted = TokenCompletion("1", ids, "json_end", None)
    monkeypatch.setattr(model._engine, "decode", lambda *_, **__: iter([scripted]))
    done = answer(model, prompt(), Settings("json_end", 2))
    assert (done.text, done.completion_tokens, done.finish_reason) == ('{"a": {}}', len(ids), "json_end")


def test_the_end_token_is_counted_and_not_shown(model, monkeypatch) -> None:
    from edgejson_bench.decoding.engine import TokenCompletion

    ids = (*model._tokenizer("Ada")["input_ids"], model._tokenizer.eos_token_id)
    monkeypatch.setattr(model._engine, "decode", lambda *_, **__: iter([TokenCompletion("1", ids, "eos", None)]))
    done = answer(model, prompt())
    assert (done.text, done.completion_tokens, done.finish_reason) == ("Ada", len(ids), "eos")


def write_with_context(source: Path, folder: Path, context: int) -> Path:
    """A copy of a tiny model whose config gives it another context length."""
    import json
    import shutil

    shutil.copytree(source, folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"max_position_embeddings": context}))
    return folder


def test_the_context_clips_the_budget_and_refuses_longer_prompts(tiny_model_dir, tokenizer, tmp_path) -> None:
    count = len(tokenizer(INPUT)["input_ids"])
    model = load(write_with_context(tiny_model_dir, tmp_path / "model", count + 3))
    longer = INPUT + "\x00" * 3
    asked = [prompt(key="fits"), prompt(longer, key="full"), prompt("", key="empty"), prompt(budget=2, key="short")]
    done = {completion.example_id: completion for completion in model.generate(asked, Settings("eos", 2))}
    assert (done["fits"].completion_tokens, done["fits"].finish_reason) == (3, "length")
    assert done["short"].completion_tokens == 2
    refused = done["full"]
    assert (refused.finish_reason, refused.text, refused.completion_tokens) == ("error", "", 0)
    assert refused.error == f"the prompt has {count + 3} tokens, the model takes {count + 3}"
    assert refused.prompt_tokens == count + 3
    assert done["empty"].finish_reason == "error"


@pytest.mark.parametrize("budget", [None, 0])
def test_a_missing_budget_is_an_error_of_the_caller(model, budget) -> None:
    with pytest.raises(ModelError, match=r"^example 1: a language model needs a token budget of at least 1$"):
        list(model.generate([prompt(budget=budget)], ALONE))


def test_tokens_are_counted_without_special_ones(model, tokenizer) -> None:
    assert model.count_tokens("") == 0
    assert model.count_tokens(INPUT) == len(tokenizer(INPUT, add_special_tokens=False)["input_ids"])
    assert model.count_tokens("x" * 40_000) == 40_000, "longer than the context, without a warning"


def test_the_chat_template_is_applied_once(tiny_chat_model_dir) -> None:
    model = load(tiny_chat_model_dir)
    text = model.apply_chat_template("Hi")
    assert text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    done = answer(model, prompt(text, adds_special_tokens=False))
    assert done.prompt_tokens == model.count_tokens(text)
    assert model.identity.extra["eos_token_ids"] == [model._tokenizer.convert_tokens_to_ids("<|im_end|>")]


def test_without_a_chat_template_the_error_names_the_protocol_to_use(model) -> None:
    with pytest.raises(ModelError, match=r"^tiny: its tokenizer has no chat template, .*; use --protocol v3$"):
        model.apply_chat_template("Hi")


def test_identity_says_what_was_loaded(model, tiny_model_dir) -> None:
    from transformers import AutoModelForCausalLM

    identity = model.identity
    assert identity.parameters == AutoModelForCausalLM.from_pretrained(tiny_model_dir).num_parameters()
    assert identity.dtype == "float32"
    assert (identity.extra["threads"], identity.extra["eos_token_ids"]) == (1, [0])


@needs_packed
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_linear_layers_are_packed_and_transformers_own_are_there_when_asked_for(tiny_model_dir, dtype) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from edgejson_bench.decoding import packed

    model = load(tiny_model_dir, dtype=dtype)
    if not packed.usable(torch.device("cpu"), getattr(torch, dtype)):
        pytest.skip(f"this processor has no packed kernel for {dtype}")
    assert model.identity.extra["packed_layers"] > 0
    assert packed.is_packed(model.causal_lm)
    before = answer(model, prompt(), ALONE).text
    plain = AutoModelForCausalLM.from_pretrained(tiny_model_dir, dtype=getattr(torch, dtype))
    with model.as_loaded() as own:
        assert own.config._attn_implementation == plain.config._attn_implementation == "sdpa"
        given, expected = own.state_dict(), plain.state_dict()
        assert given.keys() == expected.keys()
        assert all(torch.equal(given[name], weight) for name, weight in expected.items())
    assert model.causal_lm.config._attn_implementation != "sdpa"
    assert answer(model, prompt(), ALONE).text == before


def test_a_model_that_keeps_to_its_attention_is_given_as_it_is(monkeypatch) -> None:
    from edgejson_bench.models.transformers import TransformersModel

    falcon = random_model("falcon, alibi")
    tokens = SimpleNamespace(get_vocab=dict, eos_token_id=0)
    monkeypatch.setattr("edgejson_bench.models.transformers.PromptTokenizer", MagicMock())
    model = TransformersModel.around(ModelIdentity("falcon", "falcon", "transformers"), falcon, tokens)

    def never(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(falcon, "set_attn_implementation", never)
    with model.as_loaded() as own:
        assert own is falcon


@needs_packed
def test_what_decoding_is_held_against_has_no_packed_layers(model, monkeypatch) -> None:
    from edgejson_bench.decoding import packed

    def never(*_: Any) -> Any:
        raise AssertionError("a packed layer was asked")

    monkeypatch.setattr(packed.PackedLinear, "forward", never)
    assert model.decode_alone(prompt(), ALONE).completion.completion_tokens == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "float33"}, "--dtype float33: no such type; use float32, bfloat16 or float16"),
        ({"dtype": "int8"}, "--dtype int8: no such type; use float32, bfloat16 or float16"),
        ({"dtype": "nn"}, "--dtype nn: no such type; use float32, bfloat16 or float16"),
        ({"device": "toaster"}, "--device toaster: not usable here ("),
        ({"device": "cuda:99"}, "--device cuda:99: not usable here ("),
        ({"device": ""}, "--device : not usable here ("),
    ],
)
def test_wrong_options_are_one_clear_line(tiny_model_dir, options, message) -> None:
    with pytest.raises(ModelError) as caught:
        load(tiny_model_dir, **options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrower_types_load_and_answer(tiny_model_dir, dtype) -> None:
    model = load(tiny_model_dir, dtype=dtype)
    assert model.identity.dtype == dtype
    assert answer(model, prompt(budget=3)).completion_tokens == 3


def test_a_tokenizer_alone_counts_and_cuts(tiny_model_dir, model) -> None:
    from edgejson_bench.models.transformers import Weights, load_tokenizer

    alone = load_tokenizer("tiny", Weights(tiny_model_dir))
    assert alone.count_tokens(INPUT) == model.count_tokens(INPUT)
    assert alone.decode(alone.encode(INPUT)) == INPUT
    with pytest.raises(ModelError, match=r"^nothing: no tokenizer could be loaded \("):
        load_tokenizer("nothing", Weights(tiny_model_dir.parent))
