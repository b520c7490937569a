"""Submissions: what is written, what is refused, and that claims are held against the completions."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from edgejson_bench import evaluate, submission_files, submissions
from edgejson_bench.errors import RunError, SubmissionError
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.rules import Rules
from edgejson_bench.runs import RunDirectory
from edgejson_bench.submission_files import Submission, load, load_all, slug, unpack_completions
from edgejson_bench.submission_yaml import dump
from edgejson_bench.tasks import Dataset
from tests.submitted import CLEAN_CODE, DATASET, LARGE, Scripted, example, run, scripted

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = json.loads((ROOT / "edgejson_bench" / "submission_schema.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of these tests are made from committed code, whatever the checkout's state."""
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


def write(directory: RunDirectory, root: Path, dataset: Dataset = DATASET, **words: Any) -> Path:
    return submissions.write(directory, dataset, root, **{"submitter": "A. Tester", "training_data": None, **words})


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one submission, of one wrong answer out of six. Shared by all tests: read only."""
    folder = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)
        directory = run(folder / "runs", scripted(wrong=1))
    write(directory, folder / "submissions", training_data="nothing of this")
    return folder / "submissions"


@pytest.fixture
def written(original: Path, tmp_path: Path) -> Path:
    """The YAML file of a copy of it, under ``tmp_path / "submissions"``."""
    shutil.copytree(original, tmp_path / "submissions")
    (path,) = (tmp_path / "submissions").glob("*/*/submission.yaml")
    return path


def edited(path: Path, edit: Callable[[dict[str, Any]], Any]) -> Path:
    """The YAML file with its content changed."""
    record = copy.deepcopy(load(path).record)
    edit(record)
    path.write_text(dump(record), encoding="utf-8")
    return path


# What is written


def test_a_run_becomes_a_submission_that_loads_and_follows_from_its_completions(written: Path, tmp_path: Path):
    fingerprint = evaluate.fingerprint(DATASET.split("test"), DATASET.tasks)
    assert written == tmp_path / "submissions" / f"little-{fingerprint[:8]}-v3" / "large-135m" / "submission.yaml"
    submission = load(written)
    record = submission.record
    assert record["board"] == {
        "data": "little",
        "fingerprint": fingerprint,
        "split": "test",
        "styles": ["form"],
        "examples": 6,
        "protocol": "v3",
    }
    assert record["model"] == {
        "name": "Large-135M",
        "id": "maker/Large-135M",
        "kind": "transformers",
        "revision": "a" * 40,
        "parameters": 134_515_008,
        "size_bytes": 269_060_552,
        "base": None,
        "base_revision": None,
        "adapter": False,
        "quantisation": None,
        "dtype": "float32",
        "license": "apache-2.0",
        "training_data": "nothing of this",
    }
    overall = record["results"]["form"]["overall"]
    assert overall["n"] == 6
    assert overall["json_exact"]["value"] == 0.833333
    assert overall["json_exact"]["count"] == 5
    assert record["results"]["form"]["tiers"]["complex"]["json_exact"]["value"] == 1.0
    assert record["environment"]["code"] == CLEAN_CODE
    assert record["environment"]["threads"] == 2
    assert record["latency"]["decode_tokens_per_second"] == 20.0
    assert len(record["latency"]["samples"]) == 3  # two simple queries and a complex one
    assert submissions.rescore(submission, DATASET) == []


def test_the_report_is_not_trusted(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted(wrong=6))
    report = directory.report
    assert report is not None
    report["results"]["form"]["overall"]["json_exact"]["value"] = 1.0
    (directory.path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    record = load(write(directory, tmp_path / "submissions")).record
    assert record["results"]["form"]["overall"]["json_exact"]["value"] == 0.0


def test_completions_are_sorted_and_packed_without_name_or_time(written: Path):
    packed = written.with_name("completions.jsonl.gz").read_bytes()
    assert packed[3] == 0, "no file name in the header"
    assert packed[4:8] == bytes(4), "no time in the header"
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    assert [row["example_id"] for row in rows] == sorted(row["example_id"] for row in rows)
    assert all(list(row) == sorted(row) for row in rows)
    assert load(written).record["completions"] == {
        "file": "completions.jsonl.gz",
        "sha256": hashlib.sha256(packed).hexdigest(),
        "n": 6,
    }


def test_the_same_run_gives_the_same_bytes_and_is_written_twice_without_harm(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted(wrong=2))
    first = write(directory, tmp_path / "one")
    again = write(directory, tmp_path / "two")
    assert write(directory, tmp_path / "one") == first
    for name in ("submission.yaml", "completions.jsonl.gz"):
        assert first.with_name(name).read_bytes() == again.with_name(name).read_bytes()
    assert sorted(path.name for path in first.parent.iterdir()) == ["completions.jsonl.gz", "submission.yaml"]


def test_failed_completions_are_submitted_and_counted(tmp_path: Path):
    model = Scripted(LARGE, {}, fails_on=[e.id for e in DATASET.split("test")])
    record = load(write(run(tmp_path / "runs", model), tmp_path / "submissions")).record
    assert record["counts"] == {
        "examples": 6,
        "parsed": 0,
        "unparsed": 6,
        "cut": 0,
        "failed": 6,
        "finish": {"error": 6},
    }
    assert record["latency"]["end_to_end_seconds"] is None
    assert record["latency"]["failed"] == 3


def test_rules_may_be_submitted(tmp_path: Path):
    submission = load(write(run(tmp_path / "runs", Rules()), tmp_path / "submissions"))
    assert submission.record["model"]["kind"] == "rules"
    assert submission.record["results"]["form"]["overall"]["json_exact"]["count"] == 6
    assert submissions.rescore(submission, DATASET) == []


@pytest.mark.parametrize("protocol", ["v3", "v3-chat", "v3.1"])
def test_every_protocol_rescores(tmp_path: Path, protocol: str):
    submission = load(write(run(tmp_path / "runs", scripted(wrong=1), protocol=protocol), tmp_path / "submissions"))
    assert submission.path.parent.parent.name.endswith(f"-{protocol}")
    assert submissions.rescore(submission, DATASET) == []


def test_lone_surrogates_in_a_completion_survive(tmp_path: Path):
    answers = dict.fromkeys((e.id for e in DATASET.split("test")), '{"code": "\ud800"}')
    path = write(run(tmp_path / "runs", Scripted(LARGE, answers)), tmp_path / "submissions")
    completions = unpack_completions(path.with_name("completions.jsonl.gz"))
    assert {completion.text for completion in completions.values()} == {'{"code": "\ud800"}'}


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


# What is refused before anything is written


def limited(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", scripted(), limit=3)


def incomplete(tmp_path: Path) -> RunDirectory:
    directory = run(tmp_path / "runs", scripted())
    (directory.path / "report.json").unlink()
    return directory


def short_of_one(tmp_path: Path) -> RunDirectory:
    directory = run(tmp_path / "runs", scripted())
    path = directory.path / "completions.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    return directory


def mock(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", Mock())


def oracle(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "runs", scripted(kind="oracle", name="oracle-rambling"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (limited, "is limited to 3 examples"),
        (incomplete, "is not complete"),
        (short_of_one, "completions: 'parcel-1' is missing"),
        (mock, "'mock' is given its answers"),
        (oracle, "'oracle-rambling' is given its answers"),
    ],
)
def test_runs_that_cannot_back_a_row_are_refused(tmp_path: Path, make: Callable[[Path], RunDirectory], message: str):
    with pytest.raises(SubmissionError, match=message) as caught:
        write(make(tmp_path), tmp_path / "submissions")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "submissions").exists()


def test_a_run_of_uncommitted_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluate, "code_state", lambda: {**CLEAN_CODE, "dirty": True})
    with pytest.raises(SubmissionError, match="uncommitted changes"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "submissions")


def test_an_installed_package_has_no_commit_and_may_submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluate, "code_state", lambda: {**CLEAN_CODE, "commit": None, "dirty": None})
    assert load(write(run(tmp_path / "runs", scripted()), tmp_path / "submissions"))


def test_other_data_is_refused(tmp_path: Path):
    other = replace(DATASET, splits={"test": (example("lamp-1", {"room": "Cellar", "lit": True}),)})
    with pytest.raises(RunError, match="give the folder it was run on with --data"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "submissions", dataset=other)


def test_words_that_break_the_schema_are_refused(tmp_path: Path):
    directory = run(tmp_path / "runs", scripted())
    with pytest.raises(SubmissionError, match=r"cannot be submitted: submitter: .* is too long"):
        write(directory, tmp_path / "submissions", submitter="x" * 300)
    with pytest.raises(SubmissionError, match="cannot be submitted"):
        write(directory, tmp_path / "submissions", submitter="\ud800")


def test_another_submission_is_not_overwritten_unless_asked(tmp_path: Path):
    root = tmp_path / "submissions"
    first = write(run(tmp_path / "runs", scripted()), root)
    before = first.read_bytes()
    other = run(tmp_path / "runs", scripted(wrong=1, revision="b" * 40))
    with pytest.raises(SubmissionError, match=f"holds another submission .*model revision {'a' * 40}"):
        write(other, root)
    assert first.read_bytes() == before
    write(other, root, display_name="Large-135M (new)")
    assert len(load_all(root)) == 2
    assert write(other, root, replace=True) == first
    assert load(first).record["model"]["revision"] == "b" * 40


def test_an_unwritable_place_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SubmissionError, match="not writable"):
        write(run(tmp_path / "runs", scripted()), tmp_path / "file")


# What is refused on reading


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


def set_(*path: str | int) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    """``set_("model", "kind")(value)`` edits a record there."""

    def to(value: Any) -> Callable[[dict[str, Any]], None]:
        def edit(record: Any) -> None:
            for part in path[:-1]:
                record = record[part]
            record[path[-1]] = value

        return edit

    return to


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


# Claims against completions


CLAIMS = {
    "a better score": (
        set_("results", "form", "overall", "json_exact", "value")(1.0),
        "results.form.overall.json_exact.value: claims 1.0, it is 0.833333",
    ),
    "a narrower interval": (
        set_("results", "form", "overall", "field_f1", "ci95", 0)(0.9),
        "field_f1.ci95[0]: claims 0.9",
    ),
    "a task left out": (lambda record: record["results"]["form"]["tasks"].pop("lamp"), "tasks.lamp: claims None"),
    "a task made up": (
        lambda record: record["results"]["form"]["tasks"].update(car=record["results"]["form"]["tasks"]["lamp"]),
        "results.form.tasks.car: claims",
    ),
    "no cut outputs": (set_("counts", "finish")({"eos": 6}), "counts.finish.eos: claims 6"),
    "a faster median": (set_("latency", "end_to_end_seconds", "p50")(1e9), "latency.end_to_end_seconds.p50: claims"),
    "another stop rule": (set_("settings", "stop")("eos"), "settings.stop: claims 'eos', it is 'json_end'"),
    "an unknown protocol": (set_("board", "protocol")("v9"), "board.protocol: 'v9' is not known"),
    "other data": (set_("board", "fingerprint")("0" * 64), "board.fingerprint: "),
}


@pytest.mark.parametrize(("edit", "message"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim_that_does_not_follow_is_named(written: Path, edit: Callable[[Any], Any], message: str):
    submission = load(edited(written, edit))
    differences = submissions.rescore(submission, DATASET)
    assert any(message in difference for difference in differences), differences
    assert len(differences) <= 2


def test_a_published_budget_is_the_protocols(tmp_path: Path):
    path = write(run(tmp_path / "runs", scripted(), protocol="v3.1"), tmp_path / "submissions")
    submission = load(edited(path, set_("settings", "max_new_tokens", "lamp")(4096)))
    assert submissions.rescore(submission, DATASET) == ["settings.max_new_tokens.lamp: claims 4096, it is 512"]


def repacked(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> Submission:
    """A submission whose completions were changed, and their hash with them."""
    packed = path.with_name("completions.jsonl.gz")
    before = packed.read_bytes()
    packed.write_bytes(gzip.compress(b"".join(edit(gzip.decompress(before).splitlines(keepends=True)))))
    old, new = (hashlib.sha256(content).hexdigest() for content in (before, packed.read_bytes()))
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return load(path)


def test_exactly_the_boards_examples_must_be_answered(written: Path):
    submission = repacked(written, lambda lines: [lines[0].replace(b"lamp-1", b"lamp-9"), *lines[1:]])
    assert submissions.rescore(submission, DATASET) == [
        "completions: 'lamp-9' is no example of the board",
        "completions: 'lamp-1' is missing",
    ]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: [*lines, lines[0]], ":7: a second completion for 'lamp-1'"),
        (lambda lines: [b"[]\n", *lines], ":1: expected a JSON object, found list"),
        (lambda lines: [b"{\n", *lines], ":1: not a valid JSON line"),
        (lambda lines: [lines[0].replace(b":11,", b":NaN,"), *lines[1:]], ":1: not a valid JSON line .NaN is no JSON"),
        (lambda lines: [lines[0].replace(b'"text"', b'"words"'), *lines[1:]], ":1: unknown key 'words'"),
    ],
)
def test_broken_completions_are_named(written: Path, edit: Callable[[list[bytes]], list[bytes]], message: str):
    submission = repacked(written, edit)
    with pytest.raises(SubmissionError, match=message) as caught:
        submissions.rescore(submission, DATASET)
    assert "\n" not in str(caught.value)


def test_a_gzip_bomb_is_not_unpacked(written: Path, monkeypatch: pytest.MonkeyPatch):
    path = written.with_name("completions.jsonl.gz")
    monkeypatch.setattr(submission_files, "MAX_UNPACKED_BYTES", 500)
    with pytest.raises(SubmissionError, match="unpacks to more than"):
        unpack_completions(path)
    monkeypatch.setattr(submission_files, "MAX_PACKED_BYTES", 50)
    with pytest.raises(SubmissionError, match="is larger than"):
        unpack_completions(path)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"x" * 999)[:-9]])
def test_completions_that_are_no_gzip_are_named(tmp_path: Path, content: bytes):
    path = tmp_path / "completions.jsonl.gz"
    path.write_bytes(content)
    if not content:
        assert unpack_completions(path) == {}
        return
    with pytest.raises(SubmissionError, match="not a readable gzip file"):
        unpack_completions(path)
