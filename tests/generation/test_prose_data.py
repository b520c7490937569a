"""Gates over the prose that ships: evidence that reads back, pairs, no frame in both splits, no rule that solves it."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict

import pytest

from edgejson_bench.generation.prose.checks import faults, field_of
from edgejson_bench.generation.prose.frames import Frame, load
from edgejson_bench.generation.prose.template import literal
from edgejson_bench.generation.splits import COUNTS
from edgejson_bench.models.rules import Rules
from edgejson_bench.protocols import build_prompts, get_protocol
from edgejson_bench.records import Example
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.scoring.parse import parse
from edgejson_bench.spellings import expresses
from edgejson_bench.tasks import Dataset, load_shipped, pair_key

PROTOCOL = get_protocol("v3")


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_shipped()


@pytest.fixture(scope="module")
def prose(shipped: Dataset) -> dict[str, list[Example]]:
    return {split: [e for e in rows if e.style == "prose"] for split, rows in shipped.splits.items()}


def test_every_leaf_has_words_that_read_back_as_its_value(prose: dict[str, list[Example]]) -> None:
    found = {e.id: wrong for rows in prose.values() for e in rows if (wrong := faults(e, load(e.task)))}
    assert found == {}


def test_the_evidence_check_sees_a_changed_value(prose: dict[str, list[Example]]) -> None:
    """Each number, date and truth value of the test split, changed: its words no longer say it."""
    changed = 0
    for example in prose["test"]:
        for pointer, value in leaves(example.gold).items():
            other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else None
            if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value):
                other = f"18{value[2:]}"
            if other is None:
                continue
            start, end = (example.evidence or {})[pointer]
            words = load(example.task).phrases(field_of(pointer))
            assert not expresses(example.prompt[start:end], other, words), (example.id, pointer)
            changed += 1
    assert changed > 700


def test_every_test_gold_is_there_in_both_styles(shipped: Dataset) -> None:
    twins: dict[str, dict[str, Example]] = defaultdict(dict)
    for example in shipped.split("test"):
        twins[pair_key(example.id, example.style)][example.style] = example
    assert len(twins) == sum(test for _, test in COUNTS.values())
    for pair in twins.values():
        assert pair["form"].gold == pair["prose"].gold


@pytest.mark.parametrize("schema_free", [False, True])
def test_rules_cannot_read_prose(shipped: Dataset, prose: dict[str, list[Example]], schema_free: bool) -> None:
    model = Rules(schema_free=schema_free)
    examples = {e.id: e for e in prose["test"]}
    prompts = build_prompts(prose["test"], shipped, PROTOCOL, model)
    solved = [
        completion.example_id
        for completion in model.generate(prompts, PROTOCOL.settings(1))
        if typed_equal(parse(completion.text).value, examples[completion.example_id].gold)
    ]
    assert len(solved) <= 0.02 * len(examples), solved


def test_no_frame_is_in_both_splits(prose: dict[str, list[Example]]) -> None:
    frames = {split: {(e.task, e.frame) for e in rows} for split, rows in prose.items()}
    assert all(frame is not None for rows in frames.values() for _, frame in rows)
    assert frames["train"] & frames["test"] == set()


def words_of(frame: Frame) -> set[str]:
    """The words that a frame has of its own, values aside."""
    return set(re.findall(r"[a-z']{3,}", literal(frame.template).lower()))


@pytest.mark.parametrize("task", sorted(COUNTS))
def test_a_task_has_frames_enough_and_none_resembles_one_of_the_other_split(shipped: Dataset, task: str) -> None:
    wordings = load(task).wordings
    number = sum(len(wording.frames) for wording in wordings.values())
    assert number >= (6 if shipped.tasks[task].tier == "complex" else 12)
    words = {
        split: {name: words_of(frame) for name, frame in wording.frames.items()} for split, wording in wordings.items()
    }
    for name, one in words["test"].items():
        for other_name, other in words["train"].items():
            assert len(one & other) <= 0.5 * len(one | other), (name, other_name)


def test_all_frames_of_the_train_split_are_used(prose: dict[str, list[Example]]) -> None:
    """Where a task has twice as many examples as frames."""
    used = defaultdict(set)
    for example in prose["train"]:
        used[example.task].add(example.frame)
    for task, (train, _) in COUNTS.items():
        frames = load(task).wordings["train"].frames
        if train >= 2 * len(frames):
            assert set(frames) - used[task] == set(), task


def test_texts_are_of_the_length_that_people_write(shipped: Dataset, prose: dict[str, list[Example]]) -> None:
    """Median characters per tier; sentences stay readable: at most 40 words in the median one."""
    lengths, sentences = defaultdict(list), []
    for example in [*prose["train"], *prose["test"]]:
        lengths[shipped.tier(example)].append(len(example.prompt))
        sentences += [len(s.split()) for s in re.split(r"[.!?]\s|\n", example.prompt) if s.strip()]
    medians = {tier: statistics.median(values) for tier, values in lengths.items()}
    assert 80 < medians["simple"] < medians["medium"] < medians["complex"] < 2500
    assert statistics.median(sentences) <= 40


def test_frames_are_used_evenly(prose: dict[str, list[Example]]) -> None:
    for task, (_, count) in COUNTS.items():
        used = Counter(e.frame for e in prose["test"] if e.task == task)
        if count:
            assert max(used.values()) <= 2 + count // len(load(task).wordings["test"].frames), (task, used)
