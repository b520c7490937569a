"""Near copies: the measure on texts of known overlap, and that whoever is nearest is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.copies import NearCopies, Nearest, jaccard, shingles

TEXTS = st.lists(st.sampled_from("abcd"), max_size=14).map(" ".join)


def test_jaccard_of_word_8_grams() -> None:
    words = [f"w{n}" for n in range(20)]
    text = shingles(" ".join(words))
    assert len(text) == 13
    assert jaccard(text, text) == 1
    assert jaccard(text, shingles("something else")) == 0
    # One more word at the end: 13 shared 8-grams of 14
    assert jaccard(text, shingles(" ".join([*words, "new"]))) == pytest.approx(13 / 14)


def test_near_copies_are_found_by_name() -> None:
    words = [f"w{n}" for n in range(60)]
    copies = NearCopies()
    copies.add("other", "nothing to see here, please move along, thank you")
    copies.add("original", " ".join(words))
    assert copies.find(" ".join([*words, "more"])) == "original"
    # One word changed in the middle: 45 shared 8-grams of 61
    changed = " ".join([*words[:30], "changed", *words[31:]])
    assert copies.find(changed) is None
    assert copies.nearest(changed) == Nearest("original", 45 / 61)
    assert copies.find(" ".join(reversed(words))) is None


@given(st.lists(TEXTS, max_size=6), TEXTS)
def test_the_nearest_is_the_one_of_the_highest_jaccard(texts: list[str], text: str) -> None:
    copies = NearCopies()
    for number, other in enumerate(texts):
        copies.add(str(number), other)
    found = copies.nearest(text)
    best = max((jaccard(shingles(text), shingles(other)) for other in texts), default=0.0)
    assert (found.jaccard if found else 0.0) == best
    if found:
        assert jaccard(shingles(texts[int(found.name)]), shingles(text)) == best
