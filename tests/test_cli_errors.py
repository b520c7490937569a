"""The command line when something is wrong: one line that says what, the right exit code, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgejson_bench import cli, evaluate
from edgejson_bench.errors import UsageError
from tests.submitted import CLEAN_CODE

RULES = ("run", "--model", "rules", "--no-latency")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


def complaint(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """The one line that a command ends with, after checking that it is one and that the exit code is ``code``."""
    capsys.readouterr()
    assert cli.main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert "Traceback" not in captured.err
    assert [line.startswith("edgejson-bench: ") for line in lines] == [False] * (len(lines) - 1) + [True]
    return lines[-1].removeprefix("edgejson-bench: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*RULES, "--limit", "0"), "--limit 0: must be at least 1"),
        ((*RULES, "--limit", "-5"), "--limit -5: must be at least 1"),
        ((*RULES, "--batch-size", "0"), "--batch-size 0: must be at least 1"),
        ((*RULES, "--threads", "0"), "--threads 0: must be at least 1"),
        ((*RULES, "--task", "invioce"), "no task named 'invioce' in data set edgejson; did you mean invoice?"),
        ((*RULES, "--task", "zzz"), "known tasks: api_response, "),
        ((*RULES, "--tier", "hard"), "no tier named 'hard'; known tiers: simple, medium, complex"),
        ((*RULES, "--task", "invoice", "--tier", "simple"), "nothing to do"),
        (("tasks", "show"), "name the task, for example: edgejson-bench tasks show invoice"),
        (("tasks", "show", "invioce"), "did you mean invoice?"),
        (("tasks", "list", "invoice"), "did you mean: edgejson-bench tasks show invoice?"),
        (("generate", "--seed", "7"), "say with --out where to write it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_told_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in complaint(capsys, 2, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("dance",),
        ("run",),
        ("run", "--model", "rules", "--protocol", "v9"),
        ("run", "--model", "rules", "--split", "dev"),
        ("run", "--model", "rules", "--limit", "many"),
        ("run", "--model", "rules", "--nonsense"),
        ("tasks", "invoice"),
        ("score",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_parsed_exits_with_2_and_shows_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert captured.out == ""
    assert captured.err.startswith("usage: edgejson-bench")
    assert "error: " in captured.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tasks", "--data", "nowhere"), "nowhere: no such folder"),
        ((*RULES, "--data", "nowhere"), "nowhere: no such folder"),
        (("score", "nowhere"), "nowhere: no such run directory"),
        (("submit", "nowhere"), "nowhere: no such run directory"),
        (("leaderboard",), "submissions: no such folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_named_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in complaint(capsys, 1, *arguments)
    assert list(tmp_path.iterdir()) == []


# Data


def folder(path: Path, second_line: str, schema: object = None) -> Path:
    """A data folder of two records, with a schema of their task."""
    row = {"id": "t-1", "task": "tick", "style": "form", "prompt": "Tick", "gold": {"at": "noon"}}
    (path / "schemas" / "simple").mkdir(parents=True)
    content = {"type": "object", "properties": {"at": {"type": "string"}}} if schema is None else schema
    (path / "schemas" / "simple" / "tick.json").write_text(json.dumps(content))
    (path / "test.jsonl").write_text(json.dumps(row) + "\n" + second_line + "\n")
    return path


GOOD = json.dumps({"id": "t-2", "task": "tick", "style": "form", "prompt": "Tick", "gold": {}})


@pytest.mark.parametrize(
    ("second_line", "schema", "message"),
    [
        ('{"id": "t-2", ', None, "test.jsonl:2: not a valid JSON line"),
        ("[1, 2]", None, "test.jsonl:2: expected a JSON object, found list"),
        (GOOD.replace("t-2", "t-1"), None, "test.jsonl:2: id 't-1' is already used at"),
        (GOOD.replace('"gold"', '"goal"'), None, "test.jsonl:2: 'gold' must be an object, but is missing"),
        (GOOD, {"type": "objekt"}, "tick.json: no valid draft-07 schema at '/type'"),
        (GOOD, [], "tick.json: a schema must be a JSON object"),
    ],
    ids=["broken-json", "no-object", "doubled-id", "missing-key", "schema-that-is-none", "schema-that-is-a-list"],
)
def test_bad_data_is_named_by_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], second_line: str, schema: object, message: str
) -> None:
    data = folder(tmp_path / "data", second_line, schema)
    assert message in complaint(capsys, 1, *RULES, "--data", str(data))
    assert message in complaint(capsys, 1, "tasks", "--data", str(data))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_split_that_the_data_lacks_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder(tmp_path / "data", GOOD)
    said = complaint(capsys, 1, *RULES, "--data", str(data), "--split", "train")
    assert said == "data set data has no train split (it has test); choose one with --split"


def test_data_without_a_schema_cannot_be_asked_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder(tmp_path / "data", GOOD)
    (data / "schemas" / "simple" / "tick.json").unlink()
    rows = (data / "test.jsonl").read_text().replace('"task"', '"complexity": "simple", "task"')
    (data / "test.jsonl").write_text(rows)
    assert "the data has none for this task" in complaint(capsys, 1, *RULES, "--data", str(data))


# Models


@pytest.mark.torch
@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        ("nonsense", 2, "model 'nonsense' is neither a folder here nor of the form ORG/NAME"),
        ("./not/there", 2, "model './not/there' is neither a folder here"),
        ("not-there.gguf", 2, "not-there.gguf: no such file"),
        ("nobody/nothing", 1, "model 'nobody/nothing': the hub cannot be reached and nothing of it is cached here"),
        ("empty", 1, "empty: neither config.json nor adapter_config.json is there, so this is no model"),
        ("adapter", 1, "adapter: an adapter needs its base model; its config records none; name it with --base-model"),
        ("elsewhere", 1, "its config records '/home/somebody/base', which is no hub id and no folder here"),
    ],
)
def test_a_model_that_cannot_be_found_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spec: str, code: int, message: str
) -> None:
    for name, config in [("empty", None), ("adapter", {}), ("elsewhere", "/home/somebody/base")]:
        (tmp_path / name).mkdir()
        if config is not None:
            recorded = {"base_model_name_or_path": config} if config else {}
            (tmp_path / name / "adapter_config.json").write_text(json.dumps(recorded))
    assert message in complaint(capsys, code, "run", "--model", spec, "--limit", "1")
    assert not (tmp_path / "runs").exists()


# Run directories


def test_a_run_directory_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert "file: is a file, not a directory" in complaint(capsys, 1, *RULES, "--run-dir", "file")
    below = complaint(capsys, 1, *RULES, "--runs", "file/runs")
    assert "not writable (Not a directory); choose another --runs or --run-dir" in below


def test_a_run_directory_of_another_run_is_refused_by_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*RULES, "--run-dir", "mine", "--limit", "3"]) == 0
    before = (tmp_path / "mine" / "completions.jsonl").read_bytes()
    other = complaint(capsys, 1, *RULES, "--run-dir", "mine", "--limit", "4")
    assert other.startswith("mine: belongs to another run (different: data.examples, data.ids")
    assert "choose another --run-dir" in other
    model = complaint(capsys, 1, "run", "--model", "rules-schema-free", "--run-dir", "mine", "--limit", "3")
    assert "model.name" in model
    assert (tmp_path / "mine" / "completions.jsonl").read_bytes() == before


def test_a_folder_of_other_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("")
    assert "holds files but no manifest.json" in complaint(capsys, 1, *RULES, "--run-dir", "notes")
    assert "manifest.json: no such file" in complaint(capsys, 1, "score", "notes")


def test_a_broken_line_of_a_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RULES, "--run-dir", "mine", "--limit", "3"]) == 0
    path = tmp_path / "mine" / "completions.jsonl"
    first, _, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"{}\n" + third)
    for arguments in (("score", "mine"), ("submit", "mine"), (*RULES, "--run-dir", "mine", "--limit", "3")):
        if arguments[0] != "submit":  # refuses a limited run before it reads on
            assert "mine/completions.jsonl:2: " in complaint(capsys, 1, *arguments)
    assert "is limited to 3 examples" in complaint(capsys, 1, "submit", "mine")


def test_an_altered_manifest_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RULES, "--run-dir", "mine", "--limit", "3"]) == 0
    path = tmp_path / "mine" / "manifest.json"
    path.write_text(path.read_text().replace('"limited": true', '"limited": false'))
    for arguments in (("score", "mine"), ("submit", "mine")):
        assert "was altered after it was written" in complaint(capsys, 1, *arguments)


# Submissions and generated files


def test_models_that_know_the_answers_have_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--model", "mock", "--no-latency"]) == 0
    assert "'mock' is given its answers" in complaint(capsys, 1, "submit", "runs/latest")


def test_uncommitted_code_has_no_row(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE | {"dirty": True})
    assert cli.main(list(RULES)) == 0
    assert "uncommitted changes of code or tasks" in complaint(capsys, 1, "submit", "runs/latest")


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_where_nothing_can_be_written_the_place_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "submissions").mkdir()
    assert f"{out}: not writable (" in complaint(capsys, 1, "generate", "--out", out)
    assert "not writable (" in complaint(capsys, 1, "leaderboard", "--out", out)
    assert (tmp_path / "file").read_text() == ""


# How it is told


def test_debug_shows_where_it_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="did you mean invoice"):
        cli.main(["tasks", "show", "invioce", "--debug"])


def test_what_the_user_typed_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(capsys, 1, "tasks", "--data", "x\x1b[2J\u202etxt")
    assert said == "x\\x1b[2J\\u202etxt: no such folder"
