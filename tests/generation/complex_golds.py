"""Golds of the complex tasks: over ordinary seeds, and with every optional field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.generation import complex as tasks
from edgejson_bench.generation.values import Values

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT.parent / "shared" / "edgejson_v3" / "schemas" / "complex"
NAMES = tuple(tasks.GENERATORS)
SEEDS = range(60)
FREE_FORM = ("readings", "alert_thresholds", "action_parameters", "details", "custom_fields")


class Everything(Values):
    """A stream in which every optional field is present."""

    def maybe(self, probability: float = 1.0) -> bool:
        return True


def schema_of(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "tasks" / "complex" / name / "schema.json").read_text(encoding="utf-8"))


SCHEMAS = {name: schema_of(name) for name in NAMES}
GOLDS = {name: [tasks.GENERATORS[name](Values(f"{name}/{seed}")) for seed in SEEDS] for name in NAMES}
FULL = {name: [getattr(tasks, name)(Everything(f"{name}/{seed}")) for seed in range(25)] for name in NAMES}

by_task = pytest.mark.parametrize("name", NAMES)
