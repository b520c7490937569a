"""Inline SVG in small pieces: elements, and text that cannot be markup.

Colours are classes of ``page.css``, so a chart follows the page's theme. What a chart shows is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from edgejson_bench.leaderboard.labels import FONT_SIZE, one_line


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


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    """A tenth of a pixel is fine enough."""
    return f"{value:.1f}".removesuffix(".0")
