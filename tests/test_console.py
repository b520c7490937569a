"""What people see while they wait: a bar on a terminal, plain lines elsewhere, and nothing that steers the terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench import console
from edgejson_bench.console import note, printable, progress

ROOT = Path(__file__).resolve().parents[1]


class Clock:
    """Stands for the time module."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(console, "time", made)
    return made


# Plain lines


def test_elsewhere_than_on_a_terminal_lines_tell_count_rate_and_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    work = {f"e-{n}": 1.0 for n in range(10)}
    with progress("quality", work) as advance:
        for number in range(10):
            clock.now += 10
            advance(f"e-{number}", 50)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "quality: 0/10",
        "quality: 2/10, 5 tok/s, 20 s, about 80 s left",
        "quality: 4/10, 5 tok/s, 40 s, about 60 s left",
        "quality: 6/10, 5 tok/s, 60 s, about 40 s left",
        "quality: 8/10, 5 tok/s, 80 s, about 20 s left",
        "quality: 10/10, 5 tok/s, 100 s, about 0 s left",
    ]


def test_lines_are_seldom_when_items_are_quick_and_the_last_one_is_told(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    work = {str(n): 1.0 for n in range(1000)}
    with progress("quick", work) as advance:
        for key in work:
            clock.now += 0.001
            advance(key, None)
    assert capsys.readouterr().err.splitlines() == ["quick: 0/1000", "quick: 1000/1000, 1 s, about 0 s left"]


def test_time_left_goes_by_work_and_not_by_number(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress("mixed", {"small": 1.0, "large": 99.0}) as advance:
        clock.now += 60
        advance("small", None)
    assert capsys.readouterr().err.splitlines()[-1] == "mixed: 1/2, 60 s, about 99 min left"


def test_what_was_there_before_counts_as_done_and_not_as_speed(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    work = {str(n): 1.0 for n in range(10)}
    with progress("resumed", work, done=list(work)[:8]) as advance:
        clock.now += 30
        advance("8", 30)
    assert capsys.readouterr().err.splitlines() == ["resumed: 8/10", "resumed: 9/10, 1 tok/s, 30 s, about 30 s left"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_exception_passes_through(error: type[BaseException]) -> None:
    with pytest.raises(error), progress("broken", {"a": 1.0}):
        raise error


# A terminal


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that the command line sends to a terminal of 100 columns."""
    outer, inner = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE")}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(
        [sys.executable, "-m", "edgejson_bench.cli", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
    ) as process:
        os.close(inner)
        sent = b""
        try:
            while block := os.read(outer, 65536):
                sent += block
        except OSError:
            pass  # Linux says so when the other side has closed
        finally:
            os.close(outer)
        return process.wait(timeout=60), sent.decode()


class Terminal(io.StringIO):
    """A terminal within this process."""

    def isatty(self) -> bool:
        return True


def test_a_resumed_bar_starts_where_the_run_was(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    for name, value in {"TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    work = {str(n): 1.0 for n in range(10)}
    with progress("resumed", work, done=list(work)[:8]) as advance:
        advance("8", 30)
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "8/10" in frames
    assert re.search(r"9/10 +\d+ tok/s +0:00:0\d +about \d+ s left", frames)


def test_on_a_terminal_there_is_a_bar_with_count_and_time(tmp_path: Path) -> None:
    code, sent = on_a_terminal("run", "--model", "rules", "--no-latency", "--runs", str(tmp_path / "runs"))
    assert code == 0, sent
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sent)
    assert text != sent  # it was drawn, not printed
    assert re.search(r"rules +━+ +316/316 +\d:\d\d:\d\d +about 0 s left", text)
    assert "316 examples: 316 parsed" in text
    assert "\nrules: " not in text  # no plain lines besides


# Text of others


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Zürich, 日本, 🙂", "plain, Zürich, 日本, 🙂"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("over\rwritten", "over\\rwritten"),
        ("back\x08space\x7f", "back\\x08space\\x7f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066isolated\u2069", "\\u2066isolated\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("line\u2028separator", "line\\u2028separator"),
        ("lone \ud800 half", "lone \\ud800 half"),
        ("\U000e0041 tag", "\\U000e0041 tag"),
    ],
)
def test_whatever_could_steer_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_printable_text_is_printable_and_stays_so(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() or character in "\n\t" for character in shown)
    assert printable(shown) == shown


def test_a_note_goes_to_stderr_on_one_line_without_markup_or_control(capsys: pytest.CaptureFixture[str]) -> None:
    message = "a [bold]long[/bold] note of \x1b[31m 42 " + "words " * 40
    note(message)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == message.replace("\x1b", "\\x1b") + "\n"
