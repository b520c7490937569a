"""Greedy decoding of many prompts: rows leave as soon as they finish and waiting prompts take their place.

Prompts of one task share instruction and schema: that prefix is prefilled once and its keys and values are
reused. Guesses from the text so far, and from that of other rows of the task (:mod:`.lookup`), are verified several
tokens a pass; what comes out is what decoding token by token gives. Prefill and decode are separate passes.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import takewhile, zip_longest
from typing import Any

import torch

from edgejson_bench import memory
from edgejson_bench.decoding import attention
from edgejson_bench.decoding.cache import SlotCache, State, fits
from edgejson_bench.decoding.lookup import LENGTHS, Continuations, Lookup, Odds, best_length
from edgejson_bench.decoding.packed import is_packed
from edgejson_bench.decoding.stops import Stops
from edgejson_bench.errors import ModelError
from edgejson_bench.records import FinishReason, Timing

TOKENS_PER_WEIGHT_READ = {"packed": 26.0, "cpu": 48.0, "mps": 64.0, "cuda": 400.0}
"""Tokens of one pass that cost as much as all that a pass costs anyway, by kind of device. Rough on purpose: it
only decides how many guesses are tried. A 135M model in fp32 with 16 rows on two cores takes 0.07 s for one token a
row, 0.15 s for 4 and 0.47 s for 16 where its layers are packed, and 0.12, 0.21 and 0.57 s where they are not."""

OWN_CACHES = ("past_key_values", "cache_params")
"""What models call the state they return; the second is of state-space models such as Mamba."""


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """A tokenised prompt."""

    key: str
    """Names the prompt in the result; no two prompts of one call have the same."""
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
    margins: tuple[float, ...] = ()
    """Logit of each new token minus the runner-up's, where that was asked for."""


@dataclass(slots=True)
class Work:
    """What an engine has done: all of it since it was made, or what came on top of an earlier state."""

    prefills: int = 0
    """Prompts that went through the network."""
    prefill_tokens: int = 0
    """Their tokens; what a group shares counts once."""
    passes: int = 0
    """Decoding passes, prefills left out."""
    rows: int = 0
    """Rows of those passes, added up."""
    computed_tokens: int = 0
    """Tokens of those passes, guesses included."""
    accepted_tokens: int = 0
    """Tokens that those passes added to completions: one a row, and each guess that was right."""

    @property
    def accepted_per_row(self) -> float | None:
        """Tokens that a row gets from a decoding pass: 1 without guesses; None before the first pass."""
        return self.accepted_tokens / self.rows if self.rows else None

    def since(self, earlier: Work) -> Work:
        """What came on top of ``earlier``."""
        before = asdict(earlier)
        return Work(**{name: count - before[name] for name, count in asdict(self).items()})


@dataclass(slots=True)
class _Row:
    prompt: TokenPrompt
    stops: Stops
    lookup: Lookup | None = None
    ids: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None


@dataclass(slots=True)
class _Prefix:
    """Keys and values of the tokens with which every prompt of a group begins."""

    group: str
    length: int
    state: State


class Engine:
    """Decodes prompts greedily with one transformers causal LM.

    Args:
        model: a causal LM in eval mode.
        eos_ids: token ids that end a completion.
        piece: the text of one token id by itself, empty for special tokens; read by the ``json_end`` rule.
        note: told where memory does not suffice for the rows that were asked for.
    """

    def __init__(
        self,
        model: Any,
        eos_ids: frozenset[int],
        piece: Callable[[int], str],
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._model = model
        self._eos_ids = eos_ids
        self._piece = piece
        self._note = note
        self.work = Work()
        """Counted from the first pass on, failed passes left out."""
        self._slots_fit = fits(model)
        if self._slots_fit:
            model.set_attn_implementation(attention.NAME)
        kind = "packed" if is_packed(model) else model.device.type
        self._tokens_per_read = TOKENS_PER_WEIGHT_READ.get(kind, 64.0)

    def decode(
        self,
        prompts: Sequence[TokenPrompt],
        *,
        rows: int,
        stop_at_json_end: bool,
        stop_at_end_token: bool = True,
    ) -> Iterator[TokenCompletion]:
        """Yield a completion per prompt as soon as it is done.

        ``rows`` prompts are decoded side by side, those of the shortest groups first. They influence each
        other only through rounding in differently shaped matrix products. With ``rows=1`` prompts go in
        the given order, nothing is reused between them, and each completion carries its own times.
        With neither stop, every prompt gets exactly its ``max_new_tokens``.

        Where memory runs out, half the rows go on: what was answered stays answered, and the rows that were under
        way begin again.

        Raises:
            ModelError: memory does not suffice for a single row.
        """
        eos_ids = self._eos_ids if stop_at_end_token else frozenset[int]()

        def make_row(prompt: TokenPrompt, lookup: Lookup | None = None) -> _Row:
            return _Row(
                prompt, Stops(eos_ids, prompt.max_new_tokens, self._piece if stop_at_json_end else None), lookup
            )

        if rows == 1 or not self._slots_fit:
            for prompt in prompts:
                yield self._decode_alone(make_row(prompt))
            return
        unanswered = {prompt.key: prompt for prompt in shortest_groups_first(prompts)}
        if len(unanswered) < len(prompts):
            raise ValueError("two prompts of one call have the same key")
        rows = min(rows, len(unanswered))
        while unanswered:
            try:
                for completion in self._decode_together(list(unanswered.values()), rows, make_row):
                    del unanswered[completion.key]
                    yield completion
            except memory.FAILURES as exc:
                if not memory.ran_out(exc):
                    raise
                if rows == 1:
                    raise _too_little_memory(next(iter(unanswered))) from exc
            else:
                return
            # Out of the handler, so that the failed pass and its cache are no longer held by the traceback.
            gc.collect()
            if self._model.device.type == "cuda":
                torch.cuda.empty_cache()
            self._note(f"out of memory with {rows} rows side by side; going on with {rows // 2}")
            rows //= 2

    def _decode_together(
        self, prompts: Sequence[TokenPrompt], rows: int, make_row: Callable[[TokenPrompt, Lookup], _Row]
    ) -> Iterator[TokenCompletion]:
        waiting = deque(prompts)
        longest = max(len(p.ids) + p.max_new_tokens for p in waiting)
        cache = SlotCache(self._model, rows, longest + max(LENGTHS))
        active: list[_Row] = []
        prefix: _Prefix | None = None
        said = Continuations()
        odds = Odds()
        while waiting or active:
            while waiting and len(active) < rows:
                prompt = waiting.popleft()
                opens = prefix is None or prefix.group != prompt.group
                if opens:
                    said = Continuations()  # rows of the last group that are not done keep theirs
                row = make_row(prompt, Lookup(prompt.ids, said, odds))
                if opens:
                    prefix = self._open_group(row, waiting, cache, len(active))
                else:
                    self._prefill(row, cache, len(active), prefix)
                active.append(row)
                yield from self._release_finished(active, cache)
            if active:
                self._step(active, cache)
                yield from self._release_finished(active, cache)

    def decode_alone(self, prompt: TokenPrompt, *, stop_at_json_end: bool) -> TokenCompletion:
        """Decode one prompt token by token, with margins: the reference that fast decoding is held against."""
        stops = Stops(self._eos_ids, prompt.max_new_tokens, self._piece if stop_at_json_end else None)
        return self._decode_alone(_Row(prompt, stops), margins=True)

    def _decode_alone(self, row: _Row, *, margins: bool = False) -> TokenCompletion:
        """Token by token, without guesses or anything of another prompt: the times are a plain request's own."""
        try:
            return self._decode_plainly(row, margins)
        except memory.FAILURES as exc:
            if memory.ran_out(exc):
                raise _too_little_memory(row.prompt.key) from exc
            raise

    @torch.inference_mode()
    def _decode_plainly(self, row: _Row, margins: bool) -> TokenCompletion:
        prompt = row.prompt
        leads: list[float] = []
        own_cache: dict[str, Any] = {}
        cache = None
        if self._slots_fit:
            cache = SlotCache(self._model, 1, len(prompt.ids) + prompt.max_new_tokens)
        step, first_token_at = prompt.ids, 0.0
        started = time.perf_counter()
        while row.finish_reason is None:
            if cache is not None:
                logits = self._pass([step], cache, 0, keep=1)
                cache.slots.lengths[0] += len(step)
            else:
                output = self._model(input_ids=self._tensor([step]), use_cache=True, logits_to_keep=1, **own_cache)
                own_cache, logits = {name: output[name] for name in OWN_CACHES if name in output}, output.logits
            self._accept(row, int(logits[0, -1].argmax()))
            if len(row.ids) == 1:
                self._count_prefill(len(step))
            else:
                self._count_pass(rows=1, computed=1, accepted=1)
            if margins:
                best, second = logits[0, -1].float().topk(2).values.tolist()
                leads.append(best - second)
            first_token_at = first_token_at or time.perf_counter()
            step = (row.ids[-1],)
        timing = Timing(first_token_at - started, time.perf_counter() - first_token_at)
        return TokenCompletion(prompt.key, tuple(row.ids), row.finish_reason, timing, tuple(leads))

    def _open_group(self, row: _Row, waiting: deque[TokenPrompt], cache: SlotCache, slot: int) -> _Prefix:
        """Prefill the first prompt of a group in full, and keep what its other prompts begin with too."""
        group = row.prompt.group
        self._prefill(row, cache, slot, None)
        length = len(row.prompt.ids) - 1
        for other in takewhile(lambda prompt: prompt.group == group, waiting):
            # At least one token must be left to prefill: its logits choose the first new token.
            length = shared_length(row.prompt.ids, other.ids[:-1], length)
        return _Prefix(group, length, cache.copy_prefix(slot, length))

    @torch.inference_mode()
    def _prefill(self, row: _Row, cache: SlotCache, slot: int, prefix: _Prefix | None) -> None:
        cache.slots.lengths[slot] = start = 0 if prefix is None else prefix.length
        if prefix is not None:
            cache.put_prefix(slot, prefix.state, start)
        logits = self._pass([row.prompt.ids[start:]], cache, slot, keep=1)
        cache.slots.lengths[slot] = len(row.prompt.ids)
        self._accept(row, int(logits[0, -1].argmax()))
        self._count_prefill(len(row.prompt.ids) - start)

    @torch.inference_mode()
    def _step(self, active: list[_Row], cache: SlotCache) -> None:
        """One pass: each active row gets its next token, and more where its guesses were right."""
        lookups = [row.lookup for row in active if row.lookup is not None]
        guesses = [lookup.guess(max(LENGTHS)) for lookup in lookups]
        width = best_length(
            [lookup.chances(guess) for lookup, guess in zip(lookups, guesses, strict=True)], self._tokens_per_read
        )
        # Short guesses are filled up; what follows them is overwritten before anything looks at it.
        inputs = [
            [row.ids[-1], *(guessed.token for guessed in guess[:width]), *[0] * (width - len(guess))]
            for row, guess in zip(active, guesses, strict=True)
        ]
        # in bfloat16 on a CPU, argmax alone takes four times as long for the same
        chosen = self._pass(inputs, cache, 0, keep=width + 1).max(-1).indices.tolist()
        accepted = 0
        for slot, (row, lookup, guess) in enumerate(zip(active, lookups, guesses, strict=True)):
            before = len(row.ids)
            for guessed, token in zip_longest(guess[:width], chosen[slot]):
                self._accept(row, token)
                cache.slots.lengths[slot] += 1
                if row.finish_reason is not None or guessed is None or guessed.token != token:
                    break
            lookup.judge(guess, row.ids[before:])
            accepted += len(row.ids) - before
        self._count_pass(rows=len(active), computed=len(active) * (width + 1), accepted=accepted)

    def _count_prefill(self, tokens: int) -> None:
        self.work.prefills += 1
        self.work.prefill_tokens += tokens

    def _count_pass(self, *, rows: int, computed: int, accepted: int) -> None:
        self.work.passes += 1
        self.work.rows += rows
        self.work.computed_tokens += computed
        self.work.accepted_tokens += accepted

    def _pass(self, ids: Sequence[Sequence[int]], cache: SlotCache, first_slot: int, keep: int) -> torch.Tensor:
        """Forward ``ids`` [slots, tokens] behind what their slots hold; logits of the last ``keep`` tokens."""
        tokens = len(ids[0])
        seen = cache.slots.plan(first_slot, len(ids), tokens)
        # From an empty slot the kernel's own causal masking is right and fastest.
        plain = len(ids) == 1 and (tokens == 1 or cache.slots.lengths[first_slot] == 0)
        mask = None if plain else attention.folded(seen, self._model.config.get_text_config(), self._model.dtype)
        output = self._model(
            input_ids=self._tensor(ids),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
            position_ids=cache.slots.positions,
            attention_mask=mask,
        )
        logits: torch.Tensor = output.logits
        return logits

    def _tensor(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(ids, device=self._model.device)

    def _accept(self, row: _Row, token: int) -> None:
        """Append a token and decide whether it was the last."""
        row.ids.append(token)
        if row.lookup is not None:
            row.lookup.append(token)
        row.finish_reason = row.stops.take(token)

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


def _too_little_memory(key: str) -> ModelError:
    return ModelError(
        f"example {key}: out of memory with one row alone; free memory, take a smaller --dtype or another --device"
    )


def shortest_groups_first(prompts: Sequence[TokenPrompt]) -> list[TokenPrompt]:
    """Groups by their longest total, shortest first: rows of like length side by side, and early results.

    Longest first would leave fewer idle slots at the very end, but for minutes nothing to tell the time left from.
    """
    longest: dict[str, int] = {}
    for prompt in prompts:
        longest[prompt.group] = max(longest.get(prompt.group, 0), len(prompt.ids) + prompt.max_new_tokens)
    return sorted(prompts, key=lambda prompt: (longest[prompt.group], prompt.group))


def shared_length(first: Sequence[int], second: Sequence[int], at_most: int) -> int:
    """How many leading tokens two prompts share, ``at_most`` at the most."""
    for index, (a, b) in enumerate(zip(first[:at_most], second, strict=False)):
        if a != b:
            return index
    return min(at_most, len(second))
