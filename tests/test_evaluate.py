"""Running and scoring end to end, on a small data set and on the one that ships."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import evaluate, submissions
from edgejson_bench.errors import MissingExtra, RunError, SubmissionError
from edgejson_bench.foreign import load_folder
from edgejson_bench.models.mock import Mock
from edgejson_bench.models.oracle import Oracle
from edgejson_bench.models.resolve import resolve_tokenizer
from edgejson_bench.models.rules import Rules
from edgejson_bench.models.scripted import Characters, Tokenizer
from edgejson_bench.protocols import get_protocol
from edgejson_bench.records import JsonObject
from edgejson_bench.runs import COMPLETIONS, REPORT, SCORES, RunDirectory, load_run
from edgejson_bench.tasks import STYLES, Dataset, load_shipped, select
from tests.submitted import CLEAN_CODE, DATASET, GOLDS, RIGHT, request, run, scripted


@pytest.fixture(autouse=True)
def clean_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "code_state", lambda: CLEAN_CODE)


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_shipped()


def report_of(directory: RunDirectory) -> dict[str, Any]:
    assert directory.report is not None
    return directory.report


def golds(dataset: Dataset) -> dict[str, JsonObject]:
    return {example.id: example.gold for rows in dataset.splits.values() for example in rows}


# Reports


def test_a_run_reports_what_its_completions_say(tmp_path: Path) -> None:
    answers = RIGHT | {"parcel-1": '{"code": "PX-81", "grams": 1}', "parcel-2": "no idea", "lamp-1": '{"room": "Ha'}
    directory = run(tmp_path, Mock(answers, fails_on=["lamp-2"]))
    report = report_of(directory)
    assert report["counts"] == {
        "examples": 6,
        "parsed": 3,
        "unparsed": 3,
        "cut": 0,
        "failed": 1,
        "finish": {"eos": 5, "error": 1},
    }
    assert report["errors"] == {
        "unparsed": {"model_error": 1, "no_object": 1, "truncated": 1},
        "kinds": {
            "form": {
                "n": 4,
                "primary": {"model_error": 1, "truncated": 1, "invalid_json": 1, "value_hallucination": 1},
                "any": {"model_error": 1, "truncated": 1, "invalid_json": 1, "value_hallucination": 1},
            }
        },
    }
    result = report["results"]["form"]
    assert result["overall"]["n"] == 6
    assert result["overall"]["json_exact"]["value"] == pytest.approx(2 / 6)
    assert result["overall"]["compliance"]["value"] == pytest.approx(3 / 6)
    assert result["overall"]["field_f1"]["value"] == pytest.approx((0.5 + 1 + 1) / 6)
    assert {tier: metrics["n"] for tier, metrics in result["tiers"].items()} == {"simple": 4, "complex": 2}
    assert result["tiers"]["simple"]["json_exact"]["value"] == 0.0
    assert {task: metrics["n"] for task, metrics in result["tasks"].items()} == {"lamp": 2, "parcel": 2, "route": 2}
    assert report["run"] == {"directory": directory.path.name, **directory.manifest}
    assert report["latency"] == directory.latency
    rows = [json.loads(line) for line in (directory.path / SCORES).read_text(encoding="utf-8").splitlines()]
    assert [row["example_id"] for row in rows] == [example.id for example in DATASET.split("test")]


def test_a_model_that_fails_on_everything_scores_zero_of_all(tmp_path: Path) -> None:
    report = report_of(run(tmp_path, Mock(fails_on=list(GOLDS))))
    overall = report["results"]["form"]["overall"]
    assert (overall["n"], overall["json_exact"]["value"], overall["field_f1"]["value"]) == (6, 0.0, 0.0)
    assert report["counts"]["failed"] == 6
    assert report["latency"]["end_to_end_seconds"] is None


def test_completions_may_come_in_any_order(tmp_path: Path) -> None:
    class Backwards(Mock):
        def generate(self, prompts: Iterable[Any], settings: Any) -> Any:
            yield from reversed(list(super().generate(prompts, settings)))

    directory = run(tmp_path / "a", Backwards(RIGHT), latency=False)
    assert list(directory.completions()) == list(reversed(GOLDS))
    straight = run(tmp_path / "b", Mock(RIGHT), latency=False)
    assert report_of(directory)["results"] == report_of(straight)["results"]
    assert (directory.path / SCORES).read_bytes() == (straight.path / SCORES).read_bytes()


def test_the_manifest_holds_all_that_can_move_a_score(tmp_path: Path) -> None:
    manifest = run(tmp_path, scripted()).manifest
    assert manifest["model"]["revision"] == "a" * 40
    assert manifest["model"]["extra"]["threads"] == 2
    assert manifest["data"]["fingerprint"] == evaluate.fingerprint(DATASET.split("test"), DATASET.tasks)
    assert manifest["data"]["selection"]["split"] == "test"
    assert (manifest["data"]["limited"], manifest["data"]["ids"]) == (False, None)
    assert manifest["protocol"]["name"] == "v3"
    assert set(manifest["protocol"]["max_new_tokens"]) == {"lamp", "parcel", "route"}
    assert manifest["settings"] == {"stop": "json_end", "batch_size": 4, "text_rule": "new_tokens"}
    assert manifest["environment"]["hardware"]["cores"] >= 1
    assert manifest["environment"]["versions"]["python"]
    assert manifest["code"] == CLEAN_CODE


@pytest.mark.parametrize(
    "changes",
    [{"protocol": "v3.1"}, {"protocol": "v3-chat"}, {"batch_size": 1}, {"limit": 3}, {"prompt_format": "published"}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_request_is_another_run(tmp_path: Path, changes: dict[str, Any]) -> None:
    whole = run(tmp_path, Mock(RIGHT), latency=False)
    other = run(tmp_path, Mock(RIGHT), latency=False, **changes)
    assert other.path != whole.path
    with pytest.raises(RunError, match="belongs to another run"):
        run(tmp_path, Mock(RIGHT), latency=False, name=whole.path.name, **changes)


def test_other_data_under_the_same_names_is_another_run(tmp_path: Path) -> None:
    first, *rest = DATASET.split("test")
    same_budget = {"code": "PX-82", "grams": 420}
    changed = type(first)(first.id, first.task, first.style, first.prompt.replace("81", "82"), same_budget)
    other = Dataset(DATASET.name, DATASET.tasks, {**DATASET.splits, "test": (changed, *rest)})
    run(tmp_path, Mock(RIGHT), latency=False, name="run")
    with pytest.raises(RunError, match=r"different: data\.fingerprint\)"):
        run(tmp_path, Mock(RIGHT), dataset=other, latency=False, name="run")


def test_uncommitted_code_that_is_committed_can_be_run_again_and_submitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "code_state", lambda: CLEAN_CODE | {"dirty": True})
        dirty = run(tmp_path / "runs", scripted(), latency=False)
    with pytest.raises(SubmissionError, match="commit them and run again"):
        submissions.write(dirty, DATASET, tmp_path / "submissions", submitter=None, training_data=None)
    again = run(tmp_path / "runs", scripted(), latency=False)
    assert submissions.write(again, DATASET, tmp_path / "submissions", submitter=None, training_data=None).is_file()


# Scoring again


def test_scoring_again_needs_no_model_and_changes_no_byte(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(wrong=2))
    files = {name: (directory.path / name).read_bytes() for name in (REPORT, SCORES)}
    for name in files:
        (directory.path / name).unlink()
    evaluate.score(load_run(directory.path), DATASET)
    assert {name: (directory.path / name).read_bytes() for name in files} == files


def test_scoring_through_the_link_to_the_latest_run_changes_no_byte_either(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(wrong=2))
    before = (directory.path / REPORT).read_bytes()
    evaluate.score(load_run(tmp_path / evaluate.LATEST), DATASET)
    assert (directory.path / REPORT).read_bytes() == before


def test_a_report_follows_the_completions_and_not_an_older_report(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(), latency=False)
    path = directory.path / COMPLETIONS
    path.write_text(path.read_text().replace('\\"Attic\\"', '\\"Cellar\\"'))
    report = evaluate.score(load_run(directory.path), DATASET)
    assert report["results"]["form"]["overall"]["json_exact"]["value"] == pytest.approx(5 / 6)


def test_scoring_on_other_data_is_refused(tmp_path: Path, shipped: Dataset) -> None:
    directory = run(tmp_path, scripted(), latency=False)
    with pytest.raises(RunError, match=r"was run on data little [0-9a-f]{12}, this is edgejson [0-9a-f]{12}.*--data"):
        evaluate.score(directory, shipped)


def test_scoring_an_incomplete_run_is_refused(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(), latency=False)
    path = directory.path / COMPLETIONS
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    with pytest.raises(RunError, match=r"2 of 6 completions are missing \(first: route-1\)"):
        evaluate.score(directory, DATASET)


@pytest.mark.parametrize("stage", [evaluate.score, None], ids=["score", "run"])
def test_a_completion_of_another_run_is_refused(tmp_path: Path, stage: Callable[..., Any] | None) -> None:
    directory = run(tmp_path, scripted(), latency=False)
    path = directory.path / COMPLETIONS
    path.write_text(path.read_text().replace("lamp-2", "lamp-9"))
    with pytest.raises(RunError, match="'lamp-9', which is no example of this run"):
        evaluate.score(directory, DATASET) if stage else run(tmp_path, scripted(), latency=False)


# Limited runs


def test_a_limited_run_is_marked_and_keeps_its_ids(tmp_path: Path) -> None:
    directory = run(tmp_path, scripted(), limit=3)
    data = directory.manifest["data"]
    assert data["limited"] is True
    assert data["ids"] == ["parcel-1", "parcel-2", "route-1"]  # in turn from each tier
    assert data["examples"] == report_of(directory)["counts"]["examples"] == 3
    before = (directory.path / REPORT).read_bytes()
    evaluate.score(load_run(directory.path), DATASET)
    assert (directory.path / REPORT).read_bytes() == before
    with pytest.raises(SubmissionError, match="is limited to 3 examples"):
        submissions.write(directory, DATASET, tmp_path / "submissions", submitter=None, training_data=None)


def test_a_limit_that_leaves_everything_is_no_limit(tmp_path: Path) -> None:
    assert run(tmp_path, scripted(), limit=6, latency=False).manifest["data"]["limited"] is False


# Protocols and data


def test_the_published_protocol_asks_and_scores_as_published(tmp_path: Path) -> None:
    directory = run(tmp_path, Mock(RIGHT | {"lamp-1": "Sure: " + RIGHT["lamp-1"] + " Bye."}), protocol="v3.1")
    manifest, report = directory.manifest, report_of(directory)
    assert manifest["settings"] == {"stop": "eos", "batch_size": 1, "text_rule": "after_prompt"}
    assert set(manifest["protocol"]["max_new_tokens"].values()) == {512}
    assert (manifest["protocol"]["prompt"], manifest["protocol"]["scorer"]) == ("published", "v3.1")
    assert manifest["data"]["formats_asserted"] is False
    overall = report["results"]["form"]["overall"]
    assert overall["json_exact"]["value"] == 1.0
    assert "compliance_formats" not in overall


def released_folder(folder: Path, timestamp: str) -> Dataset:
    """A folder in the released shape, of two records whose timestamps have this spelling."""
    (folder / "schemas" / "simple").mkdir(parents=True)
    schema = {
        "type": "object",
        "properties": {"at": {"type": "string", "format": "date-time"}, "level": {"type": "string"}},
        "required": ["at"],
    }
    (folder / "schemas" / "simple" / "tick.json").write_text(json.dumps(schema))
    rows = [
        {"id": f"t-{n}", "schema_id": "tick", "prompt": f"tick {n}", "expected_output": {"at": timestamp, "level": "x"}}
        for n in (1, 2)
    ]
    (folder / "edgejson_test_v3.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_folder(folder).dataset


@pytest.mark.parametrize(("timestamp", "asserted"), [("2024-05-01T10:00:00", False), ("2024-05-01T10:00:00Z", True)])
def test_formats_are_reported_apart_where_the_golds_themselves_fail_them(
    tmp_path: Path, timestamp: str, asserted: bool
) -> None:
    dataset = released_folder(tmp_path / "theirs", timestamp)
    directory = run(tmp_path / "runs", Oracle(golds(dataset), Characters()), dataset=dataset)
    assert directory.manifest["data"]["formats_asserted"] is asserted
    overall = report_of(directory)["results"]["form"]["overall"]
    assert overall["json_exact"]["value"] == overall["compliance"]["value"] == 1.0
    if asserted:
        assert "compliance_formats" not in overall
    else:
        assert overall["compliance_formats"]["value"] == 0.0


@pytest.mark.parametrize(
    "tokenizer", ["characters", pytest.param("smollm2", marks=[pytest.mark.weights, pytest.mark.torch])]
)
@pytest.mark.parametrize("rambles", [False, True], ids=["stops", "rambles"])
def test_under_v3_a_perfect_extractor_gets_everything(
    tmp_path: Path, shipped: Dataset, smollm2_tokenizer: Callable[[], Tokenizer], tokenizer: str, rambles: bool
) -> None:
    counter = Characters() if tokenizer == "characters" else smollm2_tokenizer()
    directory = run(tmp_path, Oracle(golds(shipped), counter, rambles=rambles), dataset=shipped, latency=False)
    report = report_of(directory)
    for style in STYLES:
        overall = report["results"][style]["overall"]
        assert (overall["n"], overall["json_exact"]["count"], overall["compliance"]["count"]) == (158, 158, 158)
    assert report["counts"]["finish"] == {"json_end" if rambles else "eos": 316}
    assert (
        report["layout_gap"]["json_exact"] | {"difference": 0.0, "p_value": 1.0} == report["layout_gap"]["json_exact"]
    )
    assert directory.manifest["data"]["formats_asserted"] is True


@pytest.fixture(scope="session")
def smollm2_tokenizer() -> Callable[[], Tokenizer]:
    """The real one, loaded once and only where it is asked for."""

    @cache
    def load() -> Tokenizer:
        try:
            return resolve_tokenizer(None)
        except MissingExtra as exc:
            pytest.skip(str(exc))

    return load


def test_rules_solve_the_shipped_test_split(tmp_path: Path, shipped: Dataset) -> None:
    report = report_of(run(tmp_path, Rules(), dataset=shipped, latency=False))
    assert report["results"]["form"]["overall"]["json_exact"]["count"] == 158
    tiers = report["results"]["form"]["tiers"]
    assert {tier: metrics["n"] for tier, metrics in tiers.items()} == {"simple": 76, "medium": 57, "complex": 25}


@pytest.mark.parametrize(
    ("selectors", "n"),
    [
        ({"tiers": ["complex"]}, 50),
        ({"tiers": ["simple", "complex"], "styles": ["prose"]}, 101),
        ({"tasks": ["invoice"]}, 10),
        ({"tasks": ["invoice", "rating"], "limit": 2}, 2),
        ({"styles": ["form"]}, 158),
        ({"styles": ["form", "prose"]}, 316),
    ],
    ids=str,
)
def test_a_selection_is_run_and_recorded(tmp_path: Path, shipped: Dataset, selectors: dict[str, Any], n: int) -> None:
    asked = request(
        tmp_path,
        shipped,
        examples=select(shipped, "test", **selectors),
        selection=evaluate.Selection("test", **{k: tuple(v) if k != "limit" else v for k, v in selectors.items()}),
        latency=False,
    )
    directory = evaluate.run(asked, Rules())
    data = directory.manifest["data"]
    assert report_of(directory)["counts"]["examples"] == data["examples"] == n
    assert data["limited"] is (n not in (158, 316))  # all of a style is a whole run of it
    assert data["styles"] == list(selectors.get("styles", STYLES))
    for key, value in selectors.items():
        assert data["selection"][key] == value


# The link to the latest run


def test_latest_stands_for_the_run_that_was_completed_last(tmp_path: Path) -> None:
    link = tmp_path / evaluate.LATEST
    for changes in ({"batch_size": 2}, {"batch_size": 3}, {"batch_size": 2}):
        directory = run(tmp_path, Mock(RIGHT), latency=False, **changes)
        assert link.is_symlink()
        assert link.resolve() == directory.path.resolve()
        assert load_run(link).manifest == directory.manifest
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_going_through_latest_does_not_make_it_point_at_itself(tmp_path: Path) -> None:
    directory = run(tmp_path, Mock(RIGHT), latency=False)
    run(tmp_path, Mock(RIGHT), latency=False, name=evaluate.LATEST)
    assert (tmp_path / evaluate.LATEST).resolve() == directory.path.resolve()
    assert (tmp_path / evaluate.LATEST).is_dir()


def test_a_folder_that_is_called_latest_is_left_alone_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / evaluate.LATEST).mkdir()
    run(tmp_path, Mock(RIGHT), latency=False)
    assert not (tmp_path / evaluate.LATEST).is_symlink()
    assert "latest is no link of ours and stays as it is" in capsys.readouterr().err


def test_a_run_that_is_called_latest_itself_needs_no_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, Mock(RIGHT), latency=False, name=evaluate.LATEST)
    assert "no link of ours" not in capsys.readouterr().err


def test_without_symbolic_links_a_run_is_complete_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links on this file system")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    assert run(tmp_path, Mock(RIGHT), latency=False).report is not None
    assert "no links on this file system" in capsys.readouterr().err


def test_settings_of_a_protocol_are_what_the_model_is_asked_with(tmp_path: Path) -> None:
    seen = []

    class Watched(Mock):
        def generate(self, prompts: Iterable[Any], settings: Any) -> Any:
            seen.append(settings)
            return super().generate(prompts, settings)

    run(tmp_path, Watched(RIGHT), latency=False)
    assert seen == [get_protocol("v3").settings(4)]
