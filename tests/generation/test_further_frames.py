"""Gates over the frames that trainings alone are written with: apart from all that ships, and each says its gold."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest

from edgejson_bench.generation import splits
from edgejson_bench.generation.prose.checks import faults
from edgejson_bench.generation.prose.frames import FrameFile, Wording, load, load_with_further
from edgejson_bench.generation.prose.write import write
from edgejson_bench.generation.values import Values
from edgejson_bench.jsonio import read_json
from edgejson_bench.records import Example
from edgejson_bench.tasks import load_shipped
from tests.generation.test_prose_data import words_of

FOLDER = resources.files("edgejson_bench.generation.prose") / "further"
TASKS = sorted(file.name.removesuffix(".yaml") for file in FOLDER.iterdir() if file.name.endswith(".yaml"))
GOLDS = 40


def further(file: FrameFile) -> list[str]:
    return [name for name in file.wordings["train"].frames if name not in load(file.task).wordings["train"].frames]


def test_each_task_of_the_simple_and_medium_tiers_has_some() -> None:
    wanted = [task for task in splits.COUNTS if splits.tier_of(task) != "complex"]
    assert sorted(wanted) == TASKS
    assert all(len(further(load_with_further(task))) >= 20 for task in TASKS)


def test_no_data_that_ships_is_written_with_one() -> None:
    used = {(e.task, e.frame) for rows in load_shipped().splits.values() for e in rows if e.style == "prose"}
    assert not used & {(task, name) for task in TASKS for name in further(load_with_further(task))}


@pytest.mark.parametrize("task", TASKS)
def test_none_resembles_a_frame_of_the_test_split(task: str) -> None:
    file = load_with_further(task)
    tests = {name: words_of(frame) for name, frame in file.wordings["test"].frames.items()}
    for name in further(file):
        mine = words_of(file.wordings["train"].frames[name])
        for other_name, other in tests.items():
            assert len(mine & other) <= 0.35 * len(mine | other), (name, other_name)


@pytest.mark.parametrize("task", TASKS)
def test_each_says_all_of_whatever_gold_it_suits(task: str) -> None:
    file, schema, v = load_with_further(task), read_json(splits._schema_path(task)), Values(f"further/{task}")
    generate = splits.GENERATORS[splits.tier_of(task)][task]
    golds = [generate(v) for _ in range(GOLDS)]
    whole = file.wordings["train"]
    for name in further(file):
        frame = whole.frames[name]
        suited = [gold for gold in golds if all(gold.get(field) in values for field, values in frame.when.items())]
        assert suited, name
        alone = replace(file, wordings={"train": Wording({name: frame}, whole.parts, whole.asides)})
        for gold in suited[:8]:
            said = write(alone, "train", schema, gold, v)
            assert faults(Example("x", task, "prose", said.prompt, gold, said.frame, said.evidence), alone) == []


def test_a_train_split_has_them_where_it_is_asked_for_and_the_test_split_never() -> None:
    plain, more = splits.build(7), splits.build(7, further_frames=True)
    for task in splits.COUNTS:
        names = {*further(load_with_further(task))} if task in TASKS else set()
        assert bool(names) == any(e.frame in names for e in more[task]["train"])
        assert not any(e.frame in names for e in (*plain[task]["train"], *plain[task]["test"], *more[task]["test"]))
