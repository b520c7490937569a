"""GGUF files of plain numbers: everything of the file that a model was read from, but for the tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgejson_bench.errors import ModelError
from edgejson_bench.models.gguf import open_gguf

PAIRED = {"llama": True, "qwen2": False, "qwen3": False}
"""Architectures that can be written, and whether their files pair neighbouring rows for the rotary embedding, where
transformers pairs the halves of a head."""

OWN_FIELDS = ("GGUF.", "general.architecture", "general.alignment", "general.file_type", "general.quantization_version")
"""Fields that the writer sets itself, by how their names begin."""


def write_like(base: Path, state: Mapping[str, Any], path: Path, *, half: bool) -> None:
    """Write ``state``, the state dict of transformers' model of ``base``, to ``path`` in float32.

    ``half`` rounds matrices to float16, as llama.cpp's own converter does.

    Raises:
        MissingExtra: the gguf package is not installed.
        ModelError: the architecture is none of :data:`PAIRED`, or the tensors are not those of the file.
    """
    reader = open_gguf(base)
    from gguf import MODEL_ARCH_NAMES, GGUFValueType, GGUFWriter, LlamaFileType, get_tensor_name_map

    architecture = str(reader.get_field("general.architecture").contents())
    if architecture not in PAIRED:
        raise ModelError(
            f"{base.name}: files of the architecture {architecture} cannot be written with other weights here"
        )

    def number(name: str) -> int:
        return int(reader.get_field(f"{architecture}.{name}").contents())

    writer = GGUFWriter(path, architecture)
    for field in reader.fields.values():
        if field.name.startswith(OWN_FIELDS):
            continue
        kind = field.types[0]
        of = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=of)
    writer.add_file_type(LlamaFileType.MOSTLY_F16 if half else LlamaFileType.ALL_F32)
    arch = next(arch for arch, name in MODEL_ARCH_NAMES.items() if name == architecture)
    names = get_tensor_name_map(arch, number("block_count"))
    heads, key_heads = number("attention.head_count"), number("attention.head_count_kv")
    missing = {tensor.name: tuple(int(size) for size in reversed(tensor.shape)) for tensor in reader.tensors}
    for name, tensor in state.items():
        theirs = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if theirs == "output.weight" and theirs not in missing:
            continue  # tied to the embedding, which the file holds once
        if theirs is None or missing.pop(theirs, None) != tuple(tensor.shape):
            raise ModelError(f"{base.name}: has no tensor for {name} of shape {tuple(tensor.shape)}")
        values = tensor.float().cpu().numpy()
        if PAIRED[architecture] and ".attn_q." in theirs:
            values = _paired(values, heads)
        elif PAIRED[architecture] and ".attn_k." in theirs:
            values = _paired(values, key_heads)
        writer.add_tensor(theirs, values.astype("float16") if half and values.ndim > 1 else values)
    lacking = [name for name in missing if not name.startswith("rope_freqs")]
    if lacking:
        raise ModelError(f"{base.name}: its tensor {lacking[0]} has no counterpart in the merged model")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _paired(weights: Any, heads: int) -> Any:
    """Rows in the order of a GGUF file: of each head, first and second half in turn."""
    halves = weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)
