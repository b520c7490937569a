"""Text of others inside Markdown: what it says is read, and nothing it holds is markup."""

from __future__ import annotations

import re

from edgejson_bench.console import printable

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}  # the ampersand first: it begins the others
_MARKUP = re.compile(r"[\\`*_\[\]~$@]|:(?=\S)|(?<=www)\.", re.IGNORECASE)


def escape(text: str) -> str:
    """``text`` as it would be read, on one line: nothing in it is markup, HTML, a link or a control character."""
    line = printable(text).replace("\n", "\\n").replace("\t", "\\t")
    marked = _MARKUP.sub(lambda match: "\\" + match.group(), line)
    # entities, not backslashes, for what HTML and table rows are made of: not every renderer knows the escapes
    for character, entity in _ENTITIES.items():
        marked = marked.replace(character, entity)
    return marked


def fence(text: str, language: str = "text") -> list[str]:
    """The lines of a code block that ``text`` cannot leave."""
    shown = printable(text)
    ticks = "`" * max(3, longest_ticks(shown) + 1)
    return [f"{ticks}{language}", *shown.split("\n"), ticks]


def longest_ticks(text: str) -> int:
    """Length of the longest run of backticks in ``text``."""
    return max((len(run) for run in re.findall("`+", text)), default=0)
