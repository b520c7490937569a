"""Commands that take models through a split and look at what came of it."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from edgejson_bench import console
from edgejson_bench.commands.inputs import (
    check_threads,
    data_of_run,
    load_data,
    load_model,
    print_json,
)
from edgejson_bench.errors import UsageError
from edgejson_bench.tasks import STYLES, select


def run(arguments: Namespace) -> int:
    """``run``."""
    from edgejson_bench import display, evaluate
    from edgejson_bench.models.engines import TRANSFORMERS
    from edgejson_bench.protocols import get_protocol

    if arguments.batch_size < 1:
        raise UsageError(f"--batch-size {arguments.batch_size}: must be at least 1")
    if arguments.check_equivalence < 0:
        raise UsageError(f"--check-equivalence {arguments.check_equivalence}: must be at least 1")
    check_threads(arguments.threads)
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
    model = load_model(arguments, dataset)
    protocol = get_protocol(arguments.protocol)
    prompt_format, prompt_source = choose_prompt(arguments, protocol, model)
    reference = None
    other = arguments.engine != TRANSFORMERS
    if arguments.check_equivalence and (other or model.identity.dtype not in (None, "float32")):
        in_full = Namespace(**{**vars(arguments), "dtype": "float32", "engine": TRANSFORMERS})
        reference = partial(load_model, in_full, dataset)
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
        equivalence=arguments.check_equivalence,
        reference=reference,
        runs=run_dir or Path(arguments.runs),
        name="." if run_dir else None,  # itself: the last part of a path such as .. is no name
    )
    directory = evaluate.run(request, model)
    report = directory.report
    assert report is not None, "a run that returns is complete"
    if arguments.json:
        print_json(report)
    else:
        _print_report(report, display)
    console.note(f"report: {directory.path / 'report.json'}")
    return 0


def score(arguments: Namespace) -> int:
    """``score RUN``."""
    from edgejson_bench import display, evaluate
    from edgejson_bench.runs import load_run

    directory = load_run(Path(arguments.run))
    report = evaluate.score(directory, data_of_run(arguments.data, directory.manifest))
    if arguments.json:
        print_json(report)
    else:
        _print_report(report, display)
    return 0


def compare(arguments: Namespace) -> int:
    """``compare RUN_A RUN_B``."""
    from edgejson_bench import comparison_tables
    from edgejson_bench.comparison import compare_runs

    comparison = compare_runs(Path(arguments.first), Path(arguments.second))
    if arguments.json:
        print_json(comparison.to_json())
        return 0
    out = Console(highlight=False)
    out.print(comparison_tables.heading(comparison), end="\n\n")
    out.print(comparison_tables.exact_table(comparison))
    out.print()
    out.print(comparison_tables.f1_table(comparison))
    out.print()
    out.print(comparison_tables.closing(comparison))
    return 0


def choose_prompt(arguments: Namespace, protocol: Any, model: Any) -> tuple[Any, str]:
    """The prompt format and why: the user's, the one that the model was trained with, or the protocol's."""
    from edgejson_bench.models.locate import known_model

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
    if report["equivalence"]:
        out.print(display.equivalence_line(report["equivalence"]), markup=False)
    if report["latency"]:
        out.print(display.latency_line(report["latency"]), markup=False)
