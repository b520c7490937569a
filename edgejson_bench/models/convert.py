"""The process that converts a model for an engine: transformers loads it, this writes it in another form.

ONNX graphs are made by onnxruntime-genai's model builder. GGUF files are those that a model was read from, with its
plain or merged weights in the place of the stored ones.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import tempfile
from pathlib import Path
from typing import Any

from edgejson_bench import process
from edgejson_bench.errors import EdgeJSONError, MissingExtra, ModelError
from edgejson_bench.models.converted import GGUF
from edgejson_bench.records import ModelIdentity

BUILDER = "onnxruntime_genai.models.builder"


def main(folder: Path) -> int:
    """Answer the request in ``folder``; 0 if there is a result, 1 if there is a reason why not."""
    request = process.read_request(folder)
    try:
        process.answer(folder, _convert(request))
    except EdgeJSONError as exc:
        process.refuse(folder, exc)
        return 1
    except KeyboardInterrupt:
        return 1  # the parent was interrupted, too, and tells
    return 0


def _convert(request: dict[str, Any]) -> dict[str, Any]:
    from edgejson_bench.models.transformers import LoadOptions, TransformersModel, Weights, drop_quantisation

    def weights(name: str) -> Weights | None:
        at = request[name]
        return None if at is None else Weights(Path(at["folder"]), at["gguf_file"])

    base = weights("weights")
    assert base is not None, "nothing to convert"
    identity = ModelIdentity(**request["identity"])
    options = LoadOptions(**request["options"])
    model = TransformersModel(
        identity, base, adapter=weights("adapter"), tokenizer=weights("tokenizer"), options=options
    )
    loaded = model.identity
    with model.as_loaded() as network:
        drop_quantisation(network)
        out = Path(request["out"])
        if request["form"] == "onnx":
            _write_onnx(identity.spec, network, model.tokenizer, out, options.trust_remote_code)
        else:
            from edgejson_bench.models.gguf_writer import write_like

            assert base.gguf_file is not None, "only a model that was read from a GGUF file can be written as one"
            half = request["form"] == "gguf-f16"
            write_like(base.folder / base.gguf_file, network.state_dict(), out / GGUF, half=half)
    return {
        "parameters": loaded.parameters,
        "eos_token_ids": (loaded.extra or {})["eos_token_ids"],
        "context": getattr(network.config, "max_position_embeddings", None),
    }


def _write_onnx(spec: str, network: Any, tokenizer: Any, out: Path, trust_remote_code: bool) -> None:
    """Let the model builder write the graph, its weights in float32, and the configuration that the engine reads."""
    with tempfile.TemporaryDirectory(dir=out) as name:
        whole = Path(name) / "model"
        network.save_pretrained(whole)
        tokenizer.save_pretrained(whole)
        arguments = ["-i", str(whole), "-o", str(out), "-p", "fp32", "-e", "cpu", "-c", str(Path(name) / "cache")]
        extra = ["hf_token=false", f"hf_remote={str(trust_remote_code).lower()}"]
        sys.argv = [BUILDER, *arguments, "--extra_options", *extra]
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                runpy.run_module(BUILDER, run_name="__main__")
        except ModuleNotFoundError as exc:
            raise MissingExtra(
                f"{spec}: writing it as ONNX needs the package {exc.name}: pip install 'edgejson-bench[onnxruntime]'"
            ) from None
        except SystemExit as exc:
            raise ModelError(
                f"{spec}: the ONNX model builder refused it ({said.getvalue().splitlines()[-1:]})"
            ) from exc
        except Exception as exc:  # the builder raises what it likes, Exception itself included
            kind = json.loads((whole / "config.json").read_text("utf-8")).get("architectures")
            first = str(exc).strip().split("\n")[0][:200]
            raise ModelError(f"{spec}: the ONNX model builder does not take it ({first}; {kind})") from exc


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
