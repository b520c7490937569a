"""OpenVINO and ONNX Runtime on tiny models: the answers of transformers in float32, to the token and the letter."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from edgejson_bench import cli, evaluate
from edgejson_bench.display import equivalence_line
from edgejson_bench.errors import ModelError
from edgejson_bench.jsonio import sha256_file
from edgejson_bench.loadgen.workloads import FIXED_NEW_TOKENS
from edgejson_bench.models.converted import seconds_spent
from edgejson_bench.models.engines import ENGINES
from edgejson_bench.records import Prompt, Settings
from edgejson_bench.runs import run_fingerprint
from tests.standins.engines import PROMPTS, check_that_only_what_was_decoded_alone_has_times, load, seen
from tests.standins.tiny import write_tiny_gguf, write_tiny_llama
from tests.submitted import request

pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("cache")]


@pytest.fixture(scope="module", params=["openvino", "onnxruntime"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine under test; skipped where it is not installed."""
    name = str(request.param)
    if importlib.util.find_spec(ENGINES[name].module) is None:
        pytest.skip(f"needs the extra {ENGINES[name].extra}")
    return name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny chat model that both engines can compute."""
    return write_tiny_llama(
        tmp_path_factory.mktemp("tiny-chat-model"), 7, chat=True, heads=2
    )  # its answers end in every way


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    """The same as a file of a type that OpenVINO reads as it is."""
    return write_tiny_gguf(tmp_path_factory.mktemp("half") / "tiny-chat.F16.gguf", folder, half=True)


@pytest.fixture(scope="module")
def model(engine: str, path: Path) -> Any:
    return load(path, engine)


@pytest.fixture(scope="module")
def reference(path: Path) -> Any:
    return load(path, "transformers")


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("stop", ["json_end", "eos", "length"])
def test_it_answers_token_for_token_as_transformers_does(
    stop: Literal["json_end", "eos", "length"], rows: int, model: Any, reference: Any
) -> None:
    asked = [replace(prompt, max_new_tokens=120) for prompt in PROMPTS]
    ours, theirs = (seen(one.generate(asked, Settings(stop, rows))) for one in (model, reference))
    assert ours == theirs
    reasons = {"json_end": {"json_end", "eos", "length"}, "eos": {"eos", "length"}, "length": {"length"}}
    assert {made.finish_reason for made in ours.values()} == reasons[stop]


def test_only_what_was_decoded_alone_has_times(model: Any) -> None:
    check_that_only_what_was_decoded_alone_has_times(model)


def test_the_published_text_rule_gives_what_transformers_gives(model: Any, reference: Any) -> None:
    settings = Settings("eos", 1, "after_prompt")
    assert seen(model.generate(PROMPTS[:3], settings)) == seen(reference.generate(PROMPTS[:3], settings))


def test_an_answer_that_nobody_waits_for_stops_and_the_next_one_is_whole(model: Any) -> None:
    settings = Settings("length", 2)
    whole = seen(model.generate(PROMPTS[:4], settings))
    left = model.generate([Prompt(f"q{n}", "t", "Name: Ada", "", None, 300) for n in range(4)], settings)
    assert next(left).completion_tokens == 300
    left.close()
    assert seen(model.generate(PROMPTS[:4], settings)) == whole


def test_a_long_prompt_is_computed_whole(model: Any, reference: Any) -> None:
    asked = [Prompt("long", "t", "Name: Ada 12\n" * 200, "", None, 5)]
    assert seen(model.generate(asked, Settings("eos", 1))) == seen(reference.generate(asked, Settings("eos", 1)))


def test_a_prompt_beyond_the_context_is_a_counted_failure(model: Any) -> None:
    asked = [Prompt("fits", "t", "Name: Ada", "", None, 5), Prompt("long", "t", "Name: Ada\n" * 9000, "", None, 5)]
    made = {completion.example_id: completion for completion in model.generate(asked, Settings("length", 1))}
    assert (made["fits"].finish_reason, made["fits"].completion_tokens) == ("length", 5)
    assert (made["long"].finish_reason, made["long"].completion_tokens) == ("error", 0)
    assert made["long"].error == f"the prompt has {made['long'].prompt_tokens} tokens, the model takes 32768"


def test_the_identity_says_what_computed_it(engine: str, model: Any, reference: Any, path: Path) -> None:
    ours, theirs = model.identity, reference.identity
    assert (ours.kind, ours.name, ours.spec) == (engine, f"{path.stem} ({engine})", path.name)
    assert ours.revision == theirs.revision == sha256_file(path)
    assert (ours.parameters, ours.dtype) == (theirs.parameters, "float32")
    # the converted graph has tables of positions beside the weights
    assert ours.size_bytes == theirs.size_bytes or (engine == "onnxruntime" and ours.size_bytes > theirs.size_bytes)
    assert ours.extra["engine"] == ENGINES[engine].told
    assert (ours.extra["device"], ours.extra["threads"]) == ("cpu", 1)
    assert ours.extra["eos_token_ids"] == theirs.extra["eos_token_ids"]
    assert model.apply_chat_template("Hi") == reference.apply_chat_template("Hi")
    assert model.count_tokens("Name: Ada") == reference.count_tokens("Name: Ada")


def test_a_file_that_it_cannot_load_is_one_line(engine: str, path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(path.read_bytes()[:-20_000])  # metadata are whole, the last tensors are not
    with pytest.raises(ModelError, match=r"broken\.gguf: .*") as caught:
        load(broken, engine)
    assert "\n" not in str(caught.value)


def test_a_number_type_that_it_has_not_is_refused(engine: str, path: Path) -> None:
    before = seconds_spent()
    with pytest.raises(ModelError, match=f"--dtype float64: --engine {engine} computes in float32"):
        load(path, engine, dtype="float64")
    assert seconds_spent() == before, "refused before anything is converted"


def test_a_run_is_held_against_transformers_in_float32(
    engine: str, path: Path, tmp_path: Path, model: Any, reference: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    prints = {run_fingerprint(evaluate.build_manifest(request(tmp_path), one, [])) for one in (model, reference)}
    assert len(prints) == 2
    asked = ["run", "--model", str(path), "--engine", engine, "--limit", "2", "--check-equivalence", "2", "--json"]
    assert cli.main([*asked, "--threads", "1", "--no-latency", "--runs", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["run"]["model"]["kind"] == engine
    found = report["equivalence"]
    assert (found["n"], found["engine"], found["reference_engine"]) == (2, engine, "transformers")
    assert f"decoded alone in float32 by transformers instead of {engine}, " in equivalence_line(found)


def test_it_is_timed_at_a_fixed_length(
    engine: str, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("mlperf_loadgen", reason="needs the extra latency")
    asked = ["latency", "--model", str(path), "--engine", engine, "--workload", "fixed", "--json"]
    assert cli.main([*asked, "--queries", "3", "--threads", "1", "--out", str(tmp_path / "t.json")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"]["kind"] == engine
    single, offline = found["scenarios"]["single_stream"], found["scenarios"]["offline"]
    for scenario in (single, offline):
        assert {sample["completion_tokens"] for sample in scenario["samples"]} == {FIXED_NEW_TOKENS}
    assert single["time_to_first_token_seconds"]["min"] > 0
    assert "tokens one by one" in offline["decoding"]
    assert all("prefill_seconds" not in sample for sample in offline["samples"])
