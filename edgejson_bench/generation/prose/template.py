"""The small language that frames are written in. It parses; :mod:`.write` fills.

==============================  ==============================================================================
``{path}``                      the value at a dotted path of the current object, spelled as its schema suggests
``{path:realiser word word}``   the same with a named realiser and its words, or with a part of the frame file
``{^path}``                     the same, beginning with a capital letter
``{.}``                         the current item, where a part is filled with the items of an array of scalars
``{~name}``                     one of the asides of that name: words that say nothing about any field
``{=slot}``                     a made-up value of the generator's slots, such as ``{=first}``, in an aside or a frame
``[one|other|...]``             the first alternative whose fields are all present; nothing, if none is
``[& one|other|...]``           those alternatives whose fields are all present, as a series: ``a, b and c``; it is
                                itself absent where none is. ``[&; ...]`` joins with ``; ``, and ``,`` ``.`` ``/`` too;
                                ``[&~ ...]`` and ``[&~; ...]`` put the members in any order
``<one|other|...>``             one of the alternatives, by chance
``\\``                           before any of ``{ } [ ] < > | \\``: that character itself
==============================  ==============================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(?P<capital>\^)?(?P<path>\.|\w+(?:\.\w+)*)(?::(?P<realiser>\w+)(?P<words>(?: \S+)*))?")
_SERIES = re.compile(r"\[&(?P<any>~?)(?P<mark>[;,./]?)\s")
_MARKS = "{}[]<>|\\"


class TemplateError(ValueError):
    """A template that does not follow the language; the message says where."""


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the gold."""

    path: str
    """Dotted, from the current object; ``.`` for the current item."""
    realiser: str | None
    """Name of a realiser or part; None for the one that suits the schema."""
    words: tuple[str, ...]
    """What the realiser is told beside the value."""
    capital: bool
    """Whether it begins a sentence."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Words that carry no field."""

    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A made-up value that is no field."""

    name: str


@dataclass(frozen=True, slots=True)
class Optional:
    """The first alternative whose fields are all present; nothing, if none is."""

    alternatives: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Every alternative whose fields are all present; absent itself, if none is."""

    alternatives: tuple[Template, ...]
    join: str
    """Between two members."""
    last: str
    """Before the last one."""
    shuffled: bool
    """Whether the members come in any order."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the alternatives."""

    alternatives: tuple[Template, ...]


Node = Text | Field | Aside | Slot | Optional | Series | Choice
Template = tuple[Node, ...]


def parse(source: str) -> Template:
    """A template from its text.

    Raises:
        TemplateError: a bracket is not closed or not open, or a field is malformed.
    """
    nodes, end = _sequence(source, 0, "")
    if end != len(source):
        raise TemplateError(f"character {end + 1}: {source[end]!r} closes nothing (write \\{source[end]} for itself)")
    return nodes


def literal(template: Template) -> str:
    """All literal text of a template, alternatives included, without what its fields will say."""
    parts = []
    for node in template:
        if isinstance(node, Text):
            parts.append(node.text)
        elif isinstance(node, Optional | Series | Choice):
            parts += [f" {literal(alternative)} " for alternative in node.alternatives]
    return "".join(parts)


def _sequence(source: str, at: int, closing: str) -> tuple[Template, int]:
    """Nodes from ``at`` up to a ``|`` or ``closing`` that belongs to this level, or the end."""
    nodes: list[Node] = []
    text = ""
    while at < len(source) and source[at] not in ("}]>" + ("|" if closing else "")):
        character = source[at]
        if character == "\\":
            if at + 1 == len(source) or source[at + 1] not in _MARKS:
                raise TemplateError(f"character {at + 1}: a backslash stands only before one of {_MARKS}")
            text += source[at + 1]
            at += 2
        elif character in "{[<":
            if text:
                nodes.append(Text(text))
                text = ""
            node, at = _braces(source, at) if character == "{" else _alternatives(source, at)
            nodes.append(node)
        elif character == "|":
            raise TemplateError(f"character {at + 1}: '|' outside of [...] and <...> (write \\| for itself)")
        else:
            text += character
            at += 1
    return (*nodes, Text(text)) if text else tuple(nodes), at


def _alternatives(source: str, start: int) -> tuple[Node, int]:
    closing = "]" if source[start] == "[" else ">"
    series = _SERIES.match(source, start)
    alternatives = []
    at = first = series.end() - 1 if series else start
    while at == first or source[at] == "|":
        nodes, at = _sequence(source, at + 1, closing)
        alternatives.append(nodes)
        if at == len(source) or source[at] not in ("|", closing):
            raise TemplateError(f"character {start + 1}: {source[start]!r} is not closed")
    if series:
        join, last = (f"{series['mark']} ", f"{series['mark']} ") if series["mark"] else (", ", " and ")
        join, last = (" / ", " / ") if series["mark"] == "/" else (join, last)
        return Series(tuple(alternatives), join, last, bool(series["any"])), at + 1
    kind = Optional if closing == "]" else Choice
    return kind(tuple(alternatives)), at + 1


def _braces(source: str, start: int) -> tuple[Node, int]:
    end = source.find("}", start)
    if end < 0:
        raise TemplateError(f"character {start + 1}: '{{' is not closed")
    inside = source[start + 1 : end]
    if inside[:1] in ("~", "=") and inside[1:].isidentifier():
        return (Aside if inside[0] == "~" else Slot)(inside[1:]), end + 1
    match = _FIELD.fullmatch(inside)
    if match is None:
        raise TemplateError(f"character {start + 1}: {{{inside}}} is no field, aside or slot")
    words = tuple((match["words"] or "").split())
    return Field(match["path"], match["realiser"], words, bool(match["capital"])), end + 1
