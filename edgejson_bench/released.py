"""The published EdgeJSON v3 files: fetched once from their public repository, checked, kept in the user's cache.

Nothing of them ships here but their names and sha256 sums; no byte with another sum is ever used or kept.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from edgejson_bench import __version__
from edgejson_bench.errors import DataError, OfflineError, UsageError
from edgejson_bench.foreign import load_folder
from edgejson_bench.jsonio import read_json, sha256_file, write_atomic
from edgejson_bench.tasks import Dataset

MAX_BYTES = 16 * 2**20
"""Of one file; the largest released one, the train split, has 0.7 MB."""
SOCKET_TIMEOUT = 20.0
"""Seconds without a byte until a connection counts as dead."""
FILE_TIMEOUT = 120.0
"""Seconds for one file altogether, so that a server that drips cannot hold us for ever."""

_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class ReleasedFiles:
    """What to fetch, from where, and what it must be."""

    repository: str
    """Address for people."""
    commit: str
    """The pinned commit."""
    folder: str
    """Folder of the repository that the paths are relative to."""
    base_url: str
    """Address of that folder at that commit, for fetching."""
    data_license: str
    sha256: Mapping[str, str]
    """Hex sum by path."""


def released_files() -> ReleasedFiles:
    """The table that ships with this package.

    Raises:
        DataError: the installation is broken.
    """
    return ReleasedFiles(**read_json(Path(__file__).with_name("released_files.json")))


def cache_root() -> Path:
    """``$EDGEJSON_CACHE``, else ``$XDG_CACHE_HOME/edgejson-bench``, else ``~/.cache/edgejson-bench``.

    As the XDG specification asks, an ``XDG_CACHE_HOME`` that is no absolute path is ignored.

    Raises:
        DataError: none of the variables is set and there is no home directory.
    """
    if own := os.environ.get("EDGEJSON_CACHE"):
        return Path(own)
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "edgejson-bench"
    try:
        return Path.home() / ".cache" / "edgejson-bench"
    except RuntimeError:
        raise DataError("no home directory to keep the released files in; set EDGEJSON_CACHE to a folder") from None


def load_released(
    cache: Path | None = None,
    *,
    note: Callable[[str], None] = lambda _: None,
    files: ReleasedFiles | None = None,
) -> Dataset:
    """The published EdgeJSON v3 splits and schemas, as the data set ``released``.

    Files that the cache has with the right sum are used without a connection; all others are fetched.
    ``$EDGEJSON_RELEASED_URL`` names a mirror of the repository's folder.

    Args:
        cache: root of the cache, :func:`cache_root` where it is None; the files go to ``released/<commit>/`` in it.
        note: called with one line when fetching begins, when a cached file is replaced, and when all is there.
        files: another table than the one that ships.

    Raises:
        OfflineError: a file is neither cached nor reachable; the message says where to put it.
        DataError: a fetched file has another sum or is too big, or the cache cannot be written.
        UsageError: the mirror's address is neither https nor http on this machine.
    """
    files = released_files() if files is None else files
    folder = (cache_root() if cache is None else cache) / "released" / files.commit[:12]
    try:
        _complete(folder, files, note)
    except OSError as exc:
        raise DataError(
            f"{exc.filename or folder}: the cache of the released files cannot be used ({exc.strerror}); "
            "set EDGEJSON_CACHE to a folder that can be written"
        ) from None
    loaded = load_folder(folder)
    for line in loaded.notes:
        note(line)
    return replace(loaded.dataset, name="released")


def _complete(folder: Path, files: ReleasedFiles, note: Callable[[str], None]) -> None:
    """Fetch what ``folder`` lacks, so that it holds every file with its sum."""
    wanted = []
    for name, expected in files.sha256.items():
        path = folder / name
        if not path.exists():
            wanted.append(name)
        elif sha256_file(path) != expected:
            note(f"{path}: not the released file (its sha256 differs), fetching it again")
            wanted.append(name)
    if not wanted:
        return
    base = _base_url(files)
    opener = _opener(base)
    note(f"fetching {len(wanted)} of {len(files.sha256)} released files from {base}")
    for name in wanted:
        try:
            content = _fetch(opener, base + name)
        except (OSError, http.client.HTTPException) as exc:  # urllib's errors and timeouts are OSErrors
            raise OfflineError(
                f"{base + name}: cannot be fetched ({_reason(exc)}). Connect and run again; or put "
                f"{_shown(wanted)} from {files.folder}/ of {files.repository} at commit {files.commit} "
                f"into {folder}/ under the same names; or pass --data CHECKOUT/{files.folder}, "
                "CHECKOUT being a checkout of that commit"
            ) from None
        found, expected = hashlib.sha256(content).hexdigest(), files.sha256[name]
        if found != expected:
            raise DataError(
                f"{base + name}: sha256 is {found}, the released file has {expected}; "
                "the fetched file was not kept: the server or mirror serves something else"
            )
        write_atomic(folder / name, content.decode("utf-8"))
    note(f"released files are in {folder} (EdgeJSON v3, {files.repository}, data {files.data_license})")


def _base_url(files: ReleasedFiles) -> str:
    base = os.environ.get("EDGEJSON_RELEASED_URL") or files.base_url
    parts = urlsplit(base)
    if parts.scheme != "https" and not _is_local_http(base):
        raise UsageError(f"EDGEJSON_RELEASED_URL={base!r}: must be https:// (or http:// on localhost)")
    return base if base.endswith("/") else f"{base}/"


def _is_local_http(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS


def _opener(base: str) -> urllib.request.OpenerDirector:
    local = _is_local_http(base)
    # A proxy cannot reach a server on this machine, so a local base goes without one.
    proxies = [urllib.request.ProxyHandler({})] if local else []
    return urllib.request.build_opener(_SafeRedirects(local), *proxies)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and from a local base also to a local address."""

    def __init__(self, local: bool) -> None:
        self.local = local

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https" and not (self.local and _is_local_http(newurl)):
            raise urllib.error.URLError(f"redirected to {newurl!r}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _fetch(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """The whole file at ``url``.

    Raises:
        OSError, http.client.HTTPException: not reachable, not there, broken off, or too slow.
        DataError: more than ``MAX_BYTES``.
    """
    request = urllib.request.Request(url, headers={"User-Agent": f"edgejson-bench/{__version__}"})  # noqa: S310
    deadline = time.monotonic() + FILE_TIMEOUT
    content = bytearray()
    response: Any
    with opener.open(request, timeout=SOCKET_TIMEOUT) as response:
        while block := response.read1(2**16):
            content += block
            if len(content) > MAX_BYTES:
                raise DataError(f"{url}: more than {MAX_BYTES} bytes, which no released file has; it was not kept")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not complete after {FILE_TIMEOUT:.0f} s")
        if response.length:  # announced and not sent: read1 ends quietly where a connection breaks off
            raise http.client.IncompleteRead(bytes(content), response.length)
    return bytes(content)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"HTTP {error.code}"
    return str(getattr(error, "reason", None) or error) or type(error).__name__


def _shown(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more files"
