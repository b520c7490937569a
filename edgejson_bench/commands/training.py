"""Commands that train a model and describe it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from edgejson_bench import console
from edgejson_bench.commands.inputs import (
    check_threads,
    load_data,
    print_json,
)
from edgejson_bench.errors import RunError
from edgejson_bench.tasks import STYLES


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
            print_json(recipe.to_json())
        else:
            print(dump(recipe.to_json()), end="")
        return 0
    check_threads(arguments.threads)
    from edgejson_bench.models.locate import METADATA
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
        compiled=arguments.compile,
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
        print_json({"card": str(path)})
    else:
        print(path)
    return 0
