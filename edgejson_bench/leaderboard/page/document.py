"""``index.html``: the template with boards in it. The same boards give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import escape

from edgejson_bench.leaderboard.markdown import HOW_TO_READ, REPORTED_TEXT
from edgejson_bench.leaderboard.page.details import MAX_CHARACTERS, as_block, details
from edgejson_bench.leaderboard.page.view import board_view, reported_view
from edgejson_bench.leaderboard.table import Board
from edgejson_bench.records import JsonObject
from edgejson_bench.reported import Reported

if TYPE_CHECKING:
    from edgejson_bench.worst_answers import WrongAnswer

TEMPLATE, STYLE, SCRIPT = "template.html.jinja", "page.css", "page.js"


def render(
    boards: Sequence[Board],
    records: Mapping[str, JsonObject],
    reported: Sequence[Reported] = (),
    worst: Mapping[str, Sequence[WrongAnswer]] | None = None,
    submissions: str = "../submissions",
) -> str:
    """The whole page, self-contained.

    Args:
        boards: measured rows.
        records: content of every submission that has a row, by its folder ``<board>/<model>``.
        reported: published rows, shown apart.
        worst: the worst answers of submissions, by folder, untrusted; those of the best hundred are shown, texts cut
            to 1,500 characters.
        submissions: the way from the page's folder to the submissions' root, for links.

    Raises:
        KeyError: a row's submission is not in ``records``.
    """
    block = details(boards, records, worst or {})
    table, notes = reported_view(reported)
    style, script = _part(STYLE), _part(SCRIPT)
    return _template().render(
        boards=[board_view(board, records, submissions) for board in boards],
        reported=table if reported else None,
        reported_notes=notes,
        reported_text=REPORTED_TEXT,
        how_to_read=_marked_up(HOW_TO_READ),
        answered=block["answered"],
        submissions_shown=len(block["rows"]),
        max_characters=MAX_CHARACTERS,
        style=style,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        block=as_block(block),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE)


@cache
def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _marked_up(text: str) -> str:
    """Our own Markdown of one paragraph as HTML: strong, emphasised and code words."""
    html = str(escape(" ".join(text.split())))
    for pattern, tag in ((r"\*\*(.+?)\*\*", "strong"), (r"\*(.+?)\*", "em"), (r"`(.+?)`", "code")):
        html = re.sub(pattern, rf"<{tag}>\1</{tag}>", html)
    return html
