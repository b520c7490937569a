"""``errors.md`` of a run: which kinds of error there are, and the worst answers with prompt, gold, output and diff.

Outputs are hostile text: whatever is not this page's own goes into fences, its control characters spelled out.
Nothing is counted or classified here.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgejson_bench.console import printable
from edgejson_bench.markdown_text import fence, longest_ticks
from edgejson_bench.records import Completion, Example, Score
from edgejson_bench.scoring.exact import typed_equal
from edgejson_bench.scoring.parse import parse
from edgejson_bench.scoring.score import Answer, read_answer
from edgejson_bench.scoring.taxonomy import KINDS, REPORTED_SHARES, Finding, depth, pair_items
from edgejson_bench.tasks import tier_order

if TYPE_CHECKING:
    from deepdiff.model import DiffLevel

MAX_EXAMPLES = 20
"""Answers shown in full."""
MAX_CHARACTERS = 4000
"""Longest text in one fence. The longest gold of the shipped tasks prints in 3,198 characters."""
MAX_VALUE = 160
"""Longest value within a line of findings or differences."""
MAX_LINES = 15
"""Findings and differences listed of one answer."""
MAX_COMPARED_DEPTH = 50
"""Deeper values are shown as they came alone: printing and DeepDiff recurse, several frames a level."""
MAX_COMPARED_CHARACTERS = 20_000
"""Longer outputs are shown as they came alone: comparing lines takes quadratic time."""


def error_page(
    report: Mapping[str, Any],
    examples: Iterable[Example],
    completions: Mapping[str, Completion],
    scores: Sequence[Score],
) -> str:
    """The page, in Markdown.

    ``report`` is the run's, ``completions`` are by example id, ``scores`` hold one score per example.
    """
    manifest = report["run"]
    wrong = [score for score in scores if not score.json_exact]
    lines = [
        f"# Errors of {_inline(manifest['model']['name'])}",
        "",
        f"Protocol {_inline(manifest['protocol']['name'])}, prompt {_inline(manifest['protocol']['prompt'])}, data "
        f"{_inline(manifest['data']['name'])}, run {_inline(manifest['directory'])}.",
        f"{len(wrong)} of {len(scores)} answers are wrong.",
        "",
    ]
    if wrong:
        by_id = {example.id: example for example in examples}
        shown = worst(wrong)
        lines += _kinds(report["errors"]["kinds"])
        lines += [
            "## The worst answers",
            "",
            f"{len(shown)} of {len(wrong)}, taken from every style, tier, kind and task in turn, by field F1.",
            "",
        ]
        for number, score in enumerate(shown, start=1):
            example, completion = by_id[score.example_id], completions[score.example_id]
            answer = read_answer(example, completion, manifest["protocol"]["scorer"])
            lines += _heading(number, example, score)
            lines += _comparison(example, answer) if _comparable(answer, completion) else _gold(example)
            lines += _output(completion, answer)
    return "\n".join(lines).rstrip() + "\n"


def worst(wrong: Iterable[Score], count: int = MAX_EXAMPLES) -> list[Score]:
    """The answers to look at first, by rising field F1.

    Each in turn is taken where the fewest were taken before: of its style, tier and primary kind, then of its task.
    Among those, the lowest field F1 decides.
    """
    left = sorted(wrong, key=lambda score: (score.field_f1, score.example_id))
    groups: Counter[tuple[str, str, str]] = Counter()
    tasks: Counter[str] = Counter()
    chosen: list[Score] = []
    while left and len(chosen) < count:
        pick = min(left, key=lambda score: (groups[_group(score)], tasks[score.task]))  # the first of equals
        left.remove(pick)
        groups[_group(pick)] += 1
        tasks[pick.task] += 1
        chosen.append(pick)
    return sorted(chosen, key=lambda score: (score.field_f1, tier_order(score.tier), score.example_id))


def differences(gold: Any, predicted: Any) -> list[str]:
    """What DeepDiff sees between two values, a line each; nothing where items merely have another order.

    Arrays are aligned before, as for the findings: DeepDiff holds objects in arrays against each other by index, so
    one missing item would be as many changes as there are values after it.
    """
    from deepdiff import DeepDiff  # 0.7 s to import, for this page alone

    # Equal numbers were made one type, so that types may count: without them DeepDiff takes true for 1.
    tree = DeepDiff(*_aligned(gold, predicted), ignore_private_variables=False, threshold_to_diff_deeper=0).tree
    return [_sentence(kind, level) for kind in sorted(tree) for level in tree[kind]]


def _group(score: Score) -> tuple[str, str, str]:
    return (score.style, score.tier, score.error_kinds[0])


def _aligned(gold: Any, predicted: Any) -> tuple[Any, Any]:
    """Both values with arrays as objects, in which items that are held against each other have one key."""
    if isinstance(gold, dict) and isinstance(predicted, dict):
        members = {key: _aligned(gold[key], predicted[key]) for key in gold if key in predicted}
        return (
            gold | {key: left for key, (left, _) in members.items()},
            predicted | {key: right for key, (_, right) in members.items()},
        )
    if isinstance(gold, list) and isinstance(predicted, list):
        pairs = pair_items(predicted, gold)
        counterparts = pairs.compared | pairs.moved
        items = {place: _aligned(gold[place], predicted[index]) for place, index in counterparts.items()}
        over = sorted(set(range(len(predicted))) - set(counterparts.values()))
        return (
            dict(enumerate(gold)) | {place: left for place, (left, _) in items.items()},
            {place: right for place, (_, right) in items.items()}
            | {f"{index} of the output": predicted[index] for index in over},
        )
    return (gold, gold) if typed_equal(gold, predicted) else (gold, predicted)


def _sentence(kind: str, level: DiffLevel) -> str:
    place = level.path(root="$")
    if kind == "dictionary_item_removed":
        return f"{place}: {_short(level.t1)} is missing"
    if kind == "dictionary_item_added":
        return f"{place}: {_short(level.t2)} is extra"
    return f"{place}: {_short(level.t1)} became {_short(level.t2)}"


def _kinds(kinds: Mapping[str, Any]) -> Iterator[str]:
    for style, counts in kinds.items():
        if not counts["n"]:
            continue
        yield f"Style {_inline(style)}, {counts['n']} wrong:"
        yield ""
        yield "| kind of error | primary | share | in any answer | reported |"
        yield "|---|---:|---:|---:|---:|"
        for kind in (kind for kind in KINDS if kind in counts["any"] or kind in REPORTED_SHARES):
            primary = counts["primary"].get(kind, 0)
            reported = f"{100 * REPORTED_SHARES[kind]:.0f} %" if kind in REPORTED_SHARES else ""
            share = f"{100 * primary / counts['n']:.1f} %"
            yield f"| {kind} | {primary} | {share} | {counts['any'].get(kind, 0)} | {reported} |"
        yield ""
    yield (
        "An answer counts once under its primary kind, and in *any answer* under every kind it has. *Reported* are "
        "the published shares of Maaza-SLM-360M: 50 errors, sorted by hand into five kinds. Here there are more kinds, "
        "so the shares compare only roughly."
    )
    yield ""


def _heading(number: int, example: Example, score: Score) -> Iterator[str]:
    primary, *others = score.error_kinds
    frame = "" if example.frame is None else f", frame {_inline(example.frame)}"
    yield f"### {number}. {_inline(example.id)}"
    yield ""
    yield f"**{primary}**{''.join(f', {kind}' for kind in others)}; field F1 {score.field_f1:.3f}"
    yield ""
    yield f"Style {_inline(example.style)}, tier {_inline(score.tier)}, task {_inline(example.task)}{frame}. Prompt:"
    yield ""
    yield from _fence(example.prompt)


def _comparable(answer: Answer, completion: Completion) -> bool:
    return (
        answer.value is not None
        and len(completion.text) <= MAX_COMPARED_CHARACTERS
        and depth(answer.value) <= MAX_COMPARED_DEPTH
    )


def _gold(example: Example) -> Iterator[str]:
    yield "Gold:"
    yield ""
    yield from _fence(_pretty(example.gold), "json")


def _comparison(example: Example, answer: Answer) -> Iterator[str]:
    yield "Gold (`-`) and output (`+`):"
    yield ""
    yield from _fence(_diff(example.gold, answer.value), "diff")
    yield "Findings:"
    yield ""
    yield from _fence(_listed([_found(finding) for finding in answer.findings]))
    if seen := differences(example.gold, answer.value):
        yield "Differences:"
        yield ""
        yield from _fence(_listed(seen))


def _output(completion: Completion, answer: Answer) -> Iterator[str]:
    """The output as it came, where the diff does not hold all of it."""
    text = completion.text
    if completion.error is not None:
        text, title = completion.error, "The model failed"
    elif answer.problem is not None:
        title = f"Output, which could not be read ({answer.problem})"
    else:
        parsed = parse(text)
        around = parsed.value is None or (text[: parsed.start] + text[parsed.end :]).strip()
        if _comparable(answer, completion) and not around:
            return
        title = "Output as it came"
    yield f"{title}:"
    yield ""
    yield from _fence(text)


def _diff(gold: Any, predicted: Any) -> str:
    """The lines of both, as a unified diff: in full where that fits, else only what is around the differences."""
    before, after = (_pretty(value).split("\n") for value in (gold, _like(predicted, gold)))
    whole = "\n".join(list(difflib.unified_diff(before, after, n=len(before), lineterm=""))[3:])
    if len(whole) <= MAX_CHARACTERS:
        return whole
    return "\n".join(list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:])


def _like(predicted: Any, gold: Any) -> Any:
    """The same value, with members in the gold's order and numbers in its spelling: neither is a difference."""
    if typed_equal(predicted, gold):
        return gold
    if isinstance(predicted, dict) and isinstance(gold, dict):
        shared = {key: _like(predicted[key], gold[key]) for key in gold if key in predicted}
        return shared | {key: value for key, value in predicted.items() if key not in shared}
    if isinstance(predicted, list) and isinstance(gold, list):
        places = {index: place for place, index in pair_items(predicted, gold).compared.items()}
        return [_like(item, gold[places[i]]) if i in places else item for i, item in enumerate(predicted)]
    return predicted


def _found(finding: Finding) -> str:
    line = f"{finding.kind:<20}{finding.pointer or '(the whole answer)'}"
    if finding.kind == "array_length":
        return f"{line}  {finding.predicted} where the gold has {finding.gold}"
    if finding.kind != "misplaced_value":
        return line
    if finding.source is None:
        return f"{line}  {_short(finding.predicted)} is in the text, yet not what this field asks for"
    if finding.source == finding.pointer:
        return f"{line}  {_short(finding.predicted)} is what the text says, in another spelling than the gold's"
    return f"{line}  {_short(finding.predicted)} belongs to {finding.source}"


def _listed(lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return "\n".join([*lines[:MAX_LINES], *more])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}... ({len(text):,} characters)"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _inline(text: str) -> str:
    """A code span that ``text`` cannot leave."""
    shown = " ".join(printable(text[:MAX_VALUE]).split())
    ticks = "`" * (longest_ticks(shown) + 1)
    space = " " if "`" in shown or not shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def _fence(text: str, language: str = "text") -> Iterator[str]:
    """A code block that ``text`` cannot leave, cut to ``MAX_CHARACTERS`` with a note of how much there was."""
    yield from fence(text[:MAX_CHARACTERS], language)
    yield ""
    if len(text) > MAX_CHARACTERS:
        yield f"(Cut: the first {MAX_CHARACTERS:,} of {len(text):,} characters.)"
        yield ""
