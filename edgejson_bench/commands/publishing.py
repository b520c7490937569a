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
from edgejson_bench.errors import CheckFailed


def submit(arguments: Namespace) -> int:
    """``submit RUN``."""
    from edgejson_bench import submissions
    from edgejson_bench.runs import load_run

    directory = load_run(Path(arguments.run))
    path = submissions.write(
        directory,
        data_of_run(arguments.data, directory.manifest),
        Path(arguments.out),
        submitter=arguments.submitter,
        training_data=arguments.training_data,
        display_name=arguments.name,
        replace=arguments.replace,
    )
    if arguments.json:
        print_json({"submission": str(path)})
    else:
        print(path)
    return 0


def leaderboard(arguments: Namespace) -> int:
    """``leaderboard``."""
    from edgejson_bench.leaderboard import files
    from edgejson_bench.leaderboard import terminal as screen

    out = Path(arguments.out)
    made = files.make(Path(arguments.submissions), out)
    if arguments.check:
        different = files.check(made, out)
        if arguments.json:
            print_json({"leaderboard": str(out), "different": different})
        if different:
            raise CheckFailed(f"{', '.join(different)}: not what the submissions say; run: edgejson-bench leaderboard")
        console.note("the leaderboard is what the submissions say")
        return 0
    files.write(made, out)
    if arguments.json:
        print_json({"leaderboard": str(out), "boards": [asdict(board) for board in made.boards]})
        return 0
    terminal = Console(highlight=False)
    terminal.width = max(terminal.width, 100)  # in less, a pipe's 80 columns, models' names are folded to syllables
    for board in made.boards:
        terminal.print(screen.terminal_table(board))
        if (gaps := screen.gap_table(board)) is not None:
            terminal.print(gaps)
    console.note(f"wrote {', '.join(made.files)} to {out}")
    return 0
