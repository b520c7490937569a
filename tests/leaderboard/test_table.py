"""Boards: what is compared with what, in which order, and how a terminal shows it."""

from __future__ import annotations

import copy
import io
import json
import random
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from edgejson_bench.errors import SubmissionError
from edgejson_bench.leaderboard.files import make
from edgejson_bench.leaderboard.table import Board, _ranks
from edgejson_bench.leaderboard.terminal import MAX_ROWS, gap_table, terminal_table
from edgejson_bench.scoring.statistics import paired_difference
from edgejson_bench.submission_files import Submission
from tests.leaderboard.claims import claim, rescored
from tests.leaderboard.pages import both_styles


def ranks(board: Board) -> list[tuple[int | None, str]]:
    return [(row.rank, row.model) for row in board.styles[0].rows]


def test_a_row_says_what_the_submission_says(root: Path):
    (board,) = make(root, root).boards
    (style,) = board.styles
    assert (board.data, board.split, board.protocol, style.style, style.n) == ("little", "test", "v3", "form", 6)
    assert style.tiers == {"simple": 4, "complex": 2}
    rules, model = style.rows
    assert (rules.rank, rules.model, rules.baseline) == (None, "rules", True)
    assert (model.rank, model.model, model.baseline) == (1, "Large-135M", False)
    assert (model.json_exact.value, model.json_exact.n) == (0.666667, 6)
    assert model.json_exact.low < 0.31 < 0.89 < model.json_exact.high
    assert {tier: (exact.value, exact.n) for tier, exact in model.tiers.items()} == {
        "simple": (0.5, 4),
        "complex": (1.0, 2),
    }
    assert model.decode_tokens_per_second == 20.0
    assert model.timed == 3  # two simple queries and a complex one
    assert model.machine is not None
    assert model.machine.endswith("on cpu, 2 threads")
    assert model.other_prompt is None
    assert model.submission == f"little-{board.fingerprint[:8]}-v3/large-135m"
    json.dumps([asdict(board)], allow_nan=False)


def test_ranks_count_the_models_that_a_paired_test_finds_better():
    chance = random.Random(0)
    levels = [chance.random() for _ in range(40)]
    outcomes = [[chance.random() < level for _ in range(60)] for level in levels]
    numbers = [int("".join(str(int(right)) for right in each), 2) for each in outcomes]
    expected = []
    for mine in outcomes:
        pairs = [paired_difference(other, mine) for other in outcomes if other is not mine]
        expected.append(1 + sum(pair.difference > 0 and pair.p_value < 0.05 for pair in pairs))
    assert _ranks(numbers) == expected
    assert len(set(expected)) > 10
    assert _ranks([]) == []


def test_order_is_exact_then_field_f1_then_name_and_a_rank_is_shared_where_tests_see_no_difference(
    measured: Submission, ruled: Submission
):
    rows = [
        claim(measured, "d", exact=3, field_f1=0.6),
        claim(measured, "c", exact=3, field_f1=0.7),
        claim(measured, "b", exact=3, field_f1=0.6),
        claim(measured, "a", exact=0),
        claim(measured, "e", exact=6),
        claim(ruled, "rules", exact=5),
    ]
    expected = [(1, "e"), (None, "rules"), (1, "c"), (1, "b"), (1, "d"), (2, "a")]  # 6 to 0 is p = 0.03
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        (board,) = rescored(rows)
        assert ranks(board) == expected


def test_boards_never_mix_data_or_protocols(measured: Submission):
    other = "e" * 64
    found = rescored(
        [
            claim(measured, "a", board={"protocol": "v3.1"}),
            claim(measured, "b", board={"fingerprint": other}),
            claim(measured, "c", board={"protocol": "v3-chat"}),
            claim(measured, "d"),
            claim(measured, "e", board={"data": "another"}),
        ]
    )
    assert [(board.data, board.protocol, board.fingerprint == other, len(board.styles[0].rows)) for board in found] == [
        ("another", "v3", False, 2),
        ("little", "v3", True, 1),
        ("little", "v3-chat", False, 1),
        ("little", "v3.1", False, 1),
    ]


def test_a_submission_of_other_examples_on_the_same_board_is_refused(measured: Submission):
    other = claim(measured, "other")
    other.record["results"]["form"]["tiers"]["simple"]["n"] = 5
    with pytest.raises(SubmissionError, match="board: claims other examples than"):
        rescored([measured, other])


def test_no_submissions_make_no_boards():
    assert rescored([]) == []


@pytest.mark.parametrize(
    ("protocol", "prompt", "shown"),
    [
        ("v3", "instruction", None),
        ("v3", "published", "published (from known-models)"),
        ("v3.1", "published", None),
        ("v9", "instruction", "instruction (from known-models)"),
    ],
)
def test_a_prompt_that_is_not_the_protocols_own_is_named(
    measured: Submission, protocol: str, prompt: str, shown: str | None
):
    settings = {"prompt": prompt, "prompt_source": "known-models"}
    (board,) = rescored([claim(measured, "a", board={"protocol": protocol}, settings=settings)])
    assert board.styles[0].rows[0].other_prompt == shown


def test_a_submission_without_latency_has_none(measured: Submission):
    quiet = claim(measured, "quiet")
    quiet.record["latency"] = None
    row = rescored([quiet])[0].styles[0].rows[0]
    assert (row.p50_seconds, row.decode_tokens_per_second, row.machine, row.timed) == (None, None, None, 0)


def in_terminal(table: Table) -> list[str]:
    screen = io.StringIO()
    Console(file=screen, width=100, force_terminal=True, color_system=None).print(table)
    return screen.getvalue().splitlines()


def test_a_board_fits_a_terminal_of_100_columns(measured: Submission, ruled: Submission):
    perfect = claim(measured, "SmolLM2-135M-Instruct (Q4_1, dequantised)", exact=6)
    perfect.record["results"]["form"]["overall"]["json_exact"]["ci95"] = [0.976, 1.0]
    perfect.record["results"]["form"]["tiers"]["medium"] = perfect.record["results"]["form"]["tiers"]["simple"]
    perfect.record["latency"]["end_to_end_seconds"]["p50"] = 31.37
    (board,) = rescored([perfect])
    lines = in_terminal(terminal_table(board))
    assert all(len(line) <= 100 for line in lines)
    assert not any("…" in line for line in lines), "no number is cut off"
    assert "little, test split, protocol v3" in lines[0]
    row = next(line for line in lines if "SmolLM2" in line)
    for shown in ("1 ", "100.0 [97.6, 100.0]", "0/0", "31.4", "20.0"):
        assert shown in row


def test_a_long_board_shows_its_first_rows_and_says_how_many_more_there_are(measured: Submission):
    claims = [both_styles(measured, f"model {number}", form=4, prose=2) for number in range(MAX_ROWS + 2)]
    (board,) = rescored(claims)
    gaps = gap_table(board)
    assert gaps is not None
    for lines, tables in ((in_terminal(terminal_table(board)), 2), (in_terminal(gaps), 1)):
        assert sum(" model " in f" {line}" and "JSON" not in line for line in lines) == tables * MAX_ROWS
        assert sum("and 2 more, in LEADERBOARD.md" in line for line in lines) == tables
    (short,) = rescored(claims[:-2])
    assert not any(" more, in" in line for line in in_terminal(terminal_table(short)))


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("model-of-small-words-and-many-hyphens-of-which-some-end-a-line", {"model", "of", "line"}),
        ("m" * 60, set()),
        ("\u6a21" * 60, set()),  # two columns of the screen each
    ],
)
def test_a_long_name_breaks_behind_a_hyphen_or_where_it_must(measured: Submission, name: str, pieces: set[str]):
    long = claim(measured, name, exact=6)
    (board,) = rescored([long])
    lines = in_terminal(terminal_table(board))
    assert all(cell_len(line) <= 100 for line in lines)
    start = next(number for number, line in enumerate(lines) if line.startswith("1 "))
    shown = [line[2 : lines[start].index(" ", 2)].rstrip() for line in lines[start:]]
    assert "".join(shown) == name
    assert pieces <= set("-".join(line.rstrip("-") for line in shown).split("-")), "no word is broken"


def test_a_terminal_shows_every_style(measured: Submission):
    both = claim(measured, "both")
    both.record["results"]["prose"] = copy.deepcopy(both.record["results"]["form"])
    both.record["board"]["styles"] = ["form", "prose"]
    (board,) = rescored([both])
    lines = in_terminal(terminal_table(board))
    assert [line.split()[0] for line in lines[2:]] == ["form", "1", "prose", "1"]


def test_hostile_names_do_not_reach_the_terminal(measured: Submission):
    (board,) = rescored([claim(measured, "\x1b]0;x\x07[red]a\u202e\nb", exact=2)])
    screen = "\n".join(in_terminal(terminal_table(board)))
    assert not set(screen) & set("\x1b\x07\u202e")
    assert "[red]" in screen, "console markup is shown, not obeyed"
