"""``LEADERBOARD.md``: what it says, the same bytes every time, and no markup out of submitted text."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from edgejson_bench.leaderboard.files import make, write
from edgejson_bench.leaderboard.markdown import render
from edgejson_bench.markdown_text import escape
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def rows(page: str) -> list[list[str]]:
    """The cells of every table row but headers and rules."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| #", "| -"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_holds_the_numbers_with_their_n_and_intervals(root: Path, tmp_path: Path):
    page = make(root, tmp_path / "leaderboard").files["LEADERBOARD.md"]
    assert "## little, test split, protocol v3\n" in page
    assert "schema shown, stops where the JSON closes" in page
    assert "Style **form**, n = 6:\n" in page
    assert "| JSONExact % | simple % (n = 4) | complex % (n = 2) |" in page
    rules, model = rows(page)
    assert rules[:2] == ["–", "rules (*no model*)"]
    assert model[:8] == [
        "1",
        "Large-135M",
        "135M",
        "269 MB",
        "66.7 [30.0, 90.3]",
        "50.0 [15.0, 85.0]",
        "100.0 [34.2, 100.0]",
        "0.667 [0.333, 1.000]",
    ]
    assert model[9] == "0 / 0 / 0"
    assert model[10].endswith("(n = 3)")
    assert model[11] == "20.0"
    assert (rules[12], model[12]) == ("M1", "M2")
    assert "on cpu, 2 threads\n" in page.partition("- M2 ")[2]


def test_the_completions_link_leads_to_the_file(root: Path, tmp_path: Path):
    out = tmp_path / "leader board"
    write(made := make(root, out), out)
    page = made.files["LEADERBOARD.md"]
    for cells in rows(page):
        link = cells[-1].partition("](")[2].rstrip(")")
        assert (out / link).resolve().is_file()


def test_no_submissions_make_a_page_that_says_so():
    assert "There are no submissions yet." in render([])


def test_notes_say_what_sets_a_row_apart(measured: Submission):
    quantised = claim(measured, "small", quantisation="GGUF Q4_1, dequantised")
    asked = claim(measured, "asked", settings={"prompt": "published", "prompt_source": "known-models"})
    both = claim(
        measured,
        "both",
        quantisation="GGUF Q4_1, dequantised",
        settings={"prompt": "published", "prompt_source": "user"},
    )
    both.record["latency"] |= {"n": 3, "failed": 1}
    page = render(rescored([quantised, asked, both]))
    names = {cells[1].partition(" ")[0]: cells[1].partition(" ")[2] for cells in rows(page)}
    assert names == {
        "asked": "<sup>1</sup>",
        "both": "<sup>2</sup> <sup>3</sup> <sup>4</sup>",
        "small": "<sup>2</sup>",
    }
    assert "- <sup>2</sup> weights stored as GGUF Q4\\_1, dequantised, computed in float32\n" in page
    assert "- <sup>1</sup> asked with another prompt than the protocol's own: published (from known-models)\n" in page
    assert "- <sup>4</sup> 1 of 4 timed requests failed and have no latency\n" in page


def test_every_style_has_its_own_table(measured: Submission):
    both = claim(measured, "both")
    both.record["results"]["prose"] = copy.deepcopy(both.record["results"]["form"])
    both.record["board"]["styles"] = ["form", "prose"]
    page = render(rescored([both]))
    assert page.index("Style **form**") < page.index("Style **prose**")
    assert len(rows(page)) == 2
    assert "Cut / unparsed / failed, all styles" in page


def test_compliance_without_formats_is_said(measured: Submission):
    released = claim(measured, "a")
    overall = released.record["results"]["form"]["overall"]
    overall["compliance_formats"] = overall["compliance"]
    assert "compliance leaves string formats out" in render(rescored([released]))
    assert "compliance leaves string formats out" not in render(rescored([measured]))


HOSTILE = [
    "<script>alert(1)</script>",
    "</td></tr></table><h1>first</h1>",
    "a | b | c",
    "`code` **bold** _under_ ~~gone~~ $x$",
    "[here](http://evil.example) ![i](http://evil.example/i.png)",
    "<http://evil.example>",
    "\x1b[31mred\x1b[0m",
    "one\ntwo\r\n| three |",
    "&lt;b&gt; &#124; &amp;",
    "back\\slash \\| \\",
    "\u202eright to left\u200b",
    "a\tb",
]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_hostile_text_comes_out_as_text(measured: Submission, text: str):
    plain = render(rescored([claim(measured, "plain", quantisation="plain")]))
    hostile = claim(measured, text, quantisation=text, license=text, training_data=text, id=text)
    hostile.record["latency"]["hardware"]["cpu"] = text
    page = render(rescored([hostile]))
    assert kinds(page) == kinds(plain), "no markup but what a plain name has"
    assert all(character.isprintable() or character == "\n" for character in page)
    shown = text.encode("unicode_escape").decode() if not text.isprintable() else text
    texts = [token.content for token in inline(page) if token.type == "text"]
    assert "".join(texts).count(shown) == 3, "name, quantisation and machine"


def inline(page: str):
    return [child for token in MARKDOWN.parse(page) for child in token.children or []]


def kinds(page: str) -> list[str]:
    """What the page is made of, texts left out: a renderer splits them as it likes."""
    blocks = [token.type for token in MARKDOWN.parse(page)]
    return blocks + [token.type for token in inline(page) if token.type not in ("text", "text_special")]


def test_links_in_names_are_no_links_for_renderers_that_look_for_them():
    assert escape("http://evil.example www.evil.example") == "http\\://evil.example www\\.evil.example"


def test_the_board_of_a_real_root_is_what_is_rendered(root: Path):
    assert render(make(root, root).boards, "elsewhere").count("](elsewhere/little-") == 2
