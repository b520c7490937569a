"""YAML as submissions use it: a small, strict subset, read from untrusted files and written to the same bytes.

Refused with their place: tags, anchors, aliases, duplicate keys, NaN, several documents, and YAML 1.1's surprises
(``yes`` for true, ``010`` for 8). What the keys and values mean is no business of this module.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.resolver import Resolver

from edgejson_bench.errors import SubmissionError

MAX_BYTES = 2 * 2**20
"""Largest file that is read. A submission with 25 tasks in one style and its latency samples has about 10 kB."""

MAX_DEPTH = 16
"""Deepest nesting that is read; a submission has six levels."""

MAX_CACHED = 40
"""Longest text that the cache of words holds, so that no file can fill the memory."""

LINE = 120
"""Width of written files, in characters."""

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where PyYAML was built with it: about 7 x faster
_SCALAR, _MAPPING_END, _SEQUENCE_END = yaml.ScalarEvent, yaml.MappingEndEvent, yaml.SequenceEndEvent
_RESOLVER: Any = Resolver()
_NULLS = ("", "~", "null")
_BOOLEANS = {"true": True, "false": False}
_BEGIN_NUMBERS = frozenset("-0123456789")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?[0-9]+\.[0-9]*(e[-+][0-9]+)?")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def dump(value: Any) -> str:
    """``value`` as YAML: keys in their own order, small collections on one line, nothing by reference."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LINE)


def load_file(path: Path) -> Any:
    """The value in a YAML file.

    Raises:
        SubmissionError: the file is missing, too large, not UTF-8, or not in the subset; the message holds the place.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SubmissionError(f"{path}: no such file") from None
    except OSError as exc:
        raise SubmissionError(f"{path}: cannot be read ({exc.strerror})") from None
    if len(raw) > MAX_BYTES:
        raise SubmissionError(f"{path}: is larger than {MAX_BYTES // 2**20} MiB; a submission has some 10 kB")
    try:
        return load(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise SubmissionError(f"{path}: not UTF-8 (byte {exc.start})") from None
    except SubmissionError as exc:
        raise SubmissionError(f"{path}: {exc}") from None


def load(text: str) -> Any:
    """The value of one YAML document.

    Raises:
        SubmissionError: it is not in the subset; the message holds the key's path, or the line for broken syntax.
    """
    reader = _Reader(text)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as exc:
        line = f"line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        raise SubmissionError(f"{line}not valid YAML ({exc.problem})") from None
    except yaml.YAMLError as exc:
        reason = " ".join(str(exc).split())
        raise SubmissionError(f"not valid YAML ({reason})") from None


def key_path(parts: list[str | int]) -> str:
    """A place as messages name it: ``results.form.samples[3]``; odd keys are quoted, so a message stays one line."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            key = part if _PLAIN_KEY.fullmatch(part) else repr(part[:40])
            path += f".{key}" if path else key
    return path or "top level"


class _Dumper(yaml.SafeDumper):
    """Decides what goes on one line, and writes an object that comes twice out twice: :func:`load` takes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:  # noqa: ARG002
        """On one line if it fits with its indentation."""
        node = super().represent_mapping(tag, mapping)
        node.flow_style = _length(node) < LINE - 30
        return node

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:  # noqa: ARG002
        """On one line if it fits with its indentation."""
        node = super().represent_sequence(tag, sequence)
        node.flow_style = _length(node) < LINE - 30
        return node


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quoted with escapes where it holds what is not printed: YAML folds the rarer line breaks away otherwise."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent_text)


def _length(node: yaml.Node) -> int:
    """Characters of a node on one line, quotes left out."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value)
    parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    return sum(_length(part) + len(", ") for part in parts)


@lru_cache(maxsize=4096)
def _word(text: str) -> Any:
    """The value of an unquoted ``text`` that is no number; of a submission's 1,500, nearly all are the same few.

    Raises:
        ValueError: it is what YAML takes for a value and JSON does not know.
    """
    kind = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]
    if kind == "null" and text in _NULLS:
        return None
    if kind == "bool" and text in _BOOLEANS:
        return _BOOLEANS[text]
    if kind in ("null", "bool", "int", "float"):
        raise ValueError(f"{text[:40]!r} is not a value that submissions use; write it as JSON would, or quote it")
    return text  # dates, merge keys and the like are text here


class _Reader:
    """Builds plain values from the parser's events, so that nothing is ever constructed from a tag or an alias."""

    def __init__(self, text: str) -> None:
        parser = _PARSER(text)
        self._next: Callable[[], Any] = parser.get_event
        """The next event. A file has thousands, so what reads them asks for their exact types."""
        self._path: list[str | int] = []

    def document(self) -> Any:
        """The value of the only document."""
        self._next()  # stream start
        if type(self._next()) is yaml.StreamEndEvent:
            raise SubmissionError("the file is empty")
        value = self._value(self._next())
        self._next()  # document end
        if type(self._next()) is not yaml.StreamEndEvent:
            raise SubmissionError("holds more than one YAML document")
        return value

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is _SCALAR and event.anchor is event.tag is None:  # nearly every event: no call more than it needs
            return self._scalar(event)
        if kind is yaml.AliasEvent:
            raise self._error("aliases are not allowed; write the value out")
        if event.anchor is not None:
            raise self._error("anchors are not allowed")
        if event.tag is not None:
            raise self._error(f"tags are not allowed, here is {event.tag[:60]!r}")
        if len(self._path) >= MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels")
        return self._mapping() if kind is yaml.MappingStartEvent else self._sequence()

    def _mapping(self) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        following, path = self._next, self._path
        while type(event := following()) is not _MAPPING_END:
            if type(event) is not _SCALAR:
                raise self._error("a key must be text, not a collection or an alias")
            key = self._value(event)
            if type(key) is not str:
                raise self._error(f"a key must be text, not {key!r}; quote it")
            key = sys.intern(key)  # thousands of submissions have the same keys: less memory, and quicker to hand on
            path.append(key)
            if key in mapping:
                raise self._error("the key is there twice")
            mapping[key] = self._value(following())
            path.pop()
        return mapping

    def _sequence(self) -> list[Any]:
        sequence: list[Any] = []
        following, path = self._next, self._path
        while type(event := following()) is not _SEQUENCE_END:
            path.append(len(sequence))
            sequence.append(self._value(event))
            path.pop()
        return sequence

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not text.isascii() and _SURROGATE.search(text):  # libyaml refuses the escape by itself
            raise self._error("holds half of a surrogate pair, which is no character")
        if not event.implicit[0]:  # quoted, or a block of text
            return text
        # both are numbers in YAML, too; asking its resolver first would take a third of the time of reading a file
        if text[:1] in _BEGIN_NUMBERS:
            if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
                return number
            if _INTEGER.fullmatch(text):
                return int(text)
        try:
            return _word(text) if len(text) <= MAX_CACHED else _word.__wrapped__(text)
        except ValueError as exc:
            raise self._error(str(exc)) from None

    def _error(self, message: str) -> SubmissionError:
        return SubmissionError(f"{key_path(self._path)}: {message}")
