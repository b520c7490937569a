"""Complete runs over a small data set, made through the real pipeline by scripted models, for tests to submit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgejson_bench import evaluate
from edgejson_bench.generation.form import print_form
from edgejson_bench.models.base import Model
from edgejson_bench.models.mock import Mock
from edgejson_bench.protocols import get_protocol, gold_text
from edgejson_bench.records import Completion, Example, ModelIdentity, Prompt, Timing
from edgejson_bench.runs import RunDirectory
from edgejson_bench.tasks import STYLES, Dataset, Task, select

CLEAN_CODE = {"commit": "c" * 40, "dirty": False, "digest": "d" * 64}

LARGE = ModelIdentity(
    spec="maker/Large-135M",
    name="Large-135M",
    kind="transformers",
    revision="a" * 40,
    parameters=134_515_008,
    size_bytes=269_060_552,
    dtype="float32",
    license="apache-2.0",
    extra={"device": "cpu", "threads": 2, "attention": "sdpa", "eos_token_ids": [2]},
)


def _schema(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


TASKS = {
    task.name: task
    for task in (
        Task("parcel", "simple", _schema("Parcel", {"code": {"type": "string"}, "grams": {"type": "integer"}})),
        Task("lamp", "simple", _schema("Lamp", {"room": {"type": "string"}, "lit": {"type": "boolean"}})),
        Task(
            "route",
            "complex",
            _schema("Route", {"name": {"type": "string"}, "stops": {"type": "array", "items": {"type": "string"}}}),
        ),
    )
}
GOLDS: dict[str, dict[str, Any]] = {
    "parcel-1": {"code": "PX-81", "grams": 420},
    "parcel-2": {"code": "QA-07", "grams": 1250},
    "lamp-1": {"room": "Hallway", "lit": True},
    "lamp-2": {"room": "Attic", "lit": False},
    "route-1": {"name": "Harbour line", "stops": ["Quay", "Market", "Mill"]},
    "route-2": {"name": "Hill line", "stops": ["Abbey", "Summit"]},
}


def example(example_id: str, gold: dict[str, Any], style: str = "form") -> Example:
    """An example of the task that its id begins with."""
    task = TASKS[example_id.partition("-")[0]]
    return Example(example_id, task.name, style, print_form(task.name, task.title, gold), gold)


DATASET = Dataset(
    "little",
    TASKS,
    {
        "train": (example("lamp-0", {"room": "Porch", "lit": True}),),
        "test": tuple(example(example_id, gold) for example_id, gold in GOLDS.items()),
    },
)
PAIRED = Dataset(
    "paired",
    TASKS,
    {
        "test": tuple(
            replace(one, id=f"{one.id}-{style}", style=style, prompt=f"{style}: {one.prompt}")
            for style in STYLES
            for one in DATASET.split("test")
        )
    },
)
"""The test split in both styles."""

RIGHT = {example_id: gold_text(gold) for example_id, gold in GOLDS.items()}
RIGHT_AS_FORM = {f"{name}-form": text for name, text in RIGHT.items()} | {f"{name}-prose": "{}" for name in RIGHT}
"""Answers to ``PAIRED``: wrong as prose."""


class Scripted(Mock):
    """A mock under another identity: one that may be submitted."""

    def __init__(self, identity: ModelIdentity, answers: dict[str, str], **options: Any) -> None:
        super().__init__(lambda prompt: _alone(prompt, answers[prompt.example_id]), **options)
        self._identity = identity


def _alone(prompt: Prompt, text: str) -> Completion:
    return Completion(prompt.example_id, text, len(prompt.text), 11, "json_end", timing=Timing(0.25, 0.5))


def scripted(wrong: int = 0, identity: ModelIdentity = LARGE, **changes: Any) -> Scripted:
    """A model that answers all but the first ``wrong`` examples as they should be."""
    spoiled = dict.fromkeys(list(RIGHT)[:wrong], '{"code": "none"}')
    return Scripted(replace(identity, **changes), RIGHT | spoiled)


def request(runs: Path, dataset: Dataset = DATASET, protocol: str = "v3", **changes: Any) -> evaluate.Request:
    """A request for all of the test split, or for what ``styles`` and ``limit`` leave of it."""
    chosen = get_protocol(protocol)
    selection = evaluate.Selection("test", styles=changes.pop("styles", ()), limit=changes.pop("limit", None))
    asked = evaluate.Request(
        dataset=dataset,
        selection=selection,
        examples=select(dataset, "test", styles=selection.styles, limit=selection.limit),
        protocol=chosen,
        prompt_format=chosen.prompt_format,
        prompt_source="protocol",
        batch_size=4,
        latency=True,
        runs=runs,
    )
    return replace(asked, **changes)


def run(runs: Path, model: Model, dataset: Dataset = DATASET, protocol: str = "v3", **changes: Any) -> RunDirectory:
    """A complete run of ``model``."""
    return evaluate.run(request(runs, dataset, protocol, **changes), model)
