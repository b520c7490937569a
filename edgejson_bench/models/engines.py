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
from edgejson_bench.models.locate import SMOLLM2
from edgejson_bench.records import ModelIdentity

if TYPE_CHECKING:
    from edgejson_bench.models.transformers import LoadOptions

TRANSFORMERS = "transformers"


@dataclass(frozen=True)
class Engine:
    """An engine other than transformers."""

    name: str
    """As ``--engine`` takes it and as names of models show it."""
    module: str
    """What is imported."""
    package: str
    """The distribution it comes in."""
    extra: str
    """The extra of this package that installs it."""

    def require(self) -> None:
        """Import the engine, which takes seconds that are no model's.

        Raises:
            MissingExtra: it is not installed; the message holds the install line.
        """
        try:
            importlib.import_module(self.module)
        except ImportError as exc:
            raise MissingExtra(
                f"--engine {self.name} needs the package {self.package} ({exc.name or exc} is missing): "
                f"pip install 'edgejson-bench[{self.extra}]'"
            ) from None

    @property
    def told(self) -> str:
        """Engine, package and version, for the records."""
        return f"{self.name} ({self.package} {metadata.version(self.package)})"


LLAMA_CPP = Engine("llama.cpp", "xllamacpp", "xllamacpp", "llamacpp")
ENGINES = {engine.name: engine for engine in (LLAMA_CPP,)}
"""Every engine but transformers, by name. ``cli.py`` has the names, too."""


def check_engine(name: str, spec: str) -> None:
    """Make sure that an engine can load what ``spec`` stands for, as far as its form tells.

    Raises:
        UsageError: it cannot; the message says what it takes.
    """
    if name != TRANSFORMERS and spec != SMOLLM2 and not spec.lower().endswith(".gguf"):
        raise UsageError(f"{spec}: --engine {name} takes a .gguf file or {SMOLLM2}; leave --engine out for the rest")


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
    """How many threads an engine that runs on the CPU, in number types of its own, is to take.

    Raises:
        ModelError: the options ask for another device or number type.
    """
    if options.device not in ("auto", "cpu"):
        raise ModelError(f"--device {options.device}: --engine {engine.name} computes on the CPU here; use cpu")
    if options.dtype != "auto":
        raise ModelError(f"--dtype {options.dtype}: --engine {engine.name} chooses its number types; leave --dtype out")
    return options.threads or physical_cores() or os.cpu_count() or 1
