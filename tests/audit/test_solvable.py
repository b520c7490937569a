"""What perfect extractors reach under a protocol, and rules without one, on golds made for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgejson_bench.audit.solvable import RememberingTokenizer, ceilings, rules
from edgejson_bench.errors import DataError
from edgejson_bench.models.scripted import Characters
from edgejson_bench.protocols import get_protocol
from edgejson_bench.tasks import Dataset, Task
from tests.audit.made import PARCEL, PARCELS, TASKS, clean, form, prose

DEEP = {"a": {"b": {"c": {"d": 1}}}}
LONG = {"carrier": "x" * 600}
GOLDS = {"flat": PARCELS[0], "deep": DEEP, "long": LONG}
DATA = Dataset("made", TASKS, {"test": tuple(form(name, PARCEL, gold) for name, gold in GOLDS.items())})


@pytest.mark.parametrize(
    ("protocol", "stops", "rambles"),
    [
        ("v3", {"flat", "deep", "long"}, {"flat", "deep", "long"}),
        ("v3.1", {"flat", "deep"}, {"flat"}),  # 512 characters; three levels are lost where text follows
    ],
)
def test_what_a_protocol_allows(protocol: str, stops: set[str], rambles: set[str]) -> None:
    first, second = ceilings(DATA, DATA.splits["test"], get_protocol(protocol), Characters())
    assert (first.name, first.protocol, set(first.exact)) == ("oracle", protocol, stops)
    assert (second.name, second.protocol, set(second.exact)) == ("oracle-rambling", protocol, rambles)
    assert first.attempted == second.attempted == set(GOLDS)


def test_a_protocol_that_shows_schemas_has_no_ceiling_without_them() -> None:
    bare = replace(DATA, tasks={"parcel": Task("parcel", "simple", None)})
    with pytest.raises(DataError, match="has none"):
        ceilings(bare, bare.splits["test"], get_protocol("v3"), Characters())
    stops, _ = ceilings(bare, bare.splits["test"], get_protocol("v3.1"), Characters())
    assert stops.exact == {"flat", "deep"}


def test_rules_solve_the_form_and_not_the_prose() -> None:
    examples = clean().splits["test"]
    with_schema, without = rules(clean(), examples)
    assert with_schema.exact == {example.id for example in examples if example.style == "form"}
    assert with_schema.exact >= without.exact
    assert not any(example.id in without.exact for example in examples if example.style == "prose")
    assert with_schema.attempted == without.attempted == {example.id for example in examples}


def test_rules_that_need_a_schema_are_given_only_tasks_that_have_one() -> None:
    tasks = {**TASKS, "letter": Task("letter", "simple", None)}
    letter = replace(form("letter", PARCEL, {"carrier": "Post"}), task="letter")
    parcel = prose("parcel", PARCEL, {"carrier": "Post"}, "Post takes it")
    with_schema, without = rules(Dataset("made", tasks, {}), [letter, parcel])
    assert (with_schema.attempted, with_schema.exact) == ({"parcel"}, set())
    assert (without.attempted, without.exact) == ({"letter", "parcel"}, {"letter"})


def test_a_remembering_tokenizer_gives_the_same_tokens_and_asks_once() -> None:
    class Counting(Characters):
        asked = 0

        def encode(self, text: str) -> list[int]:
            self.asked += 1
            return super().encode(text)

    inner = Counting()
    tokenizer = RememberingTokenizer(inner)
    for _ in range(2):
        ids = tokenizer.encode("Jürgen 🚀")
        assert ids == Characters().encode("Jürgen 🚀")
        assert tokenizer.decode(ids) == "Jürgen 🚀"
        ids.clear()  # a caller's list is the caller's own
    assert inner.asked == 1
