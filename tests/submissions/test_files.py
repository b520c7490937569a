"""Submissions on disk, read as untrusted input: every broken file is one line with its place."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft7Validator

from edgejson_bench import submission_files
from edgejson_bench.errors import SubmissionError
from edgejson_bench.models.rules import Rules
from edgejson_bench.submission_files import first_problem, load, load_all, slug, unpack_completions
from tests.submissions.edits import edited, set_, write
from tests.submitted import run, scripted

SCHEMA = json.loads(Path(submission_files.__file__).with_name("submission_schema.json").read_text(encoding="utf-8"))


def replaced(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"

BROKEN_TEXT = {
    "empty": (lambda _: "", "the file is empty"),
    "no mapping": (lambda _: "- 1\n", "top level: .* is not of type 'object'"),
    "syntax": (lambda _: "board: [1,\n", "line 2: not valid YAML"),
    "control character": (lambda text: text + "#\x07\n", "not valid YAML"),
    "two documents": (lambda text: f"{text}---\n{text}", "more than one YAML document"),
    "duplicate key": (replaced("submitter:", "kind: measured\nsubmitter:"), "kind: the key is there twice"),
    "duplicate inner key": (
        replaced("  split: test\n", "  split: test\n  split: test\n"),
        "board.split: the key is there",
    ),
    "alias bomb": (lambda text: BOMB + text, "a: anchors are not allowed"),
    "alias": (replaced("submitter: A. Tester", "submitter: *kind"), "submitter: aliases are not allowed"),
    "tag": (
        replaced("submitter: A. Tester", "submitter: !!python/object/apply:os.getcwd []"),
        "submitter: tags are not allowed, here is 'tag:yaml.org,2002:python/object/apply:os.getcwd'",
    ),
    "harmless tag": (replaced("examples: 6", "examples: !!int 6"), "board.examples: tags are not allowed"),
    "not a number": (replaced("value: 0.833333", "value: .nan"), "results.form.overall.json_exact.value: '.nan'"),
    "infinite": (replaced("value: 0.833333", "value: -.inf"), "results.form.overall.json_exact.value: '-.inf'"),
    "overflowing": (replaced("value: 0.833333", "value: 1.0e+999"), "results.form.overall.json_exact.value: "),
    "octal": (replaced("examples: 6", "examples: 06"), "board.examples: '06' is not a value"),
    "yes": (replaced("chat: false", "chat: no"), "settings.chat: 'no' is not a value"),
    "number as key": (replaced("submitter:", "3: x\nsubmitter:"), "a key must be text, not 3"),
    "deep": (replaced("submitter: A. Tester", f"submitter: {'[' * 99}{']' * 99}"), "nested deeper than 16 levels"),
    "merge key": (replaced("submitter:", "<<: {kind: measured}\nsubmitter:"), "'<<': unknown key"),
    "large": (lambda text: text + "# " + "x" * 2**21, "is larger than 2 MiB"),
}


@pytest.mark.parametrize(("edit", "message"), BROKEN_TEXT.values(), ids=BROKEN_TEXT)
def test_broken_yaml_is_one_line_with_its_place(written: Path, edit: Callable[[str], str], message: str):
    written.write_text(edit(written.read_text(encoding="utf-8")), encoding="utf-8")
    assert_refused(written, message)


BROKEN_RECORD = {
    "unknown key": (set_("rank")(1), "rank: unknown key"),
    "unknown inner key": (set_("model", "level")("reproduced"), "model.level: unknown key"),
    "odd unknown key": (set_("model", "\x1b[31mred\n")(1), r"model.'\\x1b\[31mred\\n': unknown key"),
    "missing key": (lambda record: record.pop("latency"), "latency: is missing"),
    "missing inner key": (lambda record: record["model"].pop("revision"), "model.revision: is missing"),
    "other format": (set_("format_version")(2), "format_version: 1 was expected"),
    "true for 1": (set_("format_version")(True), "format_version: 1 was expected"),
    "other kind": (set_("kind")("reported"), "kind: 'measured' was expected"),
    "oracle": (set_("model", "kind")("oracle"), "model.kind: 'oracle' should not be valid"),
    "dirty code": (set_("environment", "code", "dirty")(True), "environment.code.dirty: True is not one of"),
    "above 1": (
        set_("results", "form", "overall", "json_exact", "value")(1.5),
        "results.form.overall.json_exact.value: 1.5 is greater than the maximum of 1",
    ),
    "number as text": (set_("counts", "cut")("0"), "counts.cut: '0' is not of type 'integer'"),
    "file elsewhere": (
        set_("completions", "file")("../../x.gz"),
        "completions.file: 'completions.jsonl.gz' was expected",
    ),
    "other number of completions": (set_("completions", "n")(7), "completions.n: is 7, board.examples is 6"),
    "other number of scores": (set_("counts", "examples")(7), "counts.examples: is 7, completions.n is 6"),
    "other styles": (set_("board", "styles")(["prose"]), r"board.styles: is \['prose'\], results has \['form'\]"),
    "errors without kinds": (set_("errors")({"truncated": 1}), "errors.truncated: unknown key"),
    "a kind that does not occur": (
        set_("errors", "kinds", "form")({"n": 1, "primary": {"type": 0}, "any": {}}),
        "errors.kinds.form.primary.type: 0 is less than the minimum of 1",
    ),
    "half a timing": (
        lambda record: record["latency"]["samples"][0].pop("decode_seconds"),
        r"latency.samples\[0\]: 'decode_seconds' is a dependency of 'prefill_seconds'|decode_seconds: is missing",
    ),
    "long text": (set_("submitter")("x" * 5000), "submitter: .* is too long"),
    "wrong sha": (
        set_("completions", "sha256")("0" * 64),
        "completions.sha256: completions.jsonl.gz has another sha256",
    ),
}


@pytest.mark.parametrize(("edit", "message"), BROKEN_RECORD.values(), ids=BROKEN_RECORD)
def test_a_broken_record_is_one_line_with_its_place(written: Path, edit: Callable[[Any], Any], message: str):
    assert_refused(edited(written, edit), message)


def test_missing_and_unreadable_files_are_one_line(written: Path):
    assert_refused(written.with_name("other.yaml"), "other.yaml: no such file")
    written.with_name("completions.jsonl.gz").unlink()
    assert_refused(written, "completions.file: there is no completions.jsonl.gz beside it")
    written.write_bytes(b"kind: \xff\n")
    assert_refused(written, r"not UTF-8 \(byte 6\)")


def assert_refused(path: Path, message: str) -> None:
    with pytest.raises(SubmissionError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 400


def test_the_compiled_schema_refuses_exactly_what_jsonschema_refuses(written: Path):
    record = load(written).record
    reference, compiled = Draft7Validator(SCHEMA), jsonschema_rs.Draft7Validator(SCHEMA)
    chance = random.Random(0)
    changes = [(path, value) for path in _paths(record) for value in ODD]
    verdicts = set()
    for path, value in chance.sample(changes, 200):
        changed = copy.deepcopy(record)
        if value is ABSENT:
            inner = changed
            for part in path[:-1]:
                inner = inner[part]
            del inner[path[-1]]
        else:
            set_(*path)(value)(changed)
        verdict = reference.is_valid(changed)
        assert compiled.is_valid(changed) == verdict, (path, value)
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_a_name_that_ends_in_a_line_break_is_refused(written: Path):
    """Python's ``$`` in a pattern, and so jsonschema, would let it pass."""
    assert_refused(edited(written, set_("board", "split")("test\n")), r'board.split: "test\\n" does not match')


ABSENT = object()
ODD = [ABSENT, None, True, 0, 1, -1, 1.0, 0.5, 10**20, "", "a", "0" * 64, "🙂" * 101, [], {}, {"a": 1}]
ODD += [["form", "form"], [1, 1.0], "x" * 2001, "2026-01-01", "2026-13-01"]


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Of everything inside ``value``."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inside for found in ((*path, key), *_paths(each, (*path, key)))]


def test_what_the_compiled_schema_alone_refuses_is_refused_in_its_words(written: Path, monkeypatch: pytest.MonkeyPatch):
    record = load(written).record
    monkeypatch.setattr(submission_files, "Draft7Validator", lambda _: Draft7Validator({}))
    assert first_problem(record) is None
    assert first_problem(record | {"submitter": 3}) == 'submitter: 3 is not of types "null", "string"'
    half = first_problem(record | {"date": "\ud800"})
    assert half is not None
    assert half.startswith("top level: holds what is no JSON ('utf-8' codec can't encode character")


def test_the_schema_is_sound_and_closed():
    Draft7Validator.check_schema(SCHEMA)
    objects = list(_objects(SCHEMA))
    assert len(objects) > 15
    for place, schema in objects:
        assert schema.get("additionalProperties", True) is not True, place
        assert set(schema.get("required", [])) <= set(schema.get("properties", schema.get("required", []))), place


def _objects(schema: Any, place: str = "$"):
    if isinstance(schema, dict):
        if "object" in (kinds := schema.get("type", ())) or kinds == "object":
            yield place, schema
        for key, value in schema.items():
            yield from _objects(value, f"{place}.{key}")


# All submissions of a folder


def test_all_submissions_are_sorted_and_in_their_place(written: Path, tmp_path: Path):
    root = tmp_path / "submissions"
    write(run(tmp_path / "runs", Rules()), root)
    write(run(tmp_path / "runs", scripted(), protocol="v3.1"), root)
    board = written.parent.parent.name
    folders = [submission.folder for submission in load_all(root)]
    assert folders == [f"{board}/large-135m", f"{board}/rules", f"{board}.1/large-135m"]
    written.parent.rename(written.parent.with_name("renamed"))
    with pytest.raises(SubmissionError, match=r"lies in .*/renamed, by its board and model.name it belongs in .*large"):
        load_all(root)


def test_a_root_that_is_not_there_names_the_command(tmp_path: Path):
    with pytest.raises(SubmissionError, match="edgejson-bench submit RUN"):
        load_all(tmp_path / "submissions")


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("Maaza-MLM-135M-JSON-v1", "maaza-mlm-135m-json-v1"),
        ("../../etc/passwd", "etc-passwd"),
        ("SmolLM2 (Q4_1, dequantised)", "smollm2-q4_1-dequantised"),
        ("..", "unnamed"),
        ("模型", "unnamed"),
        ("a" * 90, "a" * 60),
    ],
)
def test_names_become_safe_folders(text: str, folder: str):
    assert slug(text) == folder


# Completions


def test_a_gzip_bomb_is_not_unpacked(written: Path, monkeypatch: pytest.MonkeyPatch):
    path = written.with_name("completions.jsonl.gz")
    monkeypatch.setattr(submission_files, "MAX_UNPACKED_BYTES", 500)
    with pytest.raises(SubmissionError, match="unpacks to more than"):
        unpack_completions(path)
    monkeypatch.setattr(submission_files, "MAX_PACKED_BYTES", 50)
    with pytest.raises(SubmissionError, match="is larger than"):
        unpack_completions(path)


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"x" * 999, mtime=0)[:-9]], ids=["empty", "text", "cut"]
)
def test_completions_that_are_no_gzip_are_named(tmp_path: Path, content: bytes):
    path = tmp_path / "completions.jsonl.gz"
    path.write_bytes(content)
    if not content:
        assert unpack_completions(path) == {}
        return
    with pytest.raises(SubmissionError, match="not a readable gzip file"):
        unpack_completions(path)
