"""Short texts beside marks: cut to a line, measured, and put where they cover nothing; and round ticks for axes.

In units of which text is 11 high; whoever draws scales them. Nothing is drawn here.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from edgejson_bench.console import printable

FONT_SIZE = 11
"""Of all text in charts, in units of the view box; one unit is one CSS pixel or more."""
CHARACTER_WIDTH = 6.2
"""Mean advance of a character at that size, taken a little wide: system fonts differ."""
MAX_LABEL = 30
"""Longest label in a chart, in characters; the whole name is in its tooltip."""


@dataclass(frozen=True)
class Box:
    """A rectangle that something occupies."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def one_line(text: str) -> str:
    """Submitted text as it is shown everywhere on the page: on one line, control characters spelled out."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def shortened(text: str, limit: int = MAX_LABEL) -> str:
    """``text`` on one line, its end cut where it is longer than ``limit`` characters."""
    line = one_line(text)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def text_width(text: str) -> float:
    """About how wide ``text`` is drawn; East Asian wide characters take two places."""
    return CHARACTER_WIDTH * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two positive ones: powers of ten, and 2 and 5 times them where few fit."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        ticks = [factor * 10.0**decade for decade in decades for factor in factors]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) >= 3:
            return found[:: math.ceil(len(found) / 8)]
    return [low, high]


@dataclass(frozen=True)
class Placed:
    """Where a label goes."""

    x: float
    y: float
    """Its middle."""
    anchor: str
    """``start``, ``middle`` or ``end``: what of it is at ``x``."""
    box: Box
    """What it occupies."""


def place(text: str, x: float, y: float, taken: Sequence[Box], frame: Box, gap: float = 7.0) -> Placed | None:
    """A place beside the mark at ``x, y`` where ``text`` overlaps nothing in ``taken``; None where there is none."""
    width, half = text_width(text), FONT_SIZE * 0.6
    for dx, dy, anchor in (
        (gap, 0, "start"),
        (-gap, 0, "end"),
        (0, -gap - half, "middle"),
        (0, gap + half, "middle"),
        (gap, -gap - 2, "start"),
        (gap, gap + 2, "start"),
        (-gap, -gap - 2, "end"),
        (-gap, gap + 2, "end"),
        (gap, -2.4 * gap, "start"),
        (gap, 2.4 * gap, "start"),
    ):
        left = x + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        box = Box(left, y + dy - half, left + width, y + dy + half)
        inside = frame.left <= box.left and box.right <= frame.right and frame.top <= box.top
        if inside and box.bottom <= frame.bottom and not any(box.overlaps(other) for other in taken):
            return Placed(x + dx, y + dy, anchor, box)
    return None


def place_on_line(text: str, y: float, taken: Sequence[Box], frame: Box) -> Box | None:
    """A place for ``text`` at the right end of a line across at ``y``, below or above it; None where there is none."""
    left = frame.right - 4 - text_width(text)
    boxes = (Box(left, y + shift - 6, frame.right - 4, y + shift + 6) for shift in (8, -8, 21, -21, 34, -34))
    free = (box for box in boxes if box.bottom < frame.bottom and not any(box.overlaps(one) for one in taken))
    return next(free, None)


def steps(places: Sequence[tuple[float, float]], frame: Box) -> list[Box]:
    """What a line in steps over ``places``, and on to the right end, occupies, so that no name is struck through."""
    ends = [*places[1:], (frame.right, places[-1][1])]
    across = [Box(x, y - 1, end, y + 1) for (x, y), (end, _) in zip(places, ends, strict=True)]
    return across + [Box(end - 1, top, end + 1, y) for (_, y), (end, top) in zip(places, ends, strict=True)]
