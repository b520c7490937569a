"""The adapter for ONNX Runtime: graphs of onnxruntime-genai's form, decoded token by token on the CPU.

Folders with a ``genai_config.json`` are taken as they are; for all else :mod:`.converted` makes one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgejson_bench.decoding.engine import shared_length, shortest_groups_first
from edgejson_bench.errors import ModelError
from edgejson_bench.jsonio import read_json
from edgejson_bench.models.engine_model import Answer, Asked, EngineModel
from edgejson_bench.models.engines import ONNX_CONFIG, ONNX_RUNTIME, cpu_threads
from edgejson_bench.models.tokens import PromptTokenizer
from edgejson_bench.records import Completion, ModelIdentity, Settings

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, Weights

BATCHING = "rows one after the other, each keeping what it begins with in common with the last; tokens one by one"


@dataclass(frozen=True)
class OnnxFolder:
    """A model in the form that onnxruntime-genai reads."""

    folder: Path
    parameters: int | None
    """None where nothing says."""
    dtype: str
    """The number type that it computes in."""
    eos_token_ids: frozenset[int]
    context: int | None
    """Tokens that the model takes; None where nothing says."""


def own_folder(spec: str, folder: Path) -> OnnxFolder:
    """What the configuration of somebody's ONNX model says.

    Raises:
        ModelError: it is not of the form that onnxruntime-genai reads.
    """
    config = read_json(folder / ONNX_CONFIG, ModelError)
    try:
        model = config["model"]
        ends = model["eos_token_id"]
        context = int(model["context_length"])
        found = frozenset(int(token) for token in (ends if isinstance(ends, list) else [ends]))
    except (KeyError, TypeError, ValueError) as exc:
        raise ModelError(f"{spec}: {ONNX_CONFIG} does not say what it must ({exc!r})") from None
    return OnnxFolder(folder, None, "the ONNX graph's types", found, context)


class OnnxRuntimeModel(EngineModel):
    """An ONNX model behind the :class:`edgejson_bench.models.base.Model` interface, computed by ONNX Runtime.

    Args:
        identity: what is known of the model before loading.
        model: where it lies, and what is known of it.
        tokenizer: where transformers' tokenizer lies.
        options: threads.

    Raises:
        MissingExtra: onnxruntime-genai is not installed.
        ModelError: it cannot be loaded, or the options ask for what is not there.
    """

    def __init__(self, identity: ModelIdentity, model: OnnxFolder, tokenizer: Weights, *, options: LoadOptions) -> None:
        ONNX_RUNTIME.require()
        from edgejson_bench.models.transformers import load_raw_tokenizer

        threads = cpu_threads(ONNX_RUNTIME, options)
        self._spec = identity.spec
        raw = load_raw_tokenizer(identity.spec, tokenizer, options)
        self._text = PromptTokenizer(identity.spec, raw, model.context)
        self._end_tokens = model.eos_token_ids
        self._model = _load(identity.spec, model.folder, threads)
        self._generator: Any = None
        self._room = 0
        self._held: list[int] = []
        self._probe()
        self._identity = replace(
            identity,
            parameters=model.parameters,
            dtype=model.dtype,
            extra={
                **(identity.extra or {}),
                "device": "cpu",
                "threads": threads,
                "engine": ONNX_RUNTIME.told,
                "eos_token_ids": sorted(model.eos_token_ids),
                "batching": BATCHING,
            },
        )

    def _decode(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        alone = settings.batch_size == 1
        by_id = {tokens.key: prompt for prompt, tokens in asked}
        in_order = [tokens for _, tokens in asked]
        self._make_room(max(len(tokens.ids) + tokens.max_new_tokens for tokens in in_order))
        for tokens in in_order if alone else shortest_groups_first(in_order):
            answer = Answer(by_id[tokens.key], tokens, settings, self._end_tokens, self._text)
            self._answer(answer, keep=not alone)
            yield answer.completion()

    def _answer(self, answer: Answer, *, keep: bool) -> None:
        """Decode one answer; ``keep`` what the last prompt had in common with this one."""
        generator = self._generator
        ids = list(answer.tokens.ids)
        # At least one token must be left to compute: its logits choose the first new one.
        common = shared_length(ids, self._held, len(ids) - 1) if keep else 0
        answer.start()
        generator.rewind_to(common)
        generator.append_tokens(ids[common:])
        self._held = ids
        # Not the engine's own choice of the next token: it would not go on beyond an end token.
        while not answer.take(token := int(generator.get_logits()[0, -1].argmax())):
            generator.append_tokens([token])

    def _probe(self) -> None:
        """Compute one token: some graphs can be loaded and not run.

        Raises:
            ModelError: this one cannot.
        """
        self._make_room(1)
        with _refusal(self._spec, "compute"):
            self._generator.append_tokens([0])

    def _make_room(self, tokens: int) -> None:
        """Have a generator for at least so many tokens. Its keys and values take memory for all of them at once.

        Raises:
            ModelError: there is not so much memory.
        """
        import onnxruntime_genai

        if tokens <= self._room:
            return
        self._generator = None  # frees its memory before the next takes its own
        params = onnxruntime_genai.GeneratorParams(self._model)
        params.set_search_options(max_length=tokens, batch_size=1, num_beams=1)
        with _refusal(self._spec, "make room for"):
            self._generator = onnxruntime_genai.Generator(self._model, params)
        self._room, self._held = tokens, []


def _load(spec: str, folder: Path, threads: int) -> Any:
    import onnxruntime_genai

    onnxruntime_genai.disable_telemetry_events()
    with _refusal(spec, "load"):
        config = onnxruntime_genai.Config(str(folder))
        config.clear_providers()  # the CPU's own is always there
        session = {"intra_op_num_threads": threads, "inter_op_num_threads": 1}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": session}}}))
        return onnxruntime_genai.Model(config)


@contextmanager
def _refusal(spec: str, what: str) -> Iterator[None]:
    """What the engine raises, as our error in one line."""
    try:
        yield
    except (RuntimeError, ValueError) as exc:
        why = str(exc).strip().split("\n")[0][:300]
        raise ModelError(f"{spec}: ONNX Runtime could not {what} it ({why})") from None
