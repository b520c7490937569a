"""Folders that others filled: both layouts, both record shapes, and every bad line named."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import DataError
from edgejson_bench.foreign import LoadedFolder, load_folder
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, Task, load_shipped

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT.parent / "shared" / "edgejson_v3"

SCHEMA = {"type": "object", "title": "Parcel", "properties": {"weight": {"type": "number"}}}
SHIPPED = Dataset("edgejson", {"ticket": Task("ticket", "medium", {"type": "object", "title": "Ours"})}, {})


def ours(**changes: Any) -> dict[str, Any]:
    return {"id": "a", "task": "ticket", "style": "prose", "prompt": "text", "gold": {"x": 1}} | changes


def released(**changes: Any) -> dict[str, Any]:
    return {"id": "r", "schema_id": "parcel", "prompt": "text", "expected_output": {"weight": 2.5}} | changes


def write_rows(path: Path, *rows: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_schema(folder: Path, schema: object = SCHEMA, tier: str = "simple", task: str = "parcel") -> Path:
    path = folder / "schemas" / tier / f"{task}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema))
    return path


@pytest.mark.parametrize("name", ["{}.jsonl", "data/{}.jsonl", "edgejson_{}_v3.jsonl", "data/edgejson_{}_v3.jsonl"])
def test_both_record_shapes_load_from_every_place(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / name.format("train"), released(complexity="simple", teacher="t"), ours())
    write_rows(tmp_path / name.format("test"), released(id="r2", style="prose", schema_name="parcel"))
    write_schema(tmp_path)
    loaded = load_folder(tmp_path, shipped=SHIPPED)
    assert loaded.dataset.splits == {
        "train": (
            Example("r", "parcel", "form", "text", {"weight": 2.5}),
            Example("a", "ticket", "prose", "text", {"x": 1}),
        ),
        "test": (Example("r2", "parcel", "prose", "text", {"weight": 2.5}),),
    }
    assert loaded.dataset.name == tmp_path.name
    assert loaded.dataset.tasks == {"parcel": Task("parcel", "simple", SCHEMA), **SHIPPED.tasks}
    assert loaded.notes == (
        "1 task (ticket): schema borrowed from the shipped task of the same name",
        "1 task (ticket): tier taken from the shipped task of the same name",
    )


def test_a_folder_with_one_split_has_only_that(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", released())
    write_schema(tmp_path)
    loaded = load_folder(tmp_path, shipped=SHIPPED)
    assert list(loaded.dataset.splits) == ["test"]
    assert loaded.notes == ()


def test_shipped_tasks_are_not_loaded_unless_something_is_borrowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "test.jsonl", released())
    write_schema(tmp_path)
    monkeypatch.setattr("edgejson_bench.foreign.load_shipped", lambda: pytest.fail("loaded for nothing"))
    load_folder(tmp_path)


def test_tier_is_the_schemas_folder_then_the_records_then_the_shipped_tasks(tmp_path: Path) -> None:
    write_rows(
        tmp_path / "train.jsonl",
        released(id="1", schema_id="by_folder", complexity="medium"),
        released(id="2", schema_id="by_folder"),
        released(id="3", schema_id="by_record", complexity=None),
        released(id="4", schema_id="by_record", complexity="complex"),
        released(id="5", schema_id="ticket"),
    )
    write_schema(tmp_path, task="by_folder")
    loaded = load_folder(tmp_path, shipped=SHIPPED)
    assert {task.name: (task.tier, task.schema) for task in loaded.dataset.tasks.values()} == {
        "by_folder": ("simple", SCHEMA),
        "by_record": ("complex", None),
        "ticket": ("medium", SHIPPED.tasks["ticket"].schema),
    }
    assert loaded.notes == (
        "1 task (ticket): schema borrowed from the shipped task of the same name",
        "1 task (ticket): tier taken from the shipped task of the same name",
        "1 task (by_record): no schema: none can be shown to a model, and compliance cannot be scored",
        "1 record states another complexity than the folder of their schema, which counts "
        f"(first: {tmp_path / 'train.jsonl'}:1)",
    )


def test_a_task_without_any_tier_says_what_to_do(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", ours(), released())
    with pytest.raises(DataError, match=r"train\.jsonl:2: the tier of task parcel is unknown; add .*parcel\.json, or"):
        load_folder(tmp_path, shipped=SHIPPED)


def test_a_task_has_one_tier(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.jsonl", released(complexity="simple"), released(id="b", complexity="medium"))
    with pytest.raises(DataError, match=r"train\.jsonl:2: task parcel is medium here and simple at .*train\.jsonl:1"):
        load_folder(tmp_path, shipped=SHIPPED)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"id": "b", ', "not a valid JSON line"),
        ("[]", "expected a JSON object, found list"),
        ('{"id": "b", "text": "x"}', "neither record shape is complete"),
        (released(id=None), "'id' must be a string, found null"),
        (released(id=7), "'id' must be a string, found a number"),
        (released(id=""), "'id' must be 1 to 200 printable characters"),
        (released(id="x" * 201), "'id' must be 1 to 200 printable characters"),
        (released(id="a\x1b[2J"), r"'id' must be 1 to 200 printable characters, it is 'a\\x1b\[2J'"),
        (released(id="a\u202eb"), r"it is 'a\\u202eb'"),
        (released(schema_id=None), "'schema_id' must be a string, found null"),
        (released(schema_id="../../etc"), r"'schema_id' must be letters, digits, _ and -, .*it is '\.\./\.\./etc'"),
        (released(schema_id="x\x1b]0;t\x07"), r"'schema_id' must be letters.* it is 'x\\x1b\]0;t\\x07'"),
        (ours(task="a/b"), "'task' must be letters"),
        (ours(task=""), "'task' must be letters"),
        (ours(style="poem"), "'style' must be form or prose, it is 'poem'"),
        (ours(gold=None), "'gold' must be an object, found null"),
        (ours(gold="{}"), "'gold' must be an object, found a string"),
        (released(expected_output=[1]), "'expected_output' must be an object, found an array"),
        ({"id": "b", "expected_output": {}, "prompt": "p"}, "'schema_id' must be a string, but is missing"),
        ({"id": "b", "task": "ticket", "gold": {}, "prompt": "p"}, "'style' must be a string, but is missing"),
        ({"id": "b", "schema_id": "parcel", "expected_output": {}}, "'prompt' must be a string, but is missing"),
        (released(prompt=" \n"), "'prompt' is empty"),
        (released(complexity=3), "'complexity' must be the name of a tier, it is 3"),
        (released(complexity="../x"), r"'complexity' must be the name of a tier, it is '\.\./x'"),
        (released(prompt="\ud800"), "half of a surrogate pair"),
        (released(expected_output={"a": float("nan")}), "the expected object is not plain JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str | dict[str, Any], message: str) -> None:
    text = row if isinstance(row, str) else json.dumps(row)
    write_schema(tmp_path)
    (tmp_path / "test.jsonl").write_text(f"{json.dumps(released())}\n\n{text}\n")
    with pytest.raises(DataError, match=rf"test\.jsonl:3: .*{message}") as caught:
        load_folder(tmp_path, shipped=SHIPPED)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < len(str(tmp_path)) + 300


def test_ids_are_unique_over_both_splits_and_both_lines_are_named(tmp_path: Path) -> None:
    write_schema(tmp_path)
    write_rows(tmp_path / "train.jsonl", released(id="b"), released())
    write_rows(tmp_path / "test.jsonl", released())
    with pytest.raises(
        DataError, match=r"test\.jsonl:1: id 'r' is already used at .*train\.jsonl:2; ids must be unique"
    ):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ('{"type": \n', ":2: not valid JSON"),
        ([], "a schema must be a JSON object, this is a list"),
        (True, "a schema must be a JSON object, this is a bool"),
        ({"properties": {"a": {"type": "text"}}}, "no valid draft-07 schema at '/properties/a/type': .*'text'"),
        ({"properties": {"a": {"pattern": "("}}}, "no valid draft-07 schema at '/properties/a/pattern'"),
        ({"properties": {"a\x1b": {"type": 1}}}, r"no valid draft-07 schema at '/properties/a\\x1b/type'"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, "only draft-07 is supported"),
        ({"properties": {"a": {"$ref": "https://example.org/s.json"}}}, "'https://example.org/s.json' leads nowhere"),
        ({"items": [{"$ref": "#/definitions/none"}]}, "'#/definitions/none' leads nowhere"),
        ({"$ref": "#"}, "'#' leads back to itself"),
        (
            {"items": {"$ref": "#/definitions/a"}, "definitions": {"a": {"allOf": [{"$ref": "#/items"}]}}},
            "back to itself",
        ),
        ('{"minimum": NaN}', "no usable schema"),
        ({"title": "\ud800"}, "no usable schema"),
    ],
)
def test_a_bad_schema_is_named(tmp_path: Path, schema: object, message: str) -> None:
    write_schema(tmp_path, schema)
    write_rows(tmp_path / "test.jsonl", released())
    with pytest.raises(DataError, match=rf"parcel\.json.*{message}") as caught:
        load_folder(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/definitions/b"}}, "definitions": {"b": {"$ref": "#"}}},
        {"$id": "https://example.org/s.json", "properties": {"a": {"$ref": "s.json#"}}},
        {"properties": {"$ref": {"type": "string"}}},
        {"anyOf": [{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/a"}], "definitions": {"a": {"not": {}}}},
        {"$schema": "http://json-schema.org/draft-07/schema"},
    ],
)
def test_schemas_that_resolve_within_themselves_are_taken(tmp_path: Path, schema: dict[str, Any]) -> None:
    write_schema(tmp_path, schema)
    write_rows(tmp_path / "test.jsonl", released())
    assert load_folder(tmp_path).dataset.tasks["parcel"].schema == schema


def test_hostile_schema_names_are_refused_safely(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", released())
    write_schema(tmp_path, task="x\x1b[31m")
    with pytest.raises(DataError, match=r"is no name of a tier or task") as caught:
        load_folder(tmp_path)
    assert str(caught.value).isprintable()


def test_misplaced_and_doubled_files_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", released())
    write_schema(tmp_path)
    write_schema(tmp_path, tier="medium")
    with pytest.raises(DataError, match="task parcel already has the schema"):
        load_folder(tmp_path)
    write_schema(tmp_path, tier=".", task="loose")
    with pytest.raises(DataError, match=r"loose\.json'?: a schema lies in the folder of its tier"):
        load_folder(tmp_path)
    write_rows(tmp_path / "data" / "edgejson_test_v3.jsonl", released())
    with pytest.raises(DataError, match=r"both hold the test split; keep one of them"):
        load_folder(tmp_path)


def test_a_folder_without_data_says_what_was_sought(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"train\.jsonl, edgejson_train_v3\.jsonl, test\.jsonl, edgejson_test_v3\.jsonl .*schema\.json",
    ):
        load_folder(tmp_path)
    with pytest.raises(DataError, match=r"nowhere: no such folder"):
        load_folder(tmp_path / "nowhere")
    (tmp_path / "test.jsonl").write_text("\n")
    with pytest.raises(DataError, match=r"test\.jsonl: no records in it"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match=r"test\.jsonl: is a file; pass the folder"):
        load_folder(tmp_path / "test.jsonl")


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """Two tasks in the layout that ``generate`` writes; one of them has no test example."""
    for tier, task in (("medium", "ticket"), ("simple", "parcel")):
        write_rows(tmp_path / tier / task / "train.jsonl", ours(id=f"{task}-1", task=task))
        write_rows(tmp_path / tier / task / "test.jsonl", *([ours(id="t", task=task)] if task == "parcel" else []))
        (tmp_path / tier / task / "schema.json").write_text(json.dumps(SCHEMA))
    return tmp_path


def test_the_generated_layout_loads_as_the_shipped_loader_does(generated: Path) -> None:
    loaded = load_folder(generated)
    assert loaded == LoadedFolder(replace(load_shipped(generated), name=generated.name), ())
    assert list(loaded.dataset.tasks) == ["parcel", "ticket"]  # simple before medium


def test_the_generated_layout_is_checked(generated: Path) -> None:
    test_file = generated / "medium" / "ticket" / "test.jsonl"
    write_rows(test_file, ours(task="parcel"))
    with pytest.raises(DataError, match=r"ticket/test\.jsonl:1: task parcel in the folder of task ticket"):
        load_folder(generated)
    test_file.unlink()
    with pytest.raises(DataError, match=r"ticket/test\.jsonl: no such file, though other tasks have a test split"):
        load_folder(generated)
    (generated / "simple" / "parcel" / "test.jsonl").unlink()
    assert list(load_folder(generated).dataset.splits) == ["train"]
    for file in generated.rglob("train.jsonl"):
        file.unlink()
    with pytest.raises(DataError, match=r"parcel: neither train\.jsonl nor test\.jsonl here"):
        load_folder(generated)


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the released train data is not beside this checkout")
class TestReleasedTrainData:
    """Real input that nobody here wrote."""

    def test_counts(self) -> None:
        loaded = load_folder(RELEASED)
        rows = loaded.dataset.split("train")
        assert loaded.notes == ()
        assert (len(rows), len(loaded.dataset.tasks)) == (629, 25)
        assert Counter(loaded.dataset.tier(row) for row in rows) == {"simple": 350, "medium": 192, "complex": 87}
        assert {row.style for row in rows} == {"form"}

    def test_records_without_complexity_take_their_schemas_tier(self) -> None:
        dataset = load_folder(RELEASED).dataset
        lines = (RELEASED / "train.jsonl").read_text(encoding="utf-8").splitlines()
        bare = {row["id"] for row in map(json.loads, lines) if "complexity" not in row}
        assert len(bare) == 72
        assert {(row.task, dataset.tier(row)) for row in dataset.split("train") if row.id in bare} == {
            ("invoice", "medium"),
            ("order_details", "medium"),
            ("shopping_cart", "medium"),
        }
