"""Whether fast decoding gives what decoding one prompt alone in float32, token by token, gives.

A run's completions are made side by side, with shared prefixes and verified guesses, perhaps in a short number type.
Here a few examples are answered again the plain way, and both are held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

from edgejson_bench.models.base import Model
from edgejson_bench.records import Completion, Example, Prompt, Settings
from edgejson_bench.scoring.statistics import wilson

SHOWN = 10
"""Divergences that are kept; their number is always told."""

CONTEXT = 40
"""Characters of both texts that are shown from where they part."""


@dataclass(frozen=True)
class Alone:
    """A completion that was decoded alone, token by token."""

    completion: Completion
    pieces: tuple[str, ...]
    """The text up to and with each new token."""
    margins: tuple[float, ...]
    """Logit of each chosen token minus that of the runner-up."""


@runtime_checkable
class DecodesAlone(Model, Protocol):
    """A model that can also answer the plain way."""

    def decode_alone(self, prompt: Prompt, settings: Settings) -> Alone:
        """Answer one prompt token by token, with no guess and nothing kept from another prompt."""
        ...


@dataclass(frozen=True)
class Divergence:
    """Where the two ways part in one example."""

    example_id: str
    token: int
    """Index of the first new token that the texts differ in."""
    margin: float | None
    """Logit lead of the token that was chosen alone over its runner-up: near zero where rounding decided."""
    run: str
    """What the run goes on with from there."""
    alone: str
    """What decoding alone goes on with."""


def compare(
    examples: Sequence[Example],
    completions: Mapping[str, Completion],
    alone: Mapping[str, Alone],
    exact: Callable[[Mapping[str, Completion]], Mapping[str, bool]],
) -> dict[str, Any]:
    """How the run's ``completions`` of ``examples`` differ from those decoded alone, ready for JSON.

    Completions are identical where text, number of tokens and finish reason are. ``exact`` scores completions: id to
    JSONExact.
    """
    chosen = {example.id: completions[example.id] for example in examples}
    plain = {example_id: answer.completion for example_id, answer in alone.items()}
    divergences = [
        _divergence(chosen[example.id], alone[example.id])
        for example in examples
        if _seen(chosen[example.id]) != _seen(plain[example.id])
    ]
    before, after = exact(chosen), exact(plain)
    n, identical = len(examples), len(examples) - len(divergences)
    return {
        "n": n,
        "identical": {"count": identical, "value": identical / n, "ci95": list(wilson(identical, n))},
        "json_exact": {
            "run": sum(before.values()),
            "alone": sum(after.values()),
            "changed": sorted(example_id for example_id in before if before[example_id] != after[example_id]),
        },
        "divergences": [asdict(divergence) for divergence in divergences[:SHOWN]],
        "examples": [example.id for example in examples],
    }


def _seen(completion: Completion) -> tuple[str, int | None, str]:
    return completion.text, completion.completion_tokens, completion.finish_reason


def _divergence(run: Completion, alone: Alone) -> Divergence:
    """The first token of the plain way with which its text is no longer a beginning of the run's."""
    token = next(
        (number for number, piece in enumerate(alone.pieces) if not run.text.startswith(piece)), len(alone.pieces)
    )
    start = len(alone.pieces[token - 1]) if token else 0
    return Divergence(
        example_id=run.example_id,
        token=token,
        margin=round(alone.margins[token], 4) if token < len(alone.margins) else None,
        run=run.text[start : start + CONTEXT],
        alone=alone.completion.text[start : start + CONTEXT],
    )
