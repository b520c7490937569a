"""Selecting, fingerprinting and loading the tasks, on data made on the spot."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from edgejson_bench.errors import DataError, UsageError
from edgejson_bench.records import Example
from edgejson_bench.tasks import STYLES, Dataset, Task, fingerprint, load_shipped, pair_key, pairs, read_example, select

TASKS = {
    name: Task(name, tier, {"type": "object", "title": name.title()})
    for name, tier in (("network", "complex"), ("invoice", "medium"), ("receipt", "medium"), ("rating", "simple"))
}
COUNTS = {"network": 2, "invoice": 5, "receipt": 3, "rating": 6}


def example(task: str, number: int, **changes: object) -> Example:
    made = Example(f"{task}-{number}", task, "form", f"Number: {number}", {"number": number})
    return replace(made, **changes)


@pytest.fixture
def dataset() -> Dataset:
    rows = tuple(example(task, n) for task, count in COUNTS.items() for n in range(count))
    prose = tuple(replace(row, id=f"{row.id}-prose", style="prose") for row in rows[:2])
    return Dataset("made", TASKS, {"test": rows + prose})


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (1, {"simple": 1}),
        (3, {"simple": 1, "medium": 1, "complex": 1}),
        (7, {"simple": 3, "medium": 2, "complex": 2}),
        (13, {"simple": 6, "medium": 5, "complex": 2}),
        (100, {"simple": 6, "medium": 8, "complex": 2}),
    ],
)
def test_limit_takes_from_each_tier_in_turn_and_keeps_file_order(
    dataset: Dataset, limit: int, expected: dict[str, int]
) -> None:
    chosen = select(dataset, "test", styles=["form"], limit=limit)
    assert Counter(dataset.tier(row) for row in chosen) == expected
    everything = [row.id for row in dataset.split("test")]
    assert [row.id for row in chosen] == sorted((row.id for row in chosen), key=everything.index)


def test_selectors_are_combined(dataset: Dataset) -> None:
    assert len(select(dataset, "test")) == 18
    assert {row.task for row in select(dataset, "test", tiers=["medium"])} == {"invoice", "receipt"}
    assert len(select(dataset, "test", tiers=["medium", "simple"], tasks=["receipt", "network"])) == 3
    assert {row.id for row in select(dataset, "test", styles=["prose"])} == {"network-0-prose", "network-1-prose"}


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        ({"tasks": ["invoise"]}, r"no task named 'invoise' in data set made; did you mean invoice\?"),
        ({"tasks": ["zzz"]}, "known tasks: invoice, network, rating, receipt"),
        ({"tiers": ["hard"]}, "no tier named 'hard'; known tiers: simple, medium, complex"),
        ({"limit": 0}, "--limit 0: must be at least 1"),
        ({"styles": ["prose"], "tasks": ["rating"]}, "nothing to do"),
    ],
)
def test_a_selector_that_fits_nothing_is_wrong_use(
    dataset: Dataset, selectors: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        select(dataset, "test", **selectors)


def test_a_style_that_the_data_lacks_is_named() -> None:
    formal = Dataset("formal", TASKS, {"test": (example("rating", 1), example("rating", 0))})
    for styles in (["prose"], ["form", "prose"]):
        with pytest.raises(UsageError, match="data set formal, split test, has no prose style; it has form"):
            select(formal, "test", styles=styles)
    assert len(select(formal, "test", styles=["form"])) == 2


def test_a_limit_keeps_the_styles_of_a_gold_together() -> None:
    shipped = load_shipped()
    chosen = select(shipped, "test", limit=12)
    keys = Counter(pair_key(e.id, e.style) for e in chosen)
    assert set(keys.values()) == {2}
    assert {shipped.tier(e) for e in chosen} == {"simple", "medium", "complex"}
    assert len(pairs(select(shipped, "test", limit=11))) == 5


def test_a_limit_finds_the_styles_of_a_gold_in_any_order() -> None:
    form = [example(task, n, id=f"{task}-{n}-form") for task, count in COUNTS.items() for n in range(count)]
    prose = [replace(row, id=row.id.replace("form", "prose"), style="prose") for row in form]
    shuffled = Dataset("shuffled", TASKS, {"test": (*form, *reversed(prose))})
    chosen = select(shuffled, "test", limit=8)
    assert (len(chosen), len(pairs(chosen))) == (8, 4)


def test_a_limit_takes_from_every_style_where_their_golds_differ() -> None:
    rows = [example(task, n, style=style) for task, count in COUNTS.items() for style in STYLES for n in range(count)]
    rows = [replace(row, id=f"{row.style}-{row.id}") for row in rows]
    unpaired = Dataset("unpaired", TASKS, {"train": tuple(rows)})
    assert Counter((unpaired.tier(row), row.style) for row in select(unpaired, "train", limit=7)) == {
        ("simple", "form"): 2,  # the second round begins
        ("simple", "prose"): 1,
        ("medium", "form"): 1,
        ("medium", "prose"): 1,
        ("complex", "form"): 1,
        ("complex", "prose"): 1,
    }
    assert len(select(unpaired, "train", limit=len(rows) - 1)) == len(rows) - 1


def test_pairs_are_twins_of_one_gold() -> None:
    form = example("rating", 1, id="rating-1-form")
    prose = replace(form, id="rating-1-prose", style="prose", prompt="One star.")
    assert pairs([form, prose]) == pairs([prose, form]) == {"rating-1-form": "rating-1-prose"}
    assert pairs([form]) == pairs([prose]) == {}
    for other in (
        replace(prose, gold={"number": 2}),
        replace(prose, gold={"number": True}),
        replace(prose, task="receipt"),
        replace(prose, id="rating-2-prose"),
        replace(prose, style="verse"),
    ):
        assert pairs([form, other]) == {}, other


def test_the_shipped_test_split_is_all_pairs() -> None:
    rows = load_shipped().split("test")
    assert 2 * len(pairs(rows)) == len(rows) > 0


def test_evidence_and_frame_are_read_and_broken_ones_named(tmp_path: Path) -> None:
    row = {"id": "a", "task": "t", "style": "prose", "prompt": "Hello Ann", "gold": {"n": "Ann"}}
    read = read_example(tmp_path, 3, {**row, "frame": "greeting", "evidence": {"/n": [6, 9]}})
    assert (read.frame, read.evidence) == ("greeting", {"/n": (6, 9)})
    assert read_example(tmp_path, 3, row).evidence is None
    for broken in ([6, 10], [9, 6], [-1, 3], [True, 3], [6], "6-9", None):
        with pytest.raises(DataError, match=r":3: evidence of '/n' must be \[start, end\] within the prompt"):
            read_example(tmp_path, 3, {**row, "evidence": {"/n": broken}})
    with pytest.raises(DataError, match=":3: 'evidence' must be a dict"):
        read_example(tmp_path, 3, {**row, "evidence": [1]})
    with pytest.raises(DataError, match=":3: 'frame' must be a str"):
        read_example(tmp_path, 3, {**row, "frame": 7})


def test_an_absent_split_is_named(dataset: Dataset) -> None:
    with pytest.raises(DataError, match=r"data set made has no train split \(it has test\)"):
        select(dataset, "train")


def test_fingerprint_is_blind_to_order_and_to_tasks_not_in_use(dataset: Dataset) -> None:
    rows = select(dataset, "test", tasks=["invoice", "rating"])
    expected = fingerprint(rows, TASKS)
    assert fingerprint(reversed(rows), dict(reversed(TASKS.items()))) == expected
    keys_turned = [replace(row, gold={"b": 1, "a": [{"d": 1, "c": 2}]}) for row in rows]
    keys_straight = [replace(row, gold={"a": [{"c": 2, "d": 1}], "b": 1}) for row in rows]
    assert fingerprint(keys_turned, TASKS) == fingerprint(keys_straight, TASKS)
    assert fingerprint(rows, {**TASKS, "network": Task("network", "simple", None)}) == expected


def test_fingerprint_recipe_is_fixed() -> None:
    """Submissions store it: another recipe would orphan every one of them."""
    rows = [example("rating", 1), example("rating", 0)]
    canonical = (
        '{"examples":[["rating-0","rating","form","Number: 0",{"number":0}],'
        '["rating-1","rating","form","Number: 1",{"number":1}]],'
        '"tasks":[["rating","simple",{"title":"Rating","type":"object"}]]}'
    )
    assert fingerprint(rows, TASKS) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [{"gold": {"number": 2.5}}, {"gold": {"number": "1"}}, {"prompt": "Number: 1 "}, {"style": "prose"}, {"id": "new"}],
    ids=lambda changes: "-".join(map(str, changes)),
)
def test_fingerprint_sees_every_field_of_an_example(changes: dict[str, object]) -> None:
    rows = [example("invoice", 0), example("invoice", 1)]
    assert fingerprint([rows[0], replace(rows[1], **changes)], TASKS) != fingerprint(rows, TASKS)


@pytest.mark.parametrize(
    "task",
    [
        Task("invoice", "medium", {"type": "object", "title": "Bill"}),
        Task("invoice", "medium", {"type": "object", "title": "Invoice", "required": ["number"]}),
        Task("invoice", "medium", None),
        Task("invoice", "complex", {"type": "object", "title": "Invoice"}),
    ],
    ids=["title", "schema", "no schema", "tier"],
)
def test_fingerprint_sees_schema_title_and_tier(task: Task) -> None:
    rows = [example("invoice", 0)]
    assert fingerprint(rows, {**TASKS, "invoice": task}) != fingerprint(rows, TASKS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two tasks in the layout that ships."""
    for tier, task in (("simple", "rating"), ("complex", "network")):
        folder = tmp_path / tier / task
        folder.mkdir(parents=True)
        (folder / "schema.json").write_text(json.dumps({"type": "object", "title": task.title()}))
        for split in ("train", "test"):
            row = {"id": f"{task}-{split}", "task": task, "style": "form", "prompt": "p", "gold": {"a": 1}}
            (folder / f"{split}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def test_load_shipped_reads_tiers_in_order(root: Path) -> None:
    dataset = load_shipped(root)
    assert dataset.name == "edgejson"
    assert [(task.name, task.tier, task.title) for task in dataset.tasks.values()] == [
        ("rating", "simple", "Rating"),
        ("network", "complex", "Network"),
    ]
    assert [row.id for row in dataset.split("test")] == ["rating-test", "network-test"]
    assert dataset.split("train")[0] == Example("rating-train", "rating", "form", "p", {"a": 1})


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("simple/rating/test.jsonl", '{"id": "a"}\n{"id": \n', r"rating/test\.jsonl:1: 'task' must be a str"),
        ("simple/rating/test.jsonl", "\n\n{]\n", r"rating/test\.jsonl:3: not a valid JSON line"),
        ("simple/rating/test.jsonl", "[1]\n", r"rating/test\.jsonl:1: expected a JSON object, found list"),
        (
            "simple/rating/train.jsonl",
            '{"id": "a", "task": "rating", "style": "form", "prompt": "p", "gold": [1]}',
            r"rating/train\.jsonl:1: 'gold' must be a dict, it is a list",
        ),
        ("complex/network/schema.json", '{\n"type": \n}', r"network/schema\.json:3: not valid JSON"),
    ],
)
def test_load_shipped_names_file_and_line(root: Path, file: str, text: str, message: str) -> None:
    (root / file).write_text(text)
    with pytest.raises(DataError, match=message):
        load_shipped(root)


def test_load_shipped_names_a_missing_split_and_an_empty_root(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (root / "simple/rating/test.jsonl").unlink()
    with pytest.raises(DataError, match=r"rating/test\.jsonl: no such file"):
        load_shipped(root)
    with pytest.raises(DataError, match="no tasks here"):
        load_shipped(tmp_path_factory.mktemp("empty"))
