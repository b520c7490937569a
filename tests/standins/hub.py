"""A local stand-in for the Hugging Face hub: the part of its HTTP API that loading a model needs.

It serves folders as repositories and records what was asked. It never redirects, writes or reaches a network.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

import yaml


class Request(NamedTuple):
    """One request as it arrived."""

    method: str
    """``GET`` or ``HEAD``."""
    path: str
    """Decoded path without the query, such as ``/api/models/ORG/NAME``."""


class HubError(Exception):
    """An answer that the hub's client turns into one of its own exceptions."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        """Value of the ``X-Error-Code`` header, by which the client chooses its exception."""


class Repository:
    """A folder, seen as a model repository with a single commit."""

    def __init__(self, repo_id: str, folder: Path) -> None:
        self.repo_id = repo_id
        self.folder = folder
        self.commit = commit_of(repo_id)

    def files(self) -> dict[str, Path]:
        """Every file by its name in the repository, with ``/`` between folders."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path for path in paths}

    def file(self, name: str) -> Path:
        """One file by its name in the repository.

        Raises:
            HubError: there is none of that name.
        """
        if name not in self.files():
            raise HubError(404, "EntryNotFound", "Entry not found")
        return self.files()[name]

    def check_revision(self, revision: str) -> None:
        """Refuse anything but the branch ``main`` and the commit itself."""
        if revision not in ("main", self.commit):
            raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def card(self) -> dict[str, Any]:
        """The metadata block at the top of ``README.md``, empty where there is none."""
        path = self.folder / "README.md"
        parts = path.read_text("utf-8").split("---\n", 2) if path.is_file() else []
        return yaml.safe_load(parts[1]) or {} if len(parts) == 3 and not parts[0] else {}

    def info(self) -> dict[str, Any]:
        """What ``model_info`` returns, as far as a client relies on it."""
        card = self.card()
        return {
            "_id": self.commit[:24],
            "id": self.repo_id,
            "modelId": self.repo_id,
            "author": self.repo_id.partition("/")[0],
            "sha": self.commit,
            "private": False,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [f"license:{card['license']}"] if "license" in card else [],
            "cardData": card,
            "siblings": [{"rfilename": name} for name in self.files()],
        }

    def tree(self, under: str) -> list[dict[str, Any]]:
        """Every file below ``under``, the empty string meaning all of them."""
        found = {name: path for name, path in self.files().items() if not under or name.startswith(f"{under}/")}
        if under and not found:
            raise HubError(404, "EntryNotFound", f"{under} does not exist on main")
        return [
            {"type": "file", "path": name, "size": path.stat().st_size, "oid": sha256(path)[:40]}
            for name, path in found.items()
        ]


class HubStandIn:
    """Serves ``{repository id: folder}`` on a free local port between ``__enter__`` and ``__exit__``.

    Folders may change, and entries be added to ``repos``, while it runs. A repository in ``gated`` shows its
    metadata and refuses its files, as the real hub does to a visitor without permission.
    """

    endpoint: str
    """Value for ``HF_ENDPOINT``; known once it runs."""

    def __init__(self, repos: Mapping[str, Path], gated: Collection[str] = ()) -> None:
        self.repos = dict(repos)
        """Repository id to folder."""
        self.gated = set(gated)
        """Ids whose files are refused."""
        self.requests: list[Request] = []
        """Everything that was asked, in the order of arrival."""

    def files_fetched(self, repo_id: str) -> list[str]:
        """Names of the files of one repository whose contents were sent, in order."""
        prefix = f"/{repo_id}/resolve/"
        asked = [r.path.removeprefix(prefix) for r in self.requests if r.method == "GET" and r.path.startswith(prefix)]
        return [name for _, _, name in (path.partition("/") for path in asked)]

    def repository(self, repo_id: str) -> Repository:
        """One of the repositories served.

        Raises:
            HubError: there is none of that id.
        """
        if repo_id not in self.repos:
            raise HubError(404, "RepoNotFound", "Repository not found")
        return Repository(repo_id, self.repos[repo_id])

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def commit_of(repo_id: str) -> str:
    """The one commit of a repository here: 40 hex digits that depend on the id alone."""
    return hashlib.sha256(repo_id.encode()).hexdigest()[:40]


def sha256(path: Path) -> str:
    """Hex sha256 of a file, which serves as its entity tag."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_with_hub(
    endpoint: str, argv: Sequence[str], home: Path, *, timeout: float = 120, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python ARGV...`` as a user would whose hub is at ``endpoint`` and whose cache is ``home``.

    A process of its own, because the hub's client reads its endpoint once, when it is imported. ``variables``
    are set on top of an environment without proxies, tokens and hub settings of whoever runs the tests.

    Raises:
        subprocess.TimeoutExpired: it ran for more than ``timeout`` seconds.
    """
    kept = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
    root = Path(__file__).resolve().parents[2]
    environment = kept | {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), kept.get("PYTHONPATH")])),
    }
    return subprocess.run(
        [sys.executable, *argv],
        env=environment | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def _is_foreign(variable: str) -> bool:
    """Whether an environment variable could send a hub client elsewhere, or change what it does."""
    name = variable.upper()
    return name.endswith("_PROXY") or name.startswith(("HF_", "HUGGING_FACE_", "HUGGINGFACE_", "TRANSFORMERS_"))


def _metadata(repository: Repository, parts: list[str]) -> Any:
    """The answer under ``/api/models/ORG/NAME``, as a JSON value."""
    match parts:
        case []:
            return repository.info()
        case ["revision", revision]:
            repository.check_revision(revision)
            return repository.info()
        case ["tree", revision, *under]:
            repository.check_revision(revision)
            return repository.tree("/".join(under))
    raise _not_served()


def _not_served() -> HubError:
    return HubError(404, "NotServed", "the stand-in does not serve this path")


def _handler_for(hub: HubStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection per request (HTTP/1.0), so that nothing is left open when the server stops."""

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append(Request(self.command, path))
            headers: dict[str, str] = {}
            try:
                status, body = 200, self._body(path.strip("/").split("/"), headers)
            except HubError as error:
                status, body = error.status, json.dumps({"error": str(error)}).encode()
                headers |= {"X-Error-Code": error.code, "X-Error-Message": str(error)}
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def _body(self, parts: list[str], headers: dict[str, str]) -> bytes:
            """Body of the answer to a path; what the client reads from ``headers`` is added there."""
            match parts:
                case ["api", "models", org, name, *rest]:
                    headers["Content-Type"] = "application/json"
                    return json.dumps(_metadata(hub.repository(f"{org}/{name}"), rest)).encode()
                case [org, name, "resolve", revision, *file]:
                    repository = hub.repository(f"{org}/{name}")
                    repository.check_revision(revision)
                    headers["X-Repo-Commit"] = repository.commit
                    if repository.repo_id in hub.gated:
                        raise HubError(401, "GatedRepo", f"Access to model {repository.repo_id} is restricted")
                    path = repository.file("/".join(file))
                    headers["ETag"] = f'"{sha256(path)}"'
                    return path.read_bytes()
            raise _not_served()

        def log_message(self, *_: Any) -> None:
            """Requests are recorded, not printed."""

    return Handler
