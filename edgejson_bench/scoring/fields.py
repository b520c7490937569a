"""Leaf-level F1: how much of the gold object a prediction holds. It compares values and knows nothing of schemas.

A leaf is a scalar, ``{}`` or ``[]``, at a JSON pointer (RFC 6901).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgejson_bench.scoring.exact import scalar_key


@dataclass(frozen=True, slots=True)
class FieldScore:
    """Agreement of two values, leaf by leaf."""

    precision: float
    """Matched leaves over predicted leaves."""
    recall: float
    """Matched leaves over gold leaves."""
    f1: float
    """Harmonic mean of the two; 0 where nothing matches."""
    matched: int
    """Leaves that are in both, at the same place, with equal values."""
    predicted: int
    """Leaves of the prediction; at least 1."""
    gold: int
    """Leaves of the gold; at least 1."""


def leaves(value: Any) -> dict[str, Any]:
    """Every leaf of ``value`` by its JSON pointer, in document order. A bare leaf has the pointer ``""``."""
    found: dict[str, Any] = {}
    pending = [("", value)]
    while pending:
        pointer, part = pending.pop()
        if _is_leaf(part):
            found[pointer] = part
            continue
        items = part.items() if isinstance(part, dict) else enumerate(part)
        pending.extend(reversed([(below(pointer, key), child) for key, child in items]))
    return found


def below(pointer: str, key: str | int) -> str:
    """The JSON pointer of a member or an item of what is at ``pointer``."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def field_f1(predicted: Any, gold: Any) -> FieldScore:
    """Leaf-level precision, recall and F1 of ``predicted`` against ``gold``.

    Object members pair up by key. Array items are aligned in order, each with at most one item of the other array,
    such that the most leaves match: a missing first item costs its own leaves and no others.

    The cost is at most the product of the two values' sizes, and linear where they are nearly equal. Both are read
    recursively, so neither may be nested much more deeply than the parser allows.
    """
    known: dict[Hashable, _Node] = {}
    predicted_node, gold_node = _node(predicted, known), _node(gold, known)
    matched = _matched(predicted_node, gold_node, {})
    return FieldScore(
        precision=matched / predicted_node.leaves,
        recall=matched / gold_node.leaves,
        f1=2 * matched / (predicted_node.leaves + gold_node.leaves),
        matched=matched,
        predicted=predicted_node.leaves,
        gold=gold_node.leaves,
    )


def align(predicted: Sequence[Any], gold: Sequence[Any]) -> dict[int, int]:
    """Which array items :func:`field_f1` holds against each other: by index in ``gold``, the index in ``predicted``.

    Both rise. Items that share no leaf with their counterpart, or have none, are left out.
    """
    known: dict[Hashable, _Node] = {}
    predicted_nodes = [_node(item, known) for item in predicted]
    gold_nodes = [_node(item, known) for item in gold]
    front, back = _equal_ends(predicted_nodes, gold_nodes)
    predicted_end, gold_end = len(predicted) - back, len(gold) - back
    steps = list(_alignment(predicted_nodes[front:predicted_end], gold_nodes[front:gold_end], {}))
    place = gold_end - front
    rows = [[0] * (place + 1), *(step.best for step in steps)]
    middle: dict[int, int] = {}
    for step, before in zip(reversed(steps), reversed(rows[:-1]), strict=True):
        while place and step.best[place] == step.best[place - 1]:
            place -= 1
        if step.best[place] != before[place]:  # what this item added, it added with the last gold item that is left
            place -= 1
            middle[front + place] = front + step.index
    settled = {place: place for place in range(front)}
    ends = {gold_end + place: predicted_end + place for place in range(back)}
    return settled | dict(reversed(middle.items())) | ends


def _is_leaf(value: Any) -> bool:
    return not (isinstance(value, dict | list) and value)


@dataclass(slots=True, eq=False)
class _Node:
    """A value of which there is one node however often it occurs, so equal values are the same node."""

    leaves: int = 1
    members: dict[str, _Node] = field(default_factory=dict)
    items: Sequence[_Node] = ()


_Memo = dict[tuple[_Node, _Node], int]
"""Matched leaves of pairs of arrays. An output that repeats itself costs one alignment per different array."""


def _node(value: Any, known: dict[Hashable, _Node]) -> _Node:
    key: Hashable
    if _is_leaf(value):
        key = scalar_key(value)
        node = known.get(key) or _Node()
    elif isinstance(value, dict):
        members = {name: _node(child, known) for name, child in value.items()}
        key = ("members", frozenset(members.items()))
        node = known.get(key) or _Node(_total(members.values()), members=members)
    else:
        items = tuple(_node(item, known) for item in value)
        key = ("items", items)
        node = known.get(key) or _Node(_total(items), items=items)
    known[key] = node
    return node


def _total(nodes: Iterable[_Node]) -> int:
    return sum(node.leaves for node in nodes)


def _matched(predicted: _Node, gold: _Node, memo: _Memo) -> int:
    """Leaves that match. A leaf matches itself alone, and has neither members nor items."""
    if predicted is gold:
        return gold.leaves
    if gold.members and predicted.members:
        matched = 0
        for name, expected in gold.members.items():
            found = predicted.members.get(name)
            if found is expected:
                matched += expected.leaves
            elif found is not None:
                matched += _matched(found, expected, memo)
        return matched
    if gold.items and predicted.items:
        pair = (predicted, gold)
        if pair not in memo:
            memo[pair] = _aligned(predicted.items, gold.items, memo)
        return memo[pair]
    return 0


def _aligned(predicted: Sequence[_Node], gold: Sequence[_Node], memo: _Memo) -> int:
    """Most leaves that an order-preserving alignment of two arrays can match."""
    front, back = _equal_ends(predicted, gold)
    predicted_end, gold_end = len(predicted) - back, len(gold) - back
    matched = _total(gold[:front]) + _total(gold[gold_end:])
    last = deque(_alignment(predicted[front:predicted_end], gold[front:gold_end], memo), maxlen=1)
    return matched + (last[0].best[-1] if last else 0)


def _equal_ends(predicted: Sequence[_Node], gold: Sequence[_Node]) -> tuple[int, int]:
    """How many items are equal at the front and at the back.

    They are paired at once: no alignment does better, since pairing either of them otherwise can match no more leaves
    than it has. Only what is left needs the quadratic part.
    """
    front = 0
    shorter = min(len(predicted), len(gold))
    while front < shorter and predicted[front] is gold[front]:
        front += 1
    back = 0
    while back < shorter - front and predicted[-1 - back] is gold[-1 - back]:
        back += 1
    return front, back


@dataclass(frozen=True, slots=True)
class _Step:
    """The alignment so far, after one more predicted item."""

    index: int
    """Of the predicted item."""
    best: list[int]
    """``best[j]`` is the most that the items so far match of ``gold[:j]``."""


def _alignment(predicted: Sequence[_Node], gold: Sequence[_Node], memo: _Memo) -> Iterator[_Step]:
    """Weighted longest common subsequence, a row at a time.

    Items of ``predicted`` that match nothing leave the row as it is and give no step, which keeps rambling arrays
    cheap, and the steps end once all of ``gold`` is matched.
    """
    everything = _total(gold)
    best = [0] * (len(gold) + 1)
    for index, item in enumerate(predicted):
        if best[-1] == everything:
            return
        weights = [_matched(item, expected, memo) for expected in gold]
        if not any(weights):
            continue
        row = [0]
        for place, weight in enumerate(weights):
            row.append(max(best[place + 1], row[place], best[place] + weight))
        best = row
        yield _Step(index, best)
