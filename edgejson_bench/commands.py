"""What each command does: gather its inputs, call the room that does the work, print the result."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from edgejson_bench import console
from edgejson_bench.errors import CheckFailed, DataError, MissingExtra, UsageError
from edgejson_bench.tasks import STYLES, Dataset, load_shipped, select, shipped_root


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
            _print_json({"task": asdict(task), "example": asdict(example) if example else None})
        else:
            Console(highlight=False).print(display.task_text(task, example), soft_wrap=True)
        return 0
    if arguments.name:
        raise UsageError(f"tasks list takes no name; did you mean: edgejson-bench tasks show {arguments.name}?")
    from edgejson_bench.complexity import measure_all

    tokenizer = _tokenizer(arguments.tokenizer)
    count_tokens = None if tokenizer is None else tokenizer.count_tokens
    rows = measure_all(dataset, count_tokens)
    if arguments.json:
        _print_json({"data": dataset.name, "tasks": [asdict(row) for row in rows]})
        return 0
    out = Console(highlight=False)
    out.print(display.tasks_table(rows, with_tokens=count_tokens is not None))
    if count_tokens is not None:
        counter = arguments.tokenizer or "SmolLM2"
        out.print(
            f"Tokens of {counter}; gold: median and maximum; schema: what showing it adds to a v3 prompt.", markup=False
        )
    return 0


def run(arguments: Namespace) -> int:
    """``run``."""
    from edgejson_bench import display, evaluate
    from edgejson_bench.protocols import get_protocol

    if arguments.batch_size < 1:
        raise UsageError(f"--batch-size {arguments.batch_size}: must be at least 1")
    _check_threads(arguments.threads)
    dataset = load_data(arguments.data)
    styles = {None: (), "both": STYLES}.get(arguments.style, (arguments.style,))
    selection = evaluate.Selection(
        arguments.split, styles, tuple(arguments.tier), tuple(arguments.task), arguments.limit
    )
    examples = select(
        dataset,
        selection.split,
        styles=selection.styles,
        tiers=selection.tiers,
        tasks=selection.tasks,
        limit=selection.limit,
    )
    model = _load_model(arguments, dataset)
    protocol = get_protocol(arguments.protocol)
    prompt_format, prompt_source = _choose_prompt(arguments, protocol, model)
    run_dir = Path(arguments.run_dir) if arguments.run_dir else None
    request = evaluate.Request(
        dataset=dataset,
        selection=selection,
        examples=examples,
        protocol=protocol,
        prompt_format=prompt_format,
        prompt_source=prompt_source,
        batch_size=arguments.batch_size,
        latency=not arguments.no_latency,
        runs=run_dir or Path(arguments.runs),
        name="." if run_dir else None,  # itself: the last part of a path such as .. is no name
    )
    directory = evaluate.run(request, model)
    report = directory.report
    assert report is not None, "a run that returns is complete"
    if arguments.json:
        _print_json(report)
    else:
        _print_report(report, display)
    console.note(f"report: {directory.path / 'report.json'}")
    return 0


def score(arguments: Namespace) -> int:
    """``score RUN``."""
    from edgejson_bench import display, evaluate
    from edgejson_bench.runs import load_run

    directory = load_run(Path(arguments.run))
    report = evaluate.score(directory, _data_of_run(arguments.data, directory.manifest))
    if arguments.json:
        _print_json(report)
    else:
        _print_report(report, display)
    return 0


def compare(arguments: Namespace) -> int:
    """``compare RUN_A RUN_B``."""
    from edgejson_bench import comparison_tables
    from edgejson_bench.comparison import compare_runs

    comparison = compare_runs(Path(arguments.first), Path(arguments.second))
    if arguments.json:
        _print_json(comparison.to_json())
        return 0
    out = Console(highlight=False)
    out.print(comparison_tables.heading(comparison), end="\n\n")
    out.print(comparison_tables.exact_table(comparison))
    out.print()
    out.print(comparison_tables.f1_table(comparison))
    out.print()
    out.print(comparison_tables.closing(comparison))
    return 0


def audit(arguments: Namespace) -> int:
    """``audit``."""
    from edgejson_bench.audit import findings, tables, whole

    if arguments.cap < 1:
        raise UsageError(f"--cap {arguments.cap}: must be at least 1")
    dataset = load_data(arguments.data)
    tokenizer = _tokenizer(arguments.tokenizer)
    unit = f"tokens of {arguments.tokenizer or 'SmolLM2'}"
    result = whole.audit(dataset, tokenizer=tokenizer, unit=unit, cap=arguments.cap, note=console.note)
    if arguments.json:
        _print_json(result.to_json())
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
            _print_json({"folder": str(folder), "seed": seed, "different": different})
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
        _print_json({"folder": str(folder), "seed": seed, "files": [str(path) for path in written]})
    console.note(f"wrote {len(written)} files to {folder}")
    return 0


def train(arguments: Namespace) -> int:
    """``train``."""
    from edgejson_bench.submission_yaml import dump
    from edgejson_bench.training import recipe as recipes

    styles = {None: None, "both": STYLES}.get(arguments.style, (arguments.style,))
    recipe = recipes.with_overrides(
        recipes.load(arguments.recipe), base=arguments.base, start=arguments.start, styles=styles, seed=arguments.seed
    )
    if arguments.show_recipe:
        if arguments.json:
            _print_json(recipe.to_json())
        else:
            print(dump(recipe.to_json()), end="")
        return 0
    _check_threads(arguments.threads)
    from edgejson_bench.models.resolve import METADATA
    from edgejson_bench.models.transformers import LoadOptions
    from edgejson_bench.training import session

    request = session.Request(
        recipe=recipe,
        dataset=load_data(arguments.data),
        options=LoadOptions(
            device=arguments.device,
            threads=arguments.threads,
            allow_pickle=arguments.allow_pickle,
            trust_remote_code=arguments.trust_remote_code,
        ),
        out=Path(arguments.out) if arguments.out else None,
        merged=arguments.merged,
    )
    folder = session.run(request)
    if arguments.json:
        print((folder / METADATA).read_text(encoding="utf-8"), end="")
    else:
        print(folder)
    console.note(f"next: edgejson-bench run --model {folder}")
    return 0


def card(arguments: Namespace) -> int:
    """``card FOLDER RUN...``."""
    from edgejson_bench.errors import RunError
    from edgejson_bench.runs import load_run
    from edgejson_bench.training.release import write_card

    reports = []
    for name in arguments.runs:
        report = load_run(Path(name)).report
        if report is None:
            raise RunError(f"{name}: is not complete; the same run command goes on where it stopped")
        reports.append((name, report))
    path = write_card(Path(arguments.model), reports)
    if arguments.json:
        _print_json({"card": str(path)})
    else:
        print(path)
    return 0


def submit(arguments: Namespace) -> int:
    """``submit RUN``."""
    from edgejson_bench import submissions
    from edgejson_bench.runs import load_run

    directory = load_run(Path(arguments.run))
    path = submissions.write(
        directory,
        _data_of_run(arguments.data, directory.manifest),
        Path(arguments.out),
        submitter=arguments.submitter,
        training_data=arguments.training_data,
        display_name=arguments.name,
        replace=arguments.replace,
    )
    if arguments.json:
        _print_json({"submission": str(path)})
    else:
        print(path)
    return 0


def leaderboard(arguments: Namespace) -> int:
    """``leaderboard``."""
    from edgejson_bench.leaderboard import markdown, table
    from edgejson_bench.leaderboard import terminal as screen

    source, out = Path(arguments.submissions), Path(arguments.out)
    if arguments.check:
        different = markdown.check(source, out)
        if arguments.json:
            _print_json({"leaderboard": str(out / markdown.FILE), "different": different})
        if different:
            raise CheckFailed(f"{', '.join(different)}: not what the submissions say; run: edgejson-bench leaderboard")
        console.note("the leaderboard is what the submissions say")
        return 0
    path = markdown.write(source, out)
    boards = table.build(source)
    if arguments.json:
        _print_json({"leaderboard": str(path), "boards": [asdict(board) for board in boards]})
        return 0
    terminal = Console(highlight=False)
    terminal.width = max(terminal.width, 100)  # in less, a pipe's 80 columns, models' names are folded to syllables
    for board in boards:
        terminal.print(screen.terminal_table(board))
        if (gaps := screen.gap_table(board)) is not None:
            terminal.print(gaps)
    console.note(f"wrote {path}")
    return 0


def load_data(name: str | None) -> Dataset:
    """The data set that ``--data`` names; the tasks that ship without it.

    Raises:
        DataError, UsageError: it is not there or broken.
    """
    if name is None:
        return load_shipped()
    if name == "released":
        from edgejson_bench.released import load_released

        return load_released(note=console.note)
    from edgejson_bench.foreign import load_folder

    loaded = load_folder(Path(name))
    for note in loaded.notes:
        console.note(note)
    return loaded.dataset


def _data_of_run(name: str | None, manifest: Any) -> Dataset:
    """The data set a run was made on, as far as its manifest can tell where that is."""
    recorded = manifest["data"]["name"]
    if name is None and recorded == "released":
        name = "released"
    elif name is None and recorded != "edgejson":
        raise UsageError(f"this run was made on the data folder {recorded!r}: give its path with --data")
    return load_data(name)


def _load_model(arguments: Namespace, dataset: Dataset) -> Any:
    from edgejson_bench.models.resolve import WITHOUT_WEIGHTS, check_spec, resolve

    check_spec(arguments.model)  # before seconds go into importing torch
    options = None
    if arguments.model not in WITHOUT_WEIGHTS:
        from edgejson_bench.models.transformers import LoadOptions

        options = LoadOptions(
            device=arguments.device,
            dtype=arguments.dtype,
            threads=arguments.threads,
            allow_pickle=arguments.allow_pickle,
            trust_remote_code=arguments.trust_remote_code,
        )
    return resolve(
        arguments.model,
        golds={example.id: example.gold for rows in dataset.splits.values() for example in rows},
        options=options,
        base_model=arguments.base_model,
        revision=arguments.revision,
        tokenizer=arguments.tokenizer,
        note=console.note,
    )


def _tokenizer(spec: str | None) -> Any:
    """The tokenizer to count with; None, and a note, where none was asked for and the default one is not installed."""
    from edgejson_bench.models.resolve import resolve_tokenizer

    try:
        return resolve_tokenizer(spec, console.note)
    except MissingExtra as exc:
        if spec:
            raise
        console.note(f"lengths are in characters: {exc}")
        return None


def _choose_prompt(arguments: Namespace, protocol: Any, model: Any) -> tuple[Any, str]:
    """The prompt format and why: the user's, the one that the model was trained with, or the protocol's."""
    from edgejson_bench.models.resolve import known_model

    if arguments.prompt:
        return arguments.prompt, "user"
    recorded = (model.identity.extra or {}).get("trained_prompt")
    trained, source = known_model(arguments.model).prompt, "known-models"
    if trained is None and recorded is not None:
        trained, source = recorded, "training-metadata"
    if trained and trained != protocol.prompt_format and not protocol.chat:
        console.note(f"{arguments.model} was trained with the {trained} prompt, so it is asked with that one")
        return trained, source
    return protocol.prompt_format, "protocol"


def _check_threads(threads: int | None) -> None:
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: must be at least 1")


def _print_report(report: dict[str, Any], display: Any) -> None:
    out = Console(highlight=False)
    manifest = report["run"]
    limited = ", a limited run" if manifest["data"]["limited"] else ""
    out.print(
        f"{console.printable(manifest['model']['name'])}, protocol {manifest['protocol']['name']}, "
        f"prompt {manifest['protocol']['prompt']}, data {console.printable(manifest['data']['name'])}{limited}",
        style="bold",
        markup=False,
    )
    out.print(display.results_table(report))
    if len(report["results"]) > 1:
        out.print()
        out.print(display.tasks_by_style(report))
    if report["layout_gap"]:
        out.print()
        out.print(display.layout_gap_table(report["layout_gap"]))
        out.print()
    out.print(display.counts_line(report))
    if (errors := display.errors_table(report)) is not None:
        out.print(errors)
    if report["latency"]:
        out.print(display.latency_line(report["latency"]), markup=False)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False))
