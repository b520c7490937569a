"""The command that puts submissions to the test."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from edgejson_bench import console
from edgejson_bench.commands.inputs import load_data, load_spec, print_json
from edgejson_bench.errors import CheckFailed, UsageError
from edgejson_bench.records import JsonObject
from edgejson_bench.tasks import Dataset
from edgejson_bench.verification import ledger
from edgejson_bench.verification.verdicts import FindData, Verdict, find, verify_all


def verify(arguments: Namespace) -> int:
    """``verify PATH...``."""
    root = Path(arguments.submissions)
    files = find([Path(path) for path in arguments.paths] or [root])
    if arguments.check and arguments.paths:
        raise UsageError("--check is about all submissions: leave the paths out, or name --submissions")
    if arguments.record and (
        strangers := [path for path in files if not path.resolve().is_relative_to(root.resolve())]
    ):
        raise UsageError(f"{strangers[0]}: --record is about what lies in {root}; name another with --submissions")
    if arguments.model is not None and (arguments.reproduce is None or len(files) != 1):
        raise UsageError("--model is where the model of one submission is: name that submission, and --reproduce N")
    if arguments.reproduce is not None and arguments.reproduce < 1:
        raise UsageError(f"--reproduce {arguments.reproduce}: must be at least 1")
    find_data = _find_data(arguments.data)
    others = [path for path in find([root]) if path not in files] if arguments.paths and root.is_dir() else []
    verdicts = verify_all(files, find_data, verify_all(others, find_data))
    if arguments.reproduce is not None:
        verdicts = [_reproduced(verdict, find_data, arguments) for verdict in verdicts]
    if arguments.json:
        print_json([_as_json(verdict) for verdict in verdicts])
    else:
        _print(verdicts)
    if arguments.record:
        console.note(f"wrote {ledger.record(root, verdicts)}")
    different = ledger.differences(root, verdicts) if arguments.check else []
    for line in different:
        console.note(line)
    refused = sum(verdict.level is None for verdict in verdicts)
    if refused:
        raise CheckFailed(f"verify: {refused} of {len(verdicts)} submissions are refused")
    if different:
        raise CheckFailed(f"{root / ledger.FILE}: not what verification says; run: edgejson-bench verify --record")
    return 0


def _find_data(named: str | None) -> FindData:
    """Data sets of boards, each loaded once: the shipped, the released, and the folder that ``--data`` names."""

    @cache
    def load(name: str) -> Dataset:
        if name == "edgejson":
            return load_data(None)
        if name == "released":
            return load_data("released")
        if named is None:
            raise UsageError(f"board.data: {name!r} is a data folder of somebody's; give its path with --data")
        dataset = load_data(named)
        if dataset.name != name:
            raise UsageError(f"board.data: is {name!r}, and --data {named} holds {dataset.name!r}")
        return dataset

    def find_board(board: JsonObject) -> Dataset:
        return load(board["data"])

    return find_board


def _reproduced(verdict: Verdict, find_data: FindData, arguments: Namespace) -> Verdict:
    """``verdict`` with what asking the model again says."""
    from edgejson_bench.models.engines import ENGINES, TRANSFORMERS
    from edgejson_bench.models.locate import HUB_ID
    from edgejson_bench.submission_files import unpack_completions
    from edgejson_bench.verification.reproduction import reproduce, sample

    if verdict.level != "rescored" or verdict.submission is None:
        return verdict
    submission = verdict.submission
    record = submission.record["model"]
    dataset = find_data(submission.record["board"])
    pinned = arguments.revision or (record["revision"] if HUB_ID.fullmatch(record["id"]) else None)
    engine = record["kind"] if record["kind"] in ENGINES else TRANSFORMERS
    asked = Namespace(**{**vars(arguments), "revision": pinned, "engine": engine})
    model = load_spec(arguments.model or record["id"], asked, dataset)
    examples = sample(submission, dataset, arguments.reproduce)
    console.note(f"{record['name']}: asking {len(examples)} examples again")
    found = reproduce(submission, dataset, unpack_completions(submission.completions_path), model, examples)
    again = found.again
    told = f"{again.same_texts} of {again.asked} texts and {again.same_exact} of {again.asked} verdicts are the same"
    console.note(f"{record['name']}: {told}")
    if found.problems:
        return replace(verdict, level=None, problems=found.problems)
    return replace(verdict, level="reproduced", again=again)


def _print(verdicts: Sequence[Verdict]) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for verdict in verdicts:
        place = console.printable(verdict.path.parent.as_posix())
        out.print(Text.assemble((verdict.level or "refused", "green" if verdict.level else "bold red"), f"  {place}"))
        for problem in verdict.problems:
            out.print(Text(f"  {console.printable(problem)}"))
        for flag in verdict.flags:
            label = "note" if verdict.level == "reported" else "look at it"
            out.print(Text(f"  {label}: {console.printable(flag)}", style="yellow"))


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "submission": verdict.path.as_posix(),
        "level": verdict.level,
        "problems": list(verdict.problems),
        "flags": list(verdict.flags),
        "again": asdict(verdict.again) if verdict.again else None,
    }
