"""The frozen records that flow from tasks to the leaderboard, and nothing that computes with them.

Each arrow of the data flow is one of these types: Example -> Prompt -> Completion -> Score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

JsonObject = dict[str, Any]
"""A parsed JSON object."""

Split = Literal["train", "test"]
Style = Literal["form", "prose"]
FinishReason = Literal["eos", "json_end", "length", "error"]

TIERS = ("simple", "medium", "complex")
"""Tier names in the order every table uses."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text and the JSON object that a perfect extractor returns for it."""

    id: str
    """Unique within a data set, over both splits."""
    task: str
    """Name of the task, which names the schema."""
    style: str
    """How the text is written: ``form`` (key-value print) or ``prose``."""
    prompt: str
    """The text to extract from, without any instruction of a protocol."""
    gold: JsonObject
    """The expected object."""
    frame: str | None = None
    """Name of the frame that the text was written with, unique within a task; None where there is none (form)."""
    evidence: Mapping[str, tuple[int, int]] | None = None
    """Start and end, in characters of ``prompt``, of the words that say each leaf of ``gold``, by JSON pointer.
    None where nobody marked them. An annotation: no model sees it, and it is no part of the fingerprint."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given for one example. It never holds the gold."""

    example_id: str
    """The example it was made from."""
    task: str
    """The example's task; neighbours of one task share their instruction and schema."""
    text: str
    """The whole prompt, as one string; for a chat protocol, already through the chat template."""
    input: str
    """The example's own text, for models that read it without an instruction (rules)."""
    schema: JsonObject | None
    """The task's schema, for models that use it outside the text; None where the data has none."""
    max_new_tokens: int | None
    """Token budget of the completion, in the model's own tokens; None where the model has no tokens."""
    adds_special_tokens: bool = True
    """Whether the tokenizer should add its own special tokens (a chat template brings them along)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How completions are made. Everything here can move a score, so it enters the run's fingerprint."""

    stop: Literal["json_end", "eos", "length"]
    """``json_end``: at the end token or where the first JSON value closes; ``eos``: at the end token alone;
    ``length``: at the token budget alone, end tokens passed over, which only serves to time a fixed length."""
    batch_size: int
    """Rows decoded side by side."""
    text_rule: Literal["new_tokens", "after_prompt"] = "new_tokens"
    """``new_tokens``: decode the new tokens. ``after_prompt``: decode everything, cut off as many characters
    as the prompt has, strip (what the published harness does)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of one completion that was made alone (batch of one)."""

    prefill_seconds: float
    """From the tokenised prompt to the first new token (time to first token, without tokenisation)."""
    decode_seconds: float
    """All further tokens."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model returned for one prompt."""

    example_id: str
    """The example it answers."""
    text: str
    """The completion without the prompt."""
    prompt_tokens: int | None
    """Prompt length in the model's tokens, without padding; None for models without tokens."""
    completion_tokens: int | None
    """New tokens, end token included, without padding; None for models without tokens."""
    finish_reason: FinishReason
    """Why it ended: end token, JSON closed, token budget used up, or the model failed."""
    error: str | None = None
    """The failure, where ``finish_reason`` is ``error``."""
    timing: Timing | None = None
    """Set only where the completion was made alone: a batch's time is nobody's latency."""


@dataclass(frozen=True, slots=True)
class Score:
    """One completion, scored."""

    example_id: str
    task: str
    tier: str
    style: str
    json_exact: bool
    """The extracted object equals the gold."""
    field_f1: float
    """Agreement of the fields, 0 to 1; 0 where nothing could be parsed."""
    compliance: bool
    """The object satisfies the scorer's notion of the schema, formats left out."""
    compliance_formats: bool | None
    """The same with formats asserted; None where the scorer does not know formats."""
    parsed: bool
    """A JSON object could be taken from the completion."""
    problem: str | None
    """Why it could not (a short code such as ``no_object``, ``truncated``, ``invalid_json``,
    ``duplicate_key``, ``not_finite``, ``too_deep``, ``model_error``); None where it could."""
    finish_reason: FinishReason
    """Carried over from the completion."""
    error_kinds: tuple[str, ...] = ()
    """Every kind of error found in the answer, the one it is counted under first; empty where it is exact."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Everything about a model that can move a score or a time."""

    spec: str
    """What was asked for, such as ``ORG/NAME``; a local folder is named by its last part alone."""
    name: str
    """The name that tables show."""
    kind: str
    """Which adapter: ``transformers``, ``peft``, ``gguf``, ``rules``, ``oracle``, ``mock``, or the engine's name
    where that is not transformers: ``llama.cpp``, ``openvino``, ``onnxruntime``."""
    revision: str | None = None
    """Hub commit of the weights, or the sha256 over local weight files."""
    base: str | None = None
    """Base model of an adapter."""
    base_revision: str | None = None
    """Hub commit or sha256 of the base."""
    parameters: int | None = None
    """Number of parameters, each shared tensor counted once; None for models without weights."""
    size_bytes: int | None = None
    """Bytes of the weight files, an adapter's base included; of the converted ones where an engine reads those."""
    dtype: str | None = None
    """Number type the weights are computed in."""
    quantisation: str | None = None
    """How the stored weights were rounded, such as ``GGUF Q4_1, dequantised``; None if they were not."""
    license: str | None = None
    """Licence, where the known-models table or the model says it."""
    extra: Mapping[str, Any] | None = None
    """Anything else an adapter wants in the manifest (tokenizer, trained prompt)."""
