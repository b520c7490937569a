"""Which engines compute the same weights, what each takes, and what has to be installed for it. It loads none of them.

transformers is the default and the reference; the others are what people deploy.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from edgejson_bench.errors import MissingExtra, ModelError, UsageError
from edgejson_bench.machine import physical_cores
from edgejson_bench.models.locate import SMOLLM2, WITHOUT_WEIGHTS
from edgejson_bench.records import ModelIdentity

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions

TRANSFORMERS = "transformers"
ONNX_CONFIG = "genai_config.json"
"""What makes a folder a model that onnxruntime-genai reads."""


@dataclass(frozen=True)
class Engine:
    """An engine other than transformers."""

    name: str
    """As ``--engine`` takes it and as names of models show it."""
    module: str
    """What is imported."""
    packages: tuple[str, ...]
    """The distributions that compute; ``module`` is in the first."""
    extra: str
    """The extra of this package that installs it."""
    dtypes: tuple[str, ...] = ()
    """What ``--dtype`` may ask for, the default first; empty where the engine chooses its number types."""

    def require(self) -> None:
        """Import the engine, which takes seconds that are no model's.

        Raises:
            MissingExtra: it is not installed; the message holds the install line.
        """
        try:
            importlib.import_module(self.module)
        except ImportError as exc:
            raise MissingExtra(
                f"--engine {self.name} needs the package {self.packages[0]} ({exc.name or exc} is missing): "
                f"pip install 'edgejson-bench[{self.extra}]'"
            ) from None

    @property
    def told(self) -> str:
        """Engine, packages and versions, for the records."""
        packages = ", ".join(f"{package} {metadata.version(package)}" for package in self.packages)
        return f"{self.name} ({packages})"


LLAMA_CPP = Engine("llama.cpp", "xllamacpp", ("xllamacpp",), "llamacpp")
OPENVINO = Engine(
    *("openvino", "openvino_genai", ("openvino-genai", "openvino"), "openvino"),
    dtypes=("float32", "bfloat16", "float16"),
)
ONNX_RUNTIME = Engine(
    *("onnxruntime", "onnxruntime_genai", ("onnxruntime-genai", "onnxruntime"), "onnxruntime"), dtypes=("float32",)
)
ENGINES = {engine.name: engine for engine in (LLAMA_CPP, OPENVINO, ONNX_RUNTIME)}
"""Every engine but transformers, by name. ``cli.py`` has the names, too."""


def check_engine(name: str, spec: str) -> None:
    """Make sure that an engine can load what ``spec`` stands for, as far as its form tells.

    Raises:
        UsageError: it cannot; the message says what it takes.
    """
    if name == TRANSFORMERS or spec == SMOLLM2 or spec.lower().endswith(".gguf"):
        return
    if spec in WITHOUT_WEIGHTS:
        raise UsageError(f"{spec}: --engine {name} computes weights, and there are none; leave --engine out")


def refuse_engine(name: str, what: str) -> UsageError:
    """The error for weights that an engine of GGUF files cannot load. ``what`` names them."""
    return UsageError(
        f"{what}: --engine {name} takes a .gguf file, {SMOLLM2}, or an adapter on one of them; "
        f"take --engine {ONNX_RUNTIME.name}, or leave --engine out"
    )


def require_engine(name: str) -> None:
    """Import what an engine needs.

    Raises:
        MissingExtra: it is not installed.
    """
    if name != TRANSFORMERS:
        ENGINES[name].require()


def engine_of(identity: ModelIdentity) -> str:
    """The name of the engine that a model is computed by."""
    return identity.kind if identity.kind in ENGINES else TRANSFORMERS


def cpu_threads(engine: Engine, options: LoadOptions) -> int:
    """How many threads an engine, which runs on the CPU, is to take.

    Raises:
        ModelError: the options ask for another device.
    """
    if options.device not in ("auto", "cpu"):
        raise ModelError(f"--device {options.device}: --engine {engine.name} computes on the CPU here; use cpu")
    return options.threads or physical_cores() or os.cpu_count() or 1


def engine_dtype(engine: Engine, options: LoadOptions) -> str | None:
    """The number type that an engine is to compute in; None where it chooses.

    Raises:
        ModelError: the options ask for one that it does not have.
    """
    if options.dtype == "auto":
        return engine.dtypes[0] if engine.dtypes else None
    if not engine.dtypes:
        raise ModelError(f"--dtype {options.dtype}: --engine {engine.name} chooses its number types; leave --dtype out")
    if options.dtype not in engine.dtypes:
        told = ", ".join(engine.dtypes)
        raise ModelError(f"--dtype {options.dtype}: --engine {engine.name} computes in {told} here")
    return options.dtype
