"""From a complete run to a submission, and from a submission's completions back to its numbers.

Every number is computed here from the completions; neither the run's report nor a submission's claims are trusted.
Nothing is generated, ranked or rendered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgejson_bench.errors import SubmissionError
from edgejson_bench.evaluate import run_examples, score_completions
from edgejson_bench.jsonio import write_atomic
from edgejson_bench.latency import summarise
from edgejson_bench.protocols import PROTOCOLS, get_protocol
from edgejson_bench.records import Example, JsonObject, Score
from edgejson_bench.runs import RunDirectory
from edgejson_bench.scoring.compliance import formats_asserted
from edgejson_bench.scoring.report import aggregate
from edgejson_bench.submission_files import (
    COMPLETIONS,
    SUBMISSION,
    Submission,
    board_folder,
    first_problem,
    load,
    load_all,
    pack_completions,
    slug,
    unpack_completions,
)
from edgejson_bench.submission_yaml import dump, key_path
from edgejson_bench.submission_yaml import load as load_yaml
from edgejson_bench.tasks import Dataset, fingerprint, pairs

__all__ = [
    "FORMAT_VERSION",
    "Rescored",
    "Submission",
    "computed_latency",
    "computed_numbers",
    "load",
    "load_all",
    "missing",
    "rescore",
    "unstated",
    "write",
]

FORMAT_VERSION = 1

DECIMALS = 6
"""Of every real number in a submission: microseconds, and far finer than one example in any board."""

KNOWS_THE_ANSWER = ("oracle", "mock")
"""Kinds of models that are given the gold or a script, and so have no row."""


def write(
    directory: RunDirectory,
    dataset: Dataset,
    root: Path,
    *,
    submitter: str | None,
    training_data: str | None,
    display_name: str | None = None,
    replace: bool = False,
) -> Path:
    """Score a complete run again and write it to ``<root>/<board>/<model>/``. Returns the YAML file's path.

    Failed, cut and unparsed completions are submitted and counted. The same run and words give the same bytes, and
    writing them again changes nothing.

    Args:
        directory: the run.
        dataset: the data it was made on.
        root: folder of all submissions.
        submitter: who submits.
        training_data: what the model was trained on, as far as that is known; None takes what its own metadata say.
        display_name: the name that tables show and the folder takes, instead of the model's own.
        replace: overwrite another submission of that name.

    Raises:
        SubmissionError: the run is incomplete, limited or of uncommitted code, its model knows the answers, another
            submission is there, or the files cannot be written.
        RunError: the run directory is broken, or ``dataset`` is not the run's data.
    """
    if obstacles := missing(directory):
        raise SubmissionError(f"{directory.path}: {obstacles[0]}")
    manifest = directory.manifest
    examples = run_examples(manifest, dataset, directory.path)
    completions = directory.completions()
    if strangers := _id_differences(completions, [example.id for example in examples]):
        raise SubmissionError(f"{directory.path}: {strangers[0]}")
    packed = pack_completions(completions.values())
    split = manifest["data"]["selection"]["split"]
    protocol = manifest["protocol"]["name"]
    scores = score_completions(dataset, examples, completions, get_protocol(protocol).scorer)
    numbers = computed_numbers(dataset, split, examples, protocol, scores)
    record = {
        "format_version": FORMAT_VERSION,
        "kind": "measured",
        "board": _board(manifest, list(numbers["results"])),
        "model": _model(manifest["model"], display_name, training_data),
        "settings": {
            **{key: manifest["protocol"][key] for key in ("prompt", "prompt_source", "chat")},
            **{key: manifest["settings"][key] for key in ("stop", "text_rule", "batch_size")},
            "max_new_tokens": manifest["protocol"]["max_new_tokens"],
        },
        "environment": _environment(manifest),
        **numbers,
        "latency": _rounded(directory.latency),
        "completions": {"file": COMPLETIONS, "sha256": hashlib.sha256(packed).hexdigest(), "n": len(completions)},
        "run": manifest["fingerprint"],
        "submitter": submitter,
        "date": manifest["created"][: len("2026-01-01")],
    }
    if problem := first_problem(record):
        raise SubmissionError(f"{directory.path}: cannot be submitted: {problem}")
    record["latency"] = computed_latency(record["latency"])
    try:
        text = _as_yaml(record)
    except SubmissionError as exc:
        raise SubmissionError(f"{directory.path}: cannot be submitted: {exc}") from None
    return _write_files(root, record, {COMPLETIONS: packed, SUBMISSION: text.encode("utf-8")}, replace)


def missing(directory: RunDirectory) -> list[str]:
    """Why a run cannot be submitted, a line each with what to do; empty where it can."""
    manifest, found = directory.manifest, []
    data = manifest["data"]
    if directory.report is None:
        found.append("is not complete; the same run command goes on where it stopped")
    if manifest["model"]["kind"] in KNOWS_THE_ANSWER:
        found.append(f"{manifest['model']['name']!r} is given its answers, so it has no place on a board")
    if data["limited"]:
        found.append(
            f"is limited to {data['examples']} examples of its split; run without --limit, --tier and --task to submit"
        )
    if manifest["code"]["dirty"]:
        found.append("was made with uncommitted changes of code or tasks; commit them and run again")
    return found


def unstated(directory: RunDirectory, submitter: str | None, training_data: str | None) -> list[str]:
    """What readers of a row would want to know and nobody has said; none of it keeps a run from being submitted."""
    found = []
    model = directory.manifest["model"]
    known = training_data or (model["extra"] or {}).get("trained_on")
    if known is None and model["parameters"] is not None:
        found.append("what the model was trained on is not stated: --training-data TEXT")
    if submitter is None:
        found.append("who submits is not stated: --submitter NAME")
    if directory.manifest["model"]["license"] is None and directory.manifest["model"]["parameters"] is not None:
        found.append("the model's licence is not known")
    if directory.latency is None:
        found.append("latency was not measured: the same run without --no-latency measures it")
    return found


@dataclass(frozen=True)
class Rescored:
    """What scoring a submission again gave."""

    differences: tuple[str, ...]
    """One line per claim that does not follow, with the key's path."""
    scores: tuple[Score, ...]
    """In the order of the data; empty where the board or the completions' ids are wrong."""


def rescore(submission: Submission, dataset: Dataset) -> Rescored:
    """Compute a submission's numbers again from its completions and raw latencies; ``dataset`` is its board's data.

    Raises:
        SubmissionError: the completions cannot be read.
        DataError: a schema of ``dataset`` is missing or unusable.
    """
    record = submission.record
    board, settings = record["board"], record["settings"]
    protocol = PROTOCOLS.get(board["protocol"])
    if protocol is None:
        return _unscored(f"board.protocol: {board['protocol']!r} is not known; known are {', '.join(PROTOCOLS)}")
    split = dataset.splits.get(board["split"], ())
    examples = [example for example in split if example.style in board["styles"]]
    if fingerprint(split, dataset.tasks) != board["fingerprint"]:
        return _unscored(f"board.fingerprint: data set {dataset.name}, split {board['split']}, has another fingerprint")
    completions = unpack_completions(submission.completions_path)
    if strangers := _id_differences(completions, [example.id for example in examples]):
        return _unscored(*strangers)
    scores = score_completions(dataset, examples, completions, protocol.scorer)
    computed = {
        "settings": {**settings, **asdict(protocol.settings(settings["batch_size"])), "chat": protocol.chat},
        **computed_numbers(dataset, board["split"], examples, protocol.name, scores),
        "latency": computed_latency(record["latency"]),
        "completions": {**record["completions"], "n": len(completions)},
    }
    if protocol.max_new_tokens is not None:
        computed["settings"]["max_new_tokens"] = dict.fromkeys(settings["max_new_tokens"], protocol.max_new_tokens)
    return Rescored(tuple(_differences({key: record[key] for key in computed}, computed, [])), tuple(scores))


def _unscored(*differences: str) -> Rescored:
    return Rescored(differences, ())


def _as_yaml(record: JsonObject) -> str:
    """The file's text, once it is sure that reading it gives ``record`` again (it can't with NaN or surrogates)."""
    text = dump(record)
    if load_yaml(text) != record:
        raise SubmissionError("a text in it does not survive YAML")
    return text


def _id_differences(completions: Iterable[str], examples: Iterable[str]) -> list[str]:
    answered, asked = set(completions), set(examples)
    unknown, missing = sorted(answered - asked), sorted(asked - answered)
    return [f"completions: {id_!r} is no example of the board" for id_ in unknown] + [
        f"completions: {id_!r} is missing" for id_ in missing
    ]


def computed_numbers(
    dataset: Dataset, split: str, examples: Sequence[Example], protocol: str, scores: Sequence[Score]
) -> JsonObject:
    """``results``, ``layout_gap``, ``counts`` and ``errors``, from scores by the protocol's scorer."""
    scorer = get_protocol(protocol).scorer
    formats = formats_asserted(scorer, dataset.split(split), dataset.tasks)  # of the board, whichever styles were run
    numbers: JsonObject = _rounded(aggregate(scores, formats, pairs(examples)))
    return numbers


def computed_latency(latency: JsonObject | None) -> JsonObject | None:
    """A latency measurement with its summary computed again from its samples."""
    if latency is None:
        return None
    computed: JsonObject = _rounded(summarise(latency["samples"], latency["hardware"]))
    return computed


def _board(manifest: Mapping[str, Any], styles: list[str]) -> JsonObject:
    data = manifest["data"]
    return {
        "data": data["name"],
        "fingerprint": data["fingerprint"],
        "split": data["selection"]["split"],
        "styles": styles,
        "examples": data["examples"],
        "protocol": manifest["protocol"]["name"],
    }


def _model(identity: Mapping[str, Any], display_name: str | None, training_data: str | None) -> JsonObject:
    kept = ("kind", "revision", "parameters", "size_bytes", "base", "base_revision")
    return {
        "name": display_name or identity["name"],
        "id": identity["spec"],
        **{key: identity[key] for key in kept},
        "adapter": identity["base_revision"] is not None,
        **{key: identity[key] for key in ("quantisation", "dtype", "license")},
        "training_data": training_data or (identity["extra"] or {}).get("trained_on"),
    }


def _environment(manifest: Mapping[str, Any]) -> JsonObject:
    loaded = manifest["model"]["extra"] or {}
    return {
        "hardware": _rounded(manifest["environment"]["hardware"]),
        **{key: loaded.get(key) for key in ("device", "threads", "attention")},
        **({"engine": loaded["engine"]} if "engine" in loaded else {}),
        "versions": manifest["environment"]["versions"],
        "code": manifest["code"],
    }


def _rounded(value: Any) -> Any:
    """``value`` with every float rounded, so that files are the same wherever they are computed."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _differences(claimed: Any, computed: Any, path: list[str | int]) -> Iterator[str]:
    if isinstance(claimed, Mapping) and isinstance(computed, Mapping):
        for key in [*claimed, *(key for key in computed if key not in claimed)]:
            yield from _differences(claimed.get(key), computed.get(key), [*path, key])
    elif isinstance(claimed, list) and isinstance(computed, list) and len(claimed) == len(computed):
        for index, pair in enumerate(zip(claimed, computed, strict=True)):
            yield from _differences(*pair, [*path, index])
    elif isinstance(claimed, float) or isinstance(computed, float):
        # one unit of the last decimal: a value on the edge of rounding may fall to either side
        numbers = isinstance(claimed, int | float) and isinstance(computed, int | float)
        if not numbers or abs(claimed - computed) > 1.5 * 10**-DECIMALS:
            yield f"{key_path(path)}: claims {claimed!r}, it is {computed!r}"
    elif claimed != computed:
        yield f"{key_path(path)}: claims {claimed!r}, it is {computed!r}"


def _write_files(root: Path, record: JsonObject, files: Mapping[str, bytes], replace: bool) -> Path:
    """Write the files in their order, the YAML last: where it is, the submission is whole."""
    folder = root / board_folder(record["board"]) / slug(record["model"]["name"])
    try:
        if not replace and any(_holds_other(folder / name, content) for name, content in files.items()):
            raise SubmissionError(
                f"{folder}: holds another submission ({_describe(folder)}; this is run {record['run'][:12]}); "
                "--replace overwrites it, another name keeps both"
            )
        for name, content in files.items():
            write_atomic(folder / name, content)
    except OSError as exc:
        raise SubmissionError(f"{folder}: not writable ({exc.strerror})") from None
    return folder / SUBMISSION


def _holds_other(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() != content


def _describe(folder: Path) -> str:
    try:
        there = load(folder).record
    except SubmissionError:
        return "one that does not check out"
    return f"run {there['run'][:12]} of {there['date']}, model revision {there['model']['revision'] or 'none'}"
