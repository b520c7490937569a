"""Fills frames with a gold's values and marks the words that say each leaf. It draws no golds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgejson_bench.errors import DataError
from edgejson_bench.generation.prose.frames import Frame, FrameFile, Part, Wording
from edgejson_bench.generation.prose.realisers import CAPITALISED, REALISERS, Habits, Spoken, Voice, habits
from edgejson_bench.generation.prose.template import Aside, Choice, Field, Optional, Series, Slot, Template, Text
from edgejson_bench.generation.slots import SLOTS
from edgejson_bench.generation.values import Values
from edgejson_bench.records import JsonObject
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.spellings import readings

_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
"""Marks around the words of a leaf while a text is put together; private characters that no value holds."""
_MARKED = re.compile(f"{_OPEN}(?P<leaf>[^{_MIDDLE}]*){_MIDDLE}(?P<words>[^{_CLOSE}]*){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Written:
    """A text and where it says what."""

    frame: str
    prompt: str
    evidence: dict[str, tuple[int, int]]
    """Start and end of the first mention of each leaf, by JSON pointer, in the gold's order."""


class _Absent(Exception):
    """A field of the template is not in the gold: no error, it drops an optional phrase."""


def write(file: FrameFile, split: str, schema: JsonObject, gold: JsonObject, v: Values) -> Written:
    """``gold`` as natural text, with the next frame of the split that suits it and says every leaf.

    Raises:
        DataError: no frame does; the message says what each one lacks.
    """
    wording = file.wordings[split]
    wanted = leaves(gold)
    faults = []
    order = list(wording.frames)
    first = v.deal(f"frames of {file.task}", order)
    for name in [first, *v.random.sample([name for name in order if name != first], len(order) - 1)]:
        frame = wording.frames[name]
        if any(gold.get(field) not in values for field, values in frame.when.items()):
            continue
        try:
            marked = _Writer(file, wording, v).fill(frame.template, _Place(gold, schema))
        except _Absent as absent:
            faults.append(f"{name}: {absent} is absent")
            continue
        except ValueError as exc:
            raise DataError(f"{file.task}.yaml: {split}.frames.{name}: {exc}") from None
        written = _unmark(frame, marked, wanted)
        missing = [pointer for pointer in wanted if pointer not in written.evidence]
        if not missing:
            return written
        faults.append(f"{name}: does not say {', '.join(missing[:3])}")
    raise DataError(f"{file.task}.yaml: no {split} frame suits {gold}: {'; '.join(faults)}")


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of the gold and where it is."""

    value: Any
    schema: Mapping[str, Any]
    pointer: str = ""
    field: str = ""
    """Dotted path without array indices: how the tables of words name it."""

    def at(self, path: str) -> _Place:
        """The value at a dotted path below this one."""
        if path == ".":
            return self
        place = self
        for key in path.split("."):
            if not isinstance(place.value, Mapping):
                raise ValueError(f"{{{path}}}: {place.pointer or 'the gold'} is no object")
            if key not in place.value:
                known = place.schema.get("properties")
                if known is not None and key not in known:
                    raise ValueError(f"{{{path}}}: the schema has no {key!r} at {place.pointer or 'the top'}")
                raise _Absent(f"{place.pointer}/{key}")
            place = place.member(key)
        return place

    def member(self, key: str) -> _Place:
        """One member of an object."""
        escaped = key.replace("~", "~0").replace("/", "~1")
        schema = self.schema.get("properties", {}).get(key, {})
        return _Place(self.value[key], schema, f"{self.pointer}/{escaped}", f"{self.field}.{key}".lstrip("."))

    def items(self) -> Iterator[_Place]:
        """The items of an array; they go by the array's own field name."""
        for index, item in enumerate(self.value):
            yield _Place(item, self.schema.get("items", {}), f"{self.pointer}/{index}", self.field)


class _Writer:
    """One person writing one text."""

    def __init__(self, file: FrameFile, wording: Wording, v: Values) -> None:
        self.file = file
        self.wording = wording
        self.v = v
        self.habits: Habits = habits(v)
        self.used: set[int] = set()

    def fill(self, template: Template, place: _Place) -> str:
        """The template as marked text."""
        parts = []
        for node in template:
            if isinstance(node, Text):
                parts.append(node.text)
            elif isinstance(node, Field):
                parts.append(self.field(node, place.at(node.path)))
            elif isinstance(node, Aside):
                parts.append(self.aside(node, place))
            elif isinstance(node, Slot):
                parts.append(self.slot(node))
            elif isinstance(node, Choice):
                parts.append(self.fill(self.v.pick(node.alternatives), place))
            elif isinstance(node, Series):
                parts.append(self.series(node, place))
            else:
                parts.append(self.optional(node, place))
        return "".join(parts)

    def optional(self, node: Optional, place: _Place) -> str:
        for alternative in node.alternatives:
            try:
                return self.fill(alternative, place)
            except _Absent:
                continue
        return ""

    def series(self, node: Series, place: _Place) -> str:
        members = [text for a in node.alternatives if (text := self.optional(Optional((a,)), place).strip())]
        if not members:
            raise _Absent(f"all of a series at {place.pointer or 'the top'}")
        if node.shuffled:
            self.v.random.shuffle(members)
        return _joined(members, node.join, node.last)

    def aside(self, node: Aside, place: _Place) -> str:
        if node.name not in self.wording.asides:
            raise ValueError(f"there are no asides named {node.name!r}")
        options = [aside for aside in self.wording.asides[node.name] if id(aside) not in self.used]
        if not options:
            raise ValueError(f"a frame asks for more asides {node.name!r} than there are")
        chosen = self.v.pick(options)
        self.used.add(id(chosen))
        return self.fill(chosen, place)

    def slot(self, node: Slot) -> str:
        if node.name not in SLOTS:
            raise ValueError(f"there is no slot named {node.name!r}")
        return str(SLOTS[node.name](self.v))

    def field(self, node: Field, place: _Place) -> str:
        name = node.realiser or self.default(place)
        if name in self.wording.parts:
            return self.part(self.wording.parts[name], place)
        if name == "list":
            return _joined([self.say("verbatim", (), item, False) for item in place.items()], ", ", " and ")
        if name == "pairs":
            return self.pairs(place, node.words)
        return self.say(name, node.words, place, node.capital)

    def part(self, part: Part, place: _Place) -> str:
        places = list(place.items()) if isinstance(place.value, list) else [place]
        return _joined([self.item(part, item) for item in places], part.join, part.last)

    def item(self, part: Part, place: _Place) -> str:
        """One item, by any template of the part that says all its leaves; by the fullest one, if none does."""
        wanted = set(leaves(place.value)) if isinstance(place.value, dict | list) else {""}
        best, most = None, -1
        for template in self.v.random.sample(part.templates, len(part.templates)):
            try:
                text = self.fill(template, place)
            except _Absent:
                continue
            said = {match["leaf"].removeprefix(place.pointer) for match in _MARKED.finditer(text)}
            if wanted <= said:
                return text
            if len(said) > most:
                best, most = text, len(said)
        if best is None:
            raise _Absent(place.pointer)
        return best

    def pairs(self, place: _Place, words: tuple[str, ...]) -> str:
        """Free-form members, each with its name as it is spelled in the object: ``wind_kmh 15``."""
        between = {"equals": "=", "colon": ": ", "is": " is "}[words[0]] if words else " "
        said = []
        for key in place.value:
            member = place.member(key)
            if isinstance(member.value, dict):
                said.append(f"{key} ({self.pairs(member, words)})")
            elif isinstance(member.value, list):
                said.append(f"{key}{between}{self.field(Field('.', 'list', (), False), member)}")
            else:
                name = "verbatim" if isinstance(member.value, str) else "plain"
                quote = '"' if name == "verbatim" and len(readings(member.value)) > 1 else ""  # "0047" is no number
                said.append(f"{key}{between}{quote}{self.say(name, (), member, False)}{quote}")
        return _joined(said, ", ", ", " if between == "=" else " and ")

    def say(self, name: str, words: tuple[str, ...], place: _Place, capital: bool) -> str:
        if name not in REALISERS:
            raise ValueError(f"{{{place.field}:{name}}}: no realiser and no part has that name")
        if isinstance(place.value, dict | list):
            raise ValueError(f"{{{place.field}:{name}}}: is an object or array; give it a part, list or pairs")
        phrases = self.file.phrases(place.field, words[0] if name in ("words", "signed") and words else None)
        try:
            spoken: Spoken = REALISERS[name](place.value, Voice(self.v, self.habits, words, phrases))
        except (ValueError, IndexError, TypeError) as exc:
            raise ValueError(f"{{{place.field}:{name}}}: {exc}") from None
        text = spoken.text
        if capital:
            if name not in CAPITALISED:
                raise ValueError(f"{{^{place.field}}}: what is given verbatim keeps its first letter")
            text = text[:1].upper() + text[1:]
        return f"{_OPEN}{place.pointer}{_MIDDLE}{text}{_CLOSE}{spoken.after}"

    def default(self, place: _Place) -> str:
        """The realiser that suits the schema, where a frame names none."""
        if self.file.phrases(place.field):
            return "words"
        kind = type(place.value)
        if kind is list:
            return "list"
        if kind is str:
            return {"date": "day", "date-time": "moment"}.get(place.schema.get("format", ""), "verbatim")
        if kind in (int, float):
            return "number"
        raise ValueError(f"{{{place.field}}}: say how it is written (a truth value needs words, an object a part)")


def _joined(texts: list[str], join: str, last: str) -> str:
    return texts[0] if len(texts) == 1 else join.join(texts[:-1]) + last + texts[-1]


def _unmark(frame: Frame, marked: str, wanted: Mapping[str, Any]) -> Written:
    """Tidy the white space that dropped phrases leave behind, then take the marks out."""
    marked = re.sub(r"[ \t]+\n", "\n", marked)
    marked = re.sub(r"\n{3,}", "\n\n", marked)
    marked = re.sub(r"(?<=\S) {2,}", " ", marked).strip()
    marked = re.sub(rf"\.{_CLOSE}\.(?!\.)", f".{_CLOSE}", marked)  # "signed Elijah C." ends its sentence itself
    evidence: dict[str, tuple[int, int]] = {}
    text, end = "", 0
    for match in _MARKED.finditer(marked):
        text += marked[end : match.start()]
        evidence.setdefault(match["leaf"], (len(text), len(text) + len(match["words"])))
        text += match["words"]
        end = match.end()
    ordered = {pointer: evidence[pointer] for pointer in wanted if pointer in evidence}
    return Written(frame.name, text + marked[end:], ordered)
