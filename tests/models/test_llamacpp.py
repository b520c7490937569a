"""llama.cpp on a tiny unrounded file: the same answers as transformers, and what only it does."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, Literal

import pytest

from edgejson_bench import cli, evaluate
from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.display import equivalence_line
from edgejson_bench.errors import ModelError
from edgejson_bench.jsonio import sha256_file
from edgejson_bench.loadgen.workloads import FIXED_NEW_TOKENS
from edgejson_bench.models.llamacpp import SLOT_TOKENS, LlamaCppModel, _Stream
from edgejson_bench.records import Completion, Prompt, Settings
from edgejson_bench.runs import run_fingerprint
from tests.standins import engines
from tests.standins.engines import PROMPTS, check_that_only_what_was_decoded_alone_has_times, seen
from tests.standins.tiny import write_tiny_gguf
from tests.submitted import request

pytest.importorskip("xllamacpp", reason="needs the extra llamacpp")
pytestmark = pytest.mark.torch

UNFINISHED = 8
"""Characters that an answer's end may lack: a random model writes two beginnings of characters in a row."""


def load(path: Path, engine: str = "llama.cpp", **options: Any) -> Any:
    return engines.load(path, engine, **options)


@pytest.fixture(scope="module")
def model(tiny_gguf_path: Path) -> LlamaCppModel:
    return load(tiny_gguf_path)


@pytest.fixture(scope="module")
def reference(tiny_gguf_path: Path) -> Any:
    return load(tiny_gguf_path, "transformers")


def assert_same(ours: dict[str, Completion], theirs: dict[str, Completion]) -> None:
    """All alike, but that llama.cpp keeps the bytes of unfinished characters at the end to itself."""
    assert ours.keys() == theirs.keys()
    for name, made in ours.items():
        missing = theirs[name].text.removeprefix(made.text)
        assert len(missing) <= UNFINISHED
        assert not missing or "\N{REPLACEMENT CHARACTER}" in missing
        assert replace(made, text=made.text + missing) == theirs[name]


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("stop", ["json_end", "eos", "length"])
def test_it_answers_token_for_token_as_transformers_does(
    stop: Literal["json_end", "eos", "length"], rows: int, model: LlamaCppModel, reference: Any
) -> None:
    # Half-precision keys and values decide the ties of a random model otherwise sooner or later.
    asked = [replace(prompt, max_new_tokens=40 if stop == "json_end" else 20) for prompt in PROMPTS]
    ours, theirs = (seen(one.generate(asked, Settings(stop, rows))) for one in (model, reference))
    assert_same(ours, theirs)
    reasons = {made.finish_reason for made in ours.values()}
    assert reasons == ({"json_end", "length"} if stop == "json_end" else {"length"})


def test_an_end_token_ends_an_answer_and_is_counted(tiny_chat_model_dir: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "ending"
    shutil.copytree(tiny_chat_model_dir, folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"][2] *= 6  # the end token's logit, whichever sign it has
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    path = write_tiny_gguf(tmp_path / "ending.gguf", folder)
    models = [load(path, engine) for engine in ("llama.cpp", "transformers")]
    ours, theirs = (seen(one.generate(PROMPTS, Settings("eos", 1))) for one in models)
    assert_same(ours, theirs)
    assert "eos" in {made.finish_reason for made in ours.values()}


def test_only_what_was_decoded_alone_has_times(model: LlamaCppModel) -> None:
    check_that_only_what_was_decoded_alone_has_times(model)


def test_the_published_text_rule_gives_what_transformers_gives(model: LlamaCppModel, reference: Any) -> None:
    settings = Settings("eos", 1, "after_prompt")
    assert_same(seen(model.generate(PROMPTS[:3], settings)), seen(reference.generate(PROMPTS[:3], settings)))


def test_an_answer_that_nobody_waits_for_stops_and_the_next_one_is_whole(model: LlamaCppModel) -> None:
    settings = Settings("length", 2)
    whole = seen(model.generate(PROMPTS[:4], settings))
    left = model.generate([Prompt(f"q{n}", "t", "Name: Ada", "", None, 300) for n in range(4)], settings)
    first = next(left)
    assert first.completion_tokens == 300
    left.close()  # type: ignore[attr-defined]
    assert seen(model.generate(PROMPTS[:4], settings)) == whole


def test_there_is_room_for_whatever_the_context_takes(model: LlamaCppModel) -> None:
    (made,) = model.generate([Prompt("long", "t", "Name: Ada 12\n" * 700, "", None, 5)], Settings("length", 1))
    assert (made.finish_reason, made.completion_tokens) == ("length", 5)
    assert made.prompt_tokens == model.count_tokens("Name: Ada 12\n" * 700) > SLOT_TOKENS


def test_a_prompt_beyond_the_context_is_a_counted_failure(tiny_chat_model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "short"
    shutil.copytree(tiny_chat_model_dir, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 32}))
    short = load(write_tiny_gguf(tmp_path / "short.gguf", folder))
    asked = [Prompt("fits", "t", "Name: Ada", "", None, 100), Prompt("long", "t", "Name: Ada\n" * 9, "", None, 5)]
    made = {completion.example_id: completion for completion in short.generate(asked, Settings("length", 1))}
    (fits, long) = made["fits"], made["long"]
    assert (long.finish_reason, long.completion_tokens) == ("error", 0)
    assert long.error == f"the prompt has {long.prompt_tokens} tokens, the model takes 32"
    assert fits.finish_reason == "length"
    assert fits.prompt_tokens is not None
    assert fits.completion_tokens == 32 - fits.prompt_tokens


def test_the_identity_says_what_computed_it(model: LlamaCppModel, reference: Any, tiny_gguf_path: Path) -> None:
    from importlib import metadata

    ours, theirs = model.identity, reference.identity
    assert (ours.kind, ours.name, ours.spec) == ("llama.cpp", f"{tiny_gguf_path.stem} (llama.cpp)", tiny_gguf_path.name)
    assert ours.revision == theirs.revision == sha256_file(tiny_gguf_path)
    assert (ours.parameters, ours.size_bytes) == (theirs.parameters, theirs.size_bytes)
    assert (ours.quantisation, theirs.quantisation) == (
        "GGUF of unstated type",
        "GGUF of unstated type, dequantised",
    )
    assert ours.extra is not None
    assert ours.extra["engine"] == f"llama.cpp (xllamacpp {metadata.version('xllamacpp')})"
    assert (ours.extra["device"], ours.extra["threads"]) == ("cpu", 1)
    assert set(ours.extra["eos_token_ids"]) >= set(theirs.extra["eos_token_ids"])
    assert model.apply_chat_template("Hi") == reference.apply_chat_template("Hi")
    assert model.count_tokens("Name: Ada") == reference.count_tokens("Name: Ada")


def test_a_file_that_it_cannot_load_is_one_line(tiny_gguf_path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_gguf_path.read_bytes()[:-20_000])  # metadata are whole, the last tensors are not
    with pytest.raises(ModelError, match=r"broken\.gguf: .*") as caught:
        load(broken)
    assert "\n" not in str(caught.value)


def test_a_fault_of_ours_is_not_lost_in_the_library() -> None:
    stream = _Stream(JsonEnd(), Event())
    assert stream({"unexpected": 1}) is True
    assert isinstance(stream.failure, KeyError)


def test_what_the_engine_refuses_is_the_answers_error() -> None:
    stream = _Stream(None, Event())
    assert stream({"error": {"code": 500, "message": "out of room"}}) is True
    assert (stream.error, stream.failure) == ("out of room", None)


def test_a_run_is_held_against_transformers_in_float32(model: LlamaCppModel, reference: Any, tmp_path: Path) -> None:
    asked = request(tmp_path, equivalence=2, reference=lambda: reference)
    prints = {run_fingerprint(evaluate.build_manifest(asked, one, [])) for one in (model, reference, model)}
    assert len(prints) == 2
    directory = evaluate.run(asked, model)
    assert directory.manifest["model"]["kind"] == "llama.cpp"
    found = directory.equivalence
    assert found is not None
    assert (found["n"], found["engine"], found["reference_engine"]) == (2, "llama.cpp", "transformers")
    assert "decoded alone in float32 by transformers instead of llama.cpp, " in equivalence_line(found)


def test_it_is_timed_at_a_fixed_length(
    tiny_gguf_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mlperf_loadgen", reason="needs the extra latency")
    asked = ["latency", "--model", str(tiny_gguf_path), "--engine", "llama.cpp", "--workload", "fixed", "--json"]
    assert cli.main([*asked, "--queries", "3", "--threads", "1", "--out", str(tmp_path / "t.json")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"]["kind"] == "llama.cpp"
    single, offline = found["scenarios"]["single_stream"], found["scenarios"]["offline"]
    for scenario in (single, offline):
        assert {sample["completion_tokens"] for sample in scenario["samples"]} == {FIXED_NEW_TOKENS}
    assert single["time_to_first_token_seconds"]["min"] > 0
    assert "slots" in offline["decoding"]
    assert all("prefill_seconds" not in sample for sample in offline["samples"])
