"""The fresh process: what goes over, what comes back, and how it is told that it died."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from edgejson_bench import process
from edgejson_bench.errors import ModelError, RunError, UsageError
from edgejson_bench.process import THREAD_VARIABLES, run_fresh

CHILD = "tests.latency.test_process"


def test_the_answer_comes_back_and_threads_are_set() -> None:
    found = run_fresh(CHILD, {"do": "answer", "text": "ä"}, threads=3)
    assert found["text"] == "ä"
    assert found["threads"] == ["3"] * len(THREAD_VARIABLES)
    assert found["process"] != os.getpid()
    assert Path(found["package"]) == Path(process.__file__)


@pytest.mark.parametrize("error", [ModelError, UsageError])
def test_a_refusal_keeps_its_class_and_text(error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^no such thing$"):
        run_fresh(CHILD, {"do": "refuse", "kind": error.__name__}, threads=1)


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ("SIGKILL", "was ended by SIGKILL before it had a result; most often the system was out of memory"),
        ("SIGSEGV", "was ended by SIGSEGV before it had a result"),
        ("exit", "ended with exit code 3 and no result; what it said is above"),
    ],
)
def test_a_death_is_one_line(do: str, told: str) -> None:
    with pytest.raises(RunError) as caught:
        run_fresh(CHILD, {"do": do}, threads=1)
    assert str(caught.value) == f"the measuring process {told}"


def child(folder: Path) -> None:
    request = process.read_request(folder)
    if request["do"] == "answer":
        variables = [os.environ[name] for name in THREAD_VARIABLES]
        told = {"text": request["text"], "threads": variables, "process": os.getpid(), "package": process.__file__}
        process.answer(folder, told)
    elif request["do"] == "refuse":
        process.refuse(folder, {"ModelError": ModelError, "UsageError": UsageError}[request["kind"]]("no such thing"))
    elif request["do"] == "exit":
        sys.exit(3)
    else:
        signal.signal(getattr(signal, request["do"]), signal.SIG_DFL) if request["do"] != "SIGKILL" else None
        os.kill(os.getpid(), getattr(signal, request["do"]))


if __name__ == "__main__":
    child(Path(sys.argv[1]))
