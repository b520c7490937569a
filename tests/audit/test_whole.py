"""Whole audits: nothing found in clean data, each planted fault found and nothing else, sizes that are refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.audit.findings import GATED, KINDS, by_kind
from edgejson_bench.audit.whole import MAX_CHARACTERS, Audit, audit, look
from edgejson_bench.errors import DataError
from edgejson_bench.foreign import load_folder
from edgejson_bench.models.scripted import Characters
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, Task, load_shipped
from tests.audit.made import PARCEL, PARCELS, TASKS, TRIP, TRIPS, changed, clean, form, prose, with_more

RELEASED = Path(__file__).resolve().parents[2].parent / "shared" / "edgejson_v3"

TEST_PARCEL = "parcel-test-3-form"
FIRST_TRIP = "trip-train-0-form"
NEW = {"carrier": "Night Owl", "weight": 3}


def no_schema() -> Dataset:
    return replace(clean(), tasks={**TASKS, "trip": Task("trip", "medium", None)})


def ambiguous() -> Dataset:
    gold = {"driver": "Ada", "stops": [{"place": "Ulm"}, {}]}
    return changed("train", FIRST_TRIP, gold=gold, prompt=form("x", TRIP, gold).prompt)


def undated() -> Dataset:
    gold = {**PARCELS[0], "due": "2024-03-03T14:15:00"}
    return changed("train", "parcel-train-0-form", gold=gold, prompt=form("x", PARCEL, gold).prompt)


def invalid() -> Dataset:
    gold = {"weight": 2}
    return changed("train", "parcel-train-0-form", gold=gold, prompt=form("x", PARCEL, gold).prompt)


def near_copy() -> Dataset:
    long = {"driver": " ".join(f"name{n}" for n in range(120))}
    both = with_more("train", form("long", TRIP, long))
    near = form("near", TRIP, {"driver": f"{long['driver']} Jr"})
    return replace(both, splits={**both.splits, "test": (*both.splits["test"], near)})


PLANTED: dict[str, tuple[Callable[[], Dataset], list[tuple[str, str, tuple[str, ...]]]]] = {
    "invalid": (invalid, [("invalid", "parcel-train-0-form", ())]),
    "format": (undated, [("format", "parcel-train-0-form", ())]),
    "no schema": (
        no_schema,
        [("no_schema", f"trip-{name}-form", ()) for name in ("train-0", "train-1", "test-2", "test-3")],
    ),
    "ambiguous": (ambiguous, [("ambiguous", FIRST_TRIP, ("empty_items",))]),
    "a value changed": (
        lambda: changed("test", "trip-test-3-form", gold={"driver": "Dijkstra"}),
        [("contradiction", "trip-test-3-form", ("changed",))],
    ),
    "evidence that says another value": (
        lambda: changed("test", "parcel-test-2-prose", gold={**PARCELS[2], "due": "2023-12-25T08:00:00Z"}),
        [("contradiction", "parcel-test-2-prose", ("wrong_span",))],
    ),
    "a value found nowhere": (
        lambda: changed("test", "parcel-test-3-prose", gold={**PARCELS[3], "weight": 0.8}),
        [("not_found", "parcel-test-3-prose", ("nowhere",))],
    ),
    "a copy in one split": (
        lambda: with_more("train", form("copy", TRIP, TRIPS[0])),
        [("duplicate", "copy", ("prompt", "gold"))],
    ),
    "a gold again in the same style": (
        lambda: with_more("test", prose("again", PARCEL, PARCELS[3], "Overland, 0.75 kilos on the scales.")),
        [("duplicate", "again", ("gold",))],
    ),
    "a copy in train": (
        lambda: with_more("test", form("copy", TRIP, TRIPS[0])),
        [("leak", "copy", ("prompt", "gold"))],
    ),
    "a near copy in train": (near_copy, [("leak", "near", ("near_copy",))]),
    "a twin in train": (
        lambda: with_more("test", prose("twin", TRIP, TRIPS[1], "Grace stops in Kiel for 5 minutes.")),
        [("leak", "twin", ("twin",))],
    ),
}  # fmt: skip


def test_clean_data_has_no_findings() -> None:
    assert look(clean()).findings == ()


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(fault: str) -> None:
    plant, expected = PLANTED[fault]
    found = look(plant()).findings
    assert [(finding.kind, finding.example_id, finding.causes) for finding in found] == expected


def test_every_kind_has_been_planted() -> None:
    assert {kind for _, expected in PLANTED.values() for kind, _, _ in expected} == set(KINDS)
    assert set(GATED) <= set(KINDS)


def test_findings_say_where_they_are_and_come_worst_first() -> None:
    dataset = changed("test", TEST_PARCEL, gold={"weight": 0.75})
    found = look(replace(dataset, tasks=no_schema().tasks)).findings
    assert [finding.kind for finding in found] == ["invalid", "contradiction", *["no_schema"] * 4]
    first = found[0]
    assert (first.split, first.style, first.tier, first.task) == ("test", "form", "simple", "parcel")
    assert first.details == ("$: 'carrier' is a required property",)


# Measurements


@pytest.fixture(scope="module")
def made() -> Audit:
    return audit(clean(), tokenizer=Characters(), unit="letters", cap=63)


def test_groups_are_splits_and_styles_with_their_tiers(made: Audit) -> None:
    assert [(g.split, g.style, g.tier, g.n, g.tasks) for g in made.groups] == [
        ("train", "form", None, 4, 2),
        ("train", "form", "simple", 2, 1),
        ("train", "form", "medium", 2, 1),
        ("test", "form", None, 4, 2),
        ("test", "form", "simple", 2, 1),
        ("test", "form", "medium", 2, 1),
        ("test", "prose", None, 2, 1),
        ("test", "prose", "simple", 2, 1),
    ]
    assert all(g.valid == g.valid_with_formats == g.n for g in made.groups)


def test_valid_golds_are_counted_with_formats_and_without() -> None:
    (group, *_) = audit(undated()).groups
    assert (group.n, group.valid, group.valid_with_formats) == (4, 4, 3)
    (group, *_) = audit(invalid()).groups
    assert (group.n, group.valid, group.valid_with_formats) == (4, 3, 3)


def test_lengths_are_held_against_the_cap(made: Audit) -> None:
    assert made.unit == "letters"
    long = {g.tier: g.lengths.over_cap for g in made.groups if g.split == "train"}
    assert long == {
        None: ("parcel-train-0-form", "trip-train-0-form"),
        "simple": ("parcel-train-0-form",),
        "medium": ("trip-train-0-form",),  # the other one has 63 letters
    }


def test_a_group_has_ceilings_and_rules_with_intervals(made: Audit) -> None:
    group = made.groups[0]
    assert [(s.name, s.protocol, s.n, s.exact) for s in group.solved] == [
        ("oracle", "v3", 4, 4),
        ("oracle-rambling", "v3", 4, 4),
        ("oracle", "v3.1", 4, 4),
        ("oracle-rambling", "v3.1", 4, 4),
        ("rules", None, 4, 4),
        ("rules-schema-free", None, 4, 3),  # a single stop looks like an object, not like an array of one
    ]
    low, high = group.solved[-1].ci95 or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.3006, 0.9544)  # Wilson, 3 of 4


def test_natural_texts_are_measured_by_task(made: Audit) -> None:
    assert [(reading.task, reading.n) for reading in made.readings] == [("parcel", 2)]


def test_without_a_tokenizer_lengths_are_in_characters_and_a_token_budget_allows_nothing() -> None:
    result = audit(clean())
    assert result.unit == "characters"
    assert [(s.name, s.protocol) for s in result.groups[0].solved][:3] == [
        ("oracle", "v3"),
        ("oracle-rambling", "v3"),
        ("rules", None),
    ]
    assert [reason.split(":")[0] for reason in result.left_out] == ["ceiling of v3.1"]


def test_without_schemas_v3_has_no_ceiling_and_rules_read_what_they_can() -> None:
    result = audit(no_schema(), tokenizer=Characters())
    assert [reason.split(":")[0] for reason in result.left_out] == ["ceiling of v3"]
    by_rules = {group.tier: group.solved[2] for group in result.groups if group.split == "train"}
    assert [(by_rules[tier].name, by_rules[tier].n) for tier in (None, "medium")] == [("rules", 2), ("rules", 0)]
    assert by_rules["medium"].ci95 is None
    group = result.groups[0]
    assert (group.n, group.valid, group.found["no_schema"]) == (4, 2, 2)


def test_one_split_alone_can_be_audited() -> None:
    dataset = clean()
    result = audit(replace(dataset, splits={"test": dataset.splits["test"]}))
    assert result.findings == ()
    assert result.closest == ()


def test_json_holds_everything_with_the_verdict_first() -> None:
    result = audit(changed("test", TEST_PARCEL, gold={"weight": 0.75}), tokenizer=Characters())
    value = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert next(iter(value)) == "verdict"
    assert value["verdict"] == {"findings": 2, "kinds": {"invalid": 1, "contradiction": 1}}
    assert [row["example_id"] for row in value["findings"]] == [TEST_PARCEL, TEST_PARCEL]
    assert value["groups"][0]["solved"][0]["ci95"] is not None


# What is not audited


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (prose("big", PARCEL, NEW, "x" * (MAX_CHARACTERS + 1)), "its prompt has 200,001 characters"),
        (prose("big", PARCEL, {"carrier": "x" * MAX_CHARACTERS}, "x"), "its gold has 200,015 characters"),
        (prose("big", PARCEL, nested(201), "x"), "its gold is 201 levels deep"),
    ],
)
def test_what_is_too_large_is_refused_by_name(example: Example, message: str) -> None:
    with pytest.raises(DataError, match=f"train: example big: {message}"):
        look(with_more("train", example))


def test_the_deepest_and_longest_that_are_allowed_are_audited() -> None:
    deep = form("deep", TRIP, {"driver": "Ada", "cargo": nested(199)})
    long = prose("long", PARCEL, {"carrier": "Post"}, f"Post {'a' * (MAX_CHARACTERS - 5)}")
    found = look(with_more("train", deep, long)).findings
    assert {finding.example_id for finding in found} <= {"deep"}


# The data that ships, and the released train split


def test_the_data_that_ships_has_no_findings() -> None:
    assert look(load_shipped()).findings == ()


@pytest.fixture(scope="module")
def released() -> Dataset:
    if not RELEASED.is_dir():
        pytest.skip("the released files are not beside this checkout")
    return load_folder(RELEASED).dataset


def test_the_known_faults_of_the_released_train_split_are_found(released: Dataset) -> None:
    result = audit(released)
    assert by_kind(result.findings) == {"contradiction": 19, "ambiguous": 37, "format": 271}
    causes = {
        kind: Counter(finding.causes for finding in result.findings if finding.kind == kind)
        for kind in ("contradiction", "ambiguous")
    }
    assert causes == {
        "contradiction": {
            ("added",): 8,
            ("changed",): 8,
            ("added", "changed"): 1,
            ("dropped",): 1,
            ("added", "changed", "dropped"): 1,
        },
        "ambiguous": {("empty_items",): 18, ("item_borders",): 13, ("empty_items", "item_borders"): 6},
    }
    solved = {(group.tier, s.name): s.exact for group in result.groups for s in group.solved}
    assert [solved[tier, "rules"] for tier in (None, "simple", "medium", "complex")] == [574, 338, 175, 61]
    assert solved[None, "rules-schema-free"] == 487
    assert solved[None, "oracle"] == 629


@pytest.mark.torch
@pytest.mark.weights
def test_the_published_protocols_ceiling_on_the_released_train_split(released: Dataset) -> None:
    from edgejson_bench.models.resolve import resolve_tokenizer

    result = audit(released, tokenizer=resolve_tokenizer(None))
    ceiling = {
        s.name: [group.solved[place].exact for group in result.groups]
        for place, s in enumerate(result.groups[0].solved)
        if s.protocol == "v3.1"
    }
    assert ceiling == {"oracle": [566, 350, 189, 27], "oracle-rambling": [541, 350, 189, 2]}
    assert [len(group.lengths.over_cap) for group in result.groups] == [63, 0, 3, 60]
