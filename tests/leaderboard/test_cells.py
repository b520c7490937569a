"""How numbers are spelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgejson_bench.leaderboard import cells


@pytest.mark.parametrize(
    ("spell", "number", "text"),
    [
        (cells.percent, 39 / 158, "24.7"),
        (cells.percent, 1.0, "100.0"),
        (cells.parameters, 134_515_008, "135M"),
        (cells.parameters, 4_884_480, "4.88M"),
        (cells.parameters, 61_234, "0.061M"),
        (cells.parameters, 999_600_000, "1.0B"),
        (cells.parameters, 1_543_714_304, "1.5B"),
        (cells.parameters, None, "–"),
        (cells.size, 91_742_000, "91.7 MB"),
        (cells.size, 269_060_552, "269 MB"),
        (cells.size, 1_230_000_000, "1.23 GB"),
        (cells.size, None, "–"),
        (cells.seconds, 0.0000123, "<0.001"),
        (cells.seconds, 0.0454, "0.045"),
        (cells.seconds, 1.2345, "1.23"),
        (cells.seconds, 41.26, "41.3"),
        (cells.seconds, 412.6, "413"),
        (cells.seconds, None, "–"),
        (cells.rate, 20.04, "20.0"),
        (cells.rate, None, "–"),
    ],
)
def test_spelling(spell: Callable[[Any], str], number: float | None, text: str):
    assert spell(number) == text


def test_intervals():
    assert cells.percent_interval(0.24684, 0.18604, 0.31967) == "24.7 [18.6, 32.0]"
    assert cells.fraction_interval(0.5204, 0.4611, 0.5779) == "0.520 [0.461, 0.578]"


@pytest.mark.parametrize(
    ("spell", "numbers", "text"),
    [
        (cells.percent_interval, (0.2468, 0.186, 0.32), "24.7 [18.6, 32.0]"),
        (cells.points_interval, (0.12, 0.051, 0.189), "+12.0 [+5.1, +18.9]"),
        (cells.points_interval, (-0.05, -0.1, -0.0001), "-5.0 [-10.0, 0.0]"),
        (cells.points_interval, (0.0, -0.0004, 0.0004), "0.0 [0.0, 0.0]"),
        (cells.difference_interval, (0.12, -0.051, 0.0001), "+0.120 [-0.051, 0.000]"),
        (cells.p_value, (0.0342,), "0.034"),
        (cells.p_value, (0.0009,), "<0.001"),
        (cells.p_value, (1.0,), "1.000"),
    ],
)
def test_spelling_of_differences(spell: Callable[..., str], numbers: tuple[float, ...], text: str):
    assert spell(*numbers) == text
