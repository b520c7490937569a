"""The adapter for OpenVINO GenAI: GGUF files as its own reader takes them, decoded on the CPU.

Its pipeline of continuous batching is stepped from here: prompts go in as our token ids, and each new token comes back
before the next is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgejson_bench.decoding.engine import shortest_groups_first
from edgejson_bench.errors import ModelError
from edgejson_bench.models.engine_model import Answer, Asked, EngineModel
from edgejson_bench.models.engines import OPENVINO, cpu_threads, engine_dtype
from edgejson_bench.models.gguf import describe
from edgejson_bench.models.tokens import PromptTokenizer
from edgejson_bench.records import Completion, ModelIdentity, Settings

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, Weights

BATCHING = "rows side by side in pages, which prompts share as far as they begin alike; tokens one by one"

PRECISIONS = {"float32": ("f32", "FP32"), "bfloat16": ("bf16", "BF16"), "float16": ("f16", "FP16")}
"""Number types, as OpenVINO calls them in its properties and among a processor's capabilities."""

WHOLE_PROMPT = 2**20
"""Tokens of one step: more than any context, so that no prompt is cut into several."""


class OpenVinoModel(EngineModel):
    """A GGUF file behind the :class:`edgejson_bench.models.base.Model` interface, computed by OpenVINO GenAI.

    Args:
        identity: what is known of the model before loading.
        file: the GGUF file.
        tokenizer: where transformers' tokenizer lies.
        options: threads and number type.

    Raises:
        MissingExtra: openvino-genai or gguf is not installed.
        ModelError: the file cannot be loaded, or the options ask for what is not there.
    """

    def __init__(self, identity: ModelIdentity, file: Path, tokenizer: Weights, *, options: LoadOptions) -> None:
        OPENVINO.require()
        from edgejson_bench.models.transformers import load_raw_tokenizer

        self._file, self._spec = file, identity.spec
        self._threads = cpu_threads(OPENVINO, options)
        dtype = engine_dtype(OPENVINO, options)
        assert dtype is not None, "this engine has number types to choose from"
        self._precision = _precision(dtype)
        facts = describe(file)
        raw = load_raw_tokenizer(identity.spec, tokenizer, options)
        self._text = PromptTokenizer(identity.spec, raw, facts.context)
        self._end_tokens = frozenset(token for token in (facts.end_token, raw.eos_token_id) if token is not None)
        self._pipeline: Any = None
        self._rows = self._requests = 0
        self._make_room(1)
        self._identity = replace(
            identity,
            parameters=identity.parameters or facts.parameters,
            dtype=dtype,
            extra={
                **(identity.extra or {}),
                "device": "cpu",
                "threads": self._threads,
                "engine": OPENVINO.told,
                "properties": self._properties(),
                "eos_token_ids": sorted(self._end_tokens),
                "batching": BATCHING,
            },
        )

    def _decode(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        by_id = {tokens.key: prompt for prompt, tokens in asked}
        in_order = [tokens for _, tokens in asked]
        self._make_room(settings.batch_size)
        waiting = in_order if self._rows == 1 else shortest_groups_first(in_order)
        waiting = waiting[::-1]
        active: list[tuple[Answer, Any]] = []
        try:
            while waiting or active:
                while waiting and len(active) < self._rows:
                    tokens = waiting.pop()
                    answer = Answer(by_id[tokens.key], tokens, settings, self._end_tokens, self._text)
                    active.append((answer, self._begin(answer)))
                self._pipeline.step()
                going_on = []
                for answer, handle in active:
                    if self._advance(answer, handle):
                        yield answer.completion()
                    else:
                        going_on.append((answer, handle))
                active = going_on
        finally:
            for _, handle in active:  # only where this generator was left early
                handle.stop()
            self._settle()

    def _begin(self, answer: Answer) -> Any:
        """Hand a prompt to the pipeline."""
        import numpy as np
        import openvino
        import openvino_genai

        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = answer.tokens.max_new_tokens
        config.ignore_eos = True  # ours end an answer
        config.do_sample = False
        ids = openvino.Tensor(np.array([answer.tokens.ids], dtype=np.int64))
        self._requests += 1
        answer.start()
        return self._pipeline.add_request(self._requests, ids, config)

    def _advance(self, answer: Answer, handle: Any) -> bool:
        """Take what the last step gave; whether the answer is over.

        Raises:
            ModelError: the pipeline has given it up.
        """
        import openvino_genai

        running = handle.get_status() == openvino_genai.GenerationStatus.RUNNING
        while handle.can_read():
            for output in handle.read().values():
                for token in output.generated_ids:
                    if answer.take(token):
                        handle.stop()
                        return True
        if not running:
            raise ModelError(f"{self._spec}: OpenVINO GenAI gave an answer up before its end; memory may be too small")
        return False

    def _settle(self) -> None:
        """Let the pipeline drop the requests that were stopped, which it does when it is stepped."""
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()

    def _properties(self) -> dict[str, Any]:
        """What OpenVINO is told: one number type throughout, where its default rounds activations, keys and values."""
        return {
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self._precision,
            "KV_CACHE_PRECISION": self._precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
        }

    def _make_room(self, rows: int) -> None:
        """Have a pipeline for so many rows side by side; a single one reuses nothing between prompts.

        Raises:
            ModelError: it cannot load the file.
        """
        if rows == self._rows:
            return
        import openvino_genai

        self._pipeline = None  # frees its memory before the next takes its own
        scheduler = openvino_genai.SchedulerConfig()
        # A stopped request counts until the next step is over, and one more than this would be given up at once.
        scheduler.max_num_seqs = 2 * rows
        scheduler.max_num_batched_tokens = WHOLE_PROMPT
        scheduler.dynamic_split_fuse = False
        scheduler.enable_prefix_caching = rows > 1
        try:
            self._pipeline = openvino_genai.ContinuousBatchingPipeline(
                str(self._file), scheduler, "CPU", self._properties()
            )
        except RuntimeError as exc:
            why = str(exc).strip().split("\n")[-1][:300]
            raise ModelError(f"{self._spec}: OpenVINO GenAI could not load it ({why})") from None
        self._rows = rows


def _precision(dtype: str) -> str:
    """OpenVINO's name of a number type.

    Raises:
        ModelError: the processor has it not, where OpenVINO would take float32 without a word.
    """
    import openvino

    name, capability = PRECISIONS[dtype]
    found = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if capability not in found:
        raise ModelError(f"--dtype {dtype}: this processor does not compute in it under --engine openvino")
    return name
