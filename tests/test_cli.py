"""The command line when all goes well: what it prints where, and that its stages fit together. Nothing needs torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from edgejson_bench import __version__, cli, commands, evaluate
from edgejson_bench.errors import MissingExtra
from edgejson_bench.generation.splits import COUNTS
from edgejson_bench.models import engines, locate, resolve
from edgejson_bench.protocols import PROTOCOLS, PromptFormat
from edgejson_bench.runs import load_run
from edgejson_bench.tasks import load_shipped
from tests.submitted import CLEAN_CODE

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (
    *("tasks", "run", "score", "compare", "latency", "audit", "generate"),
    *("train", "card", "submit", "verify", "leaderboard"),
)
INVOICES = ("run", "--model", "rules", "--task", "invoice", "--no-latency")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands write into the folder they are started in; it is the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


Call = Callable[..., str]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command that must succeed and return its stdout."""

    def run_command(*arguments: str) -> str:
        capsys.readouterr()
        code = cli.main(arguments)
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return captured.out

    return run_command


class FourCharacters:
    """Stands for a tokenizer: four characters are a token."""

    def count_tokens(self, text: str) -> int:
        return -(-len(text) // 4)


@pytest.fixture
def tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "resolve_tokenizer", lambda *_: FourCharacters())


@pytest.fixture
def no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise MissingExtra("it needs a package; install it with: pip install the-package")

    monkeypatch.setattr(resolve, "resolve_tokenizer", missing)


# Help


def test_help_imports_nothing_but_the_standard_library() -> None:
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from edgejson_bench import cli\n"
        "try:\n"
        "    cli.main(['--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(loaded - set(sys.stdlib_module_names)), file=sys.stderr)\n"
        "print(sorted(name for name in sys.modules if name.startswith('edgejson_bench')), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    foreign, own = done.stderr.splitlines()
    assert foreign == "['edgejson_bench']"
    assert own == "['edgejson_bench', 'edgejson_bench.cli', 'edgejson_bench.errors']"
    for command in COMMANDS:
        assert f"\n    {command}" in done.stdout


def test_every_command_has_its_help_and_its_function(capsys: pytest.CaptureFixture[str]) -> None:
    (choices,) = [
        action.choices for action in cli.build_parser()._actions if isinstance(action.choices, dict)
    ]  # argparse has no public way to its subcommands
    assert tuple(choices) == COMMANDS
    for command in choices:
        assert callable(getattr(commands, command.replace("-", "_")))
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
        assert f"usage: edgejson-bench {command}" in capsys.readouterr().out


def test_names_that_the_help_repeats_are_the_real_ones() -> None:
    assert set(PROTOCOLS) == set(cli.PROTOCOL_NAMES)
    for prompt in get_args(PromptFormat):
        assert cli.build_parser().parse_args(["run", "--model", "m", "--prompt", prompt]).prompt == prompt
    assert (engines.TRANSFORMERS, *engines.ENGINES) == cli.ENGINE_NAMES
    for model in (*locate.WITHOUT_WEIGHTS, locate.SMOLLM2):
        assert model in cli.MODEL_HELP


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"edgejson-bench {__version__}\n"


def test_no_command_is_wrong_use_and_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "COMMAND" in capsys.readouterr().out


# tasks


def task_lines(text: str) -> list[str]:
    """Names of tasks in the order of a printed table."""
    words = [word for line in text.splitlines() for word in line.split()[:2]]
    return [word for word in words if word in COUNTS]


@pytest.mark.usefixtures("tokenizer")
def test_tasks_are_listed_by_complexity_in_tokens(call: Call) -> None:
    text = call("tasks")
    rows = json.loads(call("tasks", "--json"))
    assert rows["data"] == "edgejson"
    assert task_lines(text) == [row["task"] for row in rows["tasks"]]
    assert [row["tier"] for row in rows["tasks"]] == ["simple"] * 10 + ["medium"] * 10 + ["complex"] * 5
    both_styles = {task: (2 * train, 2 * test) for task, (train, test) in COUNTS.items()}
    assert {row["task"]: (row["train"], row["test"]) for row in rows["tasks"]} == both_styles
    for tier in ("simple", "medium", "complex"):
        leaves = [row["leaves"] for row in rows["tasks"] if row["tier"] == tier]
        assert leaves == sorted(leaves)
    assert "tok" in text
    assert ["25", "tasks", "1258", "316"] in [line.split() for line in text.splitlines()]
    assert "…" not in text  # a pipe is 80 columns wide, and nothing is cut
    for row in rows["tasks"]:
        assert row["schema_tokens"] == -(-row["schema_characters"] // 4)


@pytest.mark.usefixtures("no_tokenizer")
def test_without_a_tokenizer_lengths_are_in_characters_and_the_missing_package_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["tasks"]) == 0
    captured = capsys.readouterr()
    assert len(task_lines(captured.out)) == 25
    assert "chars" in captured.out
    assert "tok" not in captured.out
    assert "lengths are in characters" in captured.err
    assert "pip install the-package" in captured.err
    assert cli.main(["tasks", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["tasks"]
    assert {row["schema_tokens"] for row in rows} == {None}


@pytest.mark.usefixtures("no_tokenizer")
def test_a_tokenizer_that_was_asked_for_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tasks", "--tokenizer", "some/model"]) == 1
    assert "pip install the-package" in capsys.readouterr().err


def test_a_task_is_shown_with_schema_prompt_and_gold(call: Call) -> None:
    text = call("tasks", "show", "invoice")
    shown = json.loads(call("tasks", "show", "invoice", "--json"))
    task = load_shipped().task("invoice")
    assert shown["task"] == {"name": "invoice", "tier": "medium", "schema": task.schema}
    example = next(e for e in load_shipped().split("test") if e.task == "invoice")
    assert shown["example"]["id"] == example.id
    assert "invoice  (medium)" in text
    for part in (json.dumps(task.schema, indent=2, ensure_ascii=False), example.prompt):
        assert part in text
    assert json.loads(text[text.index("Gold\n") + len("Gold\n") :]) == example.gold


def test_a_task_without_test_examples_shows_a_train_one(call: Call) -> None:
    assert json.loads(call("tasks", "show", "event_registration", "--json"))["example"] is not None


# run and score


def test_a_run_prints_its_table_and_says_where_its_report_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--model", "rules", "--style", "form"]) == 0
    captured = capsys.readouterr()
    rows = [line.removeprefix("form").split() for line in captured.out.splitlines()]
    numbers = {row[0]: row[1] for row in rows if len(row) > 1}
    assert ["all", "158", "100.0"] in [row[:3] for row in rows]
    assert numbers | {"simple": "76", "medium": "57", "complex": "25"} == numbers
    assert numbers | {task: str(test) for task, (_, test) in COUNTS.items() if test} == numbers
    assert "…" not in captured.out
    assert "158 examples: 158 parsed, 0 unparsed, 0 cut at the token budget, 0 failed" in captured.out
    assert "latency, one request at a time (n=5)" in captured.out
    assert "limited" not in captured.out
    (report,) = tmp_path.glob("runs/rules-*/report.json")
    assert str(report.relative_to(tmp_path)) in captured.err.replace("\n", "")


def test_a_run_of_both_styles_prints_them_side_by_side_and_the_layout_gap(call: Call) -> None:
    text = call("run", "--model", "rules", "--no-latency")
    assert text == call("run", "--model", "rules", "--no-latency", "--style", "both")
    rows = [line.split() for line in text.splitlines()]
    assert ["form", "all", "158", "100.0"] in [row[:4] for row in rows]
    assert ["prose", "all", "158", "0.0"] in [row[:4] for row in rows]
    assert ["invoice", "5", "100.0", "1.000", "5", "0.0", "0.000"] in rows
    gap = ["+100.0", "[+96.6,", "+100.0]", "<0.001", "158/0", "of", "158", "+1.000", "[+1.000,", "+1.000]"]
    assert ["all", *gap] in rows
    assert "25/0 of 25" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "316 examples: 316 parsed" in text
    assert "limited" not in text


@pytest.mark.parametrize(
    ("selectors", "n"),
    [
        (["--tier", "complex"], 50),
        (["--tier", "complex", "--style", "prose"], 25),
        (["--tier", "simple", "--tier", "medium"], 266),
        (["--task", "invoice", "--task", "rating"], 24),
        (["--limit", "4"], 4),
        (["--split", "train", "--task", "nested_organization"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_selection_is_run_and_marked(call: Call, selectors: list[str], n: int) -> None:
    report = json.loads(call("run", "--model", "rules", "--no-latency", "--json", *selectors))
    assert report["counts"]["examples"] == n
    assert report["run"]["data"]["limited"] is True
    assert "a limited run" in call("run", "--model", "rules", "--no-latency", *selectors)


def test_json_of_run_and_score_is_the_report(tmp_path: Path, call: Call) -> None:
    ran = json.loads(call(*INVOICES, "--json"))
    (path,) = tmp_path.glob("runs/rules-*/report.json")
    before = path.read_bytes()
    assert ran == json.loads(before)
    assert json.loads(call("score", str(path.parent), "--json")) == ran
    assert json.loads(call("score", "runs/latest", "--json")) == ran
    assert path.read_bytes() == before


def test_score_prints_what_the_run_printed(call: Call) -> None:
    assert call(*INVOICES) == call("score", "runs/latest")


@pytest.mark.parametrize("name", ["mine", "mine/", "deep/below/mine", "."])
def test_a_run_goes_into_the_directory_that_is_named(tmp_path: Path, call: Call, name: str) -> None:
    (tmp_path / "start").mkdir()
    os.chdir(tmp_path / "start")
    call(*INVOICES, "--run-dir", name)
    call(*INVOICES, "--run-dir", name)
    assert load_run(tmp_path / "start" / name).report is not None
    assert len(list(tmp_path.rglob("manifest.json"))) == 1


def test_a_prompt_that_the_user_chose_is_recorded_as_such(call: Call) -> None:
    chosen = json.loads(call(*INVOICES, "--json", "--prompt", "published"))["run"]["protocol"]
    assert (chosen["prompt"], chosen["prompt_source"]) == ("published", "user")
    default = json.loads(call(*INVOICES, "--json"))["run"]["protocol"]
    assert (default["prompt"], default["prompt_source"]) == ("instruction", "protocol")


# generate


def test_generate_checks_what_ships(call: Call) -> None:
    checked = json.loads(call("generate", "--check", "--json"))
    assert checked["different"] == []


def test_generated_data_of_another_seed_can_be_checked_run_and_scored(
    tmp_path: Path, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    written = json.loads(call("generate", "--out", "mine", "--seed", "7", "--json"))
    assert len(written["files"]) == 75
    assert all(Path(path).is_file() for path in written["files"])
    call("generate", "--out", "mine", "--seed", "7", "--check")
    report = json.loads(call("run", "--data", "mine", "--model", "rules", "--no-latency", "--json"))
    assert report["results"]["form"]["overall"]["json_exact"]["count"] == 158
    assert report["run"]["data"]["name"] == "mine"
    assert json.loads(call("score", "runs/latest", "--data", "mine", "--json")) == report
    assert cli.main(["score", "runs/latest"]) == 2
    assert "give its path with --data" in capsys.readouterr().err
    assert cli.main(["score", "runs/latest", "--data", str(ROOT / "tasks")]) == 1
    assert "was run on data mine" in capsys.readouterr().err

    (tmp_path / "mine" / "simple" / "rating" / "test.jsonl").write_text("")
    assert cli.main(["generate", "--out", "mine", "--seed", "7", "--check", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["different"] == ["simple/rating/test.jsonl"]
    assert "1 files differ from what the generator writes: simple/rating/test.jsonl" in captured.err


# From run to row


def test_a_run_becomes_a_row(tmp_path: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("run", "--model", "rules")
    path = call("submit", "runs/latest", "--submitter", "A. Tester").strip()
    assert Path(path).is_file()
    assert json.loads(call("submit", "runs/latest", "--submitter", "A. Tester", "--json"))["submission"] == path
    assert call("verify", "--record").startswith("rescored  submissions/")
    assert "rules (no model)" in call("leaderboard")
    page = tmp_path / "leaderboard" / "LEADERBOARD.md"
    assert "| rules (*no model*) |" in page.read_text(encoding="utf-8")
    (board,) = json.loads(call("leaderboard", "--json"))["boards"]
    assert [row["model"] for row in board["styles"][0]["rows"]] == ["rules"]
    assert json.loads(call("leaderboard", "--check", "--json"))["different"] == []

    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    assert cli.main(["leaderboard", "--check", "--json"]) == 1
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["different"]) == 1
    assert captured.err.splitlines()[-1].startswith("edgejson-bench: ")
    assert page.read_text(encoding="utf-8").endswith("more\n")


# Pipes and streams


def process(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgejson_bench.cli", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize(
    "arguments",
    [["tasks", "show", "invoice"], ["tasks", "show", "invoice", "--json"], ["score", "runs/latest", "--json"]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_fault_to_talk_about(call: Call, arguments: list[str]) -> None:
    call(*INVOICES)
    reading, writing = os.pipe()
    os.close(reading)
    with process(*arguments, stdout=writing) as gone:
        os.close(writing)
        _, said = gone.communicate(timeout=60)
    assert gone.returncode == 1
    assert said == ""


def test_progress_and_notes_go_to_stderr_and_json_alone_to_stdout() -> None:
    with process(*INVOICES, "--json", stdout=subprocess.PIPE) as done:
        out, said = done.communicate(timeout=60)
    assert done.returncode == 0
    assert json.loads(out)["counts"]["examples"] == 10
    assert out.startswith("{\n")
    assert "rules: 10/10" in said
    assert "report: " in said
