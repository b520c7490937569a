"""Boards for programs: JSON with everything, and CSV with a line for each row of each style."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from edgejson_bench.leaderboard.table import Board, Estimate, Row, StyleTable
from edgejson_bench.reported import Reported

FORMAT_VERSION = 1

ROW_DEPTH = 6
"""Of a row below its boards, board, styles, style and rows."""

_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=vars)

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by; text that begins so gets an apostrophe in front."""


def as_json(boards: Sequence[Board], reported: Sequence[Reported]) -> str:
    """All that tables show, as fractions, seconds and bytes, a row a line; texts are as submitted."""
    content = {
        "format_version": FORMAT_VERSION,
        "boards": boards,
        "reported": [{**row.record, "noted": row.notes} for row in reported],
    }
    return _json(content) + "\n"


def _json(value: Any, depth: int = 0) -> str:
    """``value`` on lines of its own down to the rows, which are on one line each."""
    if depth < ROW_DEPTH and is_dataclass(value):
        value = vars(value)
    if depth == ROW_DEPTH or not value or not isinstance(value, Mapping | list | tuple):
        return _ENCODER.encode(value)
    inside, end = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, Mapping):
        parts = [f"{_ENCODER.encode(key)}: {_json(one, depth + 1)}" for key, one in value.items()]
        return f"{{{inside}{f',{inside}'.join(parts)}{end}}}"
    return f"[{inside}{f',{inside}'.join(_json(one, depth + 1) for one in value)}{end}]"


def as_csv(boards: Sequence[Board]) -> str:
    """One line for each row of each style of each board, in their order; shares are fractions.

    Tiers are columns of their own: of all boards together, empty where a board has no such tier.
    """
    tiers = list(dict.fromkeys(tier for board in boards for style in board.styles for tier in style.tiers))
    lines = [_line(board, style, row, tiers) for board in boards for style in board.styles for row in style.rows]
    head = list(lines[0]) if lines else ["data", "split", "protocol", "style", "rank", "model"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in line.values()] for line in lines)
    return out.getvalue()


def _line(board: Board, style: StyleTable, row: Row, tiers: Sequence[str]) -> dict[str, Any]:
    return {
        "data": board.data,
        "fingerprint": board.fingerprint,
        "split": board.split,
        "protocol": board.protocol,
        "style": style.style,
        "rank": row.rank,
        "model": row.model,
        "no_model": row.baseline,
        "parameters": row.parameters,
        "size_bytes": row.size_bytes,
        "dtype": row.dtype,
        "quantisation": row.quantisation,
        "n": row.json_exact.n,
        **_estimate("json_exact", row.json_exact),
        **_estimate("field_f1", row.field_f1),
        **_estimate("compliance", row.compliance),
        **{key: value for tier in tiers for key, value in _estimate(f"json_exact_{tier}", row.tiers.get(tier)).items()},
        "cut": row.cut,
        "unparsed": row.unparsed,
        "failed": row.failed,
        "p50_seconds": row.p50_seconds,
        "decode_tokens_per_second": row.decode_tokens_per_second,
        "machine": row.machine,
        "level": row.level,
        "asked_again": row.again.asked if row.again else None,
        "date": row.date,
        "submission": row.submission,
    }


def _estimate(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
