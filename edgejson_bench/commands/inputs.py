"""What several commands need: data sets, models and tokenizers from their arguments, and JSON on stdout."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from edgejson_bench import console
from edgejson_bench.errors import MissingExtra, UsageError
from edgejson_bench.tasks import Dataset, load_shipped


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


def data_of_run(name: str | None, manifest: Any) -> Dataset:
    """The data set a run was made on, as far as its manifest can tell where that is."""
    recorded = manifest["data"]["name"]
    if name is None and recorded == "released":
        name = "released"
    elif name is None and recorded != "edgejson":
        raise UsageError(f"this run was made on the data folder {recorded!r}: give its path with --data")
    return load_data(name)


def load_model(arguments: Namespace, dataset: Dataset) -> Any:
    """The model that ``--model`` names, with the other options about it."""
    return load_spec(arguments.model, arguments, dataset)


def load_spec(spec: str, arguments: Namespace, dataset: Dataset) -> Any:
    """The model of a spec, with the options about models from ``arguments``."""
    from edgejson_bench.models.engines import check_engine, require_engine
    from edgejson_bench.models.locate import WITHOUT_WEIGHTS, check_spec
    from edgejson_bench.models.resolve import resolve

    check_spec(spec)  # before seconds go into importing torch
    check_engine(arguments.engine, spec)
    require_engine(arguments.engine)
    options = None
    if spec not in WITHOUT_WEIGHTS:
        from edgejson_bench.models.transformers import LoadOptions

        options = LoadOptions(
            device=arguments.device,
            dtype=arguments.dtype,
            threads=arguments.threads,
            allow_pickle=arguments.allow_pickle,
            trust_remote_code=arguments.trust_remote_code,
        )
    return resolve(
        spec,
        golds={example.id: example.gold for rows in dataset.splits.values() for example in rows},
        options=options,
        base_model=arguments.base_model,
        revision=arguments.revision,
        tokenizer=arguments.tokenizer,
        engine=arguments.engine,
        note=console.note,
    )


def count_tokenizer(spec: str | None) -> Any:
    """The tokenizer to count with; None, and a note, where none was asked for and the default one is not installed."""
    from edgejson_bench.models.resolve import resolve_tokenizer

    try:
        return resolve_tokenizer(spec, console.note)
    except MissingExtra as exc:
        if spec:
            raise
        console.note(f"lengths are in characters: {exc}")
        return None


def check_threads(threads: int | None) -> None:
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: must be at least 1")


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False))
