"""Running and scoring, end to end: prompts to completions to report, each stage from files where it can be.

:func:`run` generates and then scores; :func:`score` only scores, from a run directory, and never loads a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgejson_bench import console
from edgejson_bench.environment import code_state, hardware, versions
from edgejson_bench.equivalence import Alone, DecodesAlone, compare
from edgejson_bench.error_page import error_page
from edgejson_bench.errors import RunError, UsageError
from edgejson_bench.latency import latency_sample, measure, summarise
from edgejson_bench.models.base import Model
from edgejson_bench.models.engines import engine_of
from edgejson_bench.protocols import PromptFormat, Protocol, build_prompts
from edgejson_bench.records import Completion, Example, Prompt, Score
from edgejson_bench.runs import FORMAT_VERSION, RunDirectory, open_run
from edgejson_bench.scoring.compliance import SchemaChecker, checker_for, formats_asserted
from edgejson_bench.scoring.report import aggregate
from edgejson_bench.scoring.score import score_strict, score_v3_1
from edgejson_bench.tasks import STYLES, Dataset, fingerprint, interleaved, pairs

LATEST = "latest"
"""Name of the link to the run that was completed last."""


@dataclass(frozen=True)
class Selection:
    """What part of a data set a run is about."""

    split: str
    styles: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Request:
    """Everything a run needs beside the model."""

    dataset: Dataset
    selection: Selection
    examples: tuple[Example, ...]
    """What the selection leaves of the split."""
    protocol: Protocol
    prompt_format: PromptFormat
    prompt_source: str
    """Why this prompt format: ``protocol``, ``known-models`` or ``user``."""
    batch_size: int
    latency: bool
    runs: Path
    """Parent of run directories."""
    name: str | None = None
    """Name of the run directory, ``.`` for ``runs`` itself; None makes one from model and fingerprint."""
    equivalence: int = 0
    """How many examples are decoded alone, too, to see whether the completions are the same; 0 for none."""
    reference: Callable[[], Model] | None = None
    """Makes the model that decodes them alone, in float32; None takes the run's own."""


def run(request: Request, model: Model) -> RunDirectory:
    """Take a model through the examples, or go on where an earlier attempt stopped, and write the report.

    Raises:
        RunError: the run directory cannot be used.
        DataError, ModelError: as building prompts and loading models raise them.
    """
    prompts = build_prompts(request.examples, request.dataset, request.protocol, model, request.prompt_format)
    manifest = build_manifest(request, model, prompts)
    directory = open_run(request.runs, request.name, manifest, model.identity.name)
    with directory.appending() as writer:
        if directory.drop_half_written_line():
            console.note(f"{directory.path}: dropped a half-written last completion; it is made again")
        kept = directory.completions()
        _refuse_strangers(directory, kept, request.examples)
        if kept and directory.report is None:
            console.note(f"{directory.path}: going on after {len(kept)} of {len(prompts)} completions")
        waiting = [prompt for prompt in prompts if prompt.example_id not in kept]
        if waiting:
            settings = request.protocol.settings(request.batch_size)
            work = {prompt.example_id: len(prompt.text) + 4 * (prompt.max_new_tokens or 0) for prompt in prompts}
            with console.progress(model.identity.name, work, done=kept) as advance:
                for completion in model.generate(waiting, settings):
                    writer.write(completion)
                    advance(completion.example_id, completion.completion_tokens)
        if request.latency and directory.latency is None:
            directory.write_latency(_measure_latency(request, model, prompts))
        if request.equivalence and (directory.equivalence or {"n": 0})["n"] < request.equivalence:
            directory.write_equivalence(_check_equivalence(request, model, prompts, directory.completions()))
        report = directory.report
        if waiting or report is None or any(report.get(k) != getattr(directory, k) for k in ("latency", "equivalence")):
            score(directory, request.dataset)
    point_latest_at(directory)
    return directory


def score(directory: RunDirectory, dataset: Dataset) -> dict[str, Any]:
    """Score the completions of a run and write ``scores.jsonl``, ``errors.md`` and ``report.json``.

    Raises:
        RunError: completions are missing, are not the run's, or the data is not what the run was made on.
    """
    manifest = directory.manifest
    examples = run_examples(manifest, dataset, directory.path)
    completions = directory.completions()
    _refuse_strangers(directory, completions, examples)
    missing = [example.id for example in examples if example.id not in completions]
    if missing:
        raise RunError(
            f"{directory.path}: {len(missing)} of {len(examples)} completions are missing (first: {missing[0]}); "
            "the same run command goes on where it stopped"
        )
    scores = score_completions(dataset, examples, completions, manifest["protocol"]["scorer"])
    report = {
        "format_version": FORMAT_VERSION,
        "run": {"directory": directory.path.resolve().name, **manifest},  # not the name of a link to it
        **aggregate(scores, manifest["data"]["formats_asserted"], pairs(examples)),
        "latency": directory.latency,
        "equivalence": directory.equivalence,
    }
    directory.write_errors(error_page(report, examples, completions, scores))
    directory.write_report(scores, report)
    return report


def score_completions(
    dataset: Dataset, examples: Sequence[Example], completions: Mapping[str, Completion], scorer: str
) -> list[Score]:
    """One score per example, in the order of ``examples``; every example must have a completion."""
    if scorer == "v3.1":
        return [score_v3_1(e, dataset.tier(e), completions[e.id]) for e in examples]
    checkers: dict[str, SchemaChecker | None] = {}
    for example in examples:
        if example.task not in checkers:
            schema = dataset.tasks[example.task].schema
            checkers[example.task] = checker_for(schema) if schema is not None else None
    return [score_strict(e, dataset.tier(e), checkers[e.task], completions[e.id]) for e in examples]


def build_manifest(request: Request, model: Model, prompts: Sequence[Prompt]) -> dict[str, Any]:
    """All that can move a score of this run, ready for JSON.

    The fingerprint is the whole split's, whatever styles are run: it names the board. A run is limited where it leaves
    out examples of its styles, which are those asked for, or else all of the split.
    """
    split = request.dataset.split(request.selection.split)
    asked = request.selection.styles or {example.style for example in split}
    styles = tuple(sorted(asked, key=STYLES.index))
    selection = asdict(replace(request.selection, styles=styles))  # so that all by name is the run of all by default
    whole = [example for example in split if example.style in styles]
    protocol, settings = request.protocol, request.protocol.settings(request.batch_size)
    return {
        "format_version": FORMAT_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": asdict(model.identity),
        "data": {
            "name": request.dataset.name,
            "fingerprint": fingerprint(split, request.dataset.tasks),
            "styles": list(styles),
            "examples": len(request.examples),
            "limited": len(request.examples) < len(whole),
            "selection": {key: list(v) if isinstance(v, tuple) else v for key, v in selection.items()},
            "ids": [example.id for example in request.examples] if len(request.examples) < len(whole) else None,
            # Released golds have timestamps without a zone: asserting formats would fail every extractor.
            "formats_asserted": formats_asserted(protocol.scorer, split, request.dataset.tasks),
        },
        "protocol": {
            "name": protocol.name,
            "prompt": request.prompt_format,
            "prompt_source": request.prompt_source,
            "chat": protocol.chat,
            "scorer": protocol.scorer,
            "max_new_tokens": {p.task: p.max_new_tokens for p in sorted(prompts, key=lambda p: p.task)},
        },
        "settings": asdict(settings),
        "environment": {"hardware": hardware(), "versions": versions()},
        "code": code_state(),
    }


def run_examples(manifest: Mapping[str, Any], dataset: Dataset, path: Path) -> tuple[Example, ...]:
    """The examples a run was made on, out of ``dataset``.

    Raises:
        RunError: the data set is not the one of the run.
    """
    data = manifest["data"]
    whole = dataset.split(data["selection"]["split"])
    found = fingerprint(whole, dataset.tasks)
    if found != data["fingerprint"]:
        raise RunError(
            f"{path}: was run on data {data['name']} {data['fingerprint'][:12]}, this is {dataset.name} {found[:12]}; "
            "give the folder it was run on with --data"
        )
    if data["ids"] is None:
        styles = data.get("styles", STYLES)  # a run from before there were styles took the whole split
        return tuple(example for example in whole if example.style in styles)
    chosen = set(data["ids"])
    return tuple(example for example in whole if example.id in chosen)


def _refuse_strangers(directory: RunDirectory, kept: Mapping[str, Completion], examples: Sequence[Example]) -> None:
    strangers = sorted(set(kept) - {example.id for example in examples})
    if strangers:
        raise RunError(
            f"{directory.path}: holds a completion for {strangers[0]!r}, which is no example of this run; "
            "remove that line or choose another --run-dir"
        )


def _measure_latency(request: Request, model: Model, prompts: Sequence[Prompt]) -> dict[str, Any]:
    sample = {example.id for example in latency_sample(request.examples, request.dataset)}
    chosen = [prompt for prompt in prompts if prompt.example_id in sample]
    samples: list[dict[str, Any]] = []
    work = {prompt.example_id: prompt.max_new_tokens or 1 for prompt in chosen}
    with console.progress("single-stream latency", work) as advance:
        for raw in measure(model, chosen, request.protocol.settings(1)):
            samples.append(raw)
            advance(raw["example_id"], raw["completion_tokens"])
    machine = {**hardware(), "device": (model.identity.extra or {}).get("device")}
    return summarise(samples, {key: value for key, value in machine.items() if value is not None})


def _check_equivalence(
    request: Request, model: Model, prompts: Sequence[Prompt], completions: Mapping[str, Completion]
) -> dict[str, Any]:
    """Answer some examples of all tiers alone, and compare with the run's completions."""
    plain = model if request.reference is None else request.reference()
    if not isinstance(plain, DecodesAlone):
        raise UsageError(f"{model.identity.name}: decodes in one way only, so there is nothing to compare")
    examples = interleaved(request.examples, request.dataset)[: request.equivalence]
    by_id = {prompt.example_id: prompt for prompt in prompts}
    settings = request.protocol.settings(1)
    alone: dict[str, Alone] = {}
    work = {example.id: by_id[example.id].max_new_tokens or 1 for example in examples}
    with console.progress("decoding alone", work) as advance:
        for example in examples:
            alone[example.id] = plain.decode_alone(by_id[example.id], settings)
            advance(example.id, alone[example.id].completion.completion_tokens)

    def exact(answers: Mapping[str, Completion]) -> dict[str, bool]:
        scores = score_completions(request.dataset, examples, answers, request.protocol.scorer)
        return {score.example_id: score.json_exact for score in scores}

    compared = compare(examples, completions, alone, exact)
    return {
        **compared,
        "engine": engine_of(model.identity),
        "dtype": model.identity.dtype,
        "reference_engine": engine_of(plain.identity),
        "reference_dtype": plain.identity.dtype,
    }


def point_latest_at(directory: RunDirectory) -> None:
    """Let ``latest`` beside a run directory stand for it, where the file system knows symbolic links."""
    path = directory.path.resolve()  # the run may have been named by the link itself
    link = path.parent / LATEST
    temporary = link.with_name(f".{LATEST}.{path.name}")
    try:
        if link.exists() and not link.is_symlink():
            if link != path:  # a run may be called so itself
                console.note(f"{link} is no link of ours and stays as it is; name the run directory itself")
            return
        temporary.unlink(missing_ok=True)  # left by a process that was killed here
        temporary.symlink_to(path.name, target_is_directory=True)
        temporary.replace(link)
    except (OSError, NotImplementedError) as exc:
        # not every file system knows links; the run is complete without one, so this is told and is no failure
        console.note(f"{link} could not be set ({exc}); name the run directory itself")
