"""Forged and broken submissions: each is refused, with a line that names what is wrong with it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.errors import UsageError
from edgejson_bench.protocols import gold_text
from edgejson_bench.submission_files import COMPLETIONS
from edgejson_bench.tasks import Dataset
from edgejson_bench.verification.verdicts import Verdict, find, verify, verify_all
from tests.submissions.edits import edited, repacked, set_
from tests.submitted import DATASET, GOLDS

Edit = Callable[[Path], Any]


def little(_board: Any) -> Dataset:
    return DATASET


def record(*path: str | int) -> Callable[[Any], Edit]:
    """``record("model", "kind")(value)`` forges the YAML there."""

    def to(value: Any) -> Edit:
        return lambda file: edited(file, set_(*path)(value))

    return to


def changed(edit: Callable[[dict[str, Any]], Any]) -> Edit:
    return lambda file: edited(file, edit)


def text(old: str, new: str) -> Edit:
    """Forges the file's text, so that it need not be a valid record any more."""

    def edit(file: Path) -> None:
        content = file.read_text(encoding="utf-8")
        assert old in content
        file.write_text(content.replace(old, new, 1), encoding="utf-8")

    return edit


def answers(change: Callable[[dict[str, Any]], Any], example_id: str = "lamp-1") -> Edit:
    """Forges one completion, and the hash with it."""

    def lines(before: list[bytes]) -> list[bytes]:
        rows = [json.loads(line) for line in before]
        for row in rows:
            if row["example_id"] == example_id:
                change(row)
        return [json.dumps(row).encode() + b"\n" for row in rows]

    return lambda file: repacked(file, lines)


def right(row: dict[str, Any]) -> None:
    row["text"] = gold_text(GOLDS["parcel-1"])


def moved(file: Path) -> None:
    file.parent.rename(file.parent.with_name("another-model"))


def swapped_hash(file: Path) -> None:
    packed = file.with_name(COMPLETIONS)
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes()).replace(b"Hallway", b"Kitchen")))


FORGERIES: dict[str, tuple[Edit, str]] = {
    # numbers that do not follow
    "a better score": (
        record("results", "form", "overall", "json_exact", "value")(1.0),
        "results.form.overall.json_exact.value: claims 1.0, it is 0.833333",
    ),
    "a count that does not fit": (
        record("results", "form", "overall", "json_exact", "count")(6),
        "results.form.overall.json_exact.count: claims 6, it is 5",
    ),
    "a narrower interval": (
        record("results", "form", "overall", "json_exact", "ci95", 0)(0.8),
        "results.form.overall.json_exact.ci95[0]: claims 0.8",
    ),
    "a better tier": (
        record("results", "form", "tiers", "simple", "field_f1", "value")(1.0),
        "results.form.tiers.simple.field_f1.value: claims 1.0",
    ),
    "a worse task left out": (
        changed(lambda claims: claims["results"]["form"]["tasks"].pop("parcel")),
        "results.form.tasks.parcel: claims None",
    ),
    "fewer unparsed": (record("counts", "unparsed")(3), "counts.unparsed: claims 3, it is 0"),
    "a kinder error": (
        changed(lambda claims: claims["errors"]["kinds"]["form"].update(primary={"type": 1})),
        "errors.kinds.form.primary",
    ),
    "a faster median": (
        record("latency", "end_to_end_seconds", "p50")(0.001),
        "latency.end_to_end_seconds.p50: claims 0.001",
    ),
    "a faster rate": (
        record("latency", "decode_tokens_per_second")(900.0),
        "latency.decode_tokens_per_second: claims 900.0",
    ),
    # completions that are not those of the board
    "an example left out": (
        lambda file: repacked(file, lambda lines: lines[1:]),
        "completions: 'lamp-1' is missing",
    ),
    "an example made up": (
        answers(lambda row: row.update(example_id="lamp-7")),
        "completions: 'lamp-7' is no example of the board",
    ),
    "an example answered twice": (
        lambda file: repacked(file, lambda lines: [*lines, lines[0]]),
        "a second completion for 'lamp-1'",
    ),
    "an answer put right afterwards": (answers(right, "parcel-1"), "results.form.overall.json_exact.value: claims"),
    "completions exchanged without their hash": (swapped_hash, "completions.sha256: completions.jsonl.gz has another"),
    "completions gone": (lambda file: file.with_name(COMPLETIONS).unlink(), "completions.file: there is no"),
    "completions that are no gzip": (
        lambda file: file.with_name(COMPLETIONS).write_bytes(b"[]"),
        "completions.sha256: ",
    ),
    "a number that is none in a completion": (
        lambda file: repacked(file, lambda lines: [lines[0].replace(b":11,", b":NaN,"), *lines[1:]]),
        "NaN is no JSON",
    ),
    # what no run can hold
    "more tokens than the budget": (
        answers(lambda row: row.update(completion_tokens=10_000)),
        "completions: 'lamp-1': has more tokens than its task's budget",
    ),
    "no tokens": (answers(lambda row: row.update(completion_tokens=0)), "'lamp-1': answered with no token at all"),
    "open JSON that was closed": (
        answers(lambda row: row.update(text='{"room": "Hallway", "lit": true')),
        "'lamp-1': says that it was stopped where the JSON closed, and the JSON is open",
    ),
    "on and on behind the closed JSON": (
        changed(lambda claims: claims["counts"].update(finish={"json_end": 5, "eos": 1})),
        "counts.finish",
    ),
    "a day that is none": (record("date")("2026-02-30"), "date: '2026-02-30' is no day"),
    "a day to come": (record("date")("2999-01-01"), "date: 2999-01-01 has not come yet"),
    "an adapter that is none": (record("model", "adapter")(True), "model.adapter: is True, but model.kind is"),
    "a model without parameters": (record("model", "parameters")(None), "model.parameters: is missing"),
    "a prompt that nobody knows": (record("settings", "prompt")("secret"), "settings.prompt: 'secret' is not known"),
    "a budget for a task of other data": (
        record("settings", "max_new_tokens", "car")(9),
        "settings.max_new_tokens.car: is no task of the board",
    ),
    "a request shorter than its parts": (
        changed(lambda claims: claims["latency"]["samples"][0].update(end_to_end_seconds=0.1)),
        "latency.samples[0]: its parts take 0.750000 s, the whole 0.100000 s",
    ),
    "only the quick requests": (
        changed(lambda claims: claims["latency"]["samples"].pop()),
        "latency.samples: are of ",
    ),
    # boards
    "other data": (record("board", "fingerprint")("0" * 64), "board.fingerprint: data set little, split test, has"),
    "a protocol that nobody knows": (record("board", "protocol")("v9"), "board.protocol: 'v9' is not known"),
    "the folder of another model": (moved, "board: lies in "),
    # files that are no submissions
    "a level of one's own": (text("kind: measured\n", "kind: measured\nlevel: reproduced\n"), "level: unknown key"),
    "dirty code": (text("dirty: false", "dirty: true"), "environment.code.dirty: True is not one of"),
    "an oracle": (record("model", "kind")("oracle"), "model.kind: 'oracle' should not be valid"),
    "not a number": (text("value: 0.833333", "value: .nan"), "results.form.overall.json_exact.value: '.nan'"),
    "more than all": (
        record("results", "form", "overall", "json_exact", "value")(1.2),
        "results.form.overall.json_exact.value: 1.2 is greater than the maximum of 1",
    ),
    "a duplicate key": (text("submitter:", "kind: measured\nsubmitter:"), "kind: the key is there twice"),
    "a bomb of aliases": (text("format_version", "a: &a [x]\nb: [*a, *a]\nformat_version"), "anchors are not allowed"),
    "a tag that runs code": (
        text("submitter: A. Tester", "submitter: !!python/object/apply:os.getcwd []"),
        "submitter: tags are not allowed",
    ),
    "an empty file": (lambda file: file.write_text(""), "the file is empty"),
}


def test_the_honest_one_is_rescored(honest: Path) -> None:
    verdict = verify(honest, little)
    assert (verdict.level, verdict.problems, verdict.flags) == ("rescored", (), ())


@pytest.mark.parametrize(("forge", "line"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_refused_with_its_line(honest: Path, forge: Edit, line: str) -> None:
    folder = honest.parent.parent
    forge(honest)
    (verdict,) = (verify(path, little) for path in find([folder]))
    assert verdict.level is None
    assert any(line in problem for problem in verdict.problems), verdict.problems
    assert all("\n" not in problem and str(folder) not in problem[:20] for problem in verdict.problems)


def test_an_adapter_that_another_engine_computes_is_still_one(honest: Path) -> None:
    for key, value in {"kind": "openvino", "base": "base", "base_revision": "0" * 64}.items():
        record("model", key)(value)(honest)
    assert any("model.adapter: is False, but" in problem for problem in verify(honest, little).problems)
    record("model", "adapter")(True)(honest)
    assert verify(honest, little).problems == ()


def test_a_record_is_read_from_text_alone_and_never_runs_anything(honest: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text("submitter: A. Tester", f"submitter: !!python/object/apply:os.mkdir [{trap}]")(honest)
    assert verify(honest, little).level is None
    assert not trap.exists()


# What a person should look at


def test_answers_that_are_another_models_word_for_word_are_flagged(
    honest: Path, submitted: Callable[..., Path]
) -> None:
    copy = submitted(spec="maker/Other-135M", name="Other-135M", revision="b" * 40)
    first, second = verify_all([honest, copy], little)
    assert first.level == second.level == "rescored"
    assert first.flags == (f"completions: word for word those of {copy.parent.as_posix()}",)
    assert second.flags == (f"completions: word for word those of {honest.parent.as_posix()}",)


def test_one_model_under_two_names_is_no_copy(honest: Path, submitted: Callable[..., Path]) -> None:
    again = submitted(name="Large-135M again")
    assert [verdict.flags for verdict in verify_all([honest, again], little)] == [(), ()]


def test_a_copy_of_what_is_there_already_is_flagged_too(honest: Path, submitted: Callable[..., Path]) -> None:
    copy = submitted(spec="maker/Other-135M", name="Other-135M", revision="b" * 40)
    (verdict,) = verify_all([copy], little, others=verify_all([honest], little))
    assert verdict.flags == (f"completions: word for word those of {honest.parent.as_posix()}",)


def test_golds_character_by_character_are_flagged(honest: Path) -> None:
    golds = replace(
        DATASET,
        splits={
            name: tuple(
                replace(example, gold={"code": "none"}) if example.id == "parcel-1" else example for example in split
            )
            for name, split in DATASET.splits.items()
        },
    )
    verdict = verify(honest, lambda _: golds)
    assert verdict.flags == ("completions: every text is its gold, character by character",)


# Where submissions are


def test_paths_may_be_files_folders_and_folders_of_folders(honest: Path) -> None:
    root = honest.parent.parent.parent
    assert find([honest]) == find([honest.parent]) == find([root]) == find([root, honest]) == [honest]


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_no_submission_there_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=f"{name}: "):
        find([tmp_path / name])


def test_data_that_is_not_at_hand_is_one_line(honest: Path) -> None:
    def none_of_it(board: Any) -> Dataset:
        raise UsageError(f"board.data: {board['data']!r} is a data folder of somebody's; give its path with --data")

    verdict: Verdict = verify(honest, none_of_it)
    assert verdict.problems == ("board.data: 'little' is a data folder of somebody's; give its path with --data",)
