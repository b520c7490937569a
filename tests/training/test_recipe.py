"""Recipes: the published values, every value said, and one clear line for each that is not as it must be."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import submission_yaml
from edgejson_bench.errors import UsageError
from edgejson_bench.training.recipe import Recipe, load, names, parse, with_overrides

SHIPPED = names()
ATTENTION_AND_FEED_FORWARD = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def raw() -> dict[str, Any]:
    """A right recipe as plain values, for tests to spoil."""
    return copy.deepcopy(load("edge-135m").to_json())


def leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the values of a recipe lie, sections left out."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key)


LEAVES = sorted(leaves(raw()))
SECTIONS = [("data",), ("adaptation",), ("optimiser",), ("batch",)]


def put(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A recipe with one value exchanged."""
    changed = raw()
    section = changed
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = value
    return changed


def refusal(recipe: Any) -> str:
    """The one line with which a recipe is refused."""
    with pytest.raises(UsageError) as caught:
        parse(recipe, "my.yaml")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("my.yaml: ")
    return message.removeprefix("my.yaml: ")


# What ships


def test_at_least_these_recipes_ship() -> None:
    assert {"edge-135m", "maaza-mlm-135m", "maaza-mlm-135m-end-token", "maaza-slm-360m"} <= set(SHIPPED)
    assert sorted(SHIPPED) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_goes_to_json_and_back(name: str) -> None:
    recipe = load(name)
    assert recipe.name == name
    plain = json.loads(json.dumps(recipe.to_json(), allow_nan=False))
    assert list(plain) == [field.name for field in dataclasses.fields(Recipe)]
    again = parse(plain, name)
    assert again == recipe
    assert again.fingerprint == recipe.fingerprint


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_recipe_in_a_file_is_the_same(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_text(submission_yaml.dump(load(name).to_json()), encoding="utf-8")
    assert load(str(path)) == load(name)


@pytest.mark.parametrize(
    ("name", "base", "rank", "alpha", "rate"),
    [
        ("maaza-mlm-135m", "HuggingFaceTB/SmolLM2-135M", 16, 32, 2e-4),
        ("maaza-slm-360m", "HuggingFaceTB/SmolLM2-360M", 32, 64, 1.5e-4),
    ],
)
def test_the_maaza_recipes_have_the_published_values(name: str, base: str, rank: int, alpha: int, rate: float) -> None:
    recipe = load(name)
    data, adaptation, optimiser, batch = recipe.data, recipe.adaptation, recipe.optimiser, recipe.batch
    assert (recipe.base, recipe.prompt, recipe.end_token, recipe.loss) == (base, "published", False, "all")
    assert (data.styles, data.share, data.generated, data.held_out) == (("form",), 1.0, 0, 0.0)
    assert (adaptation.method, adaptation.rank, adaptation.alpha, adaptation.dropout) == ("lora", rank, alpha, 0.1)
    assert adaptation.target_modules == ATTENTION_AND_FEED_FORWARD
    assert (adaptation.bias, adaptation.rslora, adaptation.lora_plus_ratio) == ("none", False, 1.0)
    assert (optimiser.learning_rate, optimiser.weight_decay, optimiser.max_grad_norm) == (rate, 0.01, 1.0)
    assert (optimiser.schedule, optimiser.warmup_steps, optimiser.epochs) == ("cosine", 50, 3)
    assert (batch.rows, batch.tokens) == (32, None)
    assert all("\n" not in note for note in recipe.notes)


def test_the_end_token_recipe_differs_in_nothing_but_the_end_token() -> None:
    plain, taught = load("maaza-mlm-135m").to_json(), load("maaza-mlm-135m-end-token").to_json()
    assert {key for key in plain if plain[key] != taught[key]} == {"name", "about", "end_token"}
    assert taught["end_token"] is True


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "layers", "width", "inner", "heads", "groups", "expected"),
    [
        ("maaza-mlm-135m", 30, 576, 1536, 9, 3, 4_884_480),
        ("maaza-slm-360m", 32, 960, 2560, 15, 5, 17_367_040),
        ("edge-135m", 30, 576, 1536, 9, 3, 4_884_480),
    ],
)
def test_the_adapters_have_the_published_number_of_weights(
    name: str, layers: int, width: int, inner: int, heads: int, groups: int, expected: int
) -> None:
    """On the real shapes of SmolLM2; no weight is allocated."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from edgejson_bench.training.network import _with_lora

    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=groups,
        head_dim=64,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = _with_lora(load(name), LlamaForCausalLM(config))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == expected
    assert all("lora_" in key for key, p in model.named_parameters() if p.requires_grad)


# What is refused


@pytest.mark.parametrize("name", ["nothing", "", "EDGE-135m", "edge-135m.json"])
def test_an_unknown_recipe_is_answered_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(name)
    expected = f"no recipe named {name!r}; choose from {', '.join(SHIPPED)}, or give a .yaml file"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("a: [", "not valid YAML"),
        ("name: x\nname: y\n", "name"),
        ("- name\n", "the recipe must be a mapping"),
        ("name: mine\n", "about is missing"),
    ],
)
def test_a_file_that_holds_no_recipe_is_named(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("section", [(), *SECTIONS], ids=".".join)
def test_an_unknown_key_is_named_with_those_that_are_known(section: tuple[str, ...]) -> None:
    message = refusal(put((*section, "learning_rat"), 1))
    assert message.startswith(f"unknown key {'.'.join((*section, 'learning_rat'))}; known here: ")
    assert ("learning_rate" in message) == (section == ("optimiser",))


@pytest.mark.parametrize("path", [*LEAVES, *SECTIONS], ids=".".join)
def test_a_missing_key_is_named(path: tuple[str, ...]) -> None:
    changed = raw()
    section = changed
    for key in path[:-1]:
        section = section[key]
    del section[path[-1]]
    assert refusal(changed) == f"{'.'.join(path)} is missing; a recipe says every value"


@pytest.mark.parametrize("value", [{}, [1]], ids=["mapping", "list of numbers"])
@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_a_value_of_a_wrong_type_is_named(path: tuple[str, ...], value: Any) -> None:
    assert refusal(put(path, value)).startswith(f"{'.'.join(path)} ")


@pytest.mark.parametrize("value", [None, [], "x"])
@pytest.mark.parametrize("path", SECTIONS, ids=".".join)
def test_a_section_that_is_no_mapping_is_named(path: tuple[str, ...], value: Any) -> None:
    assert refusal(put(path, value)) == f"{path[0]} must be a mapping"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", None),
        ("seed", "7"),
        ("seed", 7.0),
        ("seed", True),
        ("end_token", 1),
        ("end_token", "true"),
        ("adaptation.rank", 16.0),
        ("adaptation.rank", None),
        ("adaptation.dropout", "0.1"),
        ("adaptation.dropout", False),
        ("adaptation.target_modules", "q_proj"),
        ("adaptation.wise_ft_alpha", "0.5"),
        ("adaptation.wise_ft_alpha", None),
        ("batch.rows", 3.0),
        ("batch.tokens", "3000"),
        ("data.styles", "form"),
        ("prompt", "chat"),
        ("loss", "prompt"),
        ("precision", "float16"),
        ("adaptation.method", "qlora"),
        ("adaptation.bias", "all"),
        ("optimiser.schedule", "step"),
        ("batch.layout", "rows"),
    ],
)
def test_near_types_and_other_words_are_refused_too(key: str, value: Any) -> None:
    message = refusal(put(tuple(key.split(".")), value))
    assert message.startswith(f"{key} ")
    assert repr(value) in message or isinstance(value, str)


def test_a_whole_number_will_do_for_a_fraction() -> None:
    assert parse(put(("optimiser", "max_grad_norm"), 2), "x").optimiser.max_grad_norm == 2.0


def test_parts_of_the_way_can_be_one_or_several() -> None:
    one, several, none = (parse(put(("adaptation", "wise_ft_alpha"), value), "x") for value in (0.5, [0.5, 1], 1))
    assert (one.adaptation.alphas, several.adaptation.alphas) == ((0.5,), (0.5, 1.0))
    assert [recipe.adaptation.goes_back for recipe in (one, several, none)] == [True, True, False]
    assert one.to_json()["adaptation"]["wise_ft_alpha"] == 0.5, "recipes of one part keep their fingerprints"
    assert parse(several.to_json(), "x") == several


def test_an_item_of_a_wrong_type_is_counted() -> None:
    message = refusal(put(("adaptation", "wise_ft_alpha"), [0.5, "1"]))
    assert message == "adaptation.wise_ft_alpha (item 2) must be a float, it is '1'"
    message = refusal(put(("adaptation", "target_modules"), [None, "q_proj"]))
    assert message == "adaptation.target_modules (item 1) must be a str, it is None"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data.styles", []),
        ("data.styles", ["form", "verse"]),
        ("data.share", 0.0),
        ("data.share", 1.01),
        ("data.generated", -1),
        ("data.generated", 101),
        ("data.held_out", -0.1),
        ("data.held_out", 0.51),
        ("data.generated_from", 0),
        ("data.exchanged", -0.1),
        ("data.exchanged", 1.1),
        ("data.exchanged_forms", -0.1),
        ("data.exchanged_forms", 1.1),
        ("data.exchanged_presence", -0.1),
        ("data.exchanged_presence", 1.1),
        ("data.scrambled", -0.1),
        ("data.scrambled", 1.1),
        ("data.sparse", 1.1),
        ("data.held_out_asked", -1),
        ("adaptation.rank", 0),
        ("adaptation.alpha", 0),
        ("adaptation.dropout", -0.1),
        ("adaptation.dropout", 1.0),
        ("adaptation.target_modules", []),
        ("adaptation.lora_plus_ratio", 0.0),
        ("adaptation.wise_ft_alpha", 0.0),
        ("adaptation.wise_ft_alpha", 1.5),
        ("adaptation.wise_ft_alpha", []),
        ("adaptation.wise_ft_alpha", [0.5]),
        ("adaptation.wise_ft_alpha", [0.5, 0.5]),
        ("adaptation.wise_ft_alpha", [0.5, 1.5]),
        ("optimiser.learning_rate", 0.0),
        ("optimiser.learning_rate", 1.0),
        ("optimiser.learning_rate", float("nan")),
        ("optimiser.beta1", 1.0),
        ("optimiser.beta1", -0.1),
        ("optimiser.beta2", 1.5),
        ("optimiser.epsilon", -1e-8),
        ("optimiser.weight_decay", -0.01),
        ("optimiser.max_grad_norm", 0.0),
        ("optimiser.warmup_steps", -1),
        ("optimiser.warmup_share", 1.0),
        ("optimiser.epochs", 0.0),
        ("batch.tokens", 0),
        ("batch.pack_tokens", 0),
    ],
)
def test_a_value_out_of_range_is_named(key: str, value: Any) -> None:
    shown = tuple(value) if isinstance(value, list) else value
    assert refusal(put(tuple(key.split(".")), value)) == f"{key} is {shown!r}, which is out of range"


@pytest.mark.parametrize("shares", [(1.5, 1.0, 1.0), (1.0, 1.0, -0.1), (0.0, 0.0, 0.0), (float("nan"), 1.0, 1.0)])
def test_an_epoch_visits_shares_of_the_rows(shares: tuple[float, float, float]) -> None:
    given = dict(zip(("simple", "medium", "complex"), shares, strict=True))
    told = f"data.per_epoch.form is Shares(simple={shares[0]}, medium={shares[1]}, complex={shares[2]})"
    assert refusal(put(("data", "per_epoch", "form"), given)) == f"{told}, which is out of range"


def test_full_fine_tuning_needs_no_target_modules() -> None:
    changed = put(("adaptation", "method"), "full")
    changed["adaptation"]["target_modules"] = []
    assert parse(changed, "x").adaptation.target_modules == ()


@pytest.mark.parametrize("both", [(32, 3000), (None, None)])
def test_a_step_has_rows_or_tokens_and_not_both(both: tuple[int | None, int | None]) -> None:
    changed = raw()
    changed["batch"] |= {"rows": both[0], "tokens": both[1]}
    assert refusal(changed) == "batch: give rows or tokens, and null for the other"


# What decides what is learnt


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_the_fingerprint_knows_every_value_but_the_words_about_it(path: tuple[str, ...]) -> None:
    recipe = load("edge-135m")
    sections: list[Any] = [recipe]
    for key in path[:-1]:
        sections.append(getattr(sections[-1], key))
    before = getattr(sections[-1], path[-1])
    changed: Any = not before if isinstance(before, bool) else "changed" if before != "changed" else "again"
    for section, key in zip(reversed(sections), reversed(path), strict=True):
        changed = dataclasses.replace(section, **{key: changed})
    assert (changed.fingerprint == recipe.fingerprint) == (path[-1] in ("about", "notes", "pack_tokens"))


def test_the_command_line_overrides_base_styles_and_seed_alone() -> None:
    recipe = load("edge-135m")
    assert with_overrides(recipe) == recipe
    changed = with_overrides(recipe, base="some/base", styles=("form",), seed=0)
    assert (changed.base, changed.data.styles, changed.seed) == ("some/base", ("form",), 0)
    assert with_overrides(changed, base=recipe.base, styles=recipe.data.styles, seed=recipe.seed) == recipe
