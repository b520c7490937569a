"""EdgeJSON-Bench: how well, and how fast, small language models turn text into schema-conforming JSON.

The public names are loaded when first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "Completion": "edgejson_bench.records",
    "Dataset": "edgejson_bench.tasks",
    "EdgeJSONError": "edgejson_bench.errors",
    "Example": "edgejson_bench.records",
    "Prompt": "edgejson_bench.records",
    "Score": "edgejson_bench.records",
    "Settings": "edgejson_bench.records",
    "Task": "edgejson_bench.tasks",
    "load_shipped": "edgejson_bench.tasks",
}

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
