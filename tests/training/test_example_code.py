"""``inference_example.py``: it compiles whatever the metadata hold, asks as the benchmark does, and runs on its own."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.protocols import RESPONSE, prompt_template, prompt_text
from edgejson_bench.schema_signature import signature
from edgejson_bench.training.example_code import FORM, PROSE, SCHEMA, inference_example

STANDARD = {"argparse", "json", "re", "sys", "importlib", "pathlib"}
NEEDED = {"torch", "transformers", "peft", "gguf", "tokenizers"}


def metadata(prompt: str = "compact", template: str | None = None, styles: tuple[str, ...] = ("form", "prose")) -> Any:
    shown = prompt_template(prompt) if template is None else template  # type: ignore[arg-type]
    return {"prompt": prompt, "prompt_template": shown, "data": {"styles": list(styles)}}


def constants(script: str) -> dict[str, str]:
    """The values of the script's upper-case names that are plain text."""
    named = {}
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            named[node.targets[0].id] = node.value.value  # type: ignore[attr-defined]
    return named


@pytest.mark.parametrize("prompt", ["compact", "instruction", "published"])
def test_the_script_holds_the_prompt_of_the_training(prompt: Any):
    script = inference_example(metadata(prompt))
    held = constants(script)
    assert held["TEMPLATE"] == prompt_template(prompt)
    filled = held["TEMPLATE"].replace("{schema}", held["SCHEMA"]).replace("{text}", held["TEXT"])
    assert filled == prompt_text(prompt, SCHEMA, PROSE)
    if prompt == "published":
        assert '\nTEMPLATE = "Extract the' in script, "what fits one line is not spread over several"
    else:
        assert '    "### Instruction:\\n"\n' in script, "a line of the prompt is a line of the script"


def test_the_text_is_of_a_style_that_was_trained_on():
    assert constants(inference_example(metadata(styles=("form",))))["TEXT"] == FORM
    assert constants(inference_example(metadata(styles=("prose",))))["TEXT"] == PROSE


def test_the_script_needs_nothing_of_this_package():
    roots = set()
    for node in ast.walk(ast.parse(inference_example(metadata()))):
        if isinstance(node, ast.Import):
            roots |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(str(node.module).partition(".")[0])
    assert roots <= STANDARD | NEEDED


HOSTILE = [
    '"""\nimport os; os.system("true")\n"""',
    "'''\"\"\"\\",
    "\\",
    '")\nraise SystemExit\n(',
    "{text}{schema}@SCHEMA@ @TEXT@\r\n\x00\x1b[31m\u2028\ud800\U0001f600",
    "",
]


@pytest.mark.parametrize("template", HOSTILE, ids=ascii)
def test_a_hostile_template_is_but_a_value(template: str):
    script = inference_example(metadata(template=template))
    assert constants(script)["TEMPLATE"] == template
    assert all(character.isprintable() or character == "\n" for character in script)
    plain = ast.parse(inference_example(metadata(template="x")))
    assert [type(node) for node in ast.parse(script).body] == [type(node) for node in plain.body]


@given(st.text())
def test_every_template_comes_back(template: str):
    assert constants(inference_example(metadata(template=template)))["TEMPLATE"] == template


def run(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The script in ``folder``, in a process that finds this package nowhere but installed."""
    return subprocess.run(
        [sys.executable, "inference_example.py", "--max-new-tokens", "24", *arguments],
        cwd=folder,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture
def released(tmp_path: Path, tiny_adapter_dir: Path) -> Path:
    """A folder with an adapter, its tokenizer and the script."""
    folder = shutil.copytree(tiny_adapter_dir, tmp_path / "released")
    (folder / "inference_example.py").write_text(inference_example(metadata()), "utf-8")
    return folder


def said(done: subprocess.CompletedProcess[str]) -> str:
    """``json`` or ``no json``, whichever the script has said; its weights are random."""
    assert done.returncode == 0, done.stderr
    if done.stdout:
        assert isinstance(json.loads(done.stdout), dict)
        return "json"
    assert "The answer holds no complete JSON object: " in done.stderr
    return "no json"


@pytest.mark.torch
def test_the_script_runs_beside_an_adapter(released: Path, tiny_model_dir: Path):
    assert said(run(released, "--base", str(tiny_model_dir))) in ("json", "no json")


@pytest.mark.torch
def test_the_script_reads_standard_input_and_a_gguf_base(released: Path, tiny_gguf_path: Path):
    (released / "tokenizer_config.json").unlink()  # so that the base's is read
    done = run(released, "--base", str(tiny_gguf_path), "--schema", '{"a": string}', "-", stdin="a is b\n")
    assert said(done) in ("json", "no json")


@pytest.mark.torch
def test_the_script_runs_beside_a_whole_model(tmp_path: Path, tiny_model_dir: Path):
    folder = shutil.copytree(tiny_model_dir, tmp_path / "whole")
    (folder / "inference_example.py").write_text(inference_example(metadata("published")), "utf-8")
    assert said(run(folder, "Ada, ada@example.org")) in ("json", "no json")


def functions(script: str, folder: Path) -> dict[str, Any]:
    """The script's functions, as if it lay in ``folder``."""
    names: dict[str, Any] = {"__name__": "example", "__file__": str(folder / "inference_example.py")}
    exec(compile(script, names["__file__"], "exec"), names)
    return names


@pytest.mark.torch
@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (' {"a": [1, {"b": "}"}]} {"c"', {"a": [1, {"b": "}"}]}),
        ("no object", None),
        ('{"a": ', None),
        ('{"a":' * 9999, None),
    ],
    ids=["with a rest", "none", "cut", "deep"],
)
def test_the_first_object_is_taken(tmp_path: Path, answer: str, found: Any):
    assert functions(inference_example(metadata()), tmp_path)["parse"](answer) == found


@pytest.mark.torch
def test_a_text_that_holds_a_place_is_not_filled_again(tmp_path: Path):
    class Asked(Exception):
        pass

    def tokenizer(prompt: str, **_: Any) -> Any:
        raise Asked(prompt)

    script = functions(inference_example(metadata()), tmp_path)
    with pytest.raises(Asked) as caught:
        script["ask"](tokenizer, None, "{text}", "{schema} \\1")
    assert str(caught.value).endswith("### Input:\n{schema} \\1" + RESPONSE)
    assert "schema:\n{text}\n" in str(caught.value)


@pytest.mark.torch
@pytest.mark.parametrize("prompt", ["compact", "published"])
def test_the_answer_is_the_one_that_the_benchmark_scores(
    released: Path, tiny_adapter_dir: Path, tiny_model_dir: Path, prompt: Any
):
    from edgejson_bench.models.resolve import resolve
    from edgejson_bench.records import Prompt, Settings

    script = functions(inference_example(metadata(prompt)), released)
    tokenizer, model = script["load"](str(tiny_model_dir))
    answer = script["ask"](tokenizer, model, script["SCHEMA"], script["TEXT"], 24)

    text = prompt_text(prompt, SCHEMA, PROSE)
    ours = resolve(str(tiny_adapter_dir), golds={}, base_model=str(tiny_model_dir))
    asked = Prompt("one", "contact_info", text, PROSE, SCHEMA, 24)
    (completion,) = ours.generate([asked], Settings(stop="eos", batch_size=1, text_rule="new_tokens"))
    assert answer == completion.text


@pytest.mark.torch
@pytest.mark.weights
def test_the_shipped_base_is_found_and_read_digit_by_digit(tmp_path: Path):
    from edgejson_bench.models.locate import SMOLLM2
    from edgejson_bench.models.resolve import resolve_tokenizer

    script = functions(inference_example(metadata()), tmp_path)
    base = script["find_base"](SMOLLM2)
    assert base["gguf_file"].endswith(".gguf")
    tokenizer = script["load_tokenizer"](base)
    text = f"{signature(SCHEMA)} {PROSE} 2024-07-06"
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == resolve_tokenizer(SMOLLM2).encode(text)
