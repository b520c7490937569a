"""A run that was ended, by Ctrl-C or by ``kill -9``, ends up where an uninterrupted one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import cli, evaluate
from edgejson_bench.commands import evaluation
from edgejson_bench.errors import RunError
from edgejson_bench.models.mock import Mock
from edgejson_bench.records import Prompt
from edgejson_bench.runs import COMPLETIONS, LATENCY, REPORT, SCORES, RunDirectory
from tests.submitted import CLEAN_CODE, RIGHT, run

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = RIGHT | {"lamp-1": "no idea"}


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


class Counting(Mock):
    """A mock that knows what it was asked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(self.answer, **options)
        self.asked: list[str] = []

    def answer(self, prompt: Prompt) -> str:
        self.asked.append(prompt.example_id)
        return ANSWERS[prompt.example_id]


def results(directory: RunDirectory) -> dict[str, Any]:
    assert directory.report is not None
    return {key: directory.report[key] for key in ("results", "counts", "errors")}


@pytest.fixture
def uninterrupted(tmp_path: Path) -> RunDirectory:
    return run(tmp_path / "uninterrupted", Counting(), latency=False)


def same(directory: RunDirectory, uninterrupted: RunDirectory) -> bool:
    return (
        results(directory) == results(uninterrupted)
        and (directory.path / SCORES).read_bytes() == (uninterrupted.path / SCORES).read_bytes()
    )


@pytest.mark.parametrize("after", range(6))
def test_after_ctrl_c_the_same_run_goes_on_and_ends_the_same(
    tmp_path: Path, uninterrupted: RunDirectory, capsys: pytest.CaptureFixture[str], after: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Counting(interrupt_after=after), latency=False)
    (kept,) = tmp_path.glob("mock-*")
    assert not (kept / REPORT).exists()
    assert not (tmp_path / evaluate.LATEST).exists()
    capsys.readouterr()

    model = Counting()
    directory = run(tmp_path, model, latency=False)
    assert directory.path == kept
    assert model.asked == list(ANSWERS)[after:]
    assert (f"going on after {after} of 6 completions" in capsys.readouterr().err) is (after > 0)
    assert same(directory, uninterrupted)


def test_a_run_may_be_interrupted_again_and_again(tmp_path: Path, uninterrupted: RunDirectory) -> None:
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, Counting(interrupt_after=1), latency=False)
    assert same(run(tmp_path, Counting(), latency=False), uninterrupted)


def test_a_complete_run_asks_the_model_nothing_more(tmp_path: Path) -> None:
    first = run(tmp_path, Counting())
    files = {name: (first.path / name).read_bytes() for name in (COMPLETIONS, SCORES, REPORT, LATENCY)}
    model = Counting()
    again = run(tmp_path, model)
    assert model.asked == []
    assert {name: (again.path / name).read_bytes() for name in files} == files


def test_an_interrupted_latency_pass_is_made_again_and_the_completions_are_not(tmp_path: Path) -> None:
    class InterruptedWhenAlone(Counting):
        def generate(self, prompts: Iterable[Prompt], settings: Any) -> Any:
            if settings.batch_size == 1:
                raise KeyboardInterrupt
            return super().generate(prompts, settings)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, InterruptedWhenAlone())
    model = Counting()
    directory = run(tmp_path, model)
    assert directory.latency is not None
    assert len(model.asked) == 1 + directory.latency["n"]
    assert results(directory)["counts"]["examples"] == 6


def test_latency_may_be_measured_after_a_run_without(tmp_path: Path) -> None:
    without = run(tmp_path, Counting(), latency=False)
    assert without.report is not None
    assert without.report["latency"] is None
    measured = run(tmp_path, Counting())
    assert measured.path == without.path
    assert measured.report is not None
    assert measured.report["latency"]["n"] == 3


def test_completions_that_were_lost_after_the_report_are_made_again(
    tmp_path: Path, uninterrupted: RunDirectory
) -> None:
    directory = run(tmp_path, Counting(), latency=False)
    path = directory.path / COMPLETIONS
    path.write_bytes(path.read_bytes()[:-30])
    (directory.path / SCORES).unlink()
    assert same(run(tmp_path, Counting(), latency=False), uninterrupted)


def test_a_broken_line_in_the_middle_stops_the_run_and_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Counting(interrupt_after=3), latency=False, name="run")
    path = tmp_path / "run" / COMPLETIONS
    first, *rest = path.read_bytes().splitlines(keepends=True)
    broken = b"".join([first, b'{"example_id"\n', *rest])
    path.write_bytes(broken)
    with pytest.raises(RunError, match=rf"{COMPLETIONS}:2: not a valid JSON line"):
        run(tmp_path, Counting(), latency=False, name="run")
    assert path.read_bytes() == broken


# Processes

DRIVER = """
import os, sys
from pathlib import Path
from edgejson_bench import evaluate
from edgejson_bench.models.mock import Mock
from tests.submitted import CLEAN_CODE, RIGHT, run

evaluate.code_state = lambda: CLEAN_CODE
asked = 0

def answer(prompt):
    global asked
    asked += 1
    if asked > {after}:
        {end}
    return (RIGHT | {{"lamp-1": "no idea"}})[prompt.example_id]

run(Path(sys.argv[1]), Mock(answer), latency=False)
"""
KILLED = "os.kill(os.getpid(), 9)"
WAITING = "print('waiting', flush=True); sys.stdin.readline()"


def command(runs: Path, after: int, end: str) -> list[str]:
    return [sys.executable, "-c", DRIVER.format(after=after, end=end), str(runs)]


def test_after_kill_9_and_half_a_line_the_run_goes_on_and_ends_the_same(
    tmp_path: Path, uninterrupted: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = subprocess.run(command(tmp_path, 4, KILLED), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (path,) = tmp_path.glob(f"mock-*/{COMPLETIONS}")
    assert path.read_bytes().count(b"\n") == 4
    with path.open("ab") as file:
        file.write(b'{"example_id": "route-1", "text": "{\\"na')
    capsys.readouterr()

    model = Counting()
    directory = run(tmp_path, model, latency=False)
    assert directory.path == path.parent
    assert model.asked == ["route-1", "route-2"]
    said = " ".join(capsys.readouterr().err.split())
    assert "dropped a half-written last completion" in said
    assert "going on after 4 of 6 completions" in said
    assert same(directory, uninterrupted)


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, 2, WAITING), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == "waiting\n"
        with pytest.raises(RunError, match="another process is writing this run; wait for it or end it"):
            run(tmp_path, Counting(), latency=False)
        first.stdin.write("\n" * 6)
        first.stdin.close()
        first.wait(timeout=60)
    assert first.returncode == 0
    model = Counting()
    assert results(run(tmp_path, model, latency=False))["counts"]["examples"] == 6
    assert model.asked == []


def test_the_command_line_says_that_work_is_kept_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["run", "--model", "mock", "--task", "invoice", "--no-latency", "--runs", str(tmp_path)]
    for interrupt_after, code, said in [
        (2, 1, "interrupted; what was done is kept"),
        (None, 0, "going on after 2 of 10 completions"),
    ]:
        model = Mock(interrupt_after=interrupt_after)
        monkeypatch.setattr(evaluation, "load_model", lambda *_, model=model: model)
        assert cli.main(asked) == code
        assert said in capsys.readouterr().err


def test_a_real_interrupt_signal_ends_with_a_line_and_no_traceback(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from edgejson_bench import cli\nfrom edgejson_bench.commands import evaluation\n"
        "from edgejson_bench.models.mock import Mock\n"
        "def answer(prompt):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return '{}'\n"
        "evaluation.load_model = lambda *_: Mock(answer)\n"
        f"raise SystemExit(cli.main(['run', '--model', 'mock', '--runs', {str(tmp_path)!r}]))\n"
    )
    # a shell's background jobs ignore the signal, and Python keeps to that
    restore = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    ended = subprocess.run(
        [sys.executable, "-c", restore + script], cwd=ROOT, capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("edgejson-bench: interrupted")
