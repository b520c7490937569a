"""From a model spec (``--model``) to a loaded model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from edgejson_bench.errors import ModelError, UsageError
from edgejson_bench.jsonio import read_json, sha256_file
from edgejson_bench.models.base import Model
from edgejson_bench.models.converted import Parts
from edgejson_bench.models.engines import TRANSFORMERS, check_engine
from edgejson_bench.models.gguf import quantisation
from edgejson_bench.models.locate import (
    HUB_ID,
    METADATA,
    SMOLLM2,
    SMOLLM2_NAME,
    WITHOUT_WEIGHTS,
    Found,
    KnownModel,
    Note,
    find,
    gguf_weights,
    is_folder,
    is_hub_id,
    known_model,
    locate_base,
    smollm2_file,
    weights_in,
)
from edgejson_bench.models.other_engines import is_onnx, load_with
from edgejson_bench.protocols import PromptFormat
from edgejson_bench.records import JsonObject, ModelIdentity

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions, TextTokenizer


def resolve(
    spec: str,
    *,
    golds: Mapping[str, JsonObject],
    options: LoadOptions | None = None,
    base_model: str | None = None,
    revision: str | None = None,
    tokenizer: str | None = None,
    engine: str = TRANSFORMERS,
    note: Note = lambda _: None,
) -> Model:
    """Load the model that ``spec`` stands for.

    Args:
        spec: see ``SPEC_HELP``.
        golds: example id to gold, read by the oracles alone.
        options: device, number type, threads, trust.
        base_model: base of an adapter, instead of the one it records.
        revision: hub branch, tag or commit; the commit it stands for is pinned.
        tokenizer: spec of the tokenizer that models without weights count with.
        engine: what computes the weights; one of ``ENGINES``, or transformers.
        note: told what is going on, a line at a time.

    Raises:
        UsageError: the spec is of no known form or nothing for the engine, or a file or folder is missing.
        ModelError: the model cannot be found, fetched or loaded; `MissingExtra` names what to install.
    """
    check_engine(engine, spec)
    if spec in WITHOUT_WEIGHTS:
        return _without_weights(spec, golds, tokenizer, note)
    known = known_model(spec)
    if spec == SMOLLM2 or spec.lower().endswith(".gguf"):
        parts = _gguf_parts(spec, known, note)
    else:
        found = find(spec, revision, options, note)
        shown = spec if is_hub_id(spec) else found.folder.name
        if (found.folder / "adapter_config.json").is_file():
            base_spec = base_model or _recorded_base(spec, found.folder, known)
            parts = _peft_parts(shown, found, base_spec, known, options, note)
        elif (found.folder / "config.json").is_file() or is_onnx(engine, found.folder):
            parts = _plain_parts(shown, found, known, note)
        else:
            raise ModelError(f"{spec}: neither config.json nor adapter_config.json is there, so this is no model")
    model = _load(engine, parts, options, note)
    loaded = model.identity.parameters
    if known.parameters and loaded != known.parameters:
        note(f"{spec} has {loaded:,} parameters here; the known-models table says {known.parameters:,}")
    return model


def _load(engine: str, parts: Parts, options: LoadOptions | None, note: Note) -> Model:
    from edgejson_bench.models.transformers import LoadOptions, TransformersModel

    if engine != TRANSFORMERS:
        return load_with(engine, parts, options or LoadOptions(), note)
    return TransformersModel(
        parts.identity, parts.weights, adapter=parts.adapter, tokenizer=parts.tokenizer, options=options
    )


def _gguf_parts(spec: str, known: KnownModel, note: Note) -> Parts:
    file = smollm2_file() if spec == SMOLLM2 else Path(spec)
    if not file.is_file():
        raise UsageError(f"{spec}: no such file")
    shown = SMOLLM2 if spec == SMOLLM2 else file.name
    note(f"loading {shown}")
    identity = ModelIdentity(
        spec=shown,
        name=f"{SMOLLM2_NAME} (Q4_1, dequantised)" if spec == SMOLLM2 else file.stem,
        kind="gguf",
        revision=sha256_file(file),
        base=known.base,
        size_bytes=file.stat().st_size,
        quantisation=quantisation(file),
        license=known.license,
    )
    return Parts(identity, gguf_weights(file))


def _plain_parts(shown: str, found: Found, known: KnownModel, note: Note) -> Parts:
    note(f"loading {shown}")
    trained = _read_metadata(found.folder)
    identity = ModelIdentity(
        spec=shown,
        name=shown.rpartition("/")[2],
        kind="transformers",
        revision=found.revision,
        size_bytes=found.size_bytes,
        license=known.license or trained.license,
        extra=trained.extra,
    )
    return Parts(identity, weights_in(found.folder))


def _peft_parts(
    shown: str, found: Found, base_spec: str, known: KnownModel, options: LoadOptions | None, note: Note
) -> Parts:
    base = locate_base(base_spec, options, note, of=shown)
    note(f"loading {shown} on {base.name}")
    trained = _read_metadata(found.folder)
    identity = ModelIdentity(
        spec=shown,
        name=shown.rpartition("/")[2],
        kind="peft",
        revision=found.revision,
        base=base.name,
        base_revision=base.revision,
        size_bytes=found.size_bytes + base.size_bytes,
        quantisation=base.quantisation,
        license=known.license or trained.license,
        extra=trained.extra,
    )
    adapter = weights_in(found.folder)
    has_tokenizer = (found.folder / "tokenizer_config.json").is_file()
    return Parts(identity, base.weights, adapter, adapter if has_tokenizer else None)


def resolve_tokenizer(spec: str | None, note: Note = lambda _: None) -> TextTokenizer:
    """The tokenizer of a model spec, without its weights; the SmolLM2 one by default.

    Raises:
        UsageError, ModelError: as for :func:`resolve`.
    """
    from edgejson_bench.models.transformers import load_tokenizer

    spec = spec or SMOLLM2
    if spec == SMOLLM2:
        return load_tokenizer(spec, gguf_weights(smollm2_file()))
    if spec.lower().endswith(".gguf"):
        if not Path(spec).is_file():
            raise UsageError(f"{spec}: no such file")
        return load_tokenizer(spec, gguf_weights(Path(spec)))
    return load_tokenizer(spec, weights_in(find(spec, None, None, note, tokenizer_only=True).folder))


def _without_weights(spec: str, golds: Mapping[str, JsonObject], tokenizer: str | None, note: Note) -> Model:
    if spec in ("rules", "rules-schema-free"):
        from edgejson_bench.models.rules import Rules

        return Rules(schema_free=spec == "rules-schema-free")
    if spec == "mock":
        from edgejson_bench.models.mock import Mock

        return Mock()
    from edgejson_bench.models.oracle import Oracle

    return Oracle(
        golds,
        resolve_tokenizer(tokenizer, note),
        rambles=spec == "oracle-rambling",
        tokenizer_name=tokenizer or SMOLLM2,
    )


def _recorded_base(spec: str, folder: Path, known: KnownModel) -> str:
    """The base that an adapter's config names; where that is somebody's local path, the table's, if it has one."""
    config = read_json(folder / "adapter_config.json", ModelError)
    recorded = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    if isinstance(recorded, str) and (recorded == SMOLLM2 or is_folder(recorded) or HUB_ID.fullmatch(recorded)):
        return recorded
    if known.base:
        return known.base
    said = f"records {recorded!r}, which is no hub id and no folder here" if recorded else "records none"
    raise ModelError(
        f"{spec}: an adapter needs its base model; its config {said}; name it with --base-model ORG/NAME|FOLDER"
    )


@dataclass(frozen=True)
class _Trained:
    """What ``train`` wrote of a model beside its weights."""

    prompt: str | None = None
    license: str | None = None
    data: str | None = None
    """What it was trained on, in words."""

    @property
    def extra(self) -> dict[str, str]:
        said = {"trained_prompt": self.prompt, "trained_on": self.data}
        return {key: value for key, value in said.items() if value is not None}


def _read_metadata(folder: Path) -> _Trained:
    """The training metadata in ``folder``; nothing where there is none, or where it is somebody else's kind of file."""
    path = folder / METADATA
    if not path.is_file():
        return _Trained()
    content = read_json(path, ModelError)
    if not isinstance(content, dict) or content.get("prompt") not in get_args(PromptFormat):
        return _Trained()
    said = content.get("license")
    return _Trained(content["prompt"], said if isinstance(said, str) else None, _trained_on(content))


def _trained_on(content: JsonObject) -> str | None:
    """The metadata's data in a line; None where they are not of the form that ``train`` writes."""
    data: Any = content.get("data")
    start: Any = content.get("start")
    try:
        before = f", going on from {start['spec']} and what that was trained on" if start else ""
        styles = " and ".join(str(style) for style in data["styles"])
        more = f", {data['generated']} further splits from the generator" if data["generated"] else ""
        more += f", golds told anew {data['retold']} times" if data.get("retold") else ""
        told = (
            f"{data['name']}, {data['split']} split, {styles}: {data['examples']} examples{more} "
            f"(fingerprint {data['fingerprint'][:12]}){before}, as its training metadata say"
        )
    except (TypeError, KeyError):
        return None
    return told[:400]
