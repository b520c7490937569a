"""The page in a real browser, from disk: what a mouse and a keyboard do, and that no request leaves it.

Needs playwright and a Chromium: its own (``python -m playwright install chromium``), or one on the path.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgejson_bench.leaderboard.page import render
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored
from tests.leaderboard.pages import HOSTILE, contents, page_of, sample

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install -e '.[dev]')")

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(BENCHMARKS)
            here = importlib.import_module("chromium_here")
        if (found := here.executable(playwright)) is None:
            pytest.skip(here.MISSING)
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(measured: Submission, ruled: Submission, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    hostile = [claim(measured, text[:100], exact=0) for text in HOSTILE]
    path.write_text(page_of([*sample(measured, ruled), *hostile]), encoding="utf-8")
    return path


class Watched:
    """A tab, and all it said and asked for."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.context.set_default_timeout(180_000)  # a busy machine is slow
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def names(self, style: str = "form") -> list[str]:
        """The names of the rows that are shown, in order."""
        rows: list[str] = self.page.locator(
            f"table[data-style={style}] > tbody > tr:not([hidden]) bdi"
        ).all_inner_texts()
        return rows


@pytest.fixture
def tab(browser: Any, file: Path) -> Iterator[Watched]:
    watched = Watched(browser, file)
    yield watched
    watched.context.close()
    assert watched.said == [], "nothing on the console, no error, no dialog"
    assert watched.asked == [file.as_uri()], "one request: the page itself"


def head(tab: Watched, name: str, style: str = "form") -> Any:
    return tab.page.locator(f"table[data-style={style}] > thead th", has_text=name)


def test_a_click_sorts_and_another_turns_the_order(tab: Watched):
    before = tab.names()
    parameters = head(tab, "Parameters")
    parameters.locator("button").click()
    assert parameters.get_attribute("aria-sort") == "ascending"
    first = tab.names()
    assert first[0] == "Alpha-70M"
    assert first[-1] == "rules", "what has no number is last"
    parameters.locator("button").click()
    assert parameters.get_attribute("aria-sort") == "descending"
    assert tab.names()[0] == "Zeta-2B"
    assert tab.names()[-1] == "rules"
    assert tab.page.locator("table[data-style=form] > thead [aria-sort]").count() == 1
    head(tab, "JSONExact").locator("button").click()
    assert set(tab.names()[:2]) == set(before[:2]) == {"Zeta-2B", "rules"}, "both have all right"
    assert tab.names()[2:7] == before[2:7]


def test_the_keyboard_sorts(tab: Watched):
    button = head(tab, "Model").locator("button")
    button.focus()
    tab.page.keyboard.press("Enter")
    ascending = tab.names()
    tab.page.keyboard.press("Space")
    assert tab.names()[0] == ascending[-1]
    assert tab.page.evaluate("document.activeElement.className") == "sort"


def test_the_filter_and_the_boxes_hide_rows(tab: Watched):
    tab.page.get_by_label("Model name contains").fill("gamma")
    assert tab.names() == ["Gamma-360M"]
    assert tab.names("prose") == ["Gamma-360M"]
    assert tab.page.locator("#count").inner_text().startswith("2 of ")
    tab.page.get_by_label("Model name contains").fill("")
    assert "rules" in tab.names()
    box = tab.page.get_by_label("Hide rules")
    box.focus()
    tab.page.keyboard.press("Space")
    assert "rules" not in tab.names()
    assert not tab.page.locator("svg .baseline").first.is_visible()
    tab.page.get_by_label("Only reproduced").check()
    assert tab.names() == []


def test_of_a_long_table_the_first_rows_are_shown_until_all_are_asked_for(
    browser: Any, measured: Submission, tmp_path: Path
):
    path = tmp_path / "index.html"
    one = claim(measured, "one")
    (board,) = rescored([one])
    rows = tuple(replace(board.styles[0].rows[0], model=f"Model-{number:03d}") for number in range(250))
    board = replace(board, styles=(replace(board.styles[0], rows=rows),))
    path.write_text(render([board], contents([one])), encoding="utf-8")
    tab = Watched(browser, path)
    assert tab.names() == [f"Model-{number:03d}" for number in range(200)]
    assert tab.page.locator("#count").inner_text() == "250 of 250 rows"
    for _ in range(2):
        head(tab, "Model").locator("button").click()
    assert tab.names()[0] == "Model-249", "the order is that of all rows"
    assert len(tab.names()) == 200
    more = tab.page.get_by_role("button", name="Show all 250 rows")
    tab.page.get_by_label("Model name contains").fill("Model-00")
    assert tab.names() == [f"Model-{number:03d}" for number in range(9, -1, -1)], "the filter looks at all rows"
    assert not more.is_visible()
    tab.page.get_by_label("Model name contains").fill("")
    more.click()
    assert len(tab.names()) == 250
    assert not more.is_visible()
    assert tab.said == []
    tab.context.close()


def test_a_row_opens_its_details_and_stays_with_them_when_sorted(tab: Watched):
    button = tab.page.get_by_role("button", name="Gamma-360M").first
    button.focus()
    tab.page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    opened = tab.page.locator(f"#{button.get_attribute('aria-controls')}")
    text = opened.inner_text()
    for shown in (
        "JSONExact by task",
        "parcel",
        "Errors by kind",
        "Settings",
        "Environment",
        "threads",
        "Worst answers",
    ):
        assert shown in text
    assert "(Cut: the first 1,500 of 2,009 characters.)" in text
    assert "</script>xxx" in text
    head(tab, "Parameters").locator("button").click()
    above = opened.evaluate("row => row.previousElementSibling.querySelector('bdi').textContent")
    assert above == "Gamma-360M"
    button.click()
    assert not opened.is_visible()
    assert button.get_attribute("aria-expanded") == "false"


def test_hostile_names_are_shown_and_do_nothing(tab: Watched):
    assert "<script>alert(1)</script>" in tab.names()
    tab.page.get_by_role("button", name="onerror").first.click()
    assert tab.page.locator("img").count() == 0


def test_the_theme_follows_the_system_and_the_button(browser: Any, file: Path):
    backgrounds = []
    for scheme in ("light", "dark"):
        tab = Watched(browser, file, color_scheme=scheme)
        for _ in range(2):
            backgrounds.append(tab.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            tab.page.locator("#theme").click()
        assert tab.said == []
        tab.context.close()
    light, dark, dark_again, light_again = backgrounds
    assert light == light_again != dark == dark_again


@pytest.mark.parametrize("width", [360, 390, 768, 1920])
def test_the_page_never_scrolls_sideways(browser: Any, file: Path, width: int):
    tab = Watched(browser, file, viewport={"width": width, "height": 800})
    tab.page.get_by_role("button", name="Gamma-360M").first.click()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    tab.context.close()


CONTRAST = """() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = color; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.matches("script, noscript, title, desc")) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    const rect = drawn && element.parentElement.querySelector(":scope > rect[fill]");
    const back = rect ? rgb(rect.getAttribute("fill")) : behind(element);
    const [one, other] = [luminance(rgb(drawn ? style.fill : style.color)), luminance(back)].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    const name = `${element.tagName} ${element.className.baseVal ?? element.className} ${element.textContent}`;
    if (contrast < 4.5) found.push(`${name.slice(0, 60)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_a_contrast_of_4_5(browser: Any, file: Path, scheme: str):
    tab = Watched(browser, file, color_scheme=scheme)
    tab.page.get_by_role("button", name="Gamma-360M").first.click()
    assert tab.page.evaluate(CONTRAST) == []
    tab.context.close()


def test_without_scripts_everything_but_details_is_there(browser: Any, file: Path):
    tab = Watched(browser, file, java_script_enabled=False)
    assert "Gamma-360M" in tab.names()
    assert not tab.page.locator(".controls").is_visible()
    assert tab.page.locator("noscript p").is_visible()
    assert tab.page.locator("svg").first.is_visible()
    tab.context.close()
