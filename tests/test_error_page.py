"""The page of errors: what it says, that no output can break out of it, and the table of kinds on a terminal."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from rich.console import Console

from edgejson_bench import display, evaluate
from edgejson_bench.error_page import MAX_CHARACTERS, MAX_EXAMPLES, differences, error_page, worst
from edgejson_bench.models.mock import Mock
from edgejson_bench.records import Completion, Example, JsonObject, Score
from edgejson_bench.runs import ERRORS
from edgejson_bench.scoring.report import aggregate
from edgejson_bench.tasks import Dataset, Task
from tests.scoring.cases import JSON_ISH, OBJECTS
from tests.submitted import DATASET, RIGHT, run

GOLD: JsonObject = {"to": "Ann", "pages": 2, "signed": True, "lines": [{"n": 1}, {"n": 2}, {"n": 3}]}
MANIFEST = {
    "directory": "little-1",
    "model": {"name": "little"},
    "protocol": {"name": "v3", "prompt": "instruction", "scorer": "strict"},
    "data": {"name": "edgejson"},
}
SCHEMA = {"title": "Letter", "type": "object"}


def page(
    outputs: Sequence[str],
    gold: JsonObject = GOLD,
    prompt: str = "To Ann, 2 pages.",
    finish: str = "eos",
    error: str | None = None,
    manifest: dict[str, Any] = MANIFEST,
) -> str:
    """The page of one form example per output, all of one gold."""
    examples = [Example(f"letter-{i:03}", "letter", "form", prompt, gold) for i in range(len(outputs))]
    completions = {
        e.id: Completion(e.id, text, 1, 1, finish, error)  # type: ignore[arg-type]
        for e, text in zip(examples, outputs, strict=True)
    }
    data = Dataset("edgejson", {"letter": Task("letter", "simple", SCHEMA)}, {"test": tuple(examples)})
    scores = evaluate.score_completions(data, examples, completions, manifest["protocol"]["scorer"])
    return error_page({"run": manifest, **aggregate(scores, False)}, examples, completions, scores)


def wrong(**changes: Any) -> str:
    return json.dumps(GOLD | changes)


def fences(text: str) -> dict[str, list[str]]:
    """What stands in the page's code blocks, by language."""
    blocks: dict[str, list[str]] = {}
    for token in MarkdownIt().parse(text):
        if token.type == "fence":
            blocks.setdefault(token.info, []).append(token.content.removesuffix("\n"))
    return blocks


def test_the_page_of_a_wrong_answer():
    text = page([wrong(pages="2", lines=[{"n": 1}, {"n": 3}], cc=None)])
    assert text.startswith("# Errors of `little`\n\nProtocol `v3`, prompt `instruction`, data `edgejson`")
    assert "1 of 1 answers are wrong." in text
    assert "### 1. `letter-000`" in text
    assert "**extra_field**, array_length, type; field F1 0.667" in text
    blocks = fences(text)
    prompt, findings, said = blocks["text"]
    assert prompt == "To Ann, 2 pages."
    assert findings.splitlines() == [
        "type                /pages",
        "array_length        /lines  2 where the gold has 3",
        "extra_field         /cc",
    ]
    assert said.splitlines() == [
        "$['cc']: null is extra",
        "$['lines'][1]: {\"n\": 2} is missing",
        "$['pages']: 2 became \"2\"",
    ]
    (diff,) = blocks["diff"]
    assert '-  "pages": 2,\n+  "pages": "2",' in diff
    assert '   "signed": true,' in diff, "what is right is there too"


def test_the_shares_stand_beside_the_published_ones():
    text = page([wrong(pages="2"), wrong(to="Bob"), wrong(to="Bob", cc=1), "no", json.dumps(GOLD)])
    assert "4 of 5 answers are wrong." in text
    assert "| invalid_json | 1 | 25.0 % | 1 | 6 % |" in text
    assert "| field_omission | 0 | 0.0 % | 0 | 42 % |" in text
    assert "| extra_field | 1 | 25.0 % | 1 |  |" in text
    assert "| value_hallucination | 1 | 25.0 % | 2 | 18 % |" in text
    assert "truncated" not in text


def test_without_errors_the_page_says_so():
    assert page([json.dumps(GOLD)]).endswith("0 of 1 answers are wrong.\n")


def test_an_output_that_could_not_be_read_is_shown_with_the_gold():
    text = page(['Sure! {"to": "Ann", '])
    blocks = fences(text)
    assert blocks["json"] == [json.dumps(GOLD, indent=2)]
    assert blocks["text"][1] == 'Sure! {"to": "Ann", '
    assert "could not be read (truncated)" in text
    assert "diff" not in blocks


def test_a_model_that_failed_is_quoted():
    text = page([""], finish="error", error="out of memory")
    assert "The model failed:" in text
    assert fences(text)["text"][1] == "out of memory"


def test_words_around_the_object_are_shown():
    assert f"x {wrong(pages=3)} y" in fences(page([f"x {wrong(pages=3)} y"]))["text"]
    assert "Output" not in page([wrong(pages=3)])


def test_misplaced_values_say_where_they_come_from():
    gold: JsonObject = {"from": "Ann", "to": "Bob", "tags": ["x", "y", "z"]}
    text = page([json.dumps({"from": "Bob", "to": "Cid", "tags": ["z", "x", "y"]})], gold, "Ann to Bob, not Cid.")
    assert fences(text)["text"][1].splitlines() == [
        'misplaced_value     /from  "Bob" belongs to /to',
        'misplaced_value     /to  "Cid" is in the text, yet not what this field asks for',
        'misplaced_value     /tags/0  "z" belongs to /tags/2',
    ]


def test_where_deepdiff_sees_nothing_the_findings_tell():
    gold: JsonObject = {"tags": ["x", "y"]}
    assert differences(gold, {"tags": ["y", "x"]}) == []
    text = page(['{"tags": ["y", "x"]}'], gold)
    assert "Differences" not in text
    assert fences(text)["text"][1] == 'misplaced_value     /tags/0  "y" belongs to /tags/1'


@pytest.mark.parametrize(
    ("gold", "predicted", "said"),
    [
        ({"a": 1}, {"a": True}, ["$['a']: 1 became true"]),
        ({"a": [True, "x"]}, {"a": [1, "x"]}, ["$['a'][0]: true became 1"]),
        ({"a": 5, "b": "x"}, {"a": 5.0, "b": "y"}, ['$[\'b\']: "x" became "y"']),
        ({"a": 5}, {"a": 5.5}, ["$['a']: 5 became 5.5"]),
        ({"a": {}}, {"a": []}, ["$['a']: {} became []"]),
        ({"__a": 1}, {"__a": 2}, ["$['__a']: 1 became 2"]),
        ({"a": 1, "b": 2, "c": 3}, {}, ["$['a']: 1 is missing", "$['b']: 2 is missing", "$['c']: 3 is missing"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, ["$['a']['2 of the output']: 3 is extra"]),
        ({"a": "x"}, {"a": "y" * 1000}, [f'$[\'a\']: "x" became "{"y" * 159}... (1,002 characters)']),
    ],
)
def test_differences(gold, predicted, said):
    assert differences(gold, predicted) == said


def test_a_missing_item_is_one_difference():
    items = [{"id": number, "name": f"item {number}", "price": number + 0.5} for number in range(8)]
    said = differences({"items": items}, {"items": items[1:]})
    assert said == ['$[\'items\'][0]: {"id": 0, "name": "item 0", "price": 0.5} is missing']


def test_key_order_and_the_spelling_of_numbers_are_no_lines_of_the_diff():
    gold: JsonObject = {"a": 5, "b": [{"c": 1.5, "d": 2}, {"c": 1, "d": 1}], "e": "x"}
    text = page(['{"e": "y", "b": [{"d": 2.0, "c": 1.5}, {"d": 1, "c": 1.0}], "a": 5.0}'], gold)
    changed = [line for line in fences(text)["diff"][0].splitlines() if line[0] != " "]
    assert changed == ['-  "e": "x"', '+  "e": "y"']


def test_a_long_gold_is_shown_around_the_differences():
    gold: JsonObject = {"lines": [{"n": number, "text": "x" * 30} for number in range(200)], "to": "Ann"}
    (diff,) = fences(page([json.dumps(gold | {"to": "Bob"})], gold))["diff"]
    assert '-  "to": "Ann"\n+  "to": "Bob"' in diff
    assert diff.startswith("@@ ")
    assert len(diff) < 300


def test_a_long_output_is_cut_and_the_page_says_how_much():
    text = page(["x" * 123_456])
    assert "x" * MAX_CHARACTERS + "\n" in text
    assert "x" * (MAX_CHARACTERS + 1) not in text
    assert f"(Cut: the first {MAX_CHARACTERS:,} of 123,456 characters.)" in text


@pytest.mark.parametrize("output", ['{"to": ' + "[" * 190 + "]" * 190 + "}", wrong(cc=["x"] * 20_000)], ids=len)
def test_very_deep_and_very_long_values_are_shown_as_they_came(output):
    text = page([output])
    assert "Output as it came:" in text
    assert "diff" not in fences(text)


HOSTILE = [
    "```\n# Owned\n<script>alert(1)</script>\n```",
    "`" * 500,
    "`<b>`",
    "~~~\n</details><img src=x onerror=alert(1)>",
    "\x1b[2J\x1b]0;title\x07 \r\n\u202etxt.exe\u2028\x9b31m",
    "\ud800 lone",
    "| a | b |\n|---|---|\n[link](javascript:alert(1))",
]


def check_safe(text: str) -> None:
    """The page is UTF-8 text of the page's own blocks; of what it was given nothing is more than code."""
    assert text.encode("utf-8").decode() == text
    assert all(character.isprintable() or character in "\n\t" for character in text)
    tokens = MarkdownIt().enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    assert not {token.type for token in tokens + inner} & {"html_block", "html_inline", "link_open", "image"}
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert all(heading.startswith(("Errors of `", "The worst answers")) or heading[0].isdigit() for heading in headings)
    assert sum(heading[0].isdigit() for heading in headings) == 1
    outside = " ".join(child.content for child in inner if child.type == "text")
    assert "alert" not in outside


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_fence(text):
    names = {"directory": text, "model": {"name": text}, "data": {"name": text}}
    for output in (text, json.dumps({"to": text}), json.dumps({text: text, "lines": [text]}, ensure_ascii=False)):
        check_safe(page([output], prompt=text, manifest=MANIFEST | names))
        check_safe(page([output], {"to": text, text: [text]}, text))
    check_safe(page([text], finish="error", error=text))


def test_control_characters_are_spelled_out():
    shown = fences(page(["\x1b[2J \u202e"]))["text"][1]
    assert shown == "\\x1b[2J \\u202e"


def test_hostile_names_of_examples_stay_code():
    example = Example("`x` <b>\n# Owned", "`t`|<i>", "form", "p", {"a": 1}, frame="``<u>``\n")
    score = Score(example.id, example.task, "<s>", "form", False, 0.0, False, False, False, "no_object", "eos")
    score = replace(score, error_kinds=("invalid_json",))
    completions = {example.id: Completion(example.id, "", 1, 1, "eos")}
    check_safe(error_page({"run": MANIFEST, **aggregate([score], False)}, [example], completions, [score]))


@given(JSON_ISH | OBJECTS.map(json.dumps))
def test_any_output_makes_a_page(output):
    if "0 of 1" not in (text := page([output], {"a": 1, "b": [{"a": 1}]})):
        check_safe(text)


@pytest.mark.parametrize("output", ["5", "[1]", '{"to": NaN}', '{"a": {"b": {}}} x', "[" * 300 + "]" * 300])
def test_what_only_the_published_scorer_reads_makes_a_page(output):
    check_safe(page([output], manifest=MANIFEST | {"protocol": MANIFEST["protocol"] | {"scorer": "v3.1"}}))


def scored(number: int, f1: float, tier: str = "simple", task: str = "a", kind: str = "type") -> Score:
    problem = Score(f"{number:03}", task, tier, "form", False, f1, False, False, True, None, "eos")
    return replace(problem, error_kinds=(kind,))


def test_the_worst_are_spread_over_tiers_kinds_and_tasks():
    many = [scored(number, 0.0) for number in range(100)]
    rare = [
        scored(100, 0.9, tier="complex"),
        scored(101, 0.9, kind="truncated"),
        scored(102, 0.9, task="b"),
    ]
    chosen = worst(many + rare)
    assert len(chosen) == MAX_EXAMPLES
    assert {score.example_id for score in rare} < {score.example_id for score in chosen}
    assert [score.field_f1 for score in chosen] == sorted(score.field_f1 for score in chosen)
    assert worst(reversed(many + rare)) == chosen


def test_within_a_group_the_lowest_field_f1_comes_first():
    scores = [scored(number, 1 - number / 100) for number in range(50)]
    assert [score.example_id for score in worst(scores, count=2)] == ["049", "048"]
    assert worst(scores[:3], count=5) == scores[2::-1]


def test_the_diff_library_is_loaded_for_the_page_alone():
    code = "import sys, edgejson_bench.evaluate; sys.exit('deepdiff' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_has_its_page_and_scoring_again_renews_it(tmp_path: Path):
    directory = run(tmp_path, Mock(RIGHT | {"parcel-1": '{"code": "PX-81", "grams": 1}'}), latency=False)
    path = directory.path / ERRORS
    first = path.read_text(encoding="utf-8")
    assert "### 1. `" in first
    path.write_text("stale", encoding="utf-8")
    evaluate.score(directory, DATASET)
    assert path.read_text(encoding="utf-8") == first


# The table of kinds


def printed(report: dict[str, Any], width: int = 80) -> list[str]:
    table = display.errors_table(report)
    assert table is not None
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_the_table_fits_a_terminal_and_shows_the_published_shares():
    kinds = {"n": 7, "primary": {"model_error": 3, "type": 4}, "any": {"model_error": 3, "type": 4, "extra_field": 1}}
    report = {"errors": {"unparsed": {}, "kinds": {"form": kinds, "prose": {"n": 0, "primary": {}, "any": {}}}}}
    lines = printed(report)
    assert [line.split() for line in lines[1:]] == [
        ["form", "wrong", "answers", "7"],
        ["model_error", "3", "42.9", "3"],
        ["invalid_json", "0", "0.0", "0", "6"],
        ["structure", "0", "0.0", "0", "10"],
        ["field_omission", "0", "0.0", "0", "42"],
        ["extra_field", "0", "0.0", "1"],
        ["type", "4", "57.1", "4", "24"],
        ["value_hallucination", "0", "0.0", "0", "18"],
        ["reported:", "50", "errors", "of", "Maaza-SLM-360M,", "by", "hand,", "in", "five", "kinds"],
    ]
    assert max(map(len, lines)) <= 80


def test_without_errors_there_is_no_table():
    kinds = {"form": {"n": 0, "primary": {}, "any": {}}}
    assert display.errors_table({"errors": {"unparsed": {}, "kinds": kinds}}) is None
