"""Commands that hand results on: submissions and the leaderboard."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from edgejson_bench import console
from edgejson_bench.commands.inputs import (
    data_of_run,
    print_json,
)
from edgejson_bench.errors import CheckFailed, UsageError


def submit(arguments: Namespace) -> int:
    """``submit RUN``."""
    from edgejson_bench import submissions
    from edgejson_bench.runs import load_run

    directory = load_run(Path(arguments.run))
    if bool(arguments.hub) != bool(arguments.hub_dataset):
        raise UsageError("--hub FOLDER and --hub-dataset ORG/NAME go together")
    wanted = submissions.unstated(directory, arguments.submitter, arguments.training_data)
    if arguments.check:
        obstacles = submissions.missing(directory)
        if arguments.json:
            print_json({"obstacles": obstacles, "unstated": wanted})
        else:
            for line in (*obstacles, *wanted):
                print(console.printable(line))
        if obstacles:
            raise CheckFailed(f"{directory.path}: cannot be submitted")
        console.note(f"{directory.path}: can be submitted")
        return 0
    for line in wanted:
        console.note(line)
    path = submissions.write(
        directory,
        data_of_run(arguments.data, directory.manifest),
        Path(arguments.out),
        submitter=arguments.submitter,
        training_data=arguments.training_data,
        display_name=arguments.name,
        replace=arguments.replace,
    )
    if arguments.hub:
        from edgejson_bench import hub_results

        written = hub_results.write(submissions.load(path), Path(arguments.hub), arguments.hub_dataset)
        console.note(f"wrote {', '.join(str(file) for file in written)}")
    if arguments.json:
        print_json({"submission": str(path)})
    else:
        print(path)
    return 0


def leaderboard(arguments: Namespace) -> int:
    """``leaderboard``."""
    from edgejson_bench.leaderboard import figures, files, preview
    from edgejson_bench.leaderboard import terminal as screen

    if arguments.pdf and arguments.check:
        raise UsageError("--pdf writes a file, --check writes none: give one of them")
    out = Path(arguments.out)
    made = files.make(Path(arguments.submissions), out, console.note)
    if arguments.check:
        different = files.check(made, out, console.note)
        if arguments.json:
            print_json({"leaderboard": str(out), "different": different})
        if different:
            raise CheckFailed(f"{', '.join(different)}: not what the submissions say; run: edgejson-bench leaderboard")
        console.note("the leaderboard is what the submissions say")
        return 0
    files.write(made, out)
    if arguments.pdf:
        console.note(f"wrote {preview.write(made.files, out)}, to look at; it is not checked")
    if arguments.json:
        print_json({"leaderboard": str(out), "boards": [asdict(board) for board in made.boards]})
        return 0
    terminal = Console(highlight=False)
    terminal.width = max(terminal.width, 100)  # in less, a pipe's 80 columns, models' names are folded to syllables
    for board in made.boards:
        terminal.print(screen.terminal_table(board))
        if (gaps := screen.gap_table(board)) is not None:
            terminal.print(gaps)
    drawn = [name for name in made.files if name.startswith(f"{figures.FOLDER}/")]
    told = [name for name in made.files if name not in drawn] + ([f"{len(drawn)} figures"] if drawn else [])
    console.note(f"wrote {', '.join(told)} to {out}")
    return 0
