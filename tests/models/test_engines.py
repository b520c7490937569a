"""Which engine takes what, and what is said where one is not there."""

from __future__ import annotations

import sys

import pytest

from edgejson_bench.errors import MissingExtra, ModelError, UsageError
from edgejson_bench.models.engines import (
    ENGINES,
    Engine,
    check_engine,
    cpu_threads,
    engine_dtype,
    engine_of,
    refuse_engine,
    require_engine,
)
from edgejson_bench.models.locate import SMOLLM2
from edgejson_bench.models.resolve import resolve
from edgejson_bench.records import ModelIdentity

OTHERS = sorted(ENGINES)


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("spec", ["rules", "oracle", "mock"])
def test_what_has_no_weights_is_refused_in_one_line(engine: str, spec: str) -> None:
    for call in (lambda: check_engine(engine, spec), lambda: resolve(spec, golds={}, engine=engine)):
        with pytest.raises(UsageError) as caught:
            call()
        told = f"{spec}: --engine {engine} computes weights, and there are none; leave --engine out"
        assert str(caught.value) == told


def test_what_an_engine_of_gguf_files_cannot_load_is_told_with_what_can() -> None:
    told = str(refuse_engine("llama.cpp", "folder"))
    assert told.startswith(f"folder: --engine llama.cpp takes a .gguf file, {SMOLLM2}, or an adapter on one of them; ")
    assert "--engine onnxruntime" in told


@pytest.mark.parametrize("engine", ["transformers", *OTHERS])
def test_the_form_of_files_and_folders_is_no_reason_to_refuse(engine: str) -> None:
    for spec in (SMOLLM2, "folder/model.gguf", "MODEL.GGUF", "org/name", "tests"):
        check_engine(engine, spec)


def test_transformers_takes_every_spec_and_needs_nothing() -> None:
    check_engine("transformers", "rules")
    require_engine("transformers")


@pytest.mark.parametrize("engine", ENGINES.values(), ids=OTHERS)
def test_a_missing_engine_is_told_with_its_install_line(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, engine.module, None)  # what makes an import fail
    with pytest.raises(MissingExtra) as caught:
        require_engine(engine.name)
    assert f"--engine {engine.name} needs the package {engine.packages[0]}" in str(caught.value)
    assert str(caught.value).endswith(f"pip install 'edgejson-bench[{engine.extra}]'")


def test_a_model_is_of_the_engine_that_its_adapter_is_called_by() -> None:
    assert engine_of(ModelIdentity("a", "a", "llama.cpp")) == "llama.cpp"
    for kind in ("transformers", "gguf", "peft", "rules"):
        assert engine_of(ModelIdentity("a", "a", kind)) == "transformers"


@pytest.mark.torch
@pytest.mark.parametrize("engine", ENGINES.values(), ids=OTHERS)
def test_devices_and_number_types_that_are_not_there_are_refused(engine: Engine) -> None:
    from edgejson_bench.models.transformers import LoadOptions

    assert cpu_threads(engine, LoadOptions(device="cpu", threads=3)) == 3
    assert cpu_threads(engine, LoadOptions()) >= 1
    with pytest.raises(ModelError, match=f"--device cuda: --engine {engine.name} computes on the CPU"):
        cpu_threads(engine, LoadOptions(device="cuda"))
    if engine.dtypes:
        assert engine_dtype(engine, LoadOptions()) == engine_dtype(engine, LoadOptions(dtype="float32")) == "float32"
        refused, told = "float64", "computes in float32"
    else:
        assert engine_dtype(engine, LoadOptions()) is None
        refused, told = "float32", "chooses its number types"
    with pytest.raises(ModelError, match=f"--dtype {refused}: --engine {engine.name} {told}"):
        engine_dtype(engine, LoadOptions(dtype=refused))
