"""Frame files: loaded, checked against the language and against each other. One YAML file per task, beside this module.

Each holds ``words`` (phrases for enums, truth values and closed sets) and, under ``train`` and ``test``, ``frames``,
``parts`` (templates of nested objects and array items) and ``asides``. Nothing but ``words`` is shared by the splits.
Files in ``further`` hold more of what is under ``train``, for trainings that ask for it; no data that ships has any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from edgejson_bench.errors import DataError
from edgejson_bench.generation.prose.template import Template, TemplateError, parse
from edgejson_bench.spellings import Words, word_key
from edgejson_bench.tasks import SPLITS


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to write a whole text."""

    name: str
    """Unique within the task."""
    template: Template
    when: Mapping[str, tuple[Any, ...]]
    """Values of top-level fields that it suits; an empty table suits every gold whose fields it can say."""


@dataclass(frozen=True, slots=True)
class Part:
    """How a nested object, or each item of an array, is written."""

    templates: tuple[Template, ...]
    """Alternatives; an item takes any one that says all of its leaves."""
    join: str
    """Between two items."""
    last: str
    """Before the last one."""


@dataclass(frozen=True, slots=True)
class Wording:
    """All that one split's texts are written with."""

    frames: Mapping[str, Frame]
    parts: Mapping[str, Part]
    asides: Mapping[str, tuple[Template, ...]]


@dataclass(frozen=True, slots=True)
class FrameFile:
    """One task's frames."""

    task: str
    words: Mapping[str, Words]
    """Phrases by field: its dotted path without array indices; after a space the name of a set, if it has several."""
    wordings: Mapping[str, Wording]
    """By split."""

    def phrases(self, field: str, name: str | None = None) -> Words | None:
        """The phrases of one field: those of the named set, or all sets taken together; None if it has none."""
        if name is not None:
            return self.words.get(f"{field} {name}")
        merged: dict[str, tuple[str, ...]] = {}
        for key, words in self.words.items():
            if key.split(" ")[0] == field:
                for value, phrases in words.items():
                    merged[value] = (*merged.get(value, ()), *phrases)
        return merged or None


@cache
def load(task: str) -> FrameFile:
    """The frame file of a task.

    Raises:
        DataError: there is none, or it does not follow the format; the message names file and place.
    """
    file = resources.files(__package__) / "frames" / f"{task}.yaml"
    if not file.is_file():
        raise DataError(f"no frames for task {task}; write edgejson_bench/generation/prose/frames/{task}.yaml")
    return read(task, file.read_text(encoding="utf-8"))


@cache
def load_with_further(task: str) -> FrameFile:
    """The same with the task's further train frames, if it has any.

    Raises:
        DataError: as :func:`load`; or a name is in both files.
    """
    file = resources.files(__package__) / "further" / f"{task}.yaml"
    return add_further(load(task), file.read_text(encoding="utf-8")) if file.is_file() else load(task)


def add_further(file: FrameFile, source: str) -> FrameFile:
    """``file`` with the frames, parts and asides of ``source`` added to those of its train split.

    Raises:
        DataError: ``source`` does not follow the format or takes a name again; the message names file and place.
    """
    where = f"further/{file.task}.yaml"
    more, train = _wording(where, _yaml(where, source)), file.wordings["train"]
    added = {}
    for kind in ("frames", "parts", "asides"):
        old, new = getattr(train, kind), getattr(more, kind)
        if taken := sorted(old.keys() & new.keys()):
            raise DataError(f"{where}: {kind}.{taken[0]} is in {file.task}.yaml, too; give it another name")
        added[kind] = {**old, **new}
    together = replace(file, wordings={**file.wordings, "train": Wording(**added)})
    _check(where, together)
    return together


def read(task: str, source: str) -> FrameFile:
    """A frame file from its text.

    Raises:
        DataError: it does not follow the format; the message names file and place.
    """
    where = f"{task}.yaml"
    content = _yaml(where, source)
    _mapping(where, content, {"words", *SPLITS})
    words = {
        str(field): {
            word_key(value): _texts(f"{where}: words.{field}.{value}", phrases)
            for value, phrases in _mapping(f"{where}: words.{field}", table).items()
        }
        for field, table in _mapping(f"{where}: words", content.get("words", {})).items()
    }
    wordings = {split: _wording(f"{where}: {split}", content[split]) for split in SPLITS if split in content}
    file = FrameFile(task, words, wordings)
    _check(where, file)
    return file


def _yaml(where: str, source: str) -> Any:
    try:
        return yaml.safe_load(source)
    except yaml.YAMLError as exc:
        raise DataError(f"{where}: not YAML ({' '.join(str(exc).split())})") from None


def _wording(where: str, content: Any) -> Wording:
    _mapping(where, content, {"frames", "parts", "asides"})
    frames = {}
    for name, entry in _mapping(f"{where}.frames", content.get("frames", {})).items():
        if isinstance(entry, str):
            entry = {"text": entry}
        _mapping(f"{where}.frames.{name}", entry, {"text", "when"})
        suits = _mapping(f"{where}.frames.{name}.when", entry.get("when", {}))
        when = {str(field): tuple(values) for field, values in suits.items()}
        frames[str(name)] = Frame(str(name), _template(f"{where}.frames.{name}", entry.get("text")), when)
    parts = {}
    for name, entry in _mapping(f"{where}.parts", content.get("parts", {})).items():
        if isinstance(entry, list):
            entry = {"texts": entry}
        _mapping(f"{where}.parts.{name}", entry, {"texts", "join", "last"})
        templates = tuple(_template(f"{where}.parts.{name}", text) for text in entry.get("texts", ()))
        join = entry.get("join", ", ")
        parts[str(name)] = Part(templates, join, entry.get("last", join if "join" in entry else " and "))
    asides = {
        str(name): tuple(_template(f"{where}.asides.{name}", text) for text in texts)
        for name, texts in _mapping(f"{where}.asides", content.get("asides", {})).items()
    }
    return Wording(frames, parts, asides)


def _check(where: str, file: FrameFile) -> None:
    splits = list(file.wordings.values())
    shared = set.intersection(*(set(wording.frames) for wording in splits)) if len(splits) > 1 else set()
    if shared:
        raise DataError(f"{where}: frame {min(shared)!r} is in both splits; each split has its own")
    for field in {key.split(" ")[0] for key in file.words}:
        holders: dict[str, str] = {}
        for value, phrases in (file.phrases(field) or {}).items():
            for phrase in phrases:
                if holders.setdefault(phrase.casefold(), value) != value:
                    other = holders[phrase.casefold()]
                    raise DataError(f"{where}: words.{field}: {phrase!r} stands for both {other!r} and {value!r}")


def _template(where: str, source: Any) -> Template:
    if not isinstance(source, str):
        raise DataError(f"{where}: must be a text, it is {source!r}")
    try:
        return parse(re.sub(r"\s+\Z", "", source))
    except TemplateError as exc:
        raise DataError(f"{where}: {exc}") from None


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise DataError(f"{where}: must be a list of texts (put words like on, no and yes in quotes), it is {value!r}")
    return tuple(value)


def _mapping(where: str, value: Any, keys: set[str] | None = None) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise DataError(f"{where}: must be a mapping, it is {value!r}")
    if keys is not None and (unknown := sorted(str(key) for key in set(value) - keys)):
        raise DataError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(keys))}")
    return value
