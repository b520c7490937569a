"""What the harness takes of a quality pass, beside the model's own forward passes; how fast it scores and starts.

The model's calls inside a whole ``run`` are timed, and the rest is the harness: building prompts, tokenising, batching,
guessing, stop rules, parsing, scoring, writing. Commands are timed in fresh processes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import common
import torch

from edgejson_bench import evaluate
from edgejson_bench.console import note
from edgejson_bench.protocols import build_prompts, get_protocol, gold_text
from edgejson_bench.records import Completion, Example
from edgejson_bench.tasks import Dataset, load_shipped

TARGETS = {"harness_share": 0.03, "scored_examples_per_second": 5000.0, "help_seconds": 0.25}
COMMANDS = {"help": ("--help",), "leaderboard": ("leaderboard", "--check")}
SCORINGS = 5
"""Times that the test split is scored, for a median."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = ArgumentParser(description="What the harness takes of a quality pass, and how fast it scores and starts.")
    common.decoding_flags(flags, sample=16)
    flags.add_argument("--dtype", default="float32", help="of the model (default: float32)")
    flags.add_argument("--batch-size", type=common.positive, default=16, metavar="N", help="of the run (default: 16)")
    flags.add_argument("--repeats", type=common.positive, default=2, metavar="N", help="runs (default: 2)")
    flags.add_argument("--starts", type=common.positive, default=10, metavar="N", help="processes a command (10)")
    arguments = flags.parse_args(argv)
    return common.exit_code(lambda: _run(arguments, common.command("harness_cost", argv)))


def _run(arguments: Namespace, command: str) -> None:
    busy = common.busy_share()
    starts = {name: fresh_processes(command, arguments.starts) for name, command in COMMANDS.items()}
    scoring = score_rates(load_shipped())  # before there is a model in this process: `score` and `verify` load none
    with common.chosen_weights(arguments.model, arguments.random_weights) as spec:
        asked = common.asked(arguments, spec)
        runs = [one_run(asked, arguments) for _ in range(arguments.repeats)]
    record = {
        **common.record_of("harness_cost", arguments, spec, asked, command=command, busy=busy),
        "runs": runs,
        "harness_share": common.spread([run["harness_share"] for run in runs]),
        "scoring": scoring,
        "commands": starts,
        "targets": TARGETS,
    }
    common.report([_run_table(record), _rates_table(record)], record, asked.model.causal_lm.device)


def one_run(asked: common.Asked, arguments: Namespace) -> dict[str, Any]:
    """A whole ``run`` on the sample, into a folder that is removed; seconds of its parts."""
    protocol, prompts = get_protocol("v3"), asked.prompts_of(asked.examples)
    calls: list[float] = []
    with tempfile.TemporaryDirectory() as folder, forward_times(asked.model.causal_lm, calls):
        request = evaluate.Request(
            dataset=asked.dataset,
            selection=evaluate.Selection("test"),
            examples=asked.examples,
            protocol=protocol,
            prompt_format=asked.protocol["prompt"],
            prompt_source="user",
            batch_size=arguments.batch_size,
            latency=False,
            runs=Path(folder),
        )
        started = time.perf_counter()
        directory = evaluate.run(request, asked.model)
        total = time.perf_counter() - started
        forward = sum(calls)
        scoring = _seconds(lambda: evaluate.score(directory, asked.dataset))
    parts = {
        "manifest": _seconds(lambda: evaluate.build_manifest(request, asked.model, prompts)),
        "prompts": _seconds(
            lambda: build_prompts(asked.examples, asked.dataset, protocol, asked.model, request.prompt_format)
        ),
        "tokenising": _seconds(lambda: [asked.model.tokenizer(p.text)["input_ids"] for p in prompts]),
        "scoring_and_report": scoring,
    }
    note(f"run: {total:.1f} s, {forward:.1f} s of them in {len(calls)} forward passes")
    return {
        "seconds": total,
        "forward_seconds": forward,
        "forward_passes": len(calls),
        "harness_seconds": total - forward,
        "harness_share": (total - forward) / total,
        "parts_alone_seconds": parts,
    }


@contextmanager
def forward_times(lm: torch.nn.Module, calls: list[float]) -> Iterator[None]:
    """Append the seconds of every call of ``lm`` to ``calls``."""
    began: list[float] = []

    def before(*_: Any) -> None:
        common.wait_for(lm.device)
        began.append(time.perf_counter())

    def after(*_: Any) -> None:
        common.wait_for(lm.device)
        calls.append(time.perf_counter() - began.pop())

    hooks = [lm.register_forward_pre_hook(before), lm.register_forward_hook(after)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def score_rates(dataset: Dataset) -> dict[str, Any]:
    """Examples a second of scoring the whole test split: exact answers, and some of every sort. The first scoring also
    makes the schemas' checkers, as a run's does."""
    examples = dataset.split("test")
    found: dict[str, Any] = {"n": len(examples)}
    for name, answer in (("exact", gold_answer), ("mixed", mixed_answer)):
        completions = {e.id: Completion(e.id, answer(n, e), 1, 1, "json_end") for n, e in enumerate(examples)}
        seconds = [
            _seconds(lambda given=completions: evaluate.score_completions(dataset, examples, given, "strict"))
            for _ in range(SCORINGS)
        ]
        found[name] = common.spread([len(examples) / one for one in seconds])
    return found


def gold_answer(_: int, example: Example) -> str:
    """The gold as text."""
    return gold_text(example.gold)


def mixed_answer(number: int, example: Example) -> str:
    """By turns the gold, the gold in a fence, without its first field, with a wrong one, and cut short."""
    fields = dict(example.gold)
    first = next(iter(fields))
    variants: tuple[Callable[[], str], ...] = (
        lambda: gold_text(fields),
        lambda: f"```json\n{gold_text(fields)}\n```",
        lambda: gold_text({key: value for key, value in fields.items() if key != first}),
        lambda: gold_text({**fields, first: "something else"}),
        lambda: gold_text(fields)[:-2],
    )
    return variants[number % len(variants)]()


def fresh_processes(command: Sequence[str], starts: int) -> dict[str, Any]:
    """Seconds of ``edgejson-bench`` with ``command``, each in a process of its own, after one that is not counted.

    Raises:
        CheckFailed: the command failed.
    """
    samples = [common.run_command(command) for _ in range(starts + 1)]
    return {"command": ["edgejson-bench", *command], "seconds": common.spread(samples[1:])}


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _run_table(record: Mapping[str, Any]) -> Any:
    columns = ("s", "s in forward passes", "passes", "harness s", "harness %")
    made = common.table(f"Each run (n={record['sample']['n']}, weights: {record['weights']})", "run", *columns)
    for number, run in enumerate(record["runs"], start=1):
        cells = (f"{run['seconds']:.2f}", f"{run['forward_seconds']:.2f}", str(run["forward_passes"]))
        made.add_row(str(number), *cells, f"{run['harness_seconds']:.2f}", f"{100 * run['harness_share']:.1f}")
    return made


def _rates_table(record: Mapping[str, Any]) -> Any:
    made = common.table("Beside the target; median (range)", "what", "measured", "target")
    share, scoring, commands = record["harness_share"], record["scoring"], record["commands"]
    percent = {key: 100 * share[key] for key in ("median", "min", "max")}
    made.add_row("harness, % of a run", common.shown(percent, 1), f"<= {100 * TARGETS['harness_share']:.0f}")
    for name in ("exact", "mixed"):
        rate = f">= {TARGETS['scored_examples_per_second']:.0f}"
        made.add_row(f"scoring, {name} answers, examples/s", common.shown(scoring[name], 0), rate)
    made.add_row("--help, s", common.shown(commands["help"]["seconds"], 3), f"<= {TARGETS['help_seconds']}")
    made.add_row("leaderboard --check, s", common.shown(commands["leaderboard"]["seconds"]), "-")
    parts = record["runs"][0]["parts_alone_seconds"]
    for name, seconds in parts.items():
        made.add_row(f"{name.replace('_', ' ')} alone, s", f"{seconds:.3f}", "-")
    return made


if __name__ == "__main__":
    sys.exit(main())
