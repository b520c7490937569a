"""The equivalence gate: fast decoding held against decoding alone, and where and how narrowly they part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import evaluate
from edgejson_bench.display import equivalence_line
from edgejson_bench.equivalence import Alone, compare
from edgejson_bench.errors import UsageError
from edgejson_bench.records import Completion, Prompt, Settings
from edgejson_bench.runs import load_run
from tests.submitted import DATASET, RIGHT, Scripted, request, scripted

TEST = DATASET.split("test")


def said(example_id: str, text: str, reason: Any = "json_end") -> Completion:
    return Completion(example_id, text, 5, len(text), reason)


def letter_by_letter(completion: Completion, margin: float = 2.0) -> Alone:
    """As if each character were a token."""
    texts = tuple(completion.text[:end] for end in range(1, len(completion.text) + 1))
    return Alone(completion, texts, tuple(margin + number / 10 for number in range(len(texts))))


def is_right(answers: Mapping[str, Completion]) -> dict[str, bool]:
    return {example_id: answer.text == RIGHT[example_id] for example_id, answer in answers.items()}


def compared(run: Mapping[str, str], alone: Mapping[str, str]) -> dict[str, Any]:
    examples = [example for example in TEST if example.id in run]
    return compare(
        examples,
        {name: said(name, text) for name, text in run.items()},
        {name: letter_by_letter(said(name, text)) for name, text in alone.items()},
        is_right,
    )


def test_equal_completions_are_identical() -> None:
    found = compared(RIGHT, RIGHT)
    assert (found["n"], found["identical"]["count"], found["identical"]["value"]) == (6, 6, 1.0)
    assert found["json_exact"] == {"run": 6, "alone": 6, "changed": []}
    assert found["divergences"] == []
    assert found["examples"] == [example.id for example in TEST]


def test_a_divergence_says_where_and_how_narrow_it_was() -> None:
    found = compared(RIGHT | {"lamp-1": '{"room": "Hell", "lit": true}'}, RIGHT)
    assert found["identical"]["count"] == 5
    assert found["json_exact"] == {"run": 5, "alone": 6, "changed": ["lamp-1"]}
    (divergence,) = found["divergences"]
    start = len('{"room": "H')
    assert divergence == {
        "example_id": "lamp-1",
        "token": start,
        "margin": round(2.0 + start / 10, 4),
        "run": 'ell", "lit": true}',
        "alone": 'allway", "lit": true}',
    }


def test_a_run_that_goes_on_where_the_other_ends_parts_at_the_end() -> None:
    found = compared({"lamp-1": RIGHT["lamp-1"] + " more"}, {"lamp-1": RIGHT["lamp-1"]})
    (divergence,) = found["divergences"]
    assert (divergence["token"], divergence["margin"]) == (len(RIGHT["lamp-1"]), None)
    assert (divergence["run"], divergence["alone"]) == (" more", "")


@pytest.mark.parametrize("change", [{"completion_tokens": 3}, {"finish_reason": "eos"}])
def test_the_same_text_in_other_tokens_is_not_identical(change: dict[str, Any]) -> None:
    one = said("lamp-1", RIGHT["lamp-1"])
    example = next(example for example in TEST if example.id == "lamp-1")
    found = compare([example], {"lamp-1": replace(one, **change)}, {"lamp-1": letter_by_letter(one)}, is_right)
    assert found["identical"]["count"] == 0
    assert found["json_exact"]["changed"] == []


def test_only_ten_divergences_are_kept_and_all_are_counted() -> None:
    examples = [replace(TEST[0], id=f"parcel-{number}") for number in range(14)]
    run = {example.id: said(example.id, "{}") for example in examples}
    alone = {example.id: letter_by_letter(said(example.id, "[]")) for example in examples}
    found = compare(examples, run, alone, lambda answers: dict.fromkeys(answers, False))
    assert (found["identical"]["count"], len(found["divergences"])) == (0, 10)


# In a run


class Plain(Scripted):
    """A scripted model that can also answer alone, and then otherwise where it is told to."""

    def __init__(self, other: Mapping[str, str] = {}) -> None:
        model = scripted(wrong=1)
        super().__init__(model.identity, RIGHT)
        self.other = other
        self.asked: list[str] = []

    def decode_alone(self, prompt: Prompt, settings: Settings) -> Alone:
        assert settings.batch_size == 1
        self.asked.append(prompt.example_id)
        (made,) = self.generate([prompt], settings)
        return letter_by_letter(replace(made, text=self.other.get(prompt.example_id, made.text)))


def test_a_run_reports_it_and_asks_all_tiers_once(tmp_path: Path) -> None:
    model = Plain({"route-1": "{}"})
    asked = request(tmp_path, equivalence=4)
    directory = evaluate.run(asked, model)
    report = directory.report
    assert report is not None
    found = report["equivalence"]
    assert (found["n"], found["identical"]["count"]) == (4, 3)
    assert {name.partition("-")[0] for name in model.asked} > {"route"}
    assert (found["dtype"], found["reference_dtype"]) == ("float32", "float32")
    assert json.loads((directory.path / "equivalence.json").read_text()) == found
    line = equivalence_line(found)
    assert line.startswith(
        "decoded alone in float32, 3 of 4 completions are identical; JSONExact 4 in the run, 3 alone"
    )
    assert "first to differ: route-1 at token 1" in line

    evaluate.run(replace(asked, equivalence=3), model)
    assert len(model.asked) == 4  # it is known already
    evaluate.run(replace(asked, equivalence=6), model)
    again = load_run(directory.path).report
    assert again is not None
    assert again["equivalence"]["n"] == 6


def test_it_can_be_asked_for_after_the_run_and_does_not_make_another_one(tmp_path: Path) -> None:
    without = evaluate.run(request(tmp_path), Plain())
    report = without.report
    assert report is not None
    assert report["equivalence"] is None
    after = evaluate.run(request(tmp_path, equivalence=2), Plain())
    assert after.path == without.path
    report = after.report
    assert report is not None
    assert report["equivalence"]["identical"]["count"] == 2


def test_another_model_can_be_the_reference(tmp_path: Path) -> None:
    reference = Plain()
    directory = evaluate.run(request(tmp_path, equivalence=2, reference=lambda: reference), scripted())
    assert directory.equivalence is not None
    assert len(reference.asked) == 2


def test_a_model_that_decodes_in_one_way_has_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="decodes in one way only"):
        evaluate.run(request(tmp_path, equivalence=2), scripted())


@pytest.mark.torch
def test_the_engine_and_decoding_alone_agree_on_a_real_architecture(tiny_model_dir: Path) -> None:
    from edgejson_bench.models.transformers import LoadOptions, TransformersModel, Weights
    from edgejson_bench.records import ModelIdentity

    identity = ModelIdentity("tiny", "tiny", "transformers")
    model = TransformersModel(identity, Weights(tiny_model_dir), options=LoadOptions(threads=1))
    prompts = [Prompt(f"p{n}", "task", f"Name: Ada {n}\nOutput: ", "", None, 12) for n in range(5)]
    settings = Settings("json_end", 4)
    fast = {made.example_id: made for made in model.generate(prompts, settings)}
    for prompt in prompts:
        alone = model.decode_alone(prompt, settings)
        made = fast[prompt.example_id]
        assert (alone.completion.text, alone.completion.completion_tokens) == (made.text, made.completion_tokens)
        assert len(alone.pieces) == len(alone.margins) == alone.completion.completion_tokens
        assert alone.pieces[-1].startswith(made.text)
        assert all(margin >= 0 for margin in alone.margins)
