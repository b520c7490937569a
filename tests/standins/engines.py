"""What tests of every engine ask it, and what all of them must do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgejson_bench.models.resolve import resolve
from edgejson_bench.records import Completion, Prompt, Settings

PROMPTS = [Prompt(f"p{n}", f"task-{n % 3}", f'Name: Ada {n} "x": {{', "", None, 20) for n in range(6)]


def load(path: Path, engine: str, **options: Any) -> Any:
    """The weights at ``path`` on one thread of ``engine``."""
    from edgejson_bench.models.transformers import LoadOptions

    return resolve(str(path), golds={}, options=LoadOptions(**{"threads": 1, **options}), engine=engine)


def seen(completions: Iterable[Completion]) -> dict[str, Completion]:
    """By example, without the times."""
    return {made.example_id: replace(made, timing=None) for made in completions}


def check_that_only_what_was_decoded_alone_has_times(model: Any) -> None:
    """One at a time in the given order, with times; side by side without."""
    alone = list(model.generate(PROMPTS[:3], Settings("eos", 1)))
    assert [made.example_id for made in alone] == ["p0", "p1", "p2"]
    for made in alone:
        assert made.timing is not None
        assert made.timing.prefill_seconds > 0
        assert made.timing.decode_seconds > 0
    assert all(made.timing is None for made in model.generate(PROMPTS[:3], Settings("eos", 2)))
