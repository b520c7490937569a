"""What can be reached on a data set without understanding it: a protocol's ceiling, and what rules solve.

A perfect extractor goes through each protocol as ``run`` would take it; rules are read by the strict scorer.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgejson_bench.models.oracle import Oracle
from edgejson_bench.models.rules import Rules
from edgejson_bench.models.scripted import Tokenizer
from edgejson_bench.protocols import Protocol, build_prompts, get_protocol
from edgejson_bench.records import Example
from edgejson_bench.scoring.score import read_answer
from edgejson_bench.tasks import Dataset

PROTOCOLS = ("v3", "v3.1")
"""v3-chat differs from v3 in the prompt alone, which no oracle reads."""


@dataclass(frozen=True, slots=True)
class Solver:
    """One extractor without a language model, and what it gets right."""

    name: str
    """``oracle``, ``oracle-rambling``, ``rules`` or ``rules-schema-free``, as ``run --model`` knows it."""
    protocol: str | None
    """The oracles' protocol; None for the rules, which no protocol touches."""
    attempted: frozenset[str]
    """Ids of the examples that it was given."""
    exact: frozenset[str]
    """Ids of those it gets right."""


class RememberingTokenizer:
    """A tokenizer that encodes each text once: four oracles write the same golds."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, array[int]] = {}  # an eighth of a list's memory

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text``."""
        if text not in self._known:
            self._known[text] = array("I", self._tokenizer.encode(text))
        return self._known[text].tolist()

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids."""
        return self._tokenizer.decode(ids)


def ceilings(dataset: Dataset, examples: Sequence[Example], protocol: Protocol, tokenizer: Tokenizer) -> list[Solver]:
    """What a protocol lets a perfect extractor reach: one that stops by itself, and one that rambles on.

    Raises:
        DataError: the protocol shows schemas, and a task has none.
    """
    by_id = {example.id: example for example in examples}
    golds = {example.id: example.gold for example in examples}
    found = []
    for rambles in (False, True):
        oracle = Oracle(golds, tokenizer, rambles=rambles)
        prompts = build_prompts(examples, dataset, protocol, oracle)
        # The oracle only counts the tokens of the prompt's text, which would take most of the time.
        bare = (replace(prompt, text="") for prompt in prompts)
        completions = oracle.generate(bare, protocol.settings(1))
        answers = ((c.example_id, read_answer(by_id[c.example_id], c, protocol.scorer)) for c in completions)
        exact = frozenset(example_id for example_id, answer in answers if answer.exact)
        found.append(Solver(oracle.identity.name, protocol.name, frozenset(golds), exact))
    return found


def rules(dataset: Dataset, examples: Sequence[Example]) -> list[Solver]:
    """What the two rule-based readers of the form layout get right; the one that needs a schema is given only tasks
    that have one.
    """
    with_schema = [example for example in examples if dataset.tasks[example.task].schema is not None]
    found = []
    for schema_free, given in ((False, with_schema), (True, examples)):
        model = Rules(schema_free=schema_free)
        by_id = {example.id: example for example in given}
        prompts = build_prompts(given, dataset, get_protocol("v3.1"), model)  # rules read text and schema alone
        completions = model.generate(prompts, get_protocol("v3.1").settings(1))
        exact = frozenset(c.example_id for c in completions if read_answer(by_id[c.example_id], c, "strict").exact)
        found.append(Solver(model.identity.name, None, frozenset(by_id), exact))
    return found
