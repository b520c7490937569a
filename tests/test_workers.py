"""Work shared between processes: the same results in the same order, errors at their item, no process without need."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path

import pytest

from edgejson_bench import workers
from edgejson_bench.errors import RunError, SubmissionError
from edgejson_bench.workers import sharing


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "usable_cores", lambda: 2)


def process_of(number: int) -> tuple[int, int]:
    return number, os.getpid()


def collects(_: int) -> bool:
    return gc.isenabled()


def interrupt_is_ignored(_: int) -> bool:
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def refuse_seven(number: int) -> int:
    if number == 7:
        raise SubmissionError("seven: is refused")
    return number


def end_itself(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_a_trace(path: Path) -> None:
    if path.name == "0":
        raise SubmissionError("the first one")
    time.sleep(0.05)
    path.touch()


@pytest.mark.usefixtures("two_cores")
def test_many_items_go_to_other_processes_and_come_back_in_order():
    with sharing(workers.MANY) as share:
        results = list(share(process_of, range(100)))
        assert list(share(abs, [-3])) == [3]
        assert list(share(interrupt_is_ignored, [0])) == [True], "Ctrl-C is the parent's to tell"
    assert [number for number, _ in results] == list(range(100))
    assert 1 <= len({process for _, process in results} - {os.getpid()}) <= 2
    assert os.getpid() not in {process for _, process in results}


@pytest.mark.usefixtures("two_cores")
def test_cycles_are_not_looked_for_while_many_items_are_worked_on():
    with sharing(workers.MANY) as share:
        assert list(share(collects, [0])) == [False]
        assert not gc.isenabled()
    assert gc.isenabled()
    with sharing(1):
        assert gc.isenabled()


@pytest.mark.usefixtures("two_cores")
def test_who_had_the_collector_off_finds_it_off():
    gc.disable()
    try:
        with sharing(workers.MANY):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(("items", "cores"), [(workers.MANY - 1, 2), (workers.MANY, 1), (workers.MANY, None)])
def test_few_items_or_a_single_core_start_no_process(items: int, cores: int | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "usable_cores", lambda: cores)
    with sharing(items) as share:
        assert list(share(process_of, [1, 2])) == [(1, os.getpid()), (2, os.getpid())]


@pytest.mark.usefixtures("two_cores")
def test_an_error_comes_at_its_item_with_its_words():
    with sharing(workers.MANY) as share:
        results = share(refuse_seven, range(20))
        assert [next(results) for _ in range(7)] == list(range(7))
        with pytest.raises(SubmissionError, match=r"^seven: is refused$"):
            next(results)


@pytest.mark.usefixtures("two_cores")
def test_after_an_error_what_has_not_begun_is_dropped(tmp_path: Path):
    with pytest.raises(SubmissionError, match="the first one"), sharing(workers.MANY) as share:
        list(share(leave_a_trace, [tmp_path / str(number) for number in range(200)]))
    assert len(list(tmp_path.iterdir())) < 199


@pytest.mark.usefixtures("two_cores")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no such signal")
def test_a_process_that_is_killed_is_told_in_one_line():
    said = r"^a process that shared the work was ended.*start again$"
    with pytest.raises(RunError, match=said), sharing(workers.MANY) as share:
        list(share(end_itself, range(4)))
