"""Lengths by an own tokenizer, and reading ease against counts made by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.audit.lengths import Measured, count_syllables, flesch, measure, reading, summarise
from edgejson_bench.complexity import Length
from edgejson_bench.models.scripted import Characters
from edgejson_bench.records import Example


def example(name: str) -> Example:
    return Example(name, "parcel", "form", "0123456789", {"a": 1})


def test_lengths_of_a_group() -> None:
    assert measure(example("x"), Characters()) == Measured(prompt=10, gold=8)
    measured = {"a": Measured(10, 100), "b": Measured(20, 512), "c": Measured(60, 513)}
    lengths = summarise([example(name) for name in measured], measured, cap=512)
    assert lengths.prompt == Length(20, 60)
    assert lengths.gold == Length(512, 513)
    assert lengths.over_cap == ("c",)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("a", 1), ("box", 1), ("the", 1), ("time", 1), ("table", 2), ("whole", 1), ("parcel", 2), ("number", 2),
        ("loaded", 2), ("helped", 1), ("agreed", 2), ("delivery", 4), ("invoice", 2), ("hmm", 1), ("Zoë", 1),
    ],
)  # fmt: skip
def test_syllables(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_flesch_by_hand() -> None:
    # 6 words, 1 sentence, 6 syllables
    assert flesch("The cat sat on the mat.") == pytest.approx(206.835 - 1.015 * 6 - 84.6)
    # 4 words, 2 sentences, 7 syllables; numbers and codes are no words, the point in 12.5 ends no sentence
    text = "The parcel weighs 12.5! Delivery TH-042?"
    assert flesch(text) == pytest.approx(206.835 - 1.015 * 5 / 2 - 84.6 * 9 / 5)
    assert flesch("12.5 - 13") is None
    assert flesch("") is None


def test_lines_end_sentences() -> None:
    assert flesch("The cat sat\nThe dog ran") == flesch("The cat sat. The dog ran.")


@given(st.text())
def test_any_text_has_an_ease_or_no_word(text: str) -> None:
    ease = flesch(text)
    assert ease is None or ease <= 206.835 - 1.015 - 84.6


def test_readings_of_a_task() -> None:
    found = reading("parcel", "simple", ["The cat sat.", "The cat sat on the mat.", "12"])
    assert (found.task, found.tier, found.n) == ("parcel", "simple", 3)
    assert found.words == Length(3, 6)
    assert found.flesch == pytest.approx(206.835 - 1.015 * 4.5 - 84.6)
    assert reading("parcel", "simple", ["12"]).flesch is None
