"""What people see: sections that fit, the verdict last and the worst first, and hostile text that steers nothing."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from edgejson_bench.audit import tables
from edgejson_bench.audit.whole import Audit, audit
from edgejson_bench.models.scripted import Characters
from tests.audit.made import PARCELS, changed, clean


def shown(result: Audit) -> str:
    file = io.StringIO()
    out = Console(width=tables.WIDTH, file=file)
    for section in tables.sections(result):
        out.print(section)
    return file.getvalue()


def test_clean_data_says_so_in_the_last_line() -> None:
    text = shown(audit(clean(), tokenizer=Characters()))
    assert text.rstrip().splitlines()[-1] == "No findings"
    for said in ("Audit of made: 10 examples", "train form", "test prose", "JSONExact of rules", "Flesch"):
        assert said in text
    assert "Left out" not in text


def test_findings_are_counted_with_meaning_causes_and_first_examples() -> None:
    gold = {**PARCELS[3], "weight": 0.8}
    lines = [line.rstrip() for line in shown(audit(changed("test", "parcel-test-3-form", gold=gold))).splitlines()]
    at = lines.index("1 contradiction: the gold says other than its text")
    assert lines[at + 1 : at + 3] == ["  1 changed", "  parcel-test-3-form: /weight: the text says 0.75, the gold 0.8"]
    assert lines[-1] == "1 finding: 1 contradiction"
    assert any(line.startswith("Left out: ceiling of v3.1: ") for line in lines)


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    dataset = replace(changed("test", "parcel-test-3-form", gold={"weight": 0.75}))
    bare = replace(dataset, tasks={**dataset.tasks, "trip": replace(dataset.tasks["trip"], schema=None)})
    text = shown(audit(bare))
    assert text.rstrip().splitlines()[-1] == "6 findings: 1 invalid, 1 contradiction, 4 no schema"
    assert sum(line.startswith("  trip-") for line in text.splitlines()) == tables.EXAMPLES == 3
    assert "and 1 more (--json lists all)" in text


def test_every_line_fits_and_nothing_steers_the_terminal() -> None:
    task = "x" * 100
    dataset = clean()
    rows = {
        split: tuple(replace(e, task=task if e.task == "parcel" else e.task) for e in examples)
        for split, examples in dataset.splits.items()
    }
    wide = replace(
        dataset,
        name="a[red]\x1b[31m\nb",
        tasks={**dataset.tasks, task: replace(dataset.tasks["parcel"], name=task)},
        splits={**rows, "test": tuple(replace(e, gold={"\x1b[2J[bold]": "\x1b[2J" * 50}) for e in rows["test"])},
    )
    text = shown(audit(wide, tokenizer=Characters(), unit="tokens of \x1b[31m[red]" + "y" * 90))
    assert "\x1b" not in text
    assert "a[red]\\x1b[31m b" in text
    assert max(map(len, text.splitlines())) <= tables.WIDTH
