"""Repetitions within a split and leaks between splits; twins of two styles are neither, unless one is in train."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.audit.repeats import Likeness, duplicate_faults, leaks
from edgejson_bench.records import Example

ONE = Example("one", "parcel", "form", "Carrier: Post, and seven further words of the text", {"carrier": "Post"})
TWO = Example(
    "two", "parcel", "form", "Carrier: Bike Bros, and so on, a text unlike the first", {"carrier": "Bike Bros"}
)


def test_different_examples_are_no_duplicates() -> None:
    assert duplicate_faults([ONE, TWO]) == {}


def test_the_later_of_two_equal_prompts_or_golds_is_a_duplicate() -> None:
    found = duplicate_faults(
        [ONE, TWO, replace(TWO, id="p", prompt=ONE.prompt, gold={}), replace(ONE, id="g", prompt="Another text")]
    )
    assert {name: (fault.kind, fault.causes, fault.details) for name, fault in found.items()} == {
        "p": ("duplicate", ("prompt",), ("the prompt is that of one",)),
        "g": ("duplicate", ("gold",), ("the gold is that of one",)),
    }


def test_a_copy_of_everything_is_one_fault_with_two_causes() -> None:
    assert duplicate_faults([ONE, replace(ONE, id="copy")])["copy"].causes == ("prompt", "gold")


def test_the_order_of_keys_makes_no_other_gold() -> None:
    first = replace(ONE, gold={"a": 1, "b": 2})
    assert duplicate_faults([first, replace(TWO, gold={"b": 2, "a": 1})])["two"].causes == ("gold",)


def test_one_gold_in_two_styles_or_tasks_is_no_duplicate() -> None:
    twin = replace(ONE, id="twin", style="prose", prompt="Post takes it")
    namesake = replace(ONE, id="namesake", task="letter", prompt="Letter by Post")
    assert duplicate_faults([ONE, twin, namesake]) == {}


def test_splits_without_anything_in_common() -> None:
    assert leaks([ONE], [TWO]) == ({}, ())


def test_each_way_to_leak() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    train = [replace(ONE, prompt=long), TWO]
    test = [
        replace(TWO, id="prompt", gold={}),
        replace(TWO, id="gold", prompt="Something else"),
        replace(TWO, id="twin", style="prose", prompt="Told in other words"),
        replace(ONE, id="near", prompt=f"{long} more", gold={"carrier": "Overland"}),
        replace(ONE, id="far", prompt=f"{long[: len(long) // 2]} nothing alike", gold={"carrier": "Snail"}),
    ]
    found, closest = leaks(train, test)
    assert {name: (fault.kind, fault.causes) for name, fault in found.items()} == {
        "prompt": ("leak", ("prompt",)),
        "gold": ("leak", ("gold",)),
        "twin": ("leak", ("twin",)),
        "near": ("leak", ("near_copy",)),
    }
    assert found["twin"].details == ("the gold is that of two, which says it in another style",)
    assert closest == (Likeness("form", "prompt", "two", 1.0),)


def test_the_same_gold_of_another_task_is_no_leak() -> None:
    assert leaks([ONE], [replace(TWO, task="letter", gold=ONE.gold)])[0] == {}


examples = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from(["form", "prose"])), max_size=8
).map(lambda rows: [Example(str(n), "t", s, p, {"g": g}) for n, (p, g, s) in enumerate(rows)])


@given(examples)
def test_without_the_duplicates_every_prompt_and_every_gold_of_a_style_is_there_once(rows: list[Example]) -> None:
    found = duplicate_faults(rows)
    kept = [row for row in rows if row.id not in found]
    assert len({row.prompt for row in kept}) == len(kept)
    assert len({(row.style, row.gold["g"]) for row in kept}) == len(kept)
    assert {row.prompt for row in rows} == {row.prompt for row in kept} | {
        row.prompt for row in rows if "gold" in (found[row.id].causes if row.id in found else ())
    }


@given(examples, examples)
def test_a_test_example_leaks_exactly_where_train_has_its_prompt_or_gold(
    train: list[Example], test: list[Example]
) -> None:
    found, _ = leaks(train, test)
    prompts, golds = {row.prompt for row in train}, {row.gold["g"] for row in train}
    assert set(found) == {row.id for row in test if row.prompt in prompts or row.gold["g"] in golds}
