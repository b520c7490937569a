"""From the files that a spec stands for to a model of another engine than transformers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgejson_bench.models.base import Model
from edgejson_bench.models.converted import GGUF, Form, Parts, converted
from edgejson_bench.models.engines import (
    ENGINES,
    ONNX_CONFIG,
    ONNX_RUNTIME,
    OPENVINO,
    cpu_threads,
    engine_dtype,
    refuse_engine,
)
from edgejson_bench.models.gguf import stored_as, tensor_types

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions

Note = Callable[[str], None]

KEPT_BY_OPENVINO = frozenset({"F16", "Q8_0", "Q4_0"})
"""Number types of matrices that OpenVINO GenAI's reader keeps as they are. It takes no F32, rounds the zero points of
Q4_K, requantises Q6_K, and reads Q4_1 from the wrong bytes (2026.4)."""


def is_onnx(engine: str, folder: Path) -> bool:
    """Whether a folder holds a model in the form that onnxruntime-genai reads, and that engine is asked for."""
    return engine == ONNX_RUNTIME.name and (folder / ONNX_CONFIG).is_file()


def load_with(engine: str, parts: Parts, options: LoadOptions, note: Note) -> Model:
    """The model of ``parts``, computed by ``engine``.

    Raises:
        UsageError: the engine cannot load weights of this form.
        ModelError: they cannot be loaded or converted, or the options ask for what is not there; `MissingExtra` names
            what to install.
    """
    chosen = ENGINES[engine]
    chosen.require()
    threads = cpu_threads(chosen, options)
    engine_dtype(chosen, options)  # refused before anything is converted
    identity = replace(parts.identity, kind=engine)
    tokenizer = parts.tokenizer or parts.weights
    if chosen is ONNX_RUNTIME:
        from edgejson_bench.models.onnxruntime import OnnxFolder, OnnxRuntimeModel, own_folder

        identity = replace(identity, name=_named(identity.name, engine))
        if parts.adapter is None and not parts.weights.gguf_file and is_onnx(engine, parts.weights.folder):
            return OnnxRuntimeModel(
                identity, own_folder(identity.spec, parts.weights.folder), tokenizer, options=options
            )
        made = converted("onnx", parts, options, threads, note)
        identity = replace(identity, size_bytes=made.size_bytes)
        ends = frozenset(made.eos_token_ids)
        model = OnnxFolder(made.folder, made.parameters, "float32", ends, made.context)
        return OnnxRuntimeModel(identity, model, tokenizer, options=options)

    if parts.weights.gguf_file is None:
        raise refuse_engine(engine, identity.spec if parts.adapter is None else f"{identity.spec} on {identity.base}")
    file = parts.weights.folder / parts.weights.gguf_file
    form = _needed(engine, file, merged=parts.adapter is not None)
    if form is None:
        name = identity.name.replace(", dequantised)", ")")  # as records of transformers name it
        identity = replace(identity, quantisation=stored_as(file), name=_named(name, engine))
    else:
        made = converted(form, parts, options, threads, note)
        file = made.folder / GGUF
        how = f"{identity.quantisation}, rounded to float16" if form == "gguf-f16" else identity.quantisation
        identity = replace(
            identity,
            parameters=made.parameters,
            size_bytes=made.size_bytes,
            quantisation=how,
            name=_named(identity.name, engine),
        )
    if chosen is OPENVINO:
        from edgejson_bench.models.openvino import OpenVinoModel

        return OpenVinoModel(identity, file, tokenizer, options=options)
    from edgejson_bench.models.llamacpp import LlamaCppModel

    return LlamaCppModel(identity, file, tokenizer, options=options)


def _needed(engine: str, file: Path, *, merged: bool) -> Form | None:
    """What a GGUF file must be converted to before the engine can read it; None where it is taken as it is."""
    if engine != OPENVINO.name:
        return "gguf-f32" if merged else None
    if not merged and tensor_types(file) <= KEPT_BY_OPENVINO and stored_as(file) != "GGUF of unstated type":
        return None
    return "gguf-f16"


def _named(name: str, engine: str) -> str:
    """``Model (Q4_1)`` -> ``Model (Q4_1, engine)``, ``Model`` -> ``Model (engine)``."""
    return f"{name[:-1]}, {engine})" if name.endswith(")") else f"{name} ({engine})"
