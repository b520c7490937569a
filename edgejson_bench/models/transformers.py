"""The adapter for causal language models that transformers can load: hub ids, folders, GGUF files, PEFT adapters.

It loads and it generates. Which files a spec stands for is :mod:`.locate`'s business; how tokens are
chosen is :mod:`edgejson_bench.decoding`'s.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from edgejson_bench.console import note
from edgejson_bench.decoding import packed
from edgejson_bench.decoding.engine import Engine, Work
from edgejson_bench.equivalence import Alone
from edgejson_bench.errors import ModelError
from edgejson_bench.models.engine_model import Asked, EngineModel, in_words
from edgejson_bench.models.gguf import restore_pre_tokenizer
from edgejson_bench.models.tokens import PromptTokenizer
from edgejson_bench.records import Completion, ModelIdentity, Prompt, Settings

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

NARROW = (torch.bfloat16, torch.float16)
PROBE = '{"temperature": 21.5, "unit": "C"}'
"""Text on which an adapter must change the logits."""


@dataclass(frozen=True)
class LoadOptions:
    """How weights are loaded. Recorded with every run."""

    device: str = "auto"
    """``auto`` takes CUDA, then Apple's MPS, then the CPU."""
    dtype: str = "auto"
    """``auto`` is float32 on CPU and MPS, bfloat16 on CUDA."""
    threads: int | None = None
    """CPU threads of torch; None leaves torch's own choice."""
    allow_pickle: bool = False
    """Accept weights in pickle files, which can run code when loaded."""
    trust_remote_code: bool = False
    """Run model code that comes with the weights."""

    def torch_device(self) -> torch.device:
        """The device to load to.

        Raises:
            ModelError: the device is not there.
        """
        name = self.device
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        try:
            device = torch.device(name)
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as exc:
            raise ModelError(f"--device {self.device}: not usable here ({first_line(exc)})") from None
        return device

    def torch_dtype(self, device: torch.device) -> torch.dtype:
        """The number type to compute in.

        Raises:
            ModelError: there is no such floating-point type.
        """
        name = ("bfloat16" if device.type == "cuda" else "float32") if self.dtype == "auto" else self.dtype
        dtype = getattr(torch, name, None)
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ModelError(f"--dtype {self.dtype}: no such type; use float32, bfloat16 or float16")
        return dtype


@dataclass(frozen=True)
class Weights:
    """Where one set of weights lies: a folder, be it the user's or a pinned snapshot in the hub's cache."""

    folder: Path
    gguf_file: str | None = None
    """File name inside the folder, for GGUF."""

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of ``from_pretrained``. Nothing but the folder is ever looked at."""
        gguf = {"gguf_file": self.gguf_file} if self.gguf_file else {}
        return {"pretrained_model_name_or_path": str(self.folder), "local_files_only": True, **gguf}


class TransformersModel(EngineModel):
    """A causal LM behind the :class:`edgejson_bench.models.base.Model` interface.

    Args:
        identity: what is known of the model before loading; parameter count, dtype and end tokens are filled in.
        weights: the model, or the base of ``adapter``.
        adapter: a PEFT adapter to put on top.
        tokenizer: where the tokenizer lies, if not with ``weights``.
        options: device, number type, threads, trust.

    Raises:
        ModelError: it cannot be loaded, or the adapter changes no logit.
    """

    def __init__(
        self,
        identity: ModelIdentity,
        weights: Weights,
        *,
        adapter: Weights | None = None,
        tokenizer: Weights | None = None,
        options: LoadOptions | None = None,
    ) -> None:
        options = options or LoadOptions()
        if options.threads is not None:
            torch.set_num_threads(options.threads)
        device = options.torch_device()
        dtype = options.torch_dtype(device)
        self._tokenizer = load_raw_tokenizer(identity.spec, tokenizer or weights, options)
        # an adapter is merged before anything is rounded: what it adds is small, and would be rounded a second time
        exact = torch.float32 if adapter is not None and dtype in NARROW else dtype
        model = load_weights(identity.spec, weights, exact, options)
        model.generation_config.eos_token_id = model.generation_config.eos_token_id or model.config.eos_token_id
        parameters = model.num_parameters()
        if adapter is not None:
            model, added = _put_adapter(identity.spec, model, adapter, self._tokenizer, options)
            parameters += added
        if exact != dtype:
            _round_weights(model, dtype)
        model = model.to(device).eval().requires_grad_(False)
        layers = packed.pack(model)
        extra = {**(identity.extra or {}), "packed_layers": layers}
        self._set_up(replace(identity, extra=extra), model, parameters)

    @classmethod
    def around(cls, identity: ModelIdentity, model: Any, tokenizer: Any) -> TransformersModel:
        """The interface around a model that is loaded already, such as one in training; its weights are not touched.

        ``model`` is a causal LM of transformers in eval mode. Its attention implementation is set to the engine's.
        """
        made = cls.__new__(cls)
        made._tokenizer = tokenizer
        made._set_up(identity, model, model.num_parameters())
        return made

    def _set_up(self, identity: ModelIdentity, model: Any, parameters: int) -> None:
        self._model = model
        self._own_attention = model.config._attn_implementation
        eos_ids = end_tokens(model, self._tokenizer)
        context = getattr(model.config, "max_position_embeddings", None)
        self._text = PromptTokenizer(identity.spec, self._tokenizer, context)
        self._engine = Engine(model, eos_ids, self._text.pieces(), note)
        device = model.device
        self._identity = replace(
            identity,
            parameters=parameters,
            dtype=str(model.dtype).removeprefix("torch."),
            extra={
                **(identity.extra or {}),
                "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
                "threads": torch.get_num_threads(),
                "attention": model.config._attn_implementation,
                "eos_token_ids": sorted(eos_ids),
            },
        )

    @property
    def causal_lm(self) -> Any:
        """transformers' model itself; its attention and linear layers are the engine's."""
        return self._model

    @contextlib.contextmanager
    def as_loaded(self) -> Iterator[Any]:
        """transformers' model with the attention and the linear layers that it came with, while the block runs."""
        ours = self._model.config._attn_implementation
        changed = ours != self._own_attention  # some models keep to theirs, whatever is set
        if changed:
            self._model.set_attn_implementation(self._own_attention)
        try:
            with packed.set_aside(self._model):
                yield self._model
        finally:
            if changed:
                self._model.set_attn_implementation(ours)

    @property
    def tokenizer(self) -> Any:
        """transformers' tokenizer itself."""
        return self._tokenizer

    @property
    def work(self) -> Work:
        """What the engine has done so far."""
        return replace(self._engine.work)

    def _decode(self, asked: Asked, settings: Settings) -> Iterator[Completion]:
        by_id = {tokens.key: (prompt, tokens) for prompt, tokens in asked}
        done = self._engine.decode(
            [tokens for _, tokens in asked],
            rows=settings.batch_size,
            stop_at_json_end=settings.stop == "json_end",
            stop_at_end_token=settings.stop != "length",
        )
        for made in done:
            yield in_words(*by_id[made.key], made, settings, self._text)

    def decode_alone(self, prompt: Prompt, settings: Settings) -> Alone:
        """Answer ``prompt`` token by token, with nothing of another prompt: what fast decoding is held against.

        Its linear layers are PyTorch's own, so that those of fast decoding are held against them, too.

        Raises:
            ModelError: the prompt does not fit the model's context.
        """
        tokens = self._text.tokenised(prompt)
        if isinstance(tokens, Completion):
            raise ModelError(f"example {prompt.example_id}: {tokens.error}")
        with packed.set_aside(self._model):
            made = self._engine.decode_alone(tokens, stop_at_json_end=settings.stop == "json_end")
        pieces = tuple(self._text.decode(made.ids[:count]) for count in range(1, len(made.ids) + 1))
        return Alone(in_words(prompt, tokens, made, settings, self._text), pieces, made.margins)


class TextTokenizer:
    """A tokenizer alone, for counting and cutting text without a model; special tokens are never added."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``."""
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ``ids``."""
        return str(self._tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))

    def count_tokens(self, text: str) -> int:
        """Number of tokens of ``text``."""
        return len(self.encode(text))


def load_tokenizer(spec: str, weights: Weights) -> TextTokenizer:
    """The tokenizer that lies with ``weights``.

    Raises:
        ModelError: it cannot be loaded.
    """
    return TextTokenizer(load_raw_tokenizer(spec, weights, LoadOptions()))


LOAD_ERRORS = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, SafetensorError)
"""What transformers and peft raise for files that are missing, broken or of an unknown kind."""


def load_raw_tokenizer(spec: str, weights: Weights, options: LoadOptions) -> Any:
    """transformers' tokenizer that lies with ``weights``.

    Raises:
        ModelError: it cannot be loaded.
    """
    try:
        with _library_bars_hidden():
            tokenizer = AutoTokenizer.from_pretrained(
                trust_remote_code=options.trust_remote_code, **weights.arguments()
            )
    except LOAD_ERRORS as exc:
        raise ModelError(f"{spec}: no tokenizer could be loaded ({first_line(exc)})") from exc
    if weights.gguf_file:
        restore_pre_tokenizer(tokenizer, weights.folder / weights.gguf_file)
    return tokenizer


def load_weights(spec: str, weights: Weights, dtype: torch.dtype, options: LoadOptions) -> Any:
    """transformers' causal LM in ``weights``.

    Raises:
        ModelError: it cannot be loaded.
    """
    safe: Mapping[str, Any] = {} if options.allow_pickle or weights.gguf_file else {"use_safetensors": True}
    try:
        with _library_bars_hidden():
            return AutoModelForCausalLM.from_pretrained(
                dtype=dtype, trust_remote_code=options.trust_remote_code, **safe, **weights.arguments()
            )
    except LOAD_ERRORS as exc:
        hint = "" if options.allow_pickle else "; weights in pickle files need --allow-pickle"
        raise ModelError(f"{spec}: the weights could not be loaded ({first_line(exc)}){hint}") from exc


def _put_adapter(spec: str, base: Any, adapter: Weights, tokenizer: Any, options: LoadOptions) -> tuple[Any, int]:
    """Load a PEFT adapter on ``base``, make sure that it does something, and merge it.

    Kinds that cannot be merged are refused: those put tokens or keys of their own before the text, of which the
    engine's cache knows nothing.

    Returns the model and the number of parameters the adapter adds beside those of the base.
    """
    from peft import PeftModel

    if not options.allow_pickle and not (adapter.folder / "adapter_model.safetensors").is_file():
        raise ModelError(f"{spec}: the adapter has no adapter_model.safetensors; pickled weights need --allow-pickle")
    before = _probe_logits(base, tokenizer)
    try:
        with old_names_hidden():
            model = PeftModel.from_pretrained(base, str(adapter.folder), is_trainable=False)
    except LOAD_ERRORS as exc:
        raise ModelError(f"{spec}: the adapter does not fit its base ({first_line(exc)})") from exc
    model.eval()
    kind = str(model.active_peft_config.peft_type).removeprefix("PeftType.")
    if not hasattr(model, "merge_and_unload"):
        raise ModelError(f"{spec}: {kind} adapters cannot be merged into their base; LoRA and others that can are read")
    if torch.equal(before, _probe_logits(model, tokenizer)):
        raise ModelError(
            f"{spec}: the adapter changes no logit of its base: its weights are zero or belong to other modules; "
            "check the files, or name the right base with --base-model"
        )
    added = sum(p.numel() for name, p in model.named_parameters() if "lora_" in name or "modules_to_save" in name)
    try:
        return model.merge_and_unload(progressbar=False), added
    except LOAD_ERRORS as exc:
        raise ModelError(f"{spec}: this {kind} adapter cannot be merged into its base ({first_line(exc)})") from exc


def _round_weights(model: Any, dtype: torch.dtype) -> None:
    """Round the weights to ``dtype`` as ``from_pretrained`` would have: neither the tables of positions nor layers that
    the architecture keeps in float32."""
    kept = tuple(getattr(model, "_keep_in_fp32_modules_strict", None) or ())
    if dtype == torch.float16:
        kept += tuple(getattr(model, "_keep_in_fp32_modules", None) or ())
    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not any(module in name for module in kept):
            weight.data = weight.data.to(dtype)


@torch.inference_mode()
def _probe_logits(model: Any, tokenizer: Any) -> torch.Tensor:
    ids = tokenizer(PROBE, return_tensors="pt")["input_ids"].to(model.device)
    logits: torch.Tensor = model(input_ids=ids).logits
    return logits.clone()


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """End tokens: those of the generation config and the tokenizer's own."""
    configured = model.generation_config.eos_token_id
    found = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in [*found, tokenizer.eos_token_id] if token is not None)


@contextlib.contextmanager
def _library_bars_hidden() -> Iterator[None]:
    """Keep the loading bars of libraries, which cannot all be switched off, out of our own output."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield


def drop_quantisation(model: Any) -> None:
    """Forget that the weights came out of a rounded file: they are plain numbers now, and are saved as such."""
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False


@contextlib.contextmanager
def old_names_hidden() -> Iterator[None]:
    """Keep a warning away that peft draws from transformers by asking for an attribute by its old name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def first_line(exc: BaseException) -> str:
    """What an exception says, in one line."""
    return str(exc).strip().split("\n")[0][:300] or type(exc).__name__
