"""Packs give each row back, hold a shared prefix once, and steps and parts hold every row once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgejson_bench.training.packing import (
    ROWS_PER_GROUP,
    Pack,
    Row,
    Segment,
    epoch_steps,
    pack_rows,
    shared_length,
    split_step,
    visited,
)
from edgejson_bench.training.recipe import Shares, Visited
from tests.training.made import row, rows

TOKENS = st.integers(0, 2)  # few, so that prompts often begin alike
ROWS = st.lists(
    st.builds(
        row,
        st.lists(TOKENS, min_size=1, max_size=8),
        st.lists(st.integers(3, 9), min_size=1, max_size=5),
        st.sampled_from(["rating", "location", "invoice"]),
    ),
    min_size=1,
    max_size=7,
)
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def rows_of(pack: Pack) -> list[tuple[list[int], list[int], int]]:
    """Tokens, positions and shared length of each row, read off the segments alone."""
    starts = [sum(segment.length for segment in pack.segments[:place]) for place in range(len(pack.segments))]
    prefixes = {segment.prefix for segment in pack.segments}
    found = []
    for place, segment in enumerate(pack.segments):
        if place in prefixes:
            continue
        tokens: list[int] = []
        positions: list[int] = []
        for part in [place] if segment.prefix is None else [segment.prefix, place]:
            here = slice(starts[part], starts[part] + pack.segments[part].length)
            tokens += pack.ids[here]
            positions += pack.positions[here]
        found.append((tokens, positions, len(tokens) - segment.length))
    return found


def targets_of(pack: Pack, number: int) -> tuple[int, ...]:
    return tuple(target for target, of in zip(pack.targets, pack.target_rows, strict=True) if of == number)


# Packs


def test_rows_of_one_task_share_the_beginning_of_their_prompts() -> None:
    pack = pack_rows([row([1, 2, 3, 4], [7, 8]), row([1, 2, 5], [9]), row([1, 2, 3, 6], [7])], prompt_loss=False)
    assert pack.ids == (1, 2, 3, 4, 7, 8, 5, 9, 3, 6, 7)
    assert pack.positions == (0, 1, 2, 3, 4, 5, 2, 3, 2, 3, 4)
    assert pack.segments == (Segment(2, None), Segment(4, 0), Segment(2, 0), Segment(3, 0))
    assert pack.predicting == (3, 4, 6, 9)
    assert pack.targets == (7, 8, 9, 7)
    assert pack.target_rows == (0, 0, 1, 2)


def test_with_loss_on_the_prompt_nothing_is_shared_and_all_but_the_first_token_is_labelled() -> None:
    pack = pack_rows([row([1, 2, 3], [7, 8]), row([1, 2, 5], [9])], prompt_loss=True)
    assert pack.ids == (1, 2, 3, 7, 8, 1, 2, 5, 9)
    assert pack.positions == (0, 1, 2, 3, 4, 0, 1, 2, 3)
    assert pack.segments == (Segment(5, None), Segment(4, None))
    assert pack.predicting == (0, 1, 2, 3, 5, 6, 7)
    assert pack.targets == (2, 3, 7, 8, 2, 5, 9)
    assert pack.target_rows == (0, 0, 0, 0, 1, 1, 1)


def test_only_neighbours_of_one_task_share() -> None:
    same = [1, 2, 3]
    alike = [row([*same, 4], [5], "rating"), row([*same, 4], [5], "invoice"), row([*same, 6], [5], "invoice")]
    pack = pack_rows([*alike, row([*same, 7], [5], "rating")], prompt_loss=False)
    assert pack.segments == (
        Segment(5, None),
        Segment(3, None),
        Segment(2, 1),
        Segment(2, 1),
        Segment(5, None),
    )
    assert [row.task for row in pack.rows] == ["rating", "invoice", "invoice", "rating"]


def test_equal_prompts_are_never_shared_whole() -> None:
    pack = pack_rows([row([1, 2, 3], [4]), row([1, 2, 3], [5, 6])], prompt_loss=False)
    assert pack.segments == (Segment(2, None), Segment(2, 0), Segment(3, 0))
    assert pack.ids == (1, 2, 3, 4, 3, 5, 6)


@patient
@given(ROWS, st.booleans())
def test_every_row_can_be_read_back_from_its_segments(given_rows: list[Row], prompt_loss: bool) -> None:
    pack = pack_rows(given_rows, prompt_loss=prompt_loss)
    assert sum(segment.length for segment in pack.segments) == len(pack.ids) == len(pack.positions)
    found = rows_of(pack)
    assert [tokens for tokens, _, _ in found] == [[*one.prompt, *one.completion] for one in given_rows]
    assert [positions for _, positions, _ in found] == [list(range(one.length)) for one in given_rows]
    assert all(shared < len(one.prompt) for (_, _, shared), one in zip(found, given_rows, strict=True))
    assert list(pack.rows) == given_rows


@patient
@given(ROWS, st.booleans())
def test_every_label_follows_its_token_within_the_row_itself(given_rows: list[Row], prompt_loss: bool) -> None:
    pack = pack_rows(given_rows, prompt_loss=prompt_loss)
    for number, one in enumerate(given_rows):
        tokens = one.prompt + one.completion
        assert targets_of(pack, number) == (tokens[1:] if prompt_loss else one.completion)
    own = [place for place, segment in enumerate(pack.segments) for _ in range(segment.length)]
    shared = {segment.prefix for segment in pack.segments}
    for place, target, number in zip(pack.predicting, pack.targets, pack.target_rows, strict=True):
        tokens = pack.rows[number].prompt + pack.rows[number].completion
        assert pack.ids[place] == tokens[pack.positions[place]]
        assert tokens[pack.positions[place] + 1] == target
        assert own[place] not in shared, "a shared token would predict for one row alone"


@patient
@given(ROWS)
def test_a_prefix_is_computed_once_and_comes_before_what_continues_it(given_rows: list[Row]) -> None:
    pack = pack_rows(given_rows, prompt_loss=False)
    uses = Counter(segment.prefix for segment in pack.segments if segment.prefix is not None)
    saved = sum(pack.segments[prefix].length * (count - 1) for prefix, count in uses.items())
    assert len(pack.ids) == sum(one.length for one in given_rows) - saved
    assert all(count > 1 for count in uses.values())
    for place, segment in enumerate(pack.segments):
        assert segment.length > 0
        if segment.prefix is not None:
            assert segment.prefix < place
            assert pack.segments[segment.prefix].prefix is None


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([], 0),
        ([(1, 2, 3)], 0),
        ([(1, 2, 3), (1, 2, 4)], 2),
        ([(1, 2, 3), (1, 2, 3)], 2),
        ([(1, 2, 3), (1, 2, 3, 4)], 2),
        ([(1, 2, 3, 4), (1, 2), (1, 2, 3, 4)], 1),
        ([(1, 2), (3, 2)], 0),
        ([(1,), (1,)], 0),
        ([(1,), (1, 2)], 0),
        ([(1, 2, 3, 9), (1, 2, 3, 9), (1, 5, 3, 9)], 1),
    ],
)
def test_what_prompts_share_leaves_each_its_last_token(prompts: list[tuple[int, ...]], expected: int) -> None:
    assert shared_length(prompts) == expected


# Steps


def steps_of(
    some: Sequence[Row], *, rows: int | None = None, tokens: int | None = None, seed: int = 0, grouped: bool = False
) -> list[list[Row]]:
    return list(epoch_steps(some, rows_per_step=rows, tokens_per_step=tokens, seed=seed, grouped=grouped))


LIMITS = st.one_of(
    st.fixed_dictionaries({"rows": st.integers(1, 12)}), st.fixed_dictionaries({"tokens": st.integers(1, 60)})
)


@patient
@given(ROWS, LIMITS, st.booleans(), st.integers(0, 5))
def test_an_epoch_has_every_row_once(given_rows: list[Row], limit: dict, grouped: bool, seed: int) -> None:
    steps = steps_of(given_rows, **limit, grouped=grouped, seed=seed)
    assert Counter(map(id, given_rows)) == Counter(id(one) for step in steps for one in step)
    assert all(steps)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_seed_alone_decides_the_order(grouped: bool) -> None:
    made = rows(9)
    before = list(made)
    first = steps_of(made, rows=8, seed=1, grouped=grouped)
    assert first == steps_of(made, rows=8, seed=1, grouped=grouped)
    assert first != steps_of(made, rows=8, seed=2, grouped=grouped)
    assert made == before, "the rows themselves are not shuffled"


@patient
@given(ROWS, st.integers(1, 12))
def test_a_step_has_the_rows_asked_for_and_only_the_last_fewer(given_rows: list[Row], count: int) -> None:
    sizes = [len(step) for step in steps_of(given_rows, rows=count)]
    assert sizes[:-1] == [count] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= count


@patient
@given(ROWS, st.integers(1, 60))
def test_a_step_has_as_many_rows_as_fit_its_tokens(given_rows: list[Row], limit: int) -> None:
    steps = steps_of(given_rows, tokens=limit)
    sizes = [sum(one.length for one in step) for step in steps]
    assert all(size <= limit or len(step) == 1 for size, step in zip(sizes, steps, strict=True))
    assert all(size + after[0].length > limit for size, after in zip(sizes, steps[1:], strict=False))


def test_grouped_rows_of_a_task_stay_together_and_are_mixed_all_the_same() -> None:
    made = rows(10)
    (step,) = steps_of(made, rows=len(made), grouped=True, seed=4)
    runs: list[list[Row]] = []
    for one in step:
        if runs and runs[-1][0].task == one.task and len(runs[-1]) < ROWS_PER_GROUP:
            runs[-1].append(one)
        else:
            runs.append([one])
    assert sorted(len(run) for run in runs) == [2] * 4 + [ROWS_PER_GROUP] * 8
    assert [one.example_id for one in step] != [one.example_id for one in made]
    assert {one.task for one in step[: len(step) // 2]} == {one.task for one in made}, "no task is left to the end"


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_grouped_steps_have_the_rows_asked_for_too(count: int) -> None:
    sizes = [len(step) for step in steps_of(rows(10), rows=count, grouped=True)]
    assert sizes[:-1] == [count] * (len(sizes) - 1)


@pytest.mark.parametrize("limit", [60, 110, 250])
def test_grouped_steps_fit_their_tokens_but_where_one_group_has_more(limit: int) -> None:
    long = rows(8, shared=40)  # about 50 tokens each
    steps = steps_of(long, tokens=limit, grouped=True)
    sizes = [sum(one.length for one in step) for step in steps]
    for size, step in zip(sizes, steps, strict=True):
        one_group = len({one.task for one in step}) == 1 and len(step) <= ROWS_PER_GROUP
        assert size <= limit or one_group
    assert any(size <= limit for size in sizes) == (limit == 250)


# Parts of a step


@patient
@given(ROWS, st.integers(1, 60))
def test_parts_hold_the_rows_in_order_and_fit_the_budget(given_rows: list[Row], budget: int) -> None:
    parts = split_step(given_rows, budget, shares=False)
    sizes = [sum(one.length for one in part) for part in parts]
    assert [one for part in parts for one in part] == given_rows
    assert all(size <= budget or len(part) == 1 for size, part in zip(sizes, parts, strict=True))
    assert all(size + after[0].length > budget for size, after in zip(sizes, parts[1:], strict=False))


def test_a_shared_prefix_counts_once_against_the_budget() -> None:
    made = [row([*range(20), 30 + number], [3, 4, 5]) for number in range(6)]
    assert [len(part) for part in split_step(made, 48, shares=False)] == [2, 2, 2]
    parts = split_step(made, 20 + 5 * 4, shares=True)
    assert [len(part) for part in parts] == [5, 1]
    assert len(pack_rows(parts[0], prompt_loss=False).ids) == 40


@patient
@given(ROWS, st.integers(1, 60))
def test_parts_that_share_hold_the_rows_in_order(given_rows: list[Row], budget: int) -> None:
    assert [one for part in split_step(given_rows, budget, shares=True) for one in part] == given_rows


def test_parts_that_share_fit_the_budget_as_packs() -> None:
    head = list(range(20))
    made = [row([*head, 30], [40]), row([*head, 31], [41]), row([0, 50, 51, 52], [42])]
    sizes = [len(pack_rows(part, prompt_loss=False).ids) for part in split_step(made, 30, shares=True)]
    assert max(sizes) <= 30, "the third row leaves one token to share"


def test_no_rows_no_parts() -> None:
    assert split_step([], 10, shares=True) == []
    assert steps_of([], rows=3) == []


def test_padded_parts_fit_the_budget_with_their_padding() -> None:
    made = [row([1] * length, [2]) for length in (40, 3, 39, 4, 5)]
    parts = split_step(made, 90, shares=False, padded=True)
    assert [[one.length for one in part] for part in parts] == [[4, 5, 6], [40, 41]]


# A part of the rows an epoch

ALL = Shares(1.0, 1.0, 1.0)


def complex_only(share: float) -> Visited:
    return Visited(form=Shares(1.0, 1.0, share), prose=ALL)


@pytest.mark.parametrize(("share", "count"), [(0.5, 2), (0.25, 1), (0.3, 1), (0.01, 1), (1.0, 4), (0.0, 0)])
def test_epochs_take_turns_at_the_complex_rows_and_visit_all_others(share: float, count: int) -> None:
    short = [row([1], [2], "rating", f"rating-{number}") for number in range(3)]
    long = [replace(row([1], [2], "hospital", f"long-{number}"), tier="complex") for number in range(4)]
    told = [replace(one, style="prose", example_id=f"{one.example_id}-prose") for one in long]
    given_rows = [long[0], *short, *told, *long[1:]]
    epochs = [visited(given_rows, complex_only(share), number) for number in range(1, 5)]
    for epoch in epochs:
        assert [one for one in epoch if one.tier != "complex"] == short
        assert [one for one in epoch if one.style == "prose"] == told
        assert len(epoch) == 7 + count
        assert list(epoch) == [one for one in given_rows if one in epoch]  # in the order given
    visits = Counter(one.example_id for epoch in epochs for one in epoch if one in long)
    assert set(visits.values()) == ({count} if count else set())


def test_which_complex_rows_come_does_not_depend_on_the_order_given() -> None:
    long = [replace(row([1], [2], "hospital", f"long-{number}"), tier="complex") for number in range(6)]
    half = complex_only(0.5)
    assert {one.example_id for one in visited(long, half, 1)} == {
        one.example_id for one in visited(long[::-1], half, 1)
    }
    assert not {one.example_id for one in visited(long, half, 1)} & {one.example_id for one in visited(long, half, 2)}


def test_without_complex_rows_every_row_is_visited() -> None:
    given_rows = rows(3, tasks=("rating",))
    assert visited(given_rows, complex_only(0.5), 1) == given_rows
