"""What a leaderboard of many submissions takes: reading, ranking, each of its files, and the page in a browser.

The submissions are made in a temporary folder from one that ships: other names, sizes, machines and answers, with all
numbers computed from those answers, so that each could be verified. Making them is in no figure.
"""

from __future__ import annotations

import copy
import hashlib
import math
import os
import random
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import chromium_here
import common
import torch

from edgejson_bench.console import note
from edgejson_bench.errors import UsageError
from edgejson_bench.evaluate import score_completions
from edgejson_bench.leaderboard import figures, files, latex, markdown, page, plain, table
from edgejson_bench.protocols import gold_text
from edgejson_bench.records import Completion, Example, JsonObject, Score
from edgejson_bench.submission_files import COMPLETIONS, SUBMISSION, Submission, load, load_all, pack_completions
from edgejson_bench.submission_files import unpack_completions as unpack
from edgejson_bench.submission_yaml import dump
from edgejson_bench.submissions import computed_latency, computed_numbers
from edgejson_bench.tasks import Dataset, load_shipped
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import Verdict, exact_bits
from edgejson_bench.worst_answers import pick

DEFAULT_MODEL = common.ROOT / "submissions" / "edgejson-92a62fa7-v3" / "edge-135m"

PARAMETERS = (70e6, 135e6, 180e6, 360e6, 500e6)
MACHINES = 6
SORTS = 5
"""Acts of each kind that are timed in the browser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = ArgumentParser(description="What a leaderboard of many submissions takes.")
    flags.add_argument("--submissions", type=common.positive, default=1000, metavar="N", help="default: 1000")
    flags.add_argument(
        "--answer-sets",
        type=common.positive,
        default=100,
        metavar="N",
        help="different sets of answers, each scored, which the submissions share in turn (default: 100)",
    )
    flags.add_argument("--like", default=str(DEFAULT_MODEL), metavar="DIR", help="the submission to make them from")
    flags.add_argument("--seed", type=int, default=7, help="of the answers (default: 7)")
    flags.add_argument("--no-browser", action="store_true", help="leave the page in a browser out")
    flags.add_argument("--keep", metavar="DIR", help="make submissions and leaderboard there, and leave them")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments))


def _run(arguments: Namespace) -> None:
    if arguments.keep and Path(arguments.keep).exists():
        raise UsageError(f"--keep {arguments.keep}: is there already")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments.keep or temporary)
        root, out = folder / "submissions", folder / "leaderboard"
        note(f"making {arguments.submissions} submissions")
        make_submissions(load(Path(arguments.like)), load_shipped(), root, arguments)
        stages = measure_parts(root)
        stages.append(measure_command(root, out))
        sizes = {
            path.relative_to(out).as_posix(): path.stat().st_size for path in sorted(out.iterdir()) if path.is_file()
        }
        drawn = [path.stat().st_size for path in (out / figures.FOLDER).iterdir()]
        sizes[f"{figures.FOLDER}: {len(drawn)} files"] = sum(drawn)
        browser = {} if arguments.no_browser else measure_page(out / "index.html")
    shown = common.table(f"{arguments.submissions:,} submissions", "stage", "CPU s", "wall s")
    for stage in stages:
        shown.add_row(stage.name, f"{stage.cpu_seconds:.2f}", f"{stage.wall_seconds:.2f}")
    tables = [shown, _sizes(sizes)]
    if browser:
        tables.append(_page(browser))
    settings = {key: value for key, value in vars(arguments).items() if key not in ("like", "keep")}
    record = {
        "benchmark": "leaderboard_scale",
        "settings": settings,
        "stages": [vars(stage) for stage in stages],
        "bytes": sizes,
        "browser": browser or None,
    }
    common.report(tables, record, torch.device("cpu"))


@dataclass(frozen=True)
class Stage:
    """What one part took."""

    name: str
    cpu_seconds: float
    """Of this process or, for the whole command, of its processes: what else the machine does counts little."""
    wall_seconds: float


class Clock:
    """Stages in the order they were timed."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Times what is done inside."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.stages.append(Stage(name, time.process_time() - cpu, time.perf_counter() - wall))


def measure_command(root: Path, out: Path) -> Stage:
    """``edgejson-bench leaderboard`` as a user starts it: with its imports, and all processes that share its work."""
    before = os.times()
    seconds = common.run_command(("leaderboard", "--submissions", str(root.resolve()), "--out", str(out.resolve())))
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Stage("edgejson-bench leaderboard, whole", cpu, seconds)


def measure_parts(root: Path) -> list[Stage]:
    """The parts that the command consists of, one by one and all in this process; nothing is written."""
    clock = Clock()
    with clock.of("read and check submissions"):
        measured = load_all(root)
    with clock.of("read the ledger"):
        entries = ledger.read(root)
    with clock.of("rank"):
        boards = table.boards(measured, lambda submission: ledger.entry_of(submission, entries))
    with clock.of("texts of worst answers"):
        worst = files.worst_answers(boards, measured, entries)
    records = {one.folder: one.record for one in measured}
    renders: dict[str, Callable[[], Any]] = {
        "LEADERBOARD.md": lambda: markdown.render(boards),
        "leaderboard.json": lambda: plain.as_json(boards, ()),
        "leaderboard.csv": lambda: plain.as_csv(boards),
        "*.tex": lambda: latex.render(boards, ()),
        "index.html": lambda: page.render(boards, records, (), worst),
        "figures": lambda: list(figures.draw(boards, records)),
    }
    for name, render in renders.items():
        with clock.of(name):
            render()
    return clock.stages


def make_submissions(like: Submission, dataset: Dataset, root: Path, arguments: Namespace) -> None:
    """Write submissions like ``like``, a run on ``dataset``, and the ledger that says they were scored again."""
    chance = random.Random(arguments.seed)
    board = like.record["board"]
    examples = [example for example in dataset.split(board["split"]) if example.style in board["styles"]]
    right, wrong = _scored_answers(like, dataset, examples)
    difficulty = {example.id: chance.gauss(0, 1.5) for example in examples}
    count = arguments.submissions
    sets = [
        _answer_set(dataset, examples, right, wrong, difficulty, chance, board)
        for _ in range(min(arguments.answer_sets, count))
    ]
    verdicts = []
    for number in range(count):
        answers = sets[number % len(sets)]
        record = {**copy.deepcopy(like.record), **copy.deepcopy(answers.numbers)}
        size = round(chance.choice(PARAMETERS) * chance.uniform(0.9, 1.1))
        record["model"] |= {
            "name": f"Model {number:04d} ({size / 1e6:.0f}M)",
            "parameters": size,
            "size_bytes": 2 * size,
            "revision": hashlib.sha256(str(number).encode()).hexdigest(),
        }
        record["run"] = record["model"]["revision"]
        record["latency"] = _other_times(record["latency"], size, chance)
        record["completions"]["sha256"] = hashlib.sha256(answers.packed).hexdigest()
        folder = root / Submission(root, record).folder
        folder.mkdir(parents=True)
        (folder / COMPLETIONS).write_bytes(answers.packed)
        (folder / SUBMISSION).write_text(dump(record), encoding="utf-8")
        verdicts.append(
            Verdict(
                folder / SUBMISSION,
                "rescored",
                exact=answers.exact,
                worst=answers.worst,
                submission=Submission(folder / SUBMISSION, record),
            )
        )
    ledger.record(root, verdicts)


Answers = Mapping[str, tuple[Completion, Score]]
"""A completion and its score for each example."""


@dataclass(frozen=True)
class AnswerSet:
    """What a model of some ability answers."""

    packed: bytes
    numbers: JsonObject
    exact: dict[str, str]
    worst: tuple[Any, ...]


def _scored_answers(like: Submission, dataset: Dataset, examples: Sequence[Example]) -> tuple[Answers, list[Answers]]:
    """Right answers, and several kinds of wrong ones: each example is scored once for each."""
    completions = unpack(like.completions_path)
    spoil: list[Callable[[str], str]] = [
        lambda text: text,
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(": ", ": null, ", 1) if ": null" in text else text.replace(":", ': null, "x":', 1),
        lambda text: '{"answer": ' + text + "}",
    ]
    found = []
    for change in spoil:
        made = {}
        for example in examples:
            text = change(gold_text(example.gold))
            made[example.id] = replace(completions[example.id], text=text, finish_reason="json_end", error=None)
        scores = score_completions(dataset, examples, made, "strict")
        found.append({score.example_id: (made[score.example_id], score) for score in scores})
    return found[0], found[1:]


def _answer_set(
    dataset: Dataset,
    examples: Sequence[Example],
    right: Answers,
    wrong: Sequence[Answers],
    difficulty: Mapping[str, float],
    chance: random.Random,
    board: JsonObject,
) -> AnswerSet:
    """Right where ability outweighs difficulty, by a logistic law; else wrong in one of the ways."""
    ability = chance.gauss(-0.5, 2.0)
    chosen = []
    for example in examples:
        known = chance.random() < 1 / (1 + math.exp(difficulty[example.id] - ability))
        chosen.append((right if known else chance.choice(wrong))[example.id])
    scores = [score for _, score in chosen]
    return AnswerSet(
        packed=pack_completions(completion for completion, _ in chosen),
        numbers=computed_numbers(dataset, board["split"], examples, board["protocol"], scores),
        exact=exact_bits(scores),
        worst=pick(scores),
    )


def _other_times(latency: JsonObject | None, parameters: int, chance: random.Random) -> JsonObject | None:
    """The samples of another machine and size, and the summary that follows from them."""
    if latency is None:
        return None
    machine = chance.randrange(MACHINES)
    factor = parameters / 135e6 * (0.5 + machine / 3) * chance.uniform(0.8, 1.25)
    samples = [
        {key: round(factor * value, 6) if key.endswith("_seconds") else value for key, value in sample.items()}
        for sample in latency["samples"]
    ]
    hardware = {**latency["hardware"], "cpu": f"Processor {machine}"}
    return computed_latency({**latency, "samples": samples, "hardware": hardware})


ACTS = """async ([act, number]) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const heads = [...document.querySelector("table[data-style]").tHead.rows[0].cells];
  const filter = document.getElementById("filter");
  const type = (text) => { filter.value = text; filter.dispatchEvent(new Event("input")); };
  const acts = {
    sort: () => heads[(2 + number) % heads.length].querySelector("button").click(),
    filter: () => type(`00${number}`),
    clear: () => type(""),
    open: () => document.querySelectorAll(".open")[number].click(),
  };
  await painted();
  const start = performance.now();
  acts[act]();
  await painted();
  return performance.now() - start;
}"""
"""One act of a user, and the milliseconds until the next frame is there."""


def measure_page(file: Path, repeats: int = SORTS) -> dict[str, Any]:
    """What loading, sorting, filtering and opening a row take in headless Chromium: milliseconds until painted, and of
    them those that the page's main thread computed, which count what else the machine does little."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError("playwright is not installed (pip install -e '.[dev]'); or: --no-browser") from None
    with sync_playwright() as playwright:
        found = chromium_here.executable(playwright)
        if found is None:
            raise UsageError(f"{chromium_here.MISSING}; or: --no-browser")
        browser = playwright.chromium.launch(executable_path=found)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(1_800_000)
        tools = tab.context.new_cdp_session(tab)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})

        def computed() -> float:
            metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
            return 1000 * float(metrics["TaskDuration"])

        tab.goto(file.resolve().as_uri(), wait_until="load")
        loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        wall, cpu = {"load": [loaded]}, {"load": [computed()]}
        for number in range(repeats):
            for act in ("sort", "filter", "clear", "open"):
                before = computed()
                wall.setdefault(act, []).append(tab.evaluate(ACTS, [act, number]))
                cpu.setdefault(act, []).append(computed() - before)
        elements = tab.evaluate("document.querySelectorAll('*').length")
        version = browser.version
        browser.close()
    return {
        "chromium": version,
        "elements": elements,
        "milliseconds": {act: common.spread(samples) for act, samples in wall.items()},
        "main_thread_cpu_milliseconds": {act: common.spread(samples) for act, samples in cpu.items()},
    }


def _sizes(sizes: Mapping[str, int]) -> Any:
    shown = common.table("Files", "file", "kB")
    for name, size in sizes.items():
        shown.add_row(name, f"{size / 1e3:,.0f}")
    return shown


def _page(browser: Mapping[str, Any]) -> Any:
    title = f"The page in Chromium {browser['chromium']}, {browser['elements']:,} elements, 1280 x 900"
    shown = common.table(title, "act, until painted", "ms: median (range)", "of them the main thread's CPU")
    for act, values in browser["milliseconds"].items():
        shown.add_row(act, common.shown(values, 0), common.shown(browser["main_thread_cpu_milliseconds"][act], 0))
    return shown


if __name__ == "__main__":
    sys.exit(main())
