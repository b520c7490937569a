"""Reading and writing JSON files: every bad line is named, and no reader ever sees half a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgejson_bench.errors import DataError, RunError
from edgejson_bench.jsonio import canonical, read_json, read_jsonl, sha256_file, sha256_text, write_atomic

DEEP = "[" * 200_000

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_json_is_the_value_and_does_not_depend_on_the_order_of_keys(value: object) -> None:
    def backwards(part: object) -> object:
        if isinstance(part, dict):
            return {key: backwards(part[key]) for key in reversed(part)}
        return [backwards(item) for item in part] if isinstance(part, list) else part

    assert json.loads(canonical(value)) == value
    assert canonical(backwards(value)) == canonical(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_canonical_json_refuses_numbers_that_json_does_not_have(number: float) -> None:
    with pytest.raises(ValueError):
        canonical({"a": [number]})


def test_digests(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("Zürich".encode())
    assert sha256_file(tmp_path / "a") == sha256_text("Zürich") == hashlib.sha256("Zürich".encode()).hexdigest()
    assert sha256_text("\ud800") != sha256_text("\udc00")  # completions hold such; they must not raise


@pytest.mark.parametrize("content", ["Zürich\n", b"\x00\xff"])
def test_a_file_is_written_whole_with_its_folders(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "a" / "b" / "file"
    for _ in range(2):
        write_atomic(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,\n "b": }\n', ":2: not valid JSON"),
        (b"", ":1: not valid JSON"),
        (b'"\xff"', "cannot be read"),
        (DEEP.encode(), "cannot be read"),
        (b"1" * 5000, "cannot be read"),  # more digits than Python turns into an integer
    ],
    ids=["syntax", "empty", "not-utf-8", "too-deep", "too-long-a-number"],
)
def test_a_broken_json_file_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "schema.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_json(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_file_is_an_error_of_the_asked_class(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"none\.json: no such file"):
        read_json(tmp_path / "none.json", RunError)
    with pytest.raises(RunError, match=r"none\.jsonl: no such file"):
        list(read_jsonl(tmp_path / "none.jsonl", RunError))


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_json(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        list(read_jsonl(tmp_path))


def test_json_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    # U+2028 is a line end to str.splitlines and none to JSON Lines
    path.write_text('{"a": 1}\n\n  \r\n{"a": "x\u2028y"}\r\n{"a": 3}', encoding="utf-8", newline="")
    assert list(read_jsonl(path)) == [(1, {"a": 1}), (4, {"a": "x\u2028y"}), (5, {"a": 3})]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"a": ', "not a valid JSON line"),
        (b'{"a": 1} {"a": 2}', "not a valid JSON line"),
        (b'{"a": "\xe4"}', "not a valid JSON line"),
        (DEEP.encode(), "not a valid JSON line"),
        (b"[1]", "expected a JSON object, found list"),
        (b"null", "expected a JSON object, found NoneType"),
    ],
    ids=["cut", "two-values", "latin-1", "too-deep", "a-list", "null"],
)
def test_a_broken_line_is_named_after_the_good_ones_were_read(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    rows = read_jsonl(path)
    assert next(rows) == (1, {"a": 1})
    with pytest.raises(DataError) as caught:
        next(rows)
    assert str(caught.value).startswith(f"{path}:2: ")
    assert message in str(caught.value)
