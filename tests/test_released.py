"""Fetching the released files: from a server on this machine that serves made-up ones, never from the network."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from edgejson_bench import released
from edgejson_bench.errors import DataError, OfflineError, UsageError
from edgejson_bench.released import ReleasedFiles, cache_root, load_released, released_files

COMMIT = "0123456789abcdef" * 2 + "01234567"


def line(**row: Any) -> bytes:
    return json.dumps(row).encode() + b"\n"


CONTENT = {
    "data/edgejson_train_v3.jsonl": line(id="1", schema_id="parcel", prompt="é", expected_output={"weight": 1})
    + b"\r\n",  # stays as it is: a changed line end would change the sum
    "data/edgejson_test_v3.jsonl": line(id="2", schema_id="parcel", prompt="b", expected_output={"weight": 2}),
    "schemas/simple/parcel.json": json.dumps({"type": "object", "title": "Parcel"}).encode(),
}


@dataclass
class Server:
    """What the stand-in serves, and what was asked of it."""

    content: dict[str, bytes]
    asked: list[str] = field(default_factory=list)
    redirect_to: str | None = None
    announce_more: int = 0
    """Bytes that Content-Length promises and that never come."""
    port: int = 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server(dict(CONTENT))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/mirror/")
            state.asked.append(name)
            if state.redirect_to is not None and not self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", state.redirect_to + name)
                self.end_headers()
                return
            body = state.content.get(name.removeprefix("/moved/"))
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + state.announce_more))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Silent: what was asked is in ``state``."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = http.server_port
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("EDGEJSON_RELEASED_URL", f"http://127.0.0.1:{state.port}/mirror")
    # A proxy in the environment must not come between us and a server on this machine.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def table(content: Mapping[str, bytes] = CONTENT) -> ReleasedFiles:
    return ReleasedFiles(
        repository="https://example.org/repository",
        commit=COMMIT,
        folder="benchmarks/made",
        base_url="https://example.invalid/",
        data_license="CC BY 4.0",
        sha256={name: hashlib.sha256(body).hexdigest() for name, body in content.items()},
    )


def kept(cache: Path) -> dict[str, bytes]:
    """Every file below the cache, by its name within the commit's folder."""
    folder = cache / "released" / COMMIT[:12]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_shipped_table_is_whole() -> None:
    files = released_files()
    assert re.fullmatch(r"[0-9a-f]{40}", files.commit)
    assert files.base_url.startswith("https://")
    assert files.base_url.endswith(f"/{files.commit}/{files.folder}/")
    splits = {name for name in files.sha256 if name.startswith("data/")}
    assert splits == {"data/edgejson_train_v3.jsonl", "data/edgejson_test_v3.jsonl"}
    tiers = [re.fullmatch(r"schemas/(simple|medium|complex)/[a-z_]+\.json", name) for name in files.sha256]
    assert sum(tier is not None for tier in tiers) == 25
    assert len(files.sha256) == 27
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in files.sha256.values())
    assert len(set(files.sha256.values())) == 27


RELEASED = Path(__file__).resolve().parents[2] / "shared" / "edgejson_v3"


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the released train data is not beside this checkout")
def test_the_shipped_sums_are_those_of_the_released_files() -> None:
    sums = released_files().sha256
    places = {name: RELEASED / name for name in sums if name.startswith("schemas/")}
    places["data/edgejson_train_v3.jsonl"] = RELEASED / "train.jsonl"
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in places.items()} == {
        name: sums[name] for name in places
    }


def test_everything_is_fetched_once_and_kept_as_it_came(server: Server, tmp_path: Path) -> None:
    notes: list[str] = []
    dataset = load_released(tmp_path, note=notes.append, files=table())
    assert dataset.name == "released"
    assert {split: [row.id for row in rows] for split, rows in dataset.splits.items()} == {
        "train": ["1"],
        "test": ["2"],
    }
    assert (dataset.tasks["parcel"].tier, dataset.tasks["parcel"].title) == ("simple", "Parcel")
    assert kept(tmp_path) == CONTENT
    assert sorted(server.asked) == sorted(CONTENT)
    assert notes[0] == f"fetching 3 of 3 released files from http://127.0.0.1:{server.port}/mirror/"
    assert notes[1].endswith("data CC BY 4.0)")
    assert len(notes) == 2

    server.asked.clear()
    assert load_released(tmp_path, note=notes.append, files=table()) == dataset
    assert server.asked == []
    assert len(notes) == 2


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server, tmp_path: Path) -> None:
    load_released(tmp_path, files=table())
    damaged = tmp_path / "released" / COMMIT[:12] / "data/edgejson_test_v3.jsonl"
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    server.asked.clear()
    notes: list[str] = []
    load_released(tmp_path, note=notes.append, files=table())
    assert server.asked == ["data/edgejson_test_v3.jsonl"]
    assert notes[0] == f"{damaged}: not the released file (its sha256 differs), fetching it again"
    assert kept(tmp_path) == CONTENT


def test_a_wrong_sum_from_the_net_is_refused_with_both_sums_and_nothing_of_it_is_kept(
    server: Server, tmp_path: Path
) -> None:
    name = "data/edgejson_test_v3.jsonl"
    server.content[name] = b"something else\n"
    with pytest.raises(DataError) as caught:
        load_released(tmp_path, files=table())
    assert not isinstance(caught.value, OfflineError)
    assert hashlib.sha256(b"something else\n").hexdigest() in str(caught.value)
    assert table().sha256[name] in str(caught.value)
    assert name not in kept(tmp_path)
    assert all(body == CONTENT[file] for file, body in kept(tmp_path).items())


def test_offline_says_what_to_do(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # port 9 (discard) of this machine: nothing listens there, so the connection is refused at once
    monkeypatch.setenv("EDGEJSON_RELEASED_URL", "http://127.0.0.1:9/")
    with pytest.raises(OfflineError) as caught:
        load_released(tmp_path, files=table())
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("http://127.0.0.1:9/data/edgejson_train_v3.jsonl: cannot be fetched (")
    assert f"into {tmp_path / 'released' / COMMIT[:12]}/ under the same names" in message
    assert f"benchmarks/made/ of https://example.org/repository at commit {COMMIT}" in message
    assert "--data CHECKOUT/benchmarks/made" in message

    # ... and doing what it says works, without a connection
    for name, body in CONTENT.items():
        path = tmp_path / "released" / COMMIT[:12] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    assert len(load_released(tmp_path, files=table()).split("test")) == 1


def test_what_was_fetched_before_a_failure_is_used_after_it(server: Server, tmp_path: Path) -> None:
    missing = server.content.pop("schemas/simple/parcel.json")
    with pytest.raises(OfflineError, match=r"parcel\.json: cannot be fetched \(HTTP 404\)"):
        load_released(tmp_path, files=table())
    server.content["schemas/simple/parcel.json"] = missing
    server.asked.clear()
    load_released(tmp_path, files=table())
    assert server.asked == ["schemas/simple/parcel.json"]


def test_a_connection_that_breaks_off_is_no_wrong_sum(server: Server, tmp_path: Path) -> None:
    server.announce_more = 5
    with pytest.raises(OfflineError, match=r"cannot be fetched .*5 more expected"):
        load_released(tmp_path, files=table())
    assert kept(tmp_path) == {}


def test_a_file_that_never_ends_is_cut(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="more than 10 bytes, which no released file has"):
        load_released(tmp_path, files=table())
    assert kept(tmp_path) == {}


def test_a_server_that_drips_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "FILE_TIMEOUT", -1.0)
    with pytest.raises(OfflineError, match="not complete after"):
        load_released(tmp_path, files=table())


def test_redirects_stay_on_https_or_on_this_machine(server: Server, tmp_path: Path) -> None:
    server.redirect_to = f"http://127.0.0.1:{server.port}/moved/"
    assert len(load_released(tmp_path / "a", files=table()).tasks) == 1
    for elsewhere, message in (
        ("http://example.invalid/", "redirected to 'http://example.invalid/"),
        ("ftp://127.0.0.1/", "redirected to 'ftp://127.0.0.1/"),
        ("file:///etc/", "HTTP 302"),  # urllib itself refuses this one
    ):
        server.redirect_to = elsewhere
        with pytest.raises(OfflineError, match=message):
            load_released(tmp_path / "b", files=table())
        assert not (tmp_path / "b").exists()


def test_a_redirect_from_https_to_this_machine_is_refused_too() -> None:
    handler = released._SafeRedirects(local=False)
    request = released.urllib.request.Request("https://example.invalid/a")
    with pytest.raises(OSError, match="which is not https"):
        handler.redirect_request(request, None, 302, "Found", {}, "http://127.0.0.1/a")
    followed = handler.redirect_request(request, None, 302, "Found", {}, "https://example.invalid/b")
    assert followed.full_url == "https://example.invalid/b"


@pytest.mark.parametrize("url", ["http://example.invalid/x", "ftp://localhost/x", "file:///etc", "example.invalid"])
def test_a_mirror_must_be_https_or_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EDGEJSON_RELEASED_URL", url)
    with pytest.raises(UsageError, match=r"EDGEJSON_RELEASED_URL=.*must be https://"):
        load_released(tmp_path, files=table())


def test_an_unusable_cache_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "released").write_text("a file where a folder should be")
    with pytest.raises(DataError, match=r"cache of the released files cannot be used .*set EDGEJSON_CACHE"):
        load_released(tmp_path, files=table())


@pytest.mark.parametrize(
    ("own", "xdg", "expected"),
    [
        ("/own", "/xdg", "/own"),
        ("", "/xdg", "/xdg/edgejson-bench"),
        (None, "/xdg", "/xdg/edgejson-bench"),
        (None, "relative", "/home/somebody/.cache/edgejson-bench"),
        (None, "", "/home/somebody/.cache/edgejson-bench"),
        (None, None, "/home/somebody/.cache/edgejson-bench"),
    ],
)
def test_cache_root(monkeypatch: pytest.MonkeyPatch, own: str | None, xdg: str | None, expected: str) -> None:
    for name, value in (("EDGEJSON_CACHE", own), ("XDG_CACHE_HOME", xdg), ("HOME", "/home/somebody")):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert cache_root() == Path(expected)


def test_the_cache_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEJSON_CACHE", str(tmp_path))
    load_released(files=table())
    assert kept(tmp_path) == CONTENT


def test_another_commit_is_another_folder(server: Server, tmp_path: Path) -> None:
    load_released(tmp_path, files=table())
    load_released(tmp_path, files=replace(table(), commit="f" * 40))
    assert sorted(path.name for path in (tmp_path / "released").iterdir()) == [COMMIT[:12], "f" * 12]
