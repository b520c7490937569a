"""A submission's numbers in the hub's own forms: ``.eval_results/*.yaml`` and the model card's ``model-index``.

Both are written by the hub's client from the record; nothing is uploaded. One file per style, since the hub takes one
result of a benchmark's task from a file.
"""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import EvalResult, EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.repocard import metadata_load, metadata_save
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from edgejson_bench.errors import SubmissionError
from edgejson_bench.jsonio import write_atomic
from edgejson_bench.records import JsonObject
from edgejson_bench.submission_files import Submission
from edgejson_bench.submission_yaml import dump

FOLDER = ".eval_results"
CARD = "README.md"
TASK_TYPE = "text-generation"
"""The hub's own task for models that generate text; it has none for extraction."""

METRICS = {"json_exact": "JSONExact", "field_f1": "Field F1", "compliance": "Schema compliance"}


def write(submission: Submission, folder: Path, dataset: str, revision: str | None = None) -> list[Path]:
    """Write the results of ``submission`` into ``folder``, a copy of the model's repository; returns what was written.

    Results of other benchmarks in the card stay, those of the same dataset and styles are replaced. Values are percent
    of n as the hub shows them, but field F1, which is a fraction.

    Args:
        submission: a measured one.
        folder: made if need be.
        dataset: the benchmark's dataset on the hub, ``ORG/NAME``.
        revision: commit of that dataset.

    Raises:
        SubmissionError: the card's metadata are broken, or a file cannot be written.
    """
    record = submission.record
    card = folder / CARD
    try:
        written = []
        for style in record["results"]:
            path = folder / FOLDER / f"edgejson_{style}.yaml"
            write_atomic(path, dump(eval_result_entries_to_yaml([_entry(record, style, dataset, revision)])))
            written.append(path)
        metadata = (metadata_load(card) or {}) if card.exists() else {}
        own = [result for style in record["results"] for result in _results(record, style, dataset, revision)]
        ours = {(result.dataset_type, result.dataset_config) for result in own}
        name: str = record["model"]["name"]
        others: list[EvalResult] = []
        if "model-index" in metadata:
            name, others = model_index_to_eval_results(metadata["model-index"])
        kept = [result for result in others if (result.dataset_type, result.dataset_config) not in ours]
        metadata["model-index"] = eval_results_to_model_index(name, kept + own)
        metadata_save(card, metadata)
    except OSError as exc:
        raise SubmissionError(f"{exc.filename or folder}: not writable ({exc.strerror})") from None
    except (ValueError, KeyError, TypeError) as exc:
        raise SubmissionError(
            f"{card}: its metadata cannot be read ({exc}); mend them, or name another folder"
        ) from None
    return [*written, card]


def _entry(record: JsonObject, style: str, dataset: str, revision: str | None) -> EvalResultEntry:
    overall, board = record["results"][style]["overall"], record["board"]
    low, high = overall["json_exact"]["ci95"]
    return EvalResultEntry(
        dataset_id=dataset,
        task_id=style,
        value=_percent(overall["json_exact"]["value"]),
        dataset_revision=revision,
        date=record["date"],
        notes=(
            f"JSONExact, protocol {board['protocol']}, {board['split']} split, n = {overall['n']}, "
            f"95 % interval {_percent(low)} to {_percent(high)}, data {board['fingerprint'][:12]}"
        ),
    )


def _results(record: JsonObject, style: str, dataset: str, revision: str | None) -> list[EvalResult]:
    overall, board = record["results"][style]["overall"], record["board"]
    return [
        EvalResult(
            task_type=TASK_TYPE,
            task_name="Structured JSON extraction",
            dataset_type=dataset,
            dataset_name=f"EdgeJSON ({style})",
            dataset_config=style,
            dataset_split=board["split"],
            dataset_revision=revision,
            dataset_args={"protocol": board["protocol"], "n": overall["n"]},
            metric_type=key,
            metric_name=name,
            metric_value=overall[key]["value"] if key == "field_f1" else _percent(overall[key]["value"]),
        )
        for key, name in METRICS.items()
    ]


def _percent(fraction: float) -> float:
    return round(100 * fraction, 1)
