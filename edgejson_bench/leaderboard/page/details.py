"""What a row shows when it is opened, as one compact JSON block that ``page.js`` reads.

Every text in it is already spelled for people and cut; the script puts texts into text nodes and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgejson_bench.console import printable
from edgejson_bench.leaderboard import cells
from edgejson_bench.leaderboard.labels import one_line
from edgejson_bench.leaderboard.table import Board
from edgejson_bench.records import JsonObject
from edgejson_bench.scoring.taxonomy import KINDS

if TYPE_CHECKING:
    from edgejson_bench.worst_answers import WrongAnswer

MAX_CHARACTERS = 1500
"""Longest text of a gold or an output."""
MAX_WITH_ANSWERS = 100
"""Submissions whose worst answers are on the page: five of 1,500 characters each are up to 8 kB a submission."""

ABOUT = (
    ("Model id", "id"),
    ("Kind", "kind"),
    ("Revision", "revision"),
    ("Base", "base"),
    ("Base revision", "base_revision"),
    ("Quantisation", "quantisation"),
    ("Number type", "dtype"),
    ("Licence", "license"),
    ("Training data", "training_data"),
)


def details(
    boards: Sequence[Board], records: Mapping[str, JsonObject], worst: Mapping[str, Sequence[WrongAnswer]]
) -> dict[str, Any]:
    """The block's content, for every submission that has a row.

    Keys: ``about`` (labels), ``shared`` (lists of label and text, which rows name by index), ``boards`` (by folder and
    style, each task and its n), ``golds`` (by board folder and example id), ``rows`` (by submission folder),
    ``answered`` (how many of them have worst answers), ``limit`` (of a text, in characters). Shares are in tenths of a
    percent: value, low, high of each task in turn. A cut text comes with its whole length.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    ordered = list(dict.fromkeys(row.submission for board in boards for style in board.styles for row in style.rows))
    shared = _Shared()
    tasks: dict[str, dict[str, list[list[Any]]]] = {}
    golds: dict[str, list[Any]] = {}
    rows = {}
    with_answers = set(answered(boards, worst))
    for folder in ordered:
        record, board = records[folder], folder.partition("/")[0]
        for style, result in record["results"].items():
            names = [[task, metrics["n"]] for task, metrics in result["tasks"].items()]
            tasks.setdefault(board, {}).setdefault(style, names)
        row = _row(record, shared)
        if folder in with_answers:
            row["worst"] = [_answer(answer) for answer in worst[folder]]
            for answer in worst[folder]:
                golds.setdefault(f"{board}/{one_line(answer.example_id)}", _cut(answer.gold))
        rows[folder] = row
    return {
        "about": [label for label, _ in ABOUT] + ["Submitter", "Run", "Settings", "Environment"],
        "shared": shared.parts,
        "boards": tasks,
        "golds": golds,
        "rows": rows,
        "answered": len(with_answers),
        "limit": MAX_CHARACTERS,
    }


def as_block(content: Mapping[str, Any]) -> str:
    """``content`` as JSON that nothing in HTML can end or begin: it holds no ``<``, ``>`` and ``&``, and is ASCII."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Shared:
    """What many submissions have in common: each distinct part once."""

    def __init__(self) -> None:
        self.parts: list[list[list[str]]] = []
        self._places: dict[str, int] = {}

    def place(self, pairs: list[list[str]]) -> int:
        key = json.dumps(pairs)
        if key not in self._places:
            self._places[key] = len(self.parts)
            self.parts.append(pairs)
        return self._places[key]


def _row(record: JsonObject, shared: _Shared) -> dict[str, Any]:
    model = record["model"]
    texts = [_text(model[key]) for _, key in ABOUT]
    return {
        "about": [*texts, _text(record["submitter"]), record["run"]],
        "settings": shared.place(_pairs(record["settings"])),
        "environment": shared.place(_pairs(record["environment"])),
        "tasks": {
            style: [
                round(1000 * share)
                for metrics in result["tasks"].values()
                for share in (metrics["json_exact"]["value"], *metrics["json_exact"]["ci95"])
            ]
            for style, result in record["results"].items()
        },
        "errors": {style: [each["n"], _kinds(each)] for style, each in record["errors"]["kinds"].items()},
    }


def _kinds(counts: JsonObject) -> list[list[Any]]:
    """Kind, as primary one, at all; in the order of what is primary."""
    found = [*(kind for kind in KINDS if kind in counts["any"]), *sorted(counts["any"].keys() - set(KINDS))]
    return [[kind, counts["primary"].get(kind, 0), counts["any"][kind]] for kind in found]


def _pairs(content: JsonObject, prefix: str = "") -> list[list[str]]:
    """Leaves of nested objects as label and text."""
    pairs: list[list[str]] = []
    for key, value in content.items():
        name = f"{prefix}{one_line(key).replace('_', ' ')}"
        if isinstance(value, dict) and name != "max new tokens":
            pairs += _pairs(value, f"{name}, ")
        elif isinstance(value, dict):
            same = len(set(value.values())) == 1
            each = (f"{one_line(task)} {_text(budget)}" for task, budget in value.items())
            pairs.append([name, _text(next(iter(value.values()))) if same else ", ".join(each)])
        else:
            pairs.append([name, _text(value)])
    return pairs


def _text(value: Any) -> str:
    if value is None:
        return cells.ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(str(value))


def _answer(answer: WrongAnswer) -> dict[str, Any]:
    return {
        "id": one_line(answer.example_id),
        "task": one_line(answer.task),
        "style": one_line(answer.style),
        "f1": f"{answer.field_f1:.3f}",
        "kinds": [one_line(kind) for kind in answer.kinds],
        "output": _cut(answer.output),
    }


def _cut(text: str) -> list[Any]:
    """The text's beginning, and where that is not all of it, its length in characters."""
    shown = printable(text[:MAX_CHARACTERS])
    return [shown] if len(text) <= MAX_CHARACTERS else [shown, len(text)]


def answered(boards: Sequence[Board], known: Collection[str]) -> list[str]:
    """The submissions whose worst answers are shown, of those in ``known``: while there is room, the best rows of every
    board and style in turn."""
    chosen: dict[str, None] = {}
    tables = [style.rows for board in boards for style in board.styles]
    for place in range(max((len(rows) for rows in tables), default=0)):
        for rows in tables:
            if place < len(rows) and rows[place].submission in known and len(chosen) < MAX_WITH_ANSWERS:
                chosen[rows[place].submission] = None
    return list(chosen)
