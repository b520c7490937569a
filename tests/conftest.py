"""What every test shares: no way to the real network, and tiny models for the real loading code to load.

The hub's client reads its settings when it is imported, so they are set here, before any test module is.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.standins import ADAPTER_ID, BASE_ID
from tests.standins.hub import HubStandIn
from tests.standins.tiny import write_tiny_adapter, write_tiny_gguf, write_tiny_llama

HUB_HOME = tempfile.mkdtemp(prefix="edgejson-bench-tests-")

os.environ |= {
    "HF_ENDPOINT": "http://127.0.0.1:9",  # nobody listens on the discard port
    "HF_HUB_OFFLINE": "1",  # fail at once; without it the client retries for 24 s
    "HF_HOME": HUB_HOME,
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",  # tests start processes, and tokenizers warns about forks
}

LOCAL_HOSTS = (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1")


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: a connection or name look-up that would leave this machine is a fault of the test."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if host not in LOCAL_HOSTS:
        raise RuntimeError(f"a test tried to reach {host!r}; tests use the stand-ins in tests/standins")


sys.addaudithook(_refuse_network)


def pytest_unconfigure() -> None:
    """Remove the hub cache of this test session."""
    shutil.rmtree(HUB_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama with its tokenizer. Shared by all tests: read only."""
    return write_tiny_llama(tmp_path_factory.mktemp("tiny-model"))


@pytest.fixture(scope="session")
def tiny_chat_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a ChatML template and end token. Shared by all tests: read only."""
    return write_tiny_llama(tmp_path_factory.mktemp("tiny-chat-model"), chat=True)


@pytest.fixture(scope="session")
def tiny_adapter_dir(tmp_path_factory: pytest.TempPathFactory, tiny_model_dir: Path) -> Path:
    """A LoRA adapter that names ``BASE_ID`` as its base and fits ``tiny_model_dir``. Shared by all tests: read only."""
    return write_tiny_adapter(tmp_path_factory.mktemp("tiny-adapter"), BASE_ID, tiny_model_dir)


@pytest.fixture(scope="session")
def tiny_zero_adapter_dir(tmp_path_factory: pytest.TempPathFactory, tiny_model_dir: Path) -> Path:
    """An adapter that changes no logit. Shared by all tests: read only."""
    return write_tiny_adapter(tmp_path_factory.mktemp("tiny-zero-adapter"), BASE_ID, tiny_model_dir, zero=True)


@pytest.fixture(scope="session")
def tiny_gguf_path(tmp_path_factory: pytest.TempPathFactory, tiny_chat_model_dir: Path) -> Path:
    """``tiny_chat_model_dir`` as one unrounded GGUF file, alone in its folder. Shared by all tests: read only."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny-gguf") / "tiny-chat.F32.gguf", tiny_chat_model_dir)


@pytest.fixture
def hub(tiny_model_dir: Path, tiny_adapter_dir: Path) -> Iterator[HubStandIn]:
    """A running hub with ``ADAPTER_ID`` and ``BASE_ID``; a test may add to ``hub.repos`` and ``hub.gated``."""
    with HubStandIn({ADAPTER_ID: tiny_adapter_dir, BASE_ID: tiny_model_dir}) as running:
        yield running
