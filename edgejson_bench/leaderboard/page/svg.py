"""Inline SVG in small pieces: elements, text that cannot be markup, axes, and labels that keep off each other.

Colours are classes of ``page.css``, so a chart follows the page's theme. What a chart shows is not decided here.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from edgejson_bench.console import printable

FONT_SIZE = 11
"""Of all text in charts, in units of the view box; one unit is one CSS pixel or more."""
CHARACTER_WIDTH = 6.2
"""Mean advance of a character at that size, taken a little wide: system fonts differ."""
MAX_LABEL = 30
"""Longest label in a chart, in characters; the whole name is in its tooltip."""


@dataclass(frozen=True)
class Chart:
    """A drawing and what is to be said of it."""

    title: str
    note: str
    """What is drawn, of how many, and how to read it."""
    svg: str
    """The element, safe to be placed into HTML."""
    wide: bool = False
    """Takes a line of its own."""


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


def element(tag: str, *children: Element, text: str | None = None, **attributes: str | float) -> Element:
    """An element; ``class_`` is the attribute ``class``, and ``text_anchor`` is ``text-anchor``."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): _attribute(value) for name, value in attributes.items()})
    made.text = text
    made.extend(children)
    return made


def label(text: str, x: float, y: float, anchor: str = "start", class_: str = "label") -> Element:
    """A line of text; ``y`` is its middle."""
    return element("text", text=text, x=x, y=y + 0.36 * FONT_SIZE, text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Element:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def titled(title: str, *children: Element, class_: str = "item") -> Element:
    """A group whose tooltip is ``title``."""
    return element("g", element("title", text=one_line(title)), *children, class_=class_)


def mark(shape: int, x: float, y: float, class_: str, size: float = 4.0) -> Element:
    """A circle, square, triangle or diamond: series differ by shape as well as by colour."""
    kind = shape % 4
    if kind == 0:
        return element("circle", cx=x, cy=y, r=size, class_=class_)
    corners = {
        1: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2: [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)],
        3: [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
    }[kind]
    points = " ".join(f"{_number(x + size * dx)},{_number(y + size * dy)}" for dx, dy in corners)
    return element("polygon", points=points, class_=class_)


def draw(ident: str, title: str, description: str, width: float, height: float, parts: Iterable[Element]) -> str:
    """The whole drawing, with a title and a description for those who do not see it.

    ``ident`` must be unique on the page and fit into an HTML id.
    """
    drawing = element(
        "svg",
        element("title", text=one_line(title), id=f"{ident}-title"),
        element("desc", text=one_line(description), id=f"{ident}-desc"),
        *parts,
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{ident}-title {ident}-desc",
    )
    return tostring(drawing, encoding="unicode")


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two positive ones: powers of ten, and 2 and 5 times them where few fit."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        ticks = [factor * 10.0**decade for decade in decades for factor in factors]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) >= 3:
            return found[:: math.ceil(len(found) / 8)]
    return [low, high]


def place(
    text: str, x: float, y: float, taken: Sequence[Box], frame: Box, gap: float = 7.0
) -> tuple[Element, Box] | None:
    """A label beside the mark at ``x, y`` that overlaps nothing in ``taken``, and its box; None where none fits."""
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
            return label(text, x + dx, y + dy, anchor, "label halo"), box
    return None


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """A tenth of a pixel is fine enough."""
    return f"{value:.1f}".removesuffix(".0")
