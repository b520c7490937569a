"""What a GGUF file says of itself and transformers' reader leaves out. Loads no weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgejson_bench.errors import MissingExtra, ModelError


def require_gguf() -> None:
    """Make sure that GGUF files can be read.

    Raises:
        MissingExtra: the gguf package is not installed; the message holds the install line.
    """
    try:
        import gguf  # noqa: F401
    except ImportError:
        raise MissingExtra("GGUF files need the gguf package: pip install 'edgejson-bench[gguf]'") from None


@dataclass(frozen=True)
class Described:
    """What a file says of its model."""

    parameters: int
    """Number of parameters, each tensor counted once."""
    context: int | None
    """Tokens that the model takes; None where the file does not say."""
    end_token: int | None
    """The token that ends a text; None where the file does not say."""


def describe(file: Path) -> Described:
    """Size and context of the model in ``file``.

    Raises:
        MissingExtra: the gguf package is not installed.
        ModelError: this is no GGUF file, or it names no architecture.
    """
    reader = open_gguf(file)
    architecture = reader.get_field("general.architecture")
    if architecture is None:
        raise ModelError(f"{file.name}: names no architecture, so this is no model")
    context = reader.get_field(f"{architecture.contents()}.context_length")
    # The frequencies of rotary embeddings, which some files hold, were not learned.
    learned = (tensor for tensor in reader.tensors if not tensor.name.startswith("rope_freqs"))
    parameters = sum(int(tensor.n_elements) for tensor in learned)
    end = reader.get_field("tokenizer.ggml.eos_token_id")
    return Described(parameters, *(None if field is None else int(field.contents()) for field in (context, end)))


def stored_as(file: Path) -> str:
    """How the weights are stored, such as ``GGUF Q4_1``.

    Raises:
        MissingExtra: the gguf package is not installed.
        ModelError: this is no GGUF file.
    """
    stored = _field(file, "general.file_type")
    from gguf import LlamaFileType  # only now is it known to be there

    name = "of unstated type" if stored is None else LlamaFileType(stored).name.removeprefix("MOSTLY_")
    return f"GGUF {name}"


def tensor_types(file: Path) -> frozenset[str]:
    """The number types of the matrices in ``file``, such as ``Q4_1``.

    Raises:
        MissingExtra, ModelError: as for :func:`stored_as`.
    """
    return frozenset(tensor.tensor_type.name for tensor in open_gguf(file).tensors if len(tensor.shape) > 1)


def quantisation(file: Path) -> str:
    """The same of weights that are computed in a plain number type, such as ``GGUF Q4_1, dequantised``.

    Raises:
        MissingExtra, ModelError: as for :func:`stored_as`.
    """
    return f"{stored_as(file)}, dequantised"


def restore_pre_tokenizer(tokenizer: Any, file: Path) -> None:
    """Split digits one by one where the file asks for it.

    transformers 5 builds every byte-level tokenizer of a GGUF file alike and ignores ``tokenizer.ggml.pre``.
    SmolLM2 was trained with single digits, so without this a space before a digit merges into another token.
    """
    if _field(file, "tokenizer.ggml.pre") != "smollm":
        return
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence

    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
    )


def _field(file: Path, name: str) -> Any:
    field = open_gguf(file).get_field(name)
    return None if field is None else field.contents()


def open_gguf(file: Path) -> Any:
    """gguf's reader of ``file``.

    Raises:
        MissingExtra: the gguf package is not installed.
        ModelError: this is no GGUF file.
    """
    require_gguf()
    from gguf import GGUFReader

    try:
        return GGUFReader(file)
    except (ValueError, OSError, IndexError) as exc:
        raise ModelError(f"{file.name}: not a readable GGUF file ({exc})") from None
