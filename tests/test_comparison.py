"""Comparing two runs from their files: what is paired with what, what is refused, and what is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from edgejson_bench import cli, comparison_tables, evaluate
from edgejson_bench.comparison import (
    SCORE_KINDS,
    ComparedRun,
    Comparison,
    StyleComparison,
    compare_runs,
    compare_scores,
    read_scores,
)
from edgejson_bench.errors import EdgeJSONError, RunError, UsageError
from edgejson_bench.records import Score
from edgejson_bench.runs import FORMAT_VERSION, REPORT, SCORES, RunDirectory, load_run, open_run
from edgejson_bench.scoring.statistics import bootstrap_difference, mean, paired_difference
from tests.submitted import CLEAN_CODE, scripted
from tests.submitted import run as real_run

TIERS = {"lamp": "simple", "parcel": "simple", "invoice": "medium", "site": "complex"}
N = 48
"""Examples of a style: twelve of each task."""
ALL = [True] * N
FLAWED = [index % 3 > 0 for index in range(N)]


def score(index: int, exact: bool, style: str = "form", **changes: Any) -> Score:
    """A score of the ``index``-th example of a style; the tasks come in turn."""
    task = list(TIERS)[index % len(TIERS)]
    made = Score(
        example_id=f"{task}-test-{index:03}-{style}",
        task=task,
        tier=TIERS[task],
        style=style,
        json_exact=exact,
        field_f1=1.0 if exact else 0.5 + index / 1000,
        compliance=True,
        compliance_formats=True,
        parsed=True,
        problem=None,
        finish_reason="json_end",
        error_kinds=() if exact else ("value_hallucination", "type"),
    )
    return replace(made, **changes)


def scores(**styles: Sequence[bool]) -> list[Score]:
    """One score for each outcome of each style."""
    return [score(index, exact, style) for style, made in styles.items() for index, exact in enumerate(made)]


class Runs:
    """Makes run directories under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, name: str, made: Sequence[Score], **changes: Any) -> Path:
        """A complete run with these scores; ``data__split="train"`` changes its manifest."""
        manifest: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "created": "2026-01-01T00:00:00+00:00",
            "model": {"name": name},
            "data": {
                "name": "edgejson",
                "fingerprint": "f" * 64,
                "examples": len(made),
                "ids": None,
                "selection": {"split": "test"},
            },
            "protocol": {"name": "v3", "prompt": "instruction"},
            "code": {"commit": "c" * 40, "dirty": False, "digest": "d" * 64},
        }
        for path, value in changes.items():
            *parents, last = path.split("__")
            place = manifest
            for parent in parents:
                place = place[parent]
            place[last] = value
        directory = open_run(self.folder, name, manifest, name)
        directory.write_report(made, {"complete": True})
        return directory.path

    def edit(self, run: Path, change: Callable[[list[dict[str, Any]]], object]) -> Path:
        """Change the rows of ``scores.jsonl``."""
        path = run / SCORES
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        change(rows)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        return run


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


@pytest.fixture
def pair(runs: Runs) -> tuple[Path, Path]:
    """Two runs that may be compared."""
    return runs.make("perfect", scores(form=ALL)), runs.make("flawed", scores(form=FLAWED))


# What is compared


def test_groups_hold_the_pairs_of_their_style_and_tier() -> None:
    a = {s.example_id: s for s in scores(form=ALL, prose=FLAWED)}
    b = {s.example_id: s for s in reversed(scores(form=FLAWED, prose=FLAWED))}  # their order means nothing
    compared = compare_scores(a, b)
    assert list(compared) == ["form", "prose"]
    form = compared["form"]
    assert list(form.tiers) == ["simple", "medium", "complex"]
    assert [group.n for group in form.tiers.values()] == [24, 12, 12]
    assert [group.field_f1.clusters for group in (form.overall, *form.tiers.values())] == [4, 2, 1, 1]
    assert (form.overall.first_exact, form.overall.second_exact) == (48, 32)
    assert form.overall.json_exact == paired_difference(ALL, FLAWED)
    f1 = {style: [b[key].field_f1 for key in sorted(b) if b[key].style == style] for style in ("form", "prose")}
    assert form.overall.field_f1.second == mean(f1["form"])
    assert form.overall.field_f1.interval == bootstrap_difference([1.0] * N, f1["form"])
    tasks = [b[key].task for key in sorted(b) if b[key].style == "form"]
    assert form.overall.field_f1.clustered == bootstrap_difference([1.0] * N, f1["form"], tasks)
    assert form.tiers["medium"].field_f1.clustered is None
    assert compared["prose"].overall.json_exact.difference == compared["prose"].overall.field_f1.difference == 0
    assert form.conclusion.startswith("On form, A is better than B: +33.3 points JSONExact")
    assert compared["prose"].conclusion.startswith("On prose, no difference is established")


def test_a_style_that_is_not_ours_comes_last() -> None:
    made = {s.example_id: s for s in scores(table=[True], prose=[True], form=[True])}
    assert list(compare_scores(made, made)) == ["form", "prose", "table"]


def test_swapped_runs_mirror_every_number(pair: tuple[Path, Path]) -> None:
    there, back = compare_runs(*pair), compare_runs(*reversed(pair))
    for name in ("simple", "medium", "complex"):
        a, b = there.styles["form"].tiers[name], back.styles["form"].tiers[name]
        assert (a.json_exact.low, a.json_exact.high) == (-b.json_exact.high, -b.json_exact.low)
        assert a.field_f1.interval == (-b.field_f1.interval[1], -b.field_f1.interval[0])
        assert (a.first_exact, a.second_exact) == (b.second_exact, b.first_exact)
    assert (there.first, there.second) == (back.second, back.first)


@pytest.mark.parametrize("second", [{}, {"x": score(0, True)}])
def test_only_the_same_examples_are_paired(second: Mapping[str, Score]) -> None:
    with pytest.raises(ValueError, match="same examples"):
        compare_scores({"y": score(1, True)}, second)
    with pytest.raises(ValueError, match="at least one"):
        compare_scores({}, {})


# What is refused


def refused(error: type[EdgeJSONError], a: Path, b: Path) -> str:
    with pytest.raises(error) as caught:
        compare_runs(a, b)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            {"data__selection": {"split": "train"}, "data__fingerprint": "a" * 64},
            ["splits", "test", "train", "--split"],
        ),
        ({"data__fingerprint": "a" * 64}, ["data", "edgejson ffffffffffff", "edgejson aaaaaaaaaaaa", "--data"]),
        ({"data__name": "mine"}, ["data", "edgejson ffffffffffff", "mine ffffffffffff"]),
        ({"protocol__name": "v3-chat"}, ["protocols", "with v3,", "v3-chat", "--protocol"]),
    ],
    ids=["split", "data", "data-name", "protocol"],
)
def test_other_work_is_refused_by_what_differs(runs: Runs, change: dict[str, Any], named: list[str]) -> None:
    a, b = runs.make("a", scores(form=ALL)), runs.make("b", scores(form=ALL), **change)
    message = refused(UsageError, a, b)
    for part in (*named, str(a), str(b)):
        assert part in message


def test_the_same_run_is_refused_also_by_its_link_or_a_copy(runs: Runs) -> None:
    a = runs.make("a", scores(form=ALL))
    copy = runs.make("copy", scores(form=ALL), model__name="a")
    link = runs.folder / "latest"
    link.symlink_to(a.name, target_is_directory=True)
    for other in (a, link, copy):
        assert "are the same run" in refused(UsageError, a, other)


def test_other_examples_are_refused_with_their_counts(runs: Runs) -> None:
    a = runs.make("a", scores(form=ALL, prose=ALL))
    some = runs.make("some", scores(form=ALL[:20]))
    none = runs.make("none", scores(prose=ALL[:20]))
    told = refused(UsageError, a, some)
    assert f"{a} has 96, {some} has 20, 20 in both; make both runs with the same --style" in told
    assert "none in both" in refused(UsageError, some, none)


def test_one_example_in_two_tiers_is_refused(runs: Runs) -> None:
    a = runs.make("a", scores(form=ALL))
    b = runs.make("b", [replace(s, tier="medium") for s in scores(form=ALL)])
    assert "edgejson-bench score" in refused(RunError, a, b)


def test_an_incomplete_run_is_refused_with_what_finishes_it(pair: tuple[Path, Path]) -> None:
    (pair[1] / REPORT).unlink()
    for order in (pair, reversed(pair)):
        assert f"{pair[1]}: not complete" in refused(RunError, *order)


def test_what_is_no_run_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert "no such run directory" in refused(RunError, pair[0], tmp_path / "nowhere")
    (pair[1] / SCORES).unlink()
    assert f"{SCORES}: no such file" in refused(RunError, *pair)


# Reading scores


def test_scores_are_read_as_they_were_written(pair: tuple[Path, Path]) -> None:
    assert list(read_scores(load_run(pair[1])).values()) == scores(form=FLAWED)
    assert set(SCORE_KINDS) == {key for key in asdict(score(0, True)) if key != "error_kinds"}


def test_scores_of_an_older_version_are_read(runs: Runs, pair: tuple[Path, Path]) -> None:
    before = compare_runs(*pair)
    for run in pair:
        runs.edit(run, lambda rows: [row.pop("error_kinds") for row in rows])
    assert compare_runs(*pair) == before
    assert {s.error_kinds for s in read_scores(load_run(pair[1])).values()} == {()}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("example_id", 3),
        ("json_exact", 1),
        ("json_exact", None),
        ("field_f1", True),
        ("field_f1", "0.5"),
        ("field_f1", 1.5),
        ("field_f1", -0.5),
        ("field_f1", float("nan")),
        ("compliance_formats", "yes"),
        ("problem", 0),
        ("finish_reason", "tired"),
        ("error_kinds", "type"),
        ("error_kinds", [1]),
        ("a_later_key", 0),
    ],
)
def test_a_broken_score_is_named_with_its_line_and_what_to_do(
    runs: Runs, pair: tuple[Path, Path], key: str, value: Any
) -> None:
    runs.edit(pair[1], lambda rows: rows[2].update({key: value}))
    message = refused(RunError, *pair)
    assert message.startswith(f"{pair[1] / SCORES}:3: ")
    assert key in message
    assert message.endswith(f"edgejson-bench score {pair[1]}")


@pytest.mark.parametrize("key", SCORE_KINDS)
def test_a_score_without_a_key_is_refused(runs: Runs, pair: tuple[Path, Path], key: str) -> None:
    runs.edit(pair[1], lambda rows: rows[0].pop(key))
    assert f"{SCORES}:1: {key!r} is missing" in refused(RunError, *pair)


def test_scores_that_are_not_one_for_each_example_are_refused(runs: Runs, pair: tuple[Path, Path]) -> None:
    runs.edit(pair[1], lambda rows: rows.append(dict(rows[0])))
    assert f"{SCORES}:49: a second score" in refused(RunError, *pair)
    runs.edit(pair[1], lambda rows: rows.__delitem__(slice(40, None)))
    assert "40 scores, not those of the run's 48 examples" in refused(RunError, *pair)


def test_scores_of_a_limited_run_are_those_of_its_ids(runs: Runs) -> None:
    made = scores(form=ALL[:8])
    ids = [s.example_id for s in made]
    a, b = (runs.make(name, made, data__ids=ids) for name in "ab")
    assert compare_runs(a, b).data["examples"] == 8
    other = runs.make("other", made, data__ids=[*ids[:-1], "lamp-test-999-form"])
    assert "not those of the run's 8 examples" in refused(RunError, a, other)


# What is told


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def compare(*arguments: object) -> str:
        assert cli.main(["compare", *map(str, arguments)]) == 0
        return capsys.readouterr().out

    return compare


def test_json_holds_everything_as_fractions(pair: tuple[Path, Path], call: Callable[..., str]) -> None:
    link = pair[0].with_name("latest")
    link.symlink_to(pair[0].name, target_is_directory=True)
    told = json.loads(call(link, pair[1], "--json"))
    compared = compare_runs(*pair)
    assert told == compared.to_json()
    assert told["a"] == {
        "directory": "perfect",
        "fingerprint": load_run(pair[0]).manifest["fingerprint"],
        "model": "perfect",
        "prompt": "instruction",
    }
    assert told["data"] == {"name": "edgejson", "fingerprint": "f" * 64, "split": "test", "examples": 48}
    assert (told["protocol"], told["notes"]) == ("v3", [])
    form = told["results"]["form"]
    exact, f1 = form["overall"]["json_exact"], form["overall"]["field_f1"]
    assert (exact["a"], exact["b"], exact["difference"]) == (1.0, 32 / 48, 16 / 48)
    assert (exact["only_a"], exact["only_b"], exact["p_value"]) == (16, 0, 2**-15)
    assert exact["ci95"][0] < exact["difference"] < exact["ci95"][1]
    assert f1["ci95"][0] < f1["difference"] < f1["ci95"][1]
    assert form["overall"]["tasks"] == 4
    assert form["tiers"]["complex"]["field_f1"]["ci95_by_task"] is None
    assert form["conclusion"] == compared.styles["form"].conclusion


def test_tables_fit_a_terminal_of_80_columns(runs: Runs, call: Callable[..., str]) -> None:
    a, b = (runs.make(str(exact), scores(form=[exact] * N, prose=ALL)) for exact in (False, True))
    text = call(a, b)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    rows = [line.split() for line in text.splitlines()]
    assert ["form", "48", "0.0", "100.0", "-100.0"] in [row[:5] for row in rows]
    assert [row[0] for row in rows if row[1:2] in (["24"], ["12"])] == ["simple", "medium", "complex"] * 4
    assert text.count("one task") == 4
    assert "On form, B is better than A: +100.0 points" in text
    assert "single tiers are several comparisons at once" in " ".join(text.split())


def test_tables_have_room_for_a_hundred_thousand_examples() -> None:
    made = {s.example_id: s for s in scores(form=ALL)}
    group = replace(compare_scores(made, made)["form"].overall, n=100_000)
    wide = replace(group.json_exact, difference=-1.0, low=-1.0, high=1.0, only_first=100_000, only_second=100_000)
    group = replace(group, json_exact=wide, field_f1=replace(group.field_f1, interval=(-1, 1), clustered=(-1, 1)))
    run = ComparedRun("a", "f" * 64, "a", "instruction")
    styles = {"form": StyleComparison(group, {"complex": group}, "")}
    comparison = Comparison(run, run, {"name": "edgejson"}, "v3", (), styles)
    for table in (comparison_tables.exact_table(comparison), comparison_tables.f1_table(comparison)):
        assert Console(width=200).measure(table).maximum <= 80


def test_what_beside_the_models_differs_is_noted(runs: Runs, call: Callable[..., str]) -> None:
    a = runs.make("a", scores(form=ALL))
    b = runs.make("b", scores(form=FLAWED), protocol__prompt="published", code__digest="e" * 64)
    notes = compare_runs(a, b).notes
    assert len(notes) == 2
    text = " ".join(call(a, b).split())
    assert "Note: A was asked with the instruction prompt, B with the published one" in text
    assert "Note: The runs were made by different versions of the code" in text


HOSTILE = "[bold]x[/bold] \x1b[31mred\x1b[0m\nB  fake  \u202e"


def test_hostile_names_are_shown_and_not_obeyed(runs: Runs, call: Callable[..., str]) -> None:
    made = [replace(s, tier="[/]\x1b[2J", style="[red]\x1b]0;t\x07\nB") for s in scores(form=ALL[:4])]
    a = runs.make("a", made, model__name=HOSTILE, data__name=HOSTILE)
    b = runs.make("b", made, data__name=HOSTILE)
    text = call(a, b)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[bold]x[/bold] \\x1b[31mred\\x1b[0m B fake" in " ".join(text.split())
    assert [line for line in text.splitlines() if line.startswith("B")] == ["B  b  (b)"]
    assert text.count("[red]\\x1b]0;t\\x07") == 3  # in both tables and in the conclusion


def test_wrong_use_is_one_line_and_exit_code_2(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", str(pair[0]), str(pair[0])]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_runs_of_the_real_pipeline_are_compared_from_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., str]
) -> None:
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)
    made: list[RunDirectory] = [
        real_run(tmp_path, scripted(wrong, name=name)) for wrong, name in ((0, "right"), (2, "wrong"))
    ]
    text = call(*(run.path for run in made))
    rows = [line.split() for line in text.splitlines()]
    assert ["form", "6", "100.0", "66.7", "+33.3"] in [row[:5] for row in rows]
    assert "On form, no difference is established: A leads by +33.3 points" in text
