"""Commands about the data: its tasks, its faults, its making."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from edgejson_bench import console
from edgejson_bench.commands.inputs import (
    count_tokenizer,
    load_data,
    print_json,
)
from edgejson_bench.errors import CheckFailed, DataError, UsageError
from edgejson_bench.tasks import shipped_root


def tasks(arguments: Namespace) -> int:
    """``tasks`` and ``tasks show NAME``."""
    from edgejson_bench import display

    dataset = load_data(arguments.data)
    if arguments.action == "show":
        if not arguments.name:
            raise UsageError("tasks show: name the task, for example: edgejson-bench tasks show invoice")
        task = dataset.task(arguments.name)
        example = next((e for e in dataset.split(arguments.split) if e.task == task.name), None)
        example = example or next((e for rows in dataset.splits.values() for e in rows if e.task == task.name), None)
        if arguments.json:
            print_json({"task": asdict(task), "example": asdict(example) if example else None})
        else:
            Console(highlight=False).print(display.task_text(task, example), soft_wrap=True)
        return 0
    if arguments.name:
        raise UsageError(f"tasks list takes no name; did you mean: edgejson-bench tasks show {arguments.name}?")
    from edgejson_bench.complexity import measure_all

    tokenizer = count_tokenizer(arguments.tokenizer)
    count_tokens = None if tokenizer is None else tokenizer.count_tokens
    rows = measure_all(dataset, count_tokens)
    if arguments.json:
        print_json({"data": dataset.name, "tasks": [asdict(row) for row in rows]})
        return 0
    out = Console(highlight=False)
    out.print(display.tasks_table(rows, with_tokens=count_tokens is not None))
    if count_tokens is not None:
        counter = arguments.tokenizer or "SmolLM2"
        out.print(
            f"Tokens of {counter}; gold: median and maximum; schema: what showing it adds to a v3 prompt.", markup=False
        )
    return 0


def audit(arguments: Namespace) -> int:
    """``audit``."""
    from edgejson_bench.audit import findings, tables, whole

    if arguments.cap < 1:
        raise UsageError(f"--cap {arguments.cap}: must be at least 1")
    dataset = load_data(arguments.data)
    tokenizer = count_tokenizer(arguments.tokenizer)
    unit = f"tokens of {arguments.tokenizer or 'SmolLM2'}"
    result = whole.audit(dataset, tokenizer=tokenizer, unit=unit, cap=arguments.cap, note=console.note)
    if arguments.json:
        print_json(result.to_json())
    else:
        out = Console(highlight=False)
        out.width = max(out.width, tables.WIDTH)
        for section in tables.sections(result):
            out.print(section)
            out.print()
    gated = {kind: n for kind, n in findings.by_kind(result.findings).items() if kind in findings.GATED}
    if arguments.strict and gated:
        raise CheckFailed(f"audit --strict: {', '.join(f'{n} {kind}' for kind, n in gated.items())}")
    return 0


def generate(arguments: Namespace) -> int:
    """``generate``."""
    from edgejson_bench.generation import splits

    seed = splits.SEED if arguments.seed is None else arguments.seed
    folder = Path(arguments.out) if arguments.out else shipped_root()
    if arguments.check:
        different = splits.check(folder, seed)
        if arguments.json:
            print_json({"folder": str(folder), "seed": seed, "different": different})
        if different:
            shown = ", ".join(different[:5]) + (", ..." if len(different) > 5 else "")
            raise CheckFailed(f"{len(different)} files differ from what the generator writes: {shown}")
        console.note("all files are what the generator writes")
        return 0
    if not arguments.out and seed != splits.SEED:
        raise UsageError(
            "--seed makes another data set: say with --out where to write it; the shipped one keeps its seed"
        )
    try:
        written = splits.write(folder, seed)
    except OSError as exc:
        raise DataError(f"{folder}: not writable ({exc.strerror}); choose another folder with --out") from None
    if arguments.json:
        print_json({"folder": str(folder), "seed": seed, "files": [str(path) for path in written]})
    console.note(f"wrote {len(written)} files to {folder}")
    return 0
