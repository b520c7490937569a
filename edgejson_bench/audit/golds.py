"""Whether golds satisfy their schemas, with formats and without. It looks at no text."""

from __future__ import annotations

from collections.abc import Mapping

from edgejson_bench.audit.findings import Fault
from edgejson_bench.records import Example
from edgejson_bench.scoring.compliance import SchemaChecker, checker_for
from edgejson_bench.tasks import Dataset

Checkers = Mapping[str, SchemaChecker]
"""By task name; a task without a schema has none."""


def schema_checkers(dataset: Dataset) -> Checkers:
    """A checker for every task that has a schema.

    Raises:
        DataError: a schema is unusable.
    """
    return {name: checker_for(task.schema) for name, task in dataset.tasks.items() if task.schema is not None}


def validity_fault(example: Example, checkers: Checkers) -> Fault | None:
    """What keeps a gold from being valid: no schema, the schema, or only one of its formats."""
    checker = checkers.get(example.task)
    if checker is None:
        return Fault("no_schema")
    compliance = checker.check(example.gold)
    if compliance.formats:
        return None
    return Fault("format" if compliance.structure else "invalid", details=(str(compliance.first_error),))
