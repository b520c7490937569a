"""Rows of tokens into packs: one long sequence without padding, in which a row sees its own prompt and itself alone.

Rows of one task begin with the same instruction and schema. A pack holds that prefix once for all its rows of the task;
they attend to it as if each had its own, so the numbers are those of rows computed one by one.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgejson_bench.training.recipe import Visited

ROWS_PER_GROUP = 4
"""Rows of one task that stay together to share a prefix. More would save more, and make steps less mixed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One example in tokens."""

    example_id: str
    task: str
    tier: str
    style: str
    prompt: tuple[int, ...]
    """Prompt tokens; at least one."""
    completion: tuple[int, ...]
    """Gold tokens, the end token included where it is taught."""

    @property
    def length(self) -> int:
        """Tokens of the whole row."""
        return len(self.prompt) + len(self.completion)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens inside a pack: a shared prefix, or what a row has of its own."""

    length: int
    prefix: int | None
    """Index of the segment that it continues; None if it begins at position 0."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows computed in one forward pass."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    """Position of each token within its own row."""
    segments: tuple[Segment, ...]
    """In order; their lengths add up to ``len(ids)``. A prefix comes before what continues it."""
    predicting: tuple[int, ...]
    """Indices into ``ids`` of the tokens whose next token is labelled."""
    targets: tuple[int, ...]
    """The token that follows each of them in its row."""
    target_rows: tuple[int, ...]
    """Which of ``rows`` each target belongs to."""
    rows: tuple[Row, ...]


def pack_rows(rows: Sequence[Row], *, prompt_loss: bool) -> Pack:
    """One pack of ``rows``, in order; neighbours of one task share the beginning of their prompts.

    With ``prompt_loss`` all tokens but a row's first are labelled and nothing is shared: each row's prompt counts.
    """
    ids: list[int] = []
    positions: list[int] = []
    segments: list[Segment] = []
    predicting: list[int] = []
    targets: list[int] = []
    target_rows: list[int] = []
    number = 0
    for group in _by_task(rows):
        shared = 0 if prompt_loss else shared_length([row.prompt for row in group])
        prefix: int | None = None
        if shared:
            prefix = len(segments)
            segments.append(Segment(shared, None))
            ids += group[0].prompt[:shared]
            positions += range(shared)
        for row in group:
            tokens = row.prompt + row.completion
            start = len(ids)
            ids += tokens[shared:]
            positions += range(shared, len(tokens))
            segments.append(Segment(len(tokens) - shared, prefix))
            first = 1 if prompt_loss else len(row.prompt)
            for place in range(first, len(tokens)):
                predicting.append(start + place - 1 - shared)
                targets.append(tokens[place])
                target_rows.append(number)
            number += 1
    return Pack(
        tuple(ids),
        tuple(positions),
        tuple(segments),
        tuple(predicting),
        tuple(targets),
        tuple(target_rows),
        tuple(row for group in _by_task(rows) for row in group),
    )


def shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """Tokens that all ``prompts`` begin with; 0 for a single one, and always at least one token of each left over.

    The last token of a prompt predicts its row's first label, so it must be the row's own.
    """
    if len(prompts) < 2:
        return 0
    shortest = min(len(prompt) for prompt in prompts) - 1
    first = prompts[0]
    for place in range(shortest):
        if any(prompt[place] != first[place] for prompt in prompts[1:]):
            return place
    return shortest


def _by_task(rows: Sequence[Row]) -> list[list[Row]]:
    """Runs of neighbouring rows of one task."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and groups[-1][0].task == row.task:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def visited(rows: Sequence[Row], per_epoch: Visited, epoch: int) -> Sequence[Row]:
    """The rows of epoch ``epoch`` (from 1): of each style and tier a share, with which the epochs take turns.

    Which rows is decided by their ids, so that every row of a style and tier comes as often, give or take one, as
    any other of them; at least one of a kind comes, unless its share is zero.
    """
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kinds.setdefault((row.style, row.tier), []).append(row)
    left_out: set[str] = set()
    for (style, tier), same in kinds.items():
        share = getattr(getattr(per_epoch, style), tier)
        if share == 1.0:
            continue
        same.sort(key=lambda row: _digest(row.example_id))
        count = max(1, round(share * len(same))) if share else 0
        first = (epoch - 1) * count
        turn = {(first + place) % len(same) for place in range(count)}
        left_out |= {row.example_id for place, row in enumerate(same) if place not in turn}
    return [row for row in rows if row.example_id not in left_out] if left_out else rows


def _digest(example_id: str) -> bytes:
    return hashlib.sha256(example_id.encode()).digest()


def epoch_steps(
    rows: Sequence[Row], *, rows_per_step: int | None, tokens_per_step: int | None, seed: int, grouped: bool
) -> Iterator[list[Row]]:
    """The rows of each optimizer step of one epoch, every row once, in an order that ``seed`` decides.

    Args:
        rows: the training rows.
        rows_per_step: a fixed number of rows a step; the last step of an epoch may have fewer.
        tokens_per_step: instead, as many rows as fit that many tokens, at least one; groups are not cut apart.
        seed: of the shuffle; another one for each epoch.
        grouped: keep up to :data:`ROWS_PER_GROUP` rows of a task side by side, so that they share their prefix.
    """
    order = random.Random(seed)  # noqa: S311 - a training order, nothing secret
    units = [[row] for row in rows] if not grouped else _small_groups(rows, order)
    order.shuffle(units)
    if rows_per_step is not None:
        flat = [row for unit in units for row in unit]
        for start in range(0, len(flat), rows_per_step):
            yield flat[start : start + rows_per_step]
        return
    step: list[Row] = []
    tokens = 0
    for unit in units:
        length = sum(row.length for row in unit)
        if step and tokens_per_step is not None and tokens + length > tokens_per_step:
            yield step
            step, tokens = [], 0
        step += unit
        tokens += length
    if step:
        yield step


def _small_groups(rows: Sequence[Row], order: random.Random) -> list[list[Row]]:
    by_task: dict[str, list[Row]] = {}
    for row in rows:
        by_task.setdefault(row.task, []).append(row)
    groups = []
    for same in by_task.values():
        order.shuffle(same)
        groups += [same[start : start + ROWS_PER_GROUP] for start in range(0, len(same), ROWS_PER_GROUP)]
    return groups


def split_step(rows: Sequence[Row], budget: int, *, shares: bool, padded: bool = False) -> list[list[Row]]:
    """The rows of one step in parts of at most ``budget`` tokens each (a longer row is a part of its own).

    With ``shares``, a prefix that neighbours of one task have in common counts once. With ``padded``, rows of like
    length come together, and each counts as much as the longest of its part.
    """
    parts: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: row.length) if padded else rows:
        added = [*parts[-1], row] if parts else [row]
        if not parts or (len(added) * row.length if padded else _tokens(added, shares)) > budget:
            parts.append([])
        parts[-1].append(row)
    return parts


def _tokens(rows: Sequence[Row], shares: bool) -> int:
    """Tokens of a pack of ``rows``."""
    total = sum(row.length for row in rows)
    if shares:
        total -= sum((len(group) - 1) * shared_length([row.prompt for row in group]) for group in _by_task(rows))
    return total
