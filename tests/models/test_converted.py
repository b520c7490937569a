"""Weights that are converted for an engine once: what comes out, what is kept, what is refused."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.models import converted as module
from edgejson_bench.models.engines import ENGINES
from edgejson_bench.models.resolve import resolve
from edgejson_bench.records import Completion, Prompt, Settings
from tests.standins.tiny import write_tiny_adapter, write_tiny_gguf, write_tiny_llama

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("cache")]

PROMPTS = [Prompt(f"p{n}", f"task-{n}", f'Name: Ada {n} "x": {{', "", None, 40) for n in range(3)]


def load(spec: Path, engine: str, **arguments: Any) -> Any:
    from edgejson_bench.models.transformers import LoadOptions

    return resolve(str(spec), golds={}, options=LoadOptions(threads=1), engine=engine, **arguments)


def answers(model: Any) -> dict[str, Completion]:
    return {made.example_id: replace(made, timing=None) for made in model.generate(PROMPTS, Settings("json_end", 1))}


def needs(engine: str) -> None:
    if importlib.util.find_spec(ENGINES[engine].module) is None:
        pytest.skip(f"needs the extra {ENGINES[engine].extra}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny chat model that every engine can compute."""
    return write_tiny_llama(tmp_path_factory.mktemp("tiny-chat-model"), chat=True, heads=2)


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """The same as a GGUF file in float32."""
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny-chat.gguf", folder)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """A LoRA adapter on them."""
    return write_tiny_adapter(tmp_path_factory.mktemp("adapter"), "somebody/base", folder)


@pytest.mark.parametrize("engine", ["llama.cpp", "onnxruntime"])
def test_an_adapter_is_merged_and_answers_as_under_transformers(
    engine: str, adapter: Path, gguf: Path, cache: Path
) -> None:
    needs(engine)
    ours, theirs = (load(adapter, name, base_model=str(gguf)) for name in (engine, "transformers"))
    found, wanted = answers(ours), answers(theirs)
    for name, made in wanted.items():
        # llama.cpp keeps the bytes of unfinished characters at the end to itself.
        assert made.text.startswith(found[name].text.rstrip("\N{REPLACEMENT CHARACTER}"))
        assert replace(found[name], text=made.text) == made
    for key in ("revision", "base", "base_revision", "parameters", "quantisation"):
        assert getattr(ours.identity, key) == getattr(theirs.identity, key)
    made = max((cache / "converted").iterdir(), key=lambda path: path.stat().st_mtime)
    files = {path.name: path.stat().st_size for path in made.glob("model.*")}
    assert ours.identity.size_bytes == sum(files.values()), "of what the engine reads, not of what it was made of"
    assert set(files) <= {"model.gguf", "model.onnx", "model.onnx.data"}
    assert (ours.identity.kind, ours.identity.name) == (engine, f"{adapter.name} ({engine})")


def test_what_openvino_reads_wrongly_is_rounded_to_float16_first(gguf: Path) -> None:
    needs("openvino")
    model = load(gguf, "openvino")
    assert model.identity.quantisation == "GGUF of unstated type, dequantised, rounded to float16"
    assert all(made.finish_reason != "error" for made in answers(model).values())


def test_a_folder_is_converted_once_kept_and_taken_as_it_is(folder: Path, cache: Path, tmp_path: Path) -> None:
    needs("onnxruntime")
    before = set((cache / "converted").glob("*"))
    ours = load(folder, "onnxruntime")
    spent = module.seconds_spent()
    found = answers(ours)
    assert spent > 0
    assert found == answers(load(folder, "transformers"))
    (made,) = set((cache / "converted").iterdir()) - before
    assert made.name.startswith("onnx-"), "nothing unfinished is left"

    own = Path(shutil.copytree(made, tmp_path / "own"))
    for again in (load(folder, "onnxruntime"), load(own, "onnxruntime")):
        assert answers(again) == found
    assert module.seconds_spent() == spent
    assert (again.identity.name, again.identity.parameters) == ("own (onnxruntime)", None)
    (own / "genai_config.json").write_text('{"model": {}}')
    with pytest.raises(ModelError, match=r"own: genai_config\.json does not say what it must"):
        load(own, "onnxruntime")


@pytest.mark.parametrize("engine", ["llama.cpp", "openvino"])
def test_engines_of_gguf_files_refuse_other_weights(engine: str, folder: Path, adapter: Path) -> None:
    needs(engine)
    more: dict[str, Any]
    for spec, more in ((folder, {}), (adapter, {"base_model": str(folder)})):
        with pytest.raises(UsageError, match=rf"{spec.name}.*: --engine {engine} takes a \.gguf file"):
            load(spec, engine, **more)


def test_a_conversion_that_fails_leaves_nothing_and_is_one_line(folder: Path, tmp_path: Path, cache: Path) -> None:
    needs("onnxruntime")
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    (other / "model.safetensors").write_bytes(b"broken")
    before = set((cache / "converted").glob("*"))
    with pytest.raises(ModelError, match=r"other: the weights could not be loaded") as caught:
        load(other, "onnxruntime")
    assert "\n" not in str(caught.value)
    assert set((cache / "converted").glob("*")) == before
