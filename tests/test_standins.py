"""The stand-ins themselves: what the real clients make of the local hub, and that the tiny models are real models."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.standins import ADAPTER_ID, BASE_ID
from tests.standins.hub import HubStandIn, commit_of, run_with_hub
from tests.standins.tiny import write_tiny_adapter, write_tiny_llama

REPO_ID = "CycleCoreTechnologies/base-standin"
TEXT = 'Invoice é 12.50\n  Paid: True <|im_start|>{"total": 12.5}'


def in_client(hub: HubStandIn, home: Path, script: str) -> Any:
    """What ``script`` leaves in ``answer``, run in a process whose hub is the stand-in."""
    script = f"import json, warnings\nwarnings.simplefilter('ignore')\n{script}\nprint(json.dumps(answer))"
    done = run_with_hub(hub.endpoint, ["-c", script], home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def plain_hub(tmp_path: Path) -> Iterator[HubStandIn]:
    """A hub with one repository of plain files, which needs no torch to make."""
    folder = tmp_path / "repository"
    (folder / "extra").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "README.md").write_text("---\nlicense: apache-2.0\nbase_model: ORG/BASE\n---\n# A model\n")
    (folder / "extra" / "notes.txt").write_text("notes")
    with HubStandIn({REPO_ID: folder, "org/gated": folder}, gated=["org/gated"]) as running:
        yield running


def get(hub: HubStandIn, path: str) -> tuple[int, bytes]:
    """Status and body of a bare request."""
    connection = http.client.HTTPConnection(urlsplit(hub.endpoint).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_client_reads_what_a_repository_holds(plain_hub: HubStandIn, tmp_path: Path) -> None:
    answer = in_client(
        plain_hub,
        tmp_path / "home",
        f"""
from pathlib import Path
from huggingface_hub import file_exists, hf_hub_download, list_repo_files, model_info, snapshot_download
info = model_info("{REPO_ID}")
answer = {{
    "sha": info.sha,
    "siblings": [file.rfilename for file in info.siblings],
    "license": info.card_data.license,
    "listed": list_repo_files("{REPO_ID}"),
    "exists": [file_exists("{REPO_ID}", name) for name in ("config.json", "adapter_config.json")],
    "config": Path(hf_hub_download("{REPO_ID}", "config.json", revision=info.sha)).read_text(),
    "snapshot": Path(snapshot_download("{REPO_ID}"), "extra", "notes.txt").read_text(),
    "again": Path(hf_hub_download("{REPO_ID}", "config.json", local_files_only=True)).parent.name,
}}""",
    )
    files = ["README.md", "config.json", "extra/notes.txt"]
    assert answer == {
        "sha": commit_of(REPO_ID),
        "siblings": files,
        "license": "apache-2.0",
        "listed": files,
        "exists": [True, False],
        "config": '{"model_type": "llama"}',
        "snapshot": "notes",
        "again": commit_of(REPO_ID),
    }
    assert sorted(plain_hub.files_fetched(REPO_ID)) == files, "each file is fetched once, then comes from the cache"


def test_the_client_raises_its_own_errors(plain_hub: HubStandIn, tmp_path: Path) -> None:
    answer = in_client(
        plain_hub,
        tmp_path / "home",
        f"""
from huggingface_hub import hf_hub_download, model_info
calls = {{
    "unknown repository": lambda: hf_hub_download("nobody/nothing", "config.json"),
    "unknown repository, metadata": lambda: model_info("nobody/nothing"),
    "missing file": lambda: hf_hub_download("{REPO_ID}", "adapter_config.json"),
    "unknown revision": lambda: hf_hub_download("{REPO_ID}", "config.json", revision="v9"),
    "unknown revision, metadata": lambda: model_info("{REPO_ID}", revision="v9"),
    "gated": lambda: hf_hub_download("org/gated", "config.json"),
}}
answer = {{}}
for name, call in calls.items():
    try:
        call()
    except Exception as error:
        answer[name] = type(error).__name__""",
    )
    assert answer == {
        "unknown repository": "RepositoryNotFoundError",
        "unknown repository, metadata": "RepositoryNotFoundError",
        "missing file": "RemoteEntryNotFoundError",
        "unknown revision": "RevisionNotFoundError",
        "unknown revision, metadata": "RevisionNotFoundError",
        "gated": "GatedRepoError",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/models",
        f"/api/models/{REPO_ID}/tree/main/absent",
        f"/{REPO_ID}/resolve/main/extra",
        f"/{REPO_ID}/resolve/main/../../home",
        f"/{REPO_ID}/resolve/main/%2e%2e/repository/config.json",
        f"/{REPO_ID}/blob/main/config.json",
    ],
)
def test_nothing_else_is_served(plain_hub: HubStandIn, path: str) -> None:
    status, _ = get(plain_hub, path)
    assert status == 404


def test_requests_are_recorded_and_the_port_is_given_back(plain_hub: HubStandIn) -> None:
    assert get(plain_hub, f"/{REPO_ID}/resolve/main/extra%2Fnotes.txt?download=true") == (200, b"notes")
    assert plain_hub.requests == [("GET", f"/{REPO_ID}/resolve/main/extra/notes.txt")]
    with HubStandIn({}) as short_lived:
        assert get(short_lived, "/")[0] == 404
    with pytest.raises(ConnectionRefusedError):
        get(short_lived, "/")


@pytest.mark.parametrize(
    "variable",
    ["HTTPS_PROXY", "all_proxy", "HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_CACHE", "HUGGING_FACE_HUB_TOKEN"],
)
def test_a_client_gets_no_settings_of_whoever_runs_the_tests(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, "1")
    done = run_with_hub("http://127.0.0.1:9", ["-c", "import json, os; print(json.dumps(dict(os.environ)))"], tmp_path)
    environment = json.loads(done.stdout)
    assert variable not in environment
    assert environment["HF_ENDPOINT"] == "http://127.0.0.1:9"
    assert environment["HF_HOME"] == str(tmp_path)


def test_no_test_reaches_the_network() -> None:
    with pytest.raises(RuntimeError, match=r"tried to reach 'huggingface\.co'"):
        socket.getaddrinfo("huggingface.co", 443)
    with socket.socket() as connection, pytest.raises(RuntimeError, match=r"tried to reach '192\.0\.2\.1'"):
        connection.connect(("192.0.2.1", 443))


@pytest.mark.torch
def test_model_and_adapter_load_by_id(
    hub: HubStandIn, tiny_model_dir: Path, tiny_adapter_dir: Path, tmp_path: Path
) -> None:
    answer = in_client(
        hub,
        tmp_path,
        f"""
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
for attempt in ("first", "cached"):
    tokenizer = AutoTokenizer.from_pretrained("{BASE_ID}")
    model = AutoModelForCausalLM.from_pretrained("{BASE_ID}")
    tokens = tokenizer({TEXT!r}, return_tensors="pt").input_ids
    base = model(tokens).logits[0, -1].tolist()
    adapted = PeftModel.from_pretrained(model, "{ADAPTER_ID}")(tokens).logits[0, -1].tolist()
answer = {{"base": base, "adapted": adapted}}""",
    )
    assert sorted(hub.files_fetched(BASE_ID)) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert sorted(hub.files_fetched(ADAPTER_ID)) == ["adapter_config.json", "adapter_model.safetensors"]
    # Another process may add up in another order, so equality is asked for to the fifth digit.
    assert answer["base"] == pytest.approx(last_logits(tiny_model_dir).tolist(), rel=1e-5, abs=1e-5)
    adapted = last_logits(tiny_model_dir, adapter=tiny_adapter_dir).tolist()
    assert answer["adapted"] == pytest.approx(adapted, rel=1e-5, abs=1e-5)


def last_logits(folder: Path, *, adapter: Path | None = None, gguf_file: str | None = None) -> Any:
    """Logits after :data:`TEXT`, of a model loaded from a folder."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf_file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf_file)
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter)
    with torch.inference_mode():
        return model(tokenizer(TEXT, return_tensors="pt").input_ids).logits[0, -1]


@pytest.mark.torch
def test_only_a_trained_adapter_changes_logits(
    tiny_model_dir: Path, tiny_adapter_dir: Path, tiny_zero_adapter_dir: Path
) -> None:
    base = last_logits(tiny_model_dir)
    assert (last_logits(tiny_model_dir, adapter=tiny_adapter_dir) - base).abs().max() > 0.1
    assert last_logits(tiny_model_dir, adapter=tiny_zero_adapter_dir).equal(base)


@pytest.mark.torch
def test_gguf_computes_what_its_folder_does(tiny_chat_model_dir: Path, tiny_gguf_path: Path) -> None:
    from transformers import AutoTokenizer

    ours = AutoTokenizer.from_pretrained(tiny_chat_model_dir)
    theirs = AutoTokenizer.from_pretrained(tiny_gguf_path.parent, gguf_file=tiny_gguf_path.name)
    assert theirs(TEXT).input_ids == ours(TEXT).input_ids
    assert theirs.chat_template == ours.chat_template
    assert (theirs.eos_token, len(theirs)) == (ours.eos_token, len(ours))
    from_file = last_logits(tiny_gguf_path.parent, gguf_file=tiny_gguf_path.name)
    assert from_file.equal(last_logits(tiny_chat_model_dir))


@pytest.mark.torch
def test_tokenizer_keeps_any_text_and_knows_its_ends(tiny_model_dir: Path, tiny_chat_model_dir: Path) -> None:
    from transformers import AutoTokenizer

    base, chat = (AutoTokenizer.from_pretrained(folder) for folder in (tiny_model_dir, tiny_chat_model_dir))
    assert base.decode(base(TEXT).input_ids) == TEXT
    assert (base.eos_token, base.pad_token, base.chat_template) == ("<|endoftext|>", None, None)
    assert chat.eos_token == "<|im_end|>"
    turn = chat.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    assert turn == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.torch
def test_the_same_seed_gives_the_same_bytes(tiny_model_dir: Path, tiny_adapter_dir: Path, tmp_path: Path) -> None:
    again = {
        tiny_model_dir: write_tiny_llama(tmp_path / "model"),
        tiny_adapter_dir: write_tiny_adapter(tmp_path / "adapter", BASE_ID, tiny_model_dir),
    }
    for first, second in again.items():
        assert contents(second) == contents(first)
    assert contents(write_tiny_llama(tmp_path / "other", seed=7)) != contents(tiny_model_dir)


@pytest.mark.torch
@pytest.mark.parametrize("base", ["ORG/BASE", "/home/somebody/base-model"])
def test_an_adapter_records_the_base_it_is_told(base: str, tiny_model_dir: Path, tmp_path: Path) -> None:
    folder = write_tiny_adapter(tmp_path, base, tiny_model_dir)
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == base
    assert str(tiny_model_dir) not in (folder / "README.md").read_text()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes by its name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
