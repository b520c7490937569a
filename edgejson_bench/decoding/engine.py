"""Greedy decoding of many prompts: rows leave as soon as they finish and waiting prompts take their place.

Prompts of one task share instruction and schema: that prefix is prefilled once and its keys and values are
reused. Prefill and decode are separate passes, and the LM head sees last positions alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import torch

from edgejson_bench.decoding.cache import SlotCache, fits
from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.records import FinishReason, Timing


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """A tokenised prompt."""

    key: str
    """Names the prompt in the result."""
    group: str
    """Prompts of one group are expected to begin alike (the task)."""
    ids: tuple[int, ...]
    """Token ids, special tokens included; at least one."""
    max_new_tokens: int
    """At least one."""


@dataclass(frozen=True, slots=True)
class TokenCompletion:
    """A finished row."""

    key: str
    ids: tuple[int, ...]
    """New tokens; the end token, where it was produced, is the last."""
    finish_reason: FinishReason
    timing: Timing | None
    """Only where the prompt was decoded alone."""


@dataclass(slots=True)
class _Row:
    prompt: TokenPrompt
    scanner: JsonEnd | None
    ids: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None


@dataclass(slots=True)
class _Prefix:
    """Keys and values of the tokens with which every prompt of a group begins."""

    group: str
    length: int
    states: list[tuple[torch.Tensor, torch.Tensor]]


class Engine:
    """Decodes prompts greedily with one transformers causal LM.

    Args:
        model: a causal LM in eval mode.
        eos_ids: token ids that end a completion.
        piece: the text of one token id by itself, empty for special tokens; read by the ``json_end`` rule.
    """

    def __init__(self, model: Any, eos_ids: frozenset[int], piece: Callable[[int], str]) -> None:
        self._model = model
        self._eos_ids = eos_ids
        self._piece = piece
        self._side_by_side = fits(model)

    def decode(self, prompts: Sequence[TokenPrompt], *, rows: int, stop_at_json_end: bool) -> Iterator[TokenCompletion]:
        """Yield a completion per prompt as soon as it is done.

        ``rows`` prompts are decoded side by side, those of the longest groups first. They influence each
        other only through rounding in differently shaped matrix products. With ``rows=1`` prompts go in
        the given order, nothing is reused between them, and each completion carries its own times.
        """
        if rows == 1 or not self._side_by_side:
            for prompt in prompts:
                yield self._decode_alone(_Row(prompt, JsonEnd() if stop_at_json_end else None))
            return
        waiting = deque(_longest_groups_first(prompts))
        rows = min(rows, len(waiting))
        cache = SlotCache(self._model, rows, max((len(p.ids) + p.max_new_tokens for p in waiting), default=1))
        active: list[_Row] = []
        prefix: _Prefix | None = None
        while waiting or active:
            while waiting and len(active) < rows:
                prompt = waiting.popleft()
                row = _Row(prompt, JsonEnd() if stop_at_json_end else None)
                if prefix is None or prefix.group != prompt.group:
                    prefix = self._open_group(row, waiting, cache, len(active))
                else:
                    self._prefill(row, cache, len(active), prefix)
                active.append(row)
                yield from self._release_finished(active, cache)
            if active:
                self._step(active, cache)
                yield from self._release_finished(active, cache)

    @torch.inference_mode()
    def _decode_alone(self, row: _Row) -> TokenCompletion:
        prompt = row.prompt
        cache = None
        if self._side_by_side:
            cache = SlotCache(self._model, 1, len(prompt.ids) + prompt.max_new_tokens)
            cache.slots.filling = 0
        step, first_token_at = list(prompt.ids), 0.0
        started = time.perf_counter()
        while row.finish_reason is None:
            output = self._forward([step], cache)
            if isinstance(cache, SlotCache):
                cache.slots.lengths[0] += len(step)
            cache = output.past_key_values
            self._accept(row, int(output.logits[0, -1].argmax()))
            first_token_at = first_token_at or time.perf_counter()
            step = row.ids[-1:]
        timing = Timing(first_token_at - started, time.perf_counter() - first_token_at)
        return TokenCompletion(prompt.key, tuple(row.ids), row.finish_reason, timing)

    def _open_group(self, row: _Row, waiting: deque[TokenPrompt], cache: SlotCache, slot: int) -> _Prefix:
        """Prefill the first prompt of a group in full, and keep what its other prompts begin with too."""
        group = row.prompt.group
        self._prefill(row, cache, slot, None)
        length = len(row.prompt.ids) - 1
        for other in takewhile(lambda prompt: prompt.group == group, waiting):
            # At least one token must be left to prefill: its logits choose the first new token.
            length = _shared_length(row.prompt.ids, other.ids[:-1], length)
        return _Prefix(group, length, cache.copy_prefix(slot, length))

    @torch.inference_mode()
    def _prefill(self, row: _Row, cache: SlotCache, slot: int, prefix: _Prefix | None) -> None:
        slots, start = cache.slots, 0
        if prefix is not None:
            start = prefix.length
            cache.put_prefix(slot, prefix.states, start)
        slots.lengths[slot], slots.filling = start, slot
        output = self._forward([row.prompt.ids[start:]], cache)
        slots.lengths[slot], slots.filling = len(row.prompt.ids), None
        self._accept(row, int(output.logits[0, -1].argmax()))

    @torch.inference_mode()
    def _step(self, active: list[_Row], cache: SlotCache) -> None:
        """One token for every active row."""
        slots = cache.slots
        ends = slots.ends(len(active))
        for layer in cache.layers:
            layer.ends = ends
        output = self._forward(
            [row.ids[-1:] for row in active], cache, attention_mask=slots.mask(ends), position_ids=ends[:, None]
        )
        for slot, (row, token) in enumerate(zip(active, output.logits[:, -1].argmax(-1).tolist(), strict=True)):
            slots.lengths[slot] += 1
            self._accept(row, token)

    def _forward(self, ids: Sequence[Sequence[int]], cache: Any, **inputs: torch.Tensor) -> Any:
        step = torch.tensor(ids, device=self._model.device)
        return self._model(input_ids=step, past_key_values=cache, use_cache=True, logits_to_keep=1, **inputs)

    def _accept(self, row: _Row, token: int) -> None:
        """Append a token and decide whether it was the last."""
        row.ids.append(token)
        if token in self._eos_ids:
            row.finish_reason = "eos"
        elif row.scanner is not None and row.scanner.feed(self._piece(token)) is not None:
            row.finish_reason = "json_end"
        elif len(row.ids) >= row.prompt.max_new_tokens:
            row.finish_reason = "length"

    @torch.inference_mode()
    def _release_finished(self, active: list[_Row], cache: SlotCache) -> list[TokenCompletion]:
        """Take finished rows out; the last active slot moves into each hole, so active slots stay first."""
        done = []
        for slot in range(len(active) - 1, -1, -1):
            row = active[slot]
            if row.finish_reason is None:
                continue
            done.append(TokenCompletion(row.prompt.key, tuple(row.ids), row.finish_reason, None))
            last = len(active) - 1
            if slot != last:
                cache.move(last, slot)
                active[slot] = active[last]
            active.pop()
            cache.slots.lengths[last] = 0
        return done


def _longest_groups_first(prompts: Sequence[TokenPrompt]) -> list[TokenPrompt]:
    """Groups by their longest total, longest first: the end of a run then has many short rows to fill slots."""
    longest: dict[str, int] = {}
    for prompt in prompts:
        longest[prompt.group] = max(longest.get(prompt.group, 0), len(prompt.ids) + prompt.max_new_tokens)
    return sorted(prompts, key=lambda prompt: (-longest[prompt.group], prompt.group))


def _shared_length(first: Sequence[int], second: Sequence[int], at_most: int) -> int:
    """How many leading tokens two prompts share, ``at_most`` at the most."""
    for index, (a, b) in enumerate(zip(first[:at_most], second, strict=False)):
        if a != b:
            return index
    return min(at_most, len(second))
