"""The layout gap: form minus prose over twins, per tier; nothing where a gold was run in one style alone."""

from __future__ import annotations

from edgejson_bench.records import Score
from edgejson_bench.scoring.layout import layout_gap
from edgejson_bench.scoring.statistics import paired_difference


def score(name: str, style: str, exact: bool, f1: float = 0.5, tier: str = "simple") -> Score:
    return Score(f"{name}-{style}", name, tier, style, exact, f1, True, True, True, None, "eos")


def both(name: str, form: bool, prose: bool, tier: str = "simple") -> list[Score]:
    return [score(name, "form", form, 0.9, tier), score(name, "prose", prose, 0.4, tier)]


TWINS = {f"{name}-form": f"{name}-prose" for name in "abcdef"}
PAIRED = [*both("a", True, False), *both("b", True, False), *both("c", True, True), *both("d", False, True, "complex")]


def test_the_gap_is_form_minus_prose_over_pairs() -> None:
    gap = layout_gap(PAIRED, TWINS)
    assert gap is not None
    assert gap["n"] == 4
    exact = gap["json_exact"]
    assert (exact["difference"], exact["only_form"], exact["only_prose"]) == (0.25, 2, 1)
    expected = paired_difference([True, True, True, False], [False, False, True, True])
    assert exact["ci95"] == [expected.low, expected.high]
    assert exact["p_value"] == expected.p_value == 1.0
    assert gap["field_f1"]["difference"] == 0.5
    assert list(gap["tiers"]) == ["simple", "complex"]
    assert gap["tiers"]["complex"]["json_exact"]["difference"] == -1.0


def test_the_order_of_scores_is_of_no_matter() -> None:
    swapped = dict(reversed(TWINS.items()))
    assert layout_gap(reversed(PAIRED), swapped) == layout_gap(PAIRED, TWINS)


def test_an_example_without_its_twin_does_not_count() -> None:
    more = [*PAIRED, score("e", "form", False), score("f", "prose", True)]
    assert layout_gap(more, TWINS) == layout_gap(PAIRED, TWINS)


def test_examples_that_are_no_twins_do_not_count() -> None:
    fewer = {form: prose for form, prose in TWINS.items() if form != "b-form"}
    gap = layout_gap(PAIRED, fewer)
    assert gap is not None
    assert (gap["n"], gap["json_exact"]["only_form"]) == (3, 1)


def test_there_is_none_where_no_gold_was_run_in_both() -> None:
    assert layout_gap([score("a", "form", True), score("b", "prose", True)], TWINS) is None
    assert layout_gap([], TWINS) is None
    assert layout_gap(PAIRED, {}) is None
