"""The adapter for llama.cpp, in this process: GGUF files computed by its own kernels, as stored.

xllamacpp brings llama.cpp's server engine as a library. Prompts go in as token ids and never over a network, though
the library also opens a port on the loopback interface that nobody is told of.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from edgejson_bench.decoding.engine import TokenPrompt, shortest_groups_first
from edgejson_bench.decoding.stops import JsonEnd
from edgejson_bench.errors import ModelError
from edgejson_bench.models.engine_model import Asked, EngineModel
from edgejson_bench.models.engines import LLAMA_CPP, cpu_threads, engine_dtype
from edgejson_bench.models.gguf import describe
from edgejson_bench.models.tokens import PromptTokenizer, after_prompt, finished
from edgejson_bench.records import Completion, FinishReason, ModelIdentity, Prompt, Settings, Timing

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, Weights

SLOT_TOKENS = 4096
"""Tokens of keys and values that each slot has at least, so that no time is lost growing while something is measured:
the longest prompt of the shipped data takes 3,416 of SmolLM2's tokens with its budget."""

ERRORS_ONLY = 1
"""The library's level of messages on stderr."""

BATCHING = "rows side by side in slots; a slot keeps what its next prompt begins with in common; tokens one by one"


class LlamaCppModel(EngineModel):
    """A GGUF file behind the :class:`edgejson_bench.models.base.Model` interface, computed by llama.cpp.

    Its end tokens are llama.cpp's own, recorded in the identity: they may be more than the file names. Where a fixed
    length is asked for, they are never chosen, rather than chosen and passed over.

    Args:
        identity: what is known of the model before loading.
        file: the GGUF file.
        tokenizer: where transformers' tokenizer lies.
        options: threads; device and number type are llama.cpp's own.

    Raises:
        MissingExtra: xllamacpp or gguf is not installed.
        ModelError: the file cannot be loaded, or the options ask for what is not there.
    """

    def __init__(self, identity: ModelIdentity, file: Path, tokenizer: Weights, *, options: LoadOptions) -> None:
        LLAMA_CPP.require()
        from edgejson_bench.models.transformers import load_raw_tokenizer

        self._file, self._spec = file, identity.spec
        self._threads = cpu_threads(LLAMA_CPP, options)
        engine_dtype(LLAMA_CPP, options)
        facts = describe(file)
        self._context = facts.context
        raw = load_raw_tokenizer(identity.spec, tokenizer, options)
        self._text = PromptTokenizer(identity.spec, raw, facts.context)
        self._server: Any = None
        self._slots = self._slot_tokens = 0
        self._make_room(1, 1)
        self._identity = replace(
            identity,
            parameters=identity.parameters or facts.parameters,
            dtype="llama.cpp's types",
            extra={
                **(identity.extra or {}),
                "device": "cpu",
                "threads": self._threads,
                "engine": LLAMA_CPP.told,
                "kernels": _kernels(),
                "eos_token_ids": self._end_tokens(),
                "batching": BATCHING,
            },
        )

    def _decode(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        """Answer one after the other, or up to ``batch_size`` side by side.

        Which ones share a pass depends on when they come, so answers may differ between two runs where rounding
        decides.
        """
        longest = max(len(tokens.ids) + tokens.max_new_tokens for _, tokens in asked)
        if settings.batch_size == 1:
            self._make_room(1, longest)
            for prompt, tokens in asked:
                yield self._answer(prompt, tokens, settings, Event())
                # The step that was under way when the answer was complete must not delay the next one.
                self._server.handle_metrics()
            return
        # Slots that are there already stay: what is left of a batch needs fewer.
        self._make_room(min(settings.batch_size, max(len(asked), self._slots)), longest)
        yield from self._side_by_side(asked, settings)

    def _side_by_side(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        by_id = {tokens.key: prompt for prompt, tokens in asked}
        in_order = shortest_groups_first([tokens for _, tokens in asked])
        abandoned = Event()
        pool = ThreadPoolExecutor(self._slots, thread_name_prefix="llama.cpp")
        try:
            waiting = [pool.submit(self._answer, by_id[tokens.key], tokens, settings, abandoned) for tokens in in_order]
            for done in as_completed(waiting):
                yield done.result()
        finally:
            abandoned.set()  # only where this generator was left early is anything still going on
            pool.shutdown(cancel_futures=True)

    def _answer(self, prompt: Prompt, tokens: TokenPrompt, settings: Settings, abandoned: Event) -> Completion:
        """Ask for one completion and wait for it."""
        alone = settings.batch_size == 1
        stream = _Stream(JsonEnd() if settings.stop == "json_end" else None, abandoned)
        request = {
            "prompt": list(tokens.ids),
            "n_predict": tokens.max_new_tokens,
            "temperature": 0,
            "top_k": 1,
            "ignore_eos": settings.stop == "length",
            "cache_prompt": not alone,
            "stream": True,
            "verbose": True,  # adds the counts of tokens to each chunk
        }
        started = time.perf_counter()
        self._server.handle_completions(request, stream)
        ended = time.perf_counter()
        if stream.failure is not None:
            raise stream.failure
        if stream.error is not None:
            return Completion(prompt.example_id, "", len(tokens.ids), 0, "error", error=stream.error)
        if stream.reason is None or stream.first_at is None:
            raise ModelError(f"{self._spec}: llama.cpp gave no end to the answer of {prompt.example_id}")
        if stream.prompt_tokens != len(tokens.ids):
            raise ModelError(
                f"{self._spec}: llama.cpp read {stream.prompt_tokens} prompt tokens of {prompt.example_id}, "
                f"{len(tokens.ids)} were sent"
            )
        text = stream.text
        if settings.text_rule == "after_prompt":
            text = after_prompt(prompt, self._text.decode(tokens.ids) + text)
        timing = Timing(stream.first_at - started, ended - stream.first_at) if alone else None
        return finished(prompt, tokens, text, stream.new_tokens, stream.reason, timing)

    def _make_room(self, slots: int, tokens: int) -> None:
        """Have exactly ``slots`` slots of at least ``tokens`` tokens; where they are not there, llama.cpp starts anew.

        Raises:
            ModelError: it cannot load the file, or has not the memory.
        """
        if slots == self._slots and tokens <= self._slot_tokens:
            return
        import xllamacpp

        self._server = None  # frees its memory before the next takes its own
        tokens = max(tokens, self._slot_tokens, min(SLOT_TOKENS, self._context or SLOT_TOKENS))
        params = xllamacpp.CommonParams()
        params.model.path = str(self._file)
        params.n_parallel = slots
        params.n_ctx = slots * tokens
        params.kv_unified = False  # each slot has its own room
        params.fit_params = False  # never less room than was asked for
        params.ctx_shift = False  # nor a text whose beginning was dropped
        params.n_gpu_layers = 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        params.cache_ram_mib = 0  # no store of earlier prompts beside the slots
        params.cache_idle_slots = False
        params.endpoint_metrics = True  # asked for when a request is to be over
        params.hostnames, params.port = ["127.0.0.1"], 0  # 0: a free one
        params.verbosity = ERRORS_ONLY
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as exc:
            why = str(exc).splitlines()[0]
            raise ModelError(f"{self._spec}: llama.cpp could not load it ({why}); what it said is above") from None
        self._slots, self._slot_tokens = slots, tokens

    def _end_tokens(self) -> list[int]:
        """Where llama.cpp ends an answer: the tokens that it forbids when told never to end."""
        request = {"prompt": [0], "n_predict": 1, "temperature": 0, "ignore_eos": True, "verbose": True}
        told = self._server.handle_completions(request)
        if "error" in told:
            raise ModelError(f"{self._spec}: llama.cpp cannot decode it ({told['error']['message']})")
        return sorted(bias["token"] for bias in told["__verbose"]["generation_settings"]["logit_bias"])


class _Stream:
    """What llama.cpp says of one answer, chunk by chunk. Called in its thread; True tells it to stop.

    The text comes in whole characters, so a chunk may be several tokens, and an answer that is cut within a character
    ends before it.
    """

    def __init__(self, scanner: JsonEnd | None, abandoned: Event) -> None:
        self._scanner = scanner
        self._abandoned = abandoned
        self.text = ""
        self.prompt_tokens = self.new_tokens = 0
        self.reason: FinishReason | None = None
        self.first_at: float | None = None
        self.error: str | None = None
        self.failure: BaseException | None = None

    def __call__(self, chunk: dict[str, Any]) -> bool:
        try:
            return self._take(chunk)
        except BaseException as exc:  # noqa: BLE001  # the library would drop it; raised again after the call
            self.failure = exc
            return True

    def _take(self, chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            self.error = chunk["error"]["message"]
            return True
        if self._abandoned.is_set():
            self.error = "nobody waits for it any more"
            return True
        told = chunk["__verbose"]
        self.first_at = self.first_at or time.perf_counter()
        self.text += told["content"]
        self.prompt_tokens, self.new_tokens = told["tokens_evaluated"], told["tokens_predicted"]
        if self._scanner is not None and self._scanner.feed(told["content"]) is not None:
            self.reason = "json_end"
        elif told["stop"]:
            self.reason = "eos" if chunk["choices"][0]["finish_reason"] == "stop" else "length"
        return self.reason is not None


def _kernels() -> str:
    """The instruction sets that this build of llama.cpp uses, which the machine may have more of."""
    import xllamacpp

    found = xllamacpp.get_system_info().partition(":")[2].split("|")
    return " ".join(name for name, _, on in (part.strip().partition(" = ") for part in found) if on == "1")
