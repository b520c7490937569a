"""Two runs on the same examples, compared pair by pair from their own files: manifests and ``scores.jsonl``.

It refuses runs that cannot be compared. It neither scores nor loads a model or data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from edgejson_bench.conclusions import conclude
from edgejson_bench.errors import RunError, UsageError
from edgejson_bench.jsonio import read_jsonl
from edgejson_bench.records import FinishReason, Score
from edgejson_bench.runs import REPORT, SCORES, RunDirectory, load_run
from edgejson_bench.scoring.statistics import MeanDifference, PairedDifference, mean_difference, paired_difference
from edgejson_bench.tasks import style_order, tier_order

SCORE_KINDS: Mapping[str, Any] = {
    "example_id": str,
    "task": str,
    "tier": str,
    "style": str,
    "json_exact": bool,
    "field_f1": float,
    "compliance": bool,
    "compliance_formats": bool | None,
    "parsed": bool,
    "problem": str | None,
    "finish_reason": str,
}
"""Keys that a line of ``scores.jsonl`` must have. Others of :class:`Score` came later and have defaults."""


@dataclass(frozen=True)
class ComparedRun:
    """One of the two runs."""

    directory: str
    """Name of the run directory."""
    fingerprint: str
    """Of the run, hex sha256."""
    model: str
    """Name of the model: untrusted text, to be escaped wherever it is shown."""
    prompt: str
    """The prompt format it was asked with."""


@dataclass(frozen=True)
class Group:
    """The examples of one style, or of one tier in it, in both runs."""

    n: int
    """Examples."""
    first_exact: int
    """Examples that are JSONExact in the first run."""
    second_exact: int
    """Examples that are JSONExact in the second run."""
    json_exact: PairedDifference
    field_f1: MeanDifference
    """With tasks as the clusters."""

    def to_json(self) -> dict[str, Any]:
        """Ready for JSON; the runs are called ``a`` and ``b``."""
        exact, f1 = self.json_exact, self.field_f1
        return {
            "n": self.n,
            "tasks": self.field_f1.clusters,
            "json_exact": {
                "a": self.first_exact / self.n,
                "b": self.second_exact / self.n,
                "difference": exact.difference,
                "ci95": [exact.low, exact.high],
                "p_value": exact.p_value,
                "only_a": exact.only_first,
                "only_b": exact.only_second,
            },
            "field_f1": {
                "a": f1.first,
                "b": f1.second,
                "difference": f1.difference,
                "ci95": list(f1.interval),
                "ci95_by_task": None if f1.clustered is None else list(f1.clustered),
            },
        }


@dataclass(frozen=True)
class StyleComparison:
    """What one style shows."""

    overall: Group
    tiers: Mapping[str, Group]
    """By tier, in order of complexity. Several comparisons at once: a description, from which nothing is concluded."""
    conclusion: str
    """What may be concluded from ``overall``, in words; the runs are called A and B."""


@dataclass(frozen=True)
class Comparison:
    """Two runs, compared."""

    first: ComparedRun
    """Called A wherever it is shown."""
    second: ComparedRun
    """Called B."""
    data: Mapping[str, Any]
    """``name``, ``fingerprint`` and ``split``, the same for both, and the number of ``examples`` compared."""
    protocol: str
    """Name of the protocol, the same for both."""
    notes: tuple[str, ...]
    """What beside the models differs, and may have moved the scores."""
    styles: Mapping[str, StyleComparison]

    def to_json(self) -> dict[str, Any]:
        """Ready for JSON; values are fractions, differences are ``a`` minus ``b``."""
        return {
            "a": asdict(self.first),
            "b": asdict(self.second),
            "data": dict(self.data),
            "protocol": self.protocol,
            "notes": list(self.notes),
            "results": {
                style: {
                    "overall": compared.overall.to_json(),
                    "tiers": {tier: group.to_json() for tier, group in compared.tiers.items()},
                    "conclusion": compared.conclusion,
                }
                for style, compared in self.styles.items()
            },
        }


def compare_runs(first: Path, second: Path) -> Comparison:
    """Compare two run directories; differences are first minus second.

    Raises:
        RunError: a run is missing, incomplete or broken.
        UsageError: they are one run, or of other data, another split, protocol or set of examples.
    """
    a, b = load_run(first), load_run(second)
    for run in (a, b):
        if run.report is None:
            raise RunError(f"{run.path}: not complete, it has no {REPORT}; its run command, given again, finishes it")
    _refuse_other_work(a, b)
    scores_a, scores_b = read_scores(a), read_scores(b)
    _refuse_other_examples(a, scores_a, b, scores_b)
    data = a.manifest["data"]
    return Comparison(
        first=_compared_run(a),
        second=_compared_run(b),
        data={
            "name": data["name"],
            "fingerprint": data["fingerprint"],
            "split": data["selection"]["split"],
            "examples": len(scores_a),
        },
        protocol=a.manifest["protocol"]["name"],
        notes=_notes(a.manifest, b.manifest),
        styles=compare_scores(scores_a, scores_b),
    )


def compare_scores(first: Mapping[str, Score], second: Mapping[str, Score]) -> dict[str, StyleComparison]:
    """Compare two scores of every example, by style. Both map the same example ids; their order does not matter.

    Raises:
        ValueError: the example ids differ, or there are none.
    """
    if not first or first.keys() != second.keys():
        raise ValueError("only scores of the same examples can be compared, and at least one")
    pairs = [(first[example_id], second[example_id]) for example_id in sorted(first)]
    compared = {}
    for style in sorted({a.style for a, _ in pairs}, key=style_order):
        of_style = [pair for pair in pairs if pair[0].style == style]
        tiers = sorted({a.tier for a, _ in of_style}, key=tier_order)
        overall = _compare_group(of_style)
        compared[style] = StyleComparison(
            overall=overall,
            tiers={tier: _compare_group([pair for pair in of_style if pair[0].tier == tier]) for tier in tiers},
            conclusion=conclude(style, overall.first_exact, overall.json_exact, overall.field_f1),
        )
    return compared


def read_scores(run: RunDirectory) -> dict[str, Score]:
    """The scores of a complete run by example id. Older files without ``error_kinds`` are read as well.

    Raises:
        RunError: a line is broken or scores an example twice, or there is not one for every example of the run.
    """
    path = run.path / SCORES
    again = f"score the run again: edgejson-bench score {run.path}"
    scores: dict[str, Score] = {}
    for number, row in read_jsonl(path, RunError):
        score = _score(row, f"{path}:{number}", again)
        if score.example_id in scores:
            raise RunError(f"{path}:{number}: a second score of {score.example_id!r}; {again}")
        scores[score.example_id] = score
    data = run.manifest["data"]
    if len(scores) != data["examples"] or (data["ids"] is not None and scores.keys() != set(data["ids"])):
        raise RunError(f"{path}: {len(scores)} scores, not those of the run's {data['examples']} examples; {again}")
    return scores


def _score(row: Mapping[str, Any], where: str, again: str) -> Score:
    known = {field.name for field in fields(Score)}
    if unknown := sorted(row.keys() - known):
        raise RunError(f"{where}: unknown key {unknown[0]!r} in a score, as of another version; {again}")
    for key, kind in SCORE_KINDS.items():
        if key not in row or not isinstance(row[key], kind):
            raise RunError(f"{where}: {key!r} is missing or of the wrong type in a score; {again}")
    if not 0 <= row["field_f1"] <= 1 or row["finish_reason"] not in get_args(FinishReason):
        raise RunError(f"{where}: field_f1 or finish_reason has a value that no scorer writes; {again}")
    kinds = row.get("error_kinds", [])
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise RunError(f"{where}: 'error_kinds' is of the wrong type in a score; {again}")
    return Score(**{**row, "error_kinds": tuple(kinds)})


def _refuse_other_work(a: RunDirectory, b: RunDirectory) -> None:
    if a.manifest["fingerprint"] == b.manifest["fingerprint"]:
        raise UsageError(f"{a.path} and {b.path} are the same run; give two different ones")
    for what, flag, (of_a, of_b) in (
        ("splits", "--split", [run.manifest["data"]["selection"]["split"] for run in (a, b)]),
        ("data", "--data", [_data_version(run) for run in (a, b)]),
        ("protocols", "--protocol", [run.manifest["protocol"]["name"] for run in (a, b)]),
    ):
        if of_a != of_b:
            raise UsageError(
                f"different {what} cannot be compared: {a.path} was made with {of_a}, {b.path} with {of_b}; "
                f"make one of them again with the other's {flag}"
            )


def _data_version(run: RunDirectory) -> str:
    data = run.manifest["data"]
    return f"{data['name']} {data['fingerprint'][:12]}"


def _refuse_other_examples(
    a: RunDirectory, scores_a: Mapping[str, Score], b: RunDirectory, scores_b: Mapping[str, Score]
) -> None:
    if scores_a.keys() != scores_b.keys():
        shared = len(scores_a.keys() & scores_b.keys())
        raise UsageError(
            f"different examples cannot be compared: {a.path} has {len(scores_a)}, {b.path} has {len(scores_b)}, "
            f"{shared or 'none'} in both; make both runs with the same --style, --tier, --task and --limit"
        )
    for example_id, score in scores_a.items():
        other = scores_b[example_id]
        if (score.task, score.tier, score.style) != (other.task, other.tier, other.style):
            raise RunError(
                f"{a.path} and {b.path}: example {example_id!r} differs in task, tier or style, though the data is the "
                "same; score both again: edgejson-bench score RUN"
            )


def _compared_run(run: RunDirectory) -> ComparedRun:
    manifest = run.manifest
    return ComparedRun(
        directory=run.path.resolve().name,  # not the name of a link to it
        fingerprint=manifest["fingerprint"],
        model=manifest["model"]["name"],
        prompt=manifest["protocol"]["prompt"],
    )


def _notes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, ...]:
    notes = []
    prompts = [manifest["protocol"]["prompt"] for manifest in (a, b)]
    if prompts[0] != prompts[1]:
        notes.append(
            f"A was asked with the {prompts[0]} prompt, B with the {prompts[1]} one: models and prompts are compared "
            "together."
        )
    if a["code"]["digest"] != b["code"]["digest"]:
        notes.append(
            "The runs were made by different versions of the code; if its scorer changed in between, score both again."
        )
    return tuple(notes)


def _compare_group(pairs: list[tuple[Score, Score]]) -> Group:
    exact = [a.json_exact for a, _ in pairs], [b.json_exact for _, b in pairs]
    tasks = [a.task for a, _ in pairs]
    return Group(
        n=len(pairs),
        first_exact=sum(exact[0]),
        second_exact=sum(exact[1]),
        json_exact=paired_difference(*exact),
        field_f1=mean_difference([a.field_f1 for a, _ in pairs], [b.field_f1 for _, b in pairs], tasks),
    )
