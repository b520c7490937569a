"""A fresh process for one piece of work: threads and memory of its own, and a parent that sleeps meanwhile.

The request goes over and the result comes back as JSON files in a folder of their own; the child's progress goes
straight to stderr.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgejson_bench import errors
from edgejson_bench.errors import EdgeJSONError, RunError
from edgejson_bench.jsonio import read_json, write_atomic

REQUEST, RESULT = "request.json", "result.json"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
"""What the libraries that compute read when they are loaded, the tokenizer's included."""


def run_fresh(
    module: str, request: Mapping[str, Any], threads: int, called: str = "the measuring process"
) -> dict[str, Any]:
    """Run ``python -m module FOLDER`` with so many threads and return what it answers. ``called`` is for messages.

    The module reads its request with :func:`read_request` and answers with :func:`answer` or :func:`refuse`.

    Raises:
        EdgeJSONError: what the child refused with, of the same class and text.
        RunError: the child died without an answer.
    """
    with tempfile.TemporaryDirectory(prefix="edgejson-bench-") as name:
        folder = Path(name)
        write_atomic(folder / REQUEST, json.dumps(request))
        code = subprocess.run(  # noqa: S603
            [sys.executable, "-m", module, name], env=_environment(threads), stdin=subprocess.DEVNULL, stdout=2
        ).returncode
        result = read_json(folder / RESULT, RunError) if (folder / RESULT).exists() else None
    if result is None:
        raise RunError(_death(called, code))
    if "error" in result:
        raise getattr(errors, result["error"]["kind"])(result["error"]["message"])
    found: dict[str, Any] = result["answer"]
    return found


def read_request(folder: Path) -> dict[str, Any]:
    """In the child: what was asked."""
    request: dict[str, Any] = read_json(folder / REQUEST, RunError)
    return request


def answer(folder: Path, result: Mapping[str, Any]) -> None:
    """In the child: hand over the result."""
    write_atomic(folder / RESULT, json.dumps({"answer": result}, allow_nan=False))


def refuse(folder: Path, error: EdgeJSONError) -> None:
    """In the child: say why there is none."""
    write_atomic(folder / RESULT, json.dumps({"error": {"kind": type(error).__name__, "message": str(error)}}))


def _environment(threads: int) -> dict[str, str]:
    package = Path(__file__).resolve().parents[1]
    return {
        **os.environ,
        **dict.fromkeys(THREAD_VARIABLES, str(threads)),
        # The child must be of the code that started it, whatever else is installed or in the current folder.
        "PYTHONPATH": os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


def _death(called: str, code: int) -> str:
    if code >= 0:
        return f"{called} ended with exit code {code} and no result; what it said is above"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    hint = "; most often the system was out of memory" if name == "SIGKILL" else ""
    return f"{called} was ended by {name} before it had a result{hint}"
