"""The rules on whole data sets: the one that ships, and the released train split."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgejson_bench.generation.form import print_form
from edgejson_bench.models.form_reader import read_form
from edgejson_bench.models.rules import Rules
from edgejson_bench.records import JsonObject, Prompt, Settings
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.tasks import Dataset, load_shipped

RELEASED = Path(__file__).resolve().parents[2].parent / "shared" / "edgejson_v3"
SETTINGS = Settings(stop="json_end", batch_size=1)


def exact(dataset: Dataset, split: str) -> tuple[list[str], int]:
    """Ids of the form examples that the rules get wrong, and how many there are."""
    examples = [example for example in dataset.split(split) if example.style == "form"]
    asked = [Prompt(e.id, e.task, "", e.prompt, dataset.tasks[e.task].schema, None) for e in examples]
    answers = {c.example_id: json.loads(c.text) for c in Rules().generate(asked, SETTINGS)}
    return [e.id for e in examples if not typed_equal(answers[e.id], e.gold)], len(examples)


@pytest.mark.parametrize(("split", "count"), [("train", 629), ("test", 158)])
def test_the_shipped_form_style_is_read_back_whole(split: str, count: int) -> None:
    assert exact(load_shipped(), split) == ([], count)


def released_schema(task: str) -> JsonObject:
    (path,) = RELEASED.glob(f"schemas/*/{task}.json")
    schema: JsonObject = json.loads(path.read_text(encoding="utf-8"))
    return schema


@pytest.mark.skipif(not (RELEASED / "train.jsonl").is_file(), reason="the released data is not beside the project")
def test_released_train_split() -> None:
    """574 of 629 when this was written; every miss prints as its text does, so no rule could tell it from the gold."""
    wrong = []
    for line in (RELEASED / "train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        schema = released_schema(row["schema_id"])
        found = read_form(row["prompt"], schema)
        if not typed_equal(found, row["expected_output"]):
            wrong.append(row["id"])
            assert print_form(row["schema_id"], schema["title"], found) == row["prompt"], row["id"]
    assert len(wrong) <= 0.1 * 629, wrong
