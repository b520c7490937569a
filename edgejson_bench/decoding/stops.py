"""Where the first JSON value of an output ends, found while the output is still being written.

The strict parser reads with this same scanner, so the stop rule and the scorer cannot disagree. Imports no framework.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto

from edgejson_bench.records import FinishReason

MAX_DEPTH = 200
"""Deepest nesting that is read. Fixed here because the interpreter's own limit differs between versions and callers."""

_CLOSER = {"{": "}", "[": "]"}
_BRACKET_OR_QUOTE = re.compile(r'(?:[^"{}\[\]]*+"(?:[^"\\]++|\\.)*+")*+[^"{}\[\]]*+(["{}\[\]])', re.DOTALL)
"""Up to the next bracket, past strings that end in the same chunk, or up to the quote of one that does not."""
_QUOTE_OR_ESCAPE = re.compile(r'["\\]')


class _State(Enum):
    """What the next character is read as."""

    BLANK = auto()
    """White space before anything else."""
    FENCE = auto()
    """The backticks of an opening code fence."""
    LANGUAGE = auto()
    """The fence's language word."""
    FENCED_BLANK = auto()
    """White space after the fence."""
    SEEK = auto()
    """Prose before the first ``{``."""
    VALUE = auto()
    """Inside the value, outside its strings."""
    STRING = auto()
    """Inside a string of the value."""
    ESCAPE = auto()
    """Right after a backslash in a string."""


class JsonEnd:
    """Finds the end of the first JSON value in a text that arrives in chunks of any size.

    White space and one opening code fence are skipped; the fence is a run of backticks and, if there is one, the
    language word right after it. If the text then begins with ``[``, the value is that array; otherwise it begins at
    the first ``{``, wherever that is. The value ends with the bracket that closes it, or with the bracket that breaks
    it: one that closes what was not open, or one that opens level ``MAX_DEPTH`` + 1. Brackets in strings don't count.

    The cost is linear in the length of the text.
    """

    def __init__(self) -> None:
        self.start: int | None = None
        """Offset of the value's opening bracket, over everything fed; None until it is seen."""
        self.end: int | None = None
        """Offset just past the bracket that ended the value, over everything fed; None until it is seen."""
        self.is_array = False
        """The value is an array, so the text holds no object."""
        self.problem: str | None = None
        """How the value was broken: ``invalid_json`` (mismatched bracket) or ``too_deep``."""
        self._state = _State.BLANK
        self._closers: list[str] = []
        self._fed = 0

    def feed(self, chunk: str) -> int | None:
        """Read on. Returns ``end``: the offset where the first value is over, None while it is not.

        Chunks after the end are ignored and return the same offset.
        """
        position = 0
        while self.end is None and position < len(chunk):
            if self._state is _State.VALUE:
                position = self._read_value(chunk, position)
            elif self._state is _State.STRING:
                position = self._read_string(chunk, position)
            elif self._state is _State.ESCAPE:
                position, self._state = position + 1, _State.STRING
            elif self._state is _State.SEEK:
                found = chunk.find("{", position)
                position = len(chunk) if found < 0 else self._begin(chunk, found)
            else:
                position = self._read_lead(chunk, position)
        self._fed += len(chunk)
        return self.end

    def _begin(self, chunk: str, position: int) -> int:
        self.start = self._fed + position
        self.is_array = chunk[position] == "["
        self._closers.append(_CLOSER[chunk[position]])
        self._state = _State.VALUE
        return position + 1

    def _read_lead(self, chunk: str, position: int) -> int:
        """One character before the value; the first one that fits no state is read again by the state it leads to."""
        char = chunk[position]
        if self._state is _State.BLANK and char == "`":
            self._state = _State.FENCE
        elif self._state is _State.FENCE and char != "`":
            self._state = _State.LANGUAGE
            return position
        elif self._state is _State.LANGUAGE and not char.isalnum():
            self._state = _State.FENCED_BLANK
            return position
        elif self._state in (_State.BLANK, _State.FENCED_BLANK) and not char.isspace():
            if char == "[":
                return self._begin(chunk, position)
            self._state = _State.SEEK
            return position
        return position + 1

    def _read_value(self, chunk: str, position: int) -> int:
        match = _BRACKET_OR_QUOTE.match(chunk, position)
        if match is None:
            return len(chunk)
        char, position = match[1], match.end()
        if char == '"':
            self._state = _State.STRING
        elif char in _CLOSER:
            if len(self._closers) == MAX_DEPTH:
                self._finish(position, "too_deep")
            self._closers.append(_CLOSER[char])
        elif self._closers.pop() != char:
            self._finish(position, "invalid_json")
        elif not self._closers:
            self._finish(position, None)
        return position

    def _read_string(self, chunk: str, position: int) -> int:
        match = _QUOTE_OR_ESCAPE.search(chunk, position)
        if match is None:
            return len(chunk)
        self._state = _State.VALUE if match[0] == '"' else _State.ESCAPE
        return match.end()

    def _finish(self, position: int, problem: str | None) -> None:
        self.end = self._fed + position
        self.problem = problem


class Stops:
    """Whether a token was an answer's last one: an end token first, then the end of its JSON value, then its budget.

    Args:
        end_tokens: ids that end an answer; none where only the budget may.
        budget: new tokens that an answer may have, the end token included.
        piece: the text of one token id by itself, empty for special tokens; None where no JSON value ends an answer.
    """

    def __init__(self, end_tokens: frozenset[int], budget: int, piece: Callable[[int], str] | None) -> None:
        self._end_tokens = end_tokens
        self._left = budget
        self._piece = piece
        self._scanner = JsonEnd()

    def take(self, token: int) -> FinishReason | None:
        """Count the next token; why the answer is over, None while it is not."""
        self._left -= 1
        if token in self._end_tokens:
            return "eos"
        if self._piece is not None and self._scanner.feed(self._piece(token)) is not None:
            return "json_end"
        return None if self._left > 0 else "length"
