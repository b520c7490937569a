"""The page as text: its numbers, the same bytes every time, and nothing in it that was not meant as markup."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard.files import make
from edgejson_bench.leaderboard.labels import Box, log_ticks, place
from edgejson_bench.leaderboard.page import render
from edgejson_bench.leaderboard.page.details import MAX_WITH_ANSWERS, as_block
from edgejson_bench.leaderboard.page.scatter import scatter as drawn_scatter
from edgejson_bench.leaderboard.plots import MAX_POINTS, Point, front, scatter
from edgejson_bench.leaderboard.table import Estimate, Row
from edgejson_bench.reported import Reported
from edgejson_bench.submission_files import Submission, load_all
from edgejson_bench.submissions import rescore
from edgejson_bench.worst_answers import Wrong, WrongAnswer, golds_of, pick, with_texts
from tests.leaderboard.claims import claim, rescored
from tests.leaderboard.pages import HOSTILE, WRONG, both_styles, contents, page_of, sample
from tests.submitted import DATASET
from tests.test_reported import RECORD

GOLDS = next(golds for golds in golds_of(DATASET) if golds.split == "test")
VOID = {"meta", "input", "br", "img", "link", "hr"}


class Reader(HTMLParser):
    """Every element with its attributes, the texts outside scripts and styles, and the JSON block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).replace("\u00a0", " ").split())


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [], "every element is closed"
    return reader


def block(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="details">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def estimate(value: float) -> Estimate:
    return Estimate(value, max(0, value - 0.1), min(1, value + 0.1), 10)


def test_the_page_holds_the_numbers_with_their_n_and_intervals(root: Path):
    submissions = load_all(root)
    text = read(render(make(root, root).boards, contents(submissions))).text
    assert "little, test split, protocol v3" in text
    assert "schema shown, stops where the JSON closes" in text
    assert "Style form, n = 6." in text
    for shown in ("Large-135M", "135M", "269 MB", "66.7 [30.0, 90.3]", "50.0 [15.0, 85.0]", "0.667 [0.333, 1.000]"):
        assert shown in text
    assert "simple % (n = 4)" in text
    assert "0 / 0 / 0" in text
    assert "(n = 3)" in text
    assert "rules no model" in text
    assert "on cpu, 2 threads" in text
    assert "Reported elsewhere" not in text


def test_the_same_boards_give_the_same_bytes(measured: Submission, ruled: Submission):
    submissions = sample(measured, ruled)
    assert page_of(submissions) == page_of(list(reversed(submissions)))


def test_links_lead_to_the_completions_and_nowhere_else(root: Path):
    submissions = load_all(root)
    page = render(make(root, root).boards, contents(submissions), submissions="../sub missions#1")
    links = [attributes["href"] for tag, attributes in read(page).elements if tag == "a"]
    outside = {link for link in links if link and not link.startswith("#")}
    assert outside == {f"../sub%20missions%231/{one.folder}/completions.jsonl.gz" for one in submissions}
    ids = [attributes["id"] for _, attributes in read(page).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link and link.startswith("#")} <= set(ids)


def test_tables_have_captions_scopes_and_the_order_they_are_in(measured: Submission, ruled: Submission):
    elements = read(page_of(sample(measured, ruled))).elements
    tables = [attributes for tag, attributes in elements if tag == "table"]
    assert [table["data-style"] for table in tables] == ["form", "prose", "gap", "reported"]
    assert sum(tag == "caption" for tag, _ in elements) == len(tables)
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in elements if tag == "th")
    assert sum(attributes.get("aria-sort") == "descending" for _, attributes in elements) == 3


def test_every_chart_is_well_formed_and_says_what_it_shows(measured: Submission, ruled: Submission):
    page = page_of(sample(measured, ruled))
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    titles = [ElementTree.fromstring(drawing).findtext("title") for drawing in drawings]
    for style in ("form", "prose"):
        for name in ("Accuracy against parameters", "Accuracy against latency", "JSONExact by tier"):
            assert f"{name}, {style}" in titles
        assert f"JSONExact by task, {style}" in titles
        assert f"Kinds of error, {style}" in titles
    assert "Layout gap in JSONExact, points" in titles
    for drawing in map(ElementTree.fromstring, drawings):
        assert drawing.get("role") == "img"
        named = {element.get("id") for element in drawing if element.tag in ("title", "desc")}
        assert set((drawing.get("aria-labelledby") or "").split()) == named
        assert drawing.findtext("desc")


def test_nothing_on_the_page_asks_for_anything_outside(measured: Submission, ruled: Submission):
    hostile = [claim(measured, text[:100]) for text in HOSTILE]
    page = page_of([*sample(measured, ruled), *hostile])
    assert not re.search(r"""(?:src|href|action|poster|data)\s*=\s*["']?\s*(?:https?:|//|javascript:|data:)""", page)
    assert "@import" not in page
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    elements = read(page).elements
    assert not {tag for tag, _ in elements} & {
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "use",
        "image",
    }
    assert all("src" not in attributes for _, attributes in elements)
    (policy,) = [attributes for _, attributes in elements if attributes.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in (policy["content"] or "")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_comes_out_as_text(measured: Submission, text: str):
    def page_with(text: str) -> str:
        other = both_styles(measured, text, form=3, prose=2)
        record = other.record
        record["board"] |= {"data": text}
        record["model"] |= {"id": text, "base": text, "license": text, "training_data": text, "quantisation": text}
        record["submitter"] = text
        record["latency"]["hardware"] |= {"cpu": text, "os": text}
        record["environment"]["hardware"] |= {"cpu": text}
        record["environment"]["versions"] |= {"torch": text}
        reported = copy.deepcopy(RECORD)
        reported["model"] |= {"name": text}
        reported["board"] |= {"data": text}
        reported["sources"] = [text]
        wrong = WrongAnswer("lamp-1", "lamp", "form", 0.0, ("type",), text, text)
        found = rescored([other])
        return render(found, contents([other]), [Reported(Path("x"), reported)], {other.folder: [wrong]})

    plain, page = read(page_with("plain")), read(page_with(text))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements], "no text is an element"
    shape = [sorted(attributes) for _, attributes in plain.elements]
    assert [sorted(attributes) for _, attributes in page.elements] == shape, "no text is an attribute"
    shown = "".join(
        c if c.isprintable() else {"\n": "\\n", "\t": "\\t"}.get(c, c.encode("unicode_escape").decode()) for c in text
    )
    assert " ".join(shown.split()) in page.text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]", page_with(text))
    content = block(page_with(text))
    (row,) = content["rows"].values()
    assert shown in row["about"]
    assert row["worst"][0]["output"][0].replace("\n", "\\n").replace("\t", "\\t") == shown


def test_the_json_block_cannot_be_left():
    content = {"a": [*HOSTILE, "</script>", "<!--<script>", "\u2028\ud800"], "</script>": "&amp;"}
    text = as_block(content)
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert json.loads(text) == content


def test_opened_rows_have_tasks_errors_settings_and_cut_answers(measured: Submission, ruled: Submission):
    submissions = sample(measured, ruled)
    content = block(page_of(submissions))
    folder = submissions[0].folder
    row, board = content["rows"][folder], folder.partition("/")[0]
    assert [task for task, _ in content["boards"][board]["form"]] == list(
        submissions[0].record["results"]["form"]["tasks"]
    )
    assert len(row["tasks"]["form"]) == 3 * len(content["boards"][board]["form"])
    assert content["shared"][row["environment"]] != content["shared"][row["settings"]]
    assert ["threads", "2"] in content["shared"][row["environment"]]
    shown, length = row["worst"][0]["output"]
    assert (len(shown), length) == (1500, len(WRONG.output))
    assert content["golds"][f"{board}/lamp-1"] == [WRONG.gold]
    assert len(content["about"]) >= len(row["about"])


def test_a_row_without_its_record_is_an_error(measured: Submission):
    with pytest.raises(KeyError):
        render(rescored([measured]), {})


def test_reported_rows_stand_apart_with_their_notes():
    record = copy.deepcopy(RECORD)
    record["results"]["tiers_json_exact_percent"]["simple"] = 4.0
    text = read(render([], {}, [Reported(Path("x"), record)])).text
    assert "There are no submissions yet." in text
    after = text.partition("Reported elsewhere, not measured here")[2]
    assert "Paper-1M 1 2" in after
    assert "JSONExact simple: 4.0 % is no count of 76" in after
    assert "source: A paper, table 1" in after


def test_a_model_that_ran_one_style_and_had_no_latency_is_there(measured: Submission):
    quiet = claim(measured, "quiet", parameters=None)
    quiet.record["latency"] = None
    page = page_of([quiet], worst=())
    assert "Accuracy against" not in page
    assert "quiet" in read(page).text


def test_a_thousand_rows_are_drawn_in_part_and_stay_small(measured: Submission, ruled: Submission):
    one = both_styles(measured, "one", form=3, prose=2)
    (board,) = rescored([one, both_styles(ruled, "rules", form=6, prose=0)])
    styles = tuple(replace(style, rows=tuple(_many(style.rows, one.folder))) for style in board.styles)
    records = {row.submission: one.record for style in styles for row in style.rows}
    long = [WrongAnswer(f"lamp-{i}", "lamp", "form", 0.0, ("type",), "{}", "é" * 5000) for i in range(5)]
    page = render([replace(board, styles=styles)], records, (), dict.fromkeys(records, long))
    assert page.count("<tr data-folder") >= 2000
    assert len(page) < 8_000_000
    assert len([row for row in block(page)["rows"].values() if "worst" in row]) == MAX_WITH_ANSWERS
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert max(map(len, drawings)) < 400_000
    assert f"Drawn: {MAX_POINTS} of 1,000," in page
    assert "best of 1,001 rows" in page


def _many(rows: Iterable[Row], folder: str) -> Iterator[Row]:
    """The baselines of ``rows``, and the model of ``folder`` a thousand times over."""
    yield from (row for row in rows if row.baseline)
    (model,) = (row for row in rows if row.submission == folder)
    for i in range(1000):
        exact = replace(model.json_exact, value=1 - i / 1000)
        changes = {"parameters": 1_000_000 * (i + 1), "p50_seconds": 0.1 * (i + 1), "json_exact": exact}
        yield replace(model, model=f"Model-{i}", submission=f"{folder}-{i}", **changes)


def test_the_front_is_what_no_other_beats():
    points = [
        Point(name, x, estimate(y)) for name, x, y in (("a", 1, 0.2), ("b", 2, 0.1), ("c", 3, 0.5), ("d", 3, 0.4))
    ]
    assert [point.name for point in front(points)] == ["a", "c"]
    assert [point.name for point in front(points[:1])] == ["a"]


def test_labels_do_not_lie_on_each_other_or_on_marks():
    points = [Point(f"model number {i}", 10 + i % 5, estimate(0.5 + 0.01 * i)) for i in range(30)]
    chart = drawn_scatter("x", scatter("parameters", "Title", "parameters", str, points))
    boxes = []
    for text in ElementTree.fromstring(chart.svg).findall("text[@class='label halo']"):
        x, y, width = float(text.get("x", "")), float(text.get("y", "")), 6.2 * len(text.text or "")
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
        boxes.append(Box(left, y - 10, left + width, y + 2))
    assert len(boxes) > 1
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert "A mark without a name" in chart.note
    assert place("x" * 400, 10, 10, [], Box(0, 0, 100, 100)) is None


@pytest.mark.parametrize(("low", "high"), [(1e-5, 1e-4), (0.9, 1.1), (1, 1e9), (7e7, 3e8), (100e6, 130e6)])
def test_axes_have_a_few_round_ticks(low: float, high: float):
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert all(low <= tick <= high for tick in ticks)
    assert ticks == sorted(ticks)


def test_worst_answers_are_named_by_scoring_and_told_from_the_completions(measured: Submission, ruled: Submission):
    chosen = pick(rescore(measured, DATASET).scores)
    found = with_texts(chosen, measured, GOLDS)
    assert {(one.example_id, one.task, one.style) for one in found} == {
        ("parcel-1", "parcel", "form"),
        ("parcel-2", "parcel", "form"),
    }
    assert found[0].output == '{"code": "none"}'
    assert json.loads(found[0].gold)["grams"] in (420, 1250)
    assert found[0].kinds
    assert len(pick(rescore(measured, DATASET).scores, count=1)) == 1
    assert pick(rescore(ruled, DATASET).scores) == ()


@pytest.mark.parametrize("board", [{"fingerprint": "e" * 64}, {"split": "train"}])
def test_worst_answers_need_the_boards_own_data(measured: Submission, board: dict[str, str]):
    with pytest.raises(SubmissionError, match="board"):
        with_texts([], claim(measured, "other", board=board), GOLDS)


def test_a_worst_answer_of_no_example_is_one_line(measured: Submission):
    with pytest.raises(SubmissionError, match="'lamp-9' is missing or is no example of the board"):
        with_texts([Wrong("lamp-9", 0.0, ("type",))], measured, GOLDS)
