"""A small data set without a fault, for tests to plant faults in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgejson_bench.generation.form import print_form
from edgejson_bench.records import Example
from edgejson_bench.tasks import Dataset, Task

PARCEL = Task(
    "parcel",
    "simple",
    {
        "title": "Parcel",
        "type": "object",
        "properties": {
            "carrier": {"type": "string"},
            "weight": {"type": "number"},
            "fragile": {"type": "boolean"},
            "due": {"type": "string", "format": "date-time"},
        },
        "required": ["carrier"],
        "additionalProperties": False,
    },
)
TRIP = Task(
    "trip",
    "medium",
    {
        "title": "Trip",
        "type": "object",
        "properties": {
            "driver": {"type": "string"},
            "stops": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"place": {"type": "string"}, "minutes": {"type": "integer"}},
                },
            },
        },
        "required": ["driver"],
    },
)
TASKS = {task.name: task for task in (PARCEL, TRIP)}

PARCELS = (
    {"carrier": "Post", "weight": 2.5, "fragile": True, "due": "2024-03-03T14:15:00Z"},
    {"carrier": "Bike Bros", "weight": 12, "fragile": False},
    {"carrier": "Snail & Co", "due": "2023-12-24T08:00:00Z"},
    {"carrier": "Overland", "weight": 0.75},
)
TRIPS = (
    {"driver": "Ada", "stops": [{"place": "Ulm", "minutes": 20}, {"place": "Bonn"}]},
    {"driver": "Grace", "stops": [{"place": "Kiel", "minutes": 5}]},
    {"driver": "Alan", "stops": [{"place": "Jena", "minutes": 45}, {"place": "Gera", "minutes": 3}]},
    {"driver": "Edsger"},
)
WORDS = {"fragile": {"true": ["handle with care"], "false": ["hard to break"]}}


def form(example_id: str, task: Task, gold: dict[str, Any], **changes: Any) -> Example:
    """An example in the form style, printed from its gold."""
    return replace(Example(example_id, task.name, "form", print_form(task.name, task.title, gold), gold), **changes)


def prose(example_id: str, task: Task, gold: dict[str, Any], text: str, **marked: str) -> Example:
    """An example in the prose style, with the words of its top-level fields marked."""
    spans = {f"/{field}": (text.index(words), text.index(words) + len(words)) for field, words in marked.items()}
    return Example(example_id, task.name, "prose", text, gold, evidence=spans or None)


def clean() -> Dataset:
    """Both tasks in both splits, the test golds of parcels in prose too."""
    rows: dict[str, list[Example]] = {"train": [], "test": []}
    for number, (parcel, trip) in enumerate(zip(PARCELS, TRIPS, strict=True)):
        split = "train" if number < 2 else "test"
        rows[split].append(form(f"parcel-{split}-{number}-form", PARCEL, parcel))
        rows[split].append(form(f"trip-{split}-{number}-form", TRIP, trip))
    rows["test"] += [
        prose(
            "parcel-test-2-prose",
            PARCEL,
            PARCELS[2],
            "Snail & Co promised me the box for Christmas Eve, by 8 am UTC on 24 December 2023, and I believe them.",
            carrier="Snail & Co",
            due="8 am UTC on 24 December 2023",
        ),
        prose("parcel-test-3-prose", PARCEL, PARCELS[3], "Weighed it: 0.75 kilos. Overland takes it. See you!"),
    ]
    return Dataset("made", TASKS, {split: tuple(examples) for split, examples in rows.items()})


def changed(split: str, example_id: str, **changes: Any) -> Dataset:
    """The clean data set with one example changed; a new gold leaves its text as it is."""
    dataset = clean()
    assert any(example.id == example_id for example in dataset.splits[split])
    rows = (replace(e, **changes) if e.id == example_id else e for e in dataset.splits[split])
    return replace(dataset, splits={**dataset.splits, split: tuple(rows)})


def with_more(split: str, *examples: Example) -> Dataset:
    """The clean data set with further examples."""
    dataset = clean()
    return replace(dataset, splits={**dataset.splits, split: (*dataset.splits[split], *examples)})
