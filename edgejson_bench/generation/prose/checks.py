"""What a text in the prose style must satisfy: each leaf has its words, and the words read back as the leaf's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edgejson_bench.generation.prose.frames import FrameFile
from edgejson_bench.records import Example
from edgejson_bench.scoring.fields import leaves
from edgejson_bench.spellings import expresses


def faults(example: Example, file: FrameFile) -> list[str]:
    """Everything that is wrong with the evidence of one example, as short sentences; empty for a good one."""
    evidence = example.evidence or {}
    wanted = leaves(example.gold)
    found = [f"{pointer}: is said nowhere" for pointer in wanted if pointer not in evidence]
    found += [f"{pointer}: is no leaf of the gold" for pointer in evidence if pointer not in wanted]
    for pointer in wanted.keys() & evidence.keys():
        start, end = evidence[pointer]
        phrase, value = example.prompt[start:end], wanted[pointer]
        if not expresses(phrase, value, file.phrases(field_of(pointer))):
            found.append(f"{pointer}: {phrase!r} does not say {value!r}")
    return [*found, *_slips(_masked(example.prompt, evidence.values()))]


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with every value blotted out: what values look like is no slip of a frame."""
    for start, end in spans:
        text = text[:start] + "\u2588" * (end - start) + text[end:]
    return text


def field_of(pointer: str) -> str:
    """The dotted field of a JSON pointer, array indices left out: ``/items/0/price`` -> ``items.price``."""
    parts = (part for part in pointer.split("/")[1:] if not part.isdigit())
    return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _slips(text: str) -> Iterator[str]:
    """Traces of a frame that was filled badly."""
    for pattern, what in (
        (r"[{}]\w+[{}]", "a slot was not filled"),
        (r"(?<!\.)\.\.(?!\.)|,,|;;|,\.|;\.|\.,|:\.|: ?$", "punctuation left over"),
        (r" [,.;:!?](?=\s|$)", "space before punctuation"),
        (r"\(\s*\)|\[\s*\]|(?<!\S)\"[^\S\n]*\"(?!\S)", "empty brackets or quotes"),
        (r"\b([a-z]+) \1\b(?<!had had)", "a word twice"),
    ):
        if match := re.search(pattern, text):
            yield f"{what}: {text[max(0, match.start() - 20) : match.end() + 20]!r}"
