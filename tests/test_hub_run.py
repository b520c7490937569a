"""The whole way of a published model, through the command line: hub id to files, base, prompt, run and manifest."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.standins import ADAPTER_ID, BASE_ID
from tests.standins.hub import HubStandIn, commit_of, run_with_hub

pytestmark = pytest.mark.torch

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens on the discard port."""

QUICK_SECONDS = 60
"""Left to retry, the client would take 24 s a file; starting Python and torch takes 6, longer on a busy machine."""


def run_model(
    spec: str, endpoint: str, folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """``edgejson-bench run --model SPEC`` on two short examples, cached and written below ``folder``."""
    runs = ["--runs", str(folder / "runs"), "--no-latency", "--threads", "1"]
    selection = ["--task", "rating", "--limit", "2"]
    argv = ["-m", "edgejson_bench.cli", "run", "--model", spec, *selection, *runs, *arguments]
    return run_with_hub(endpoint, argv, folder / "home", **variables)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The error line of a run that failed as it should."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    *notes, error = done.stderr.splitlines()
    assert not [line for line in notes if line.startswith("edgejson-bench:")]
    return error


def test_a_published_adapter_runs_by_its_id_and_again_from_the_cache(hub: HubStandIn, tmp_path: Path) -> None:
    done = run_model(ADAPTER_ID, hub.endpoint, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert f"{ADAPTER_ID} was trained with the published prompt, so it is asked with that one" in done.stderr
    assert sorted(hub.files_fetched(BASE_ID)) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    fetched = hub.files_fetched(ADAPTER_ID)
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json"} <= set(fetched)
    assert "README.md" not in fetched

    report = json.loads(done.stdout)
    (manifest_path,) = (path for path in tmp_path.glob("runs/*/manifest.json") if not path.parent.is_symlink())
    manifest = json.loads(manifest_path.read_text("utf-8"))
    model = manifest["model"]
    assert (model["spec"], model["revision"]) == (ADAPTER_ID, commit_of(ADAPTER_ID))
    assert (model["base"], model["base_revision"]) == (BASE_ID, commit_of(BASE_ID))
    assert (model["kind"], model["license"]) == ("peft", "apache-2.0")
    assert (manifest["protocol"]["prompt"], manifest["protocol"]["prompt_source"]) == ("published", "known-models")
    assert report["run"]["model"] == model
    completions = manifest_path.with_name("completions.jsonl").read_text("utf-8").splitlines()
    assert len(completions) == 2

    # The same again, first with a hub that does not answer, then told to stay offline.
    for name, endpoint, variables in (
        ("unreachable", NOWHERE, {}),
        ("offline", hub.endpoint, {"HF_HUB_OFFLINE": "1"}),
    ):
        hub.requests.clear()
        again = run_model(ADAPTER_ID, endpoint, tmp_path, "--run-dir", str(tmp_path / name), **variables)
        assert again.returncode == 0, again.stderr
        assert hub.requests == []
        recorded = json.loads((tmp_path / name / "manifest.json").read_text("utf-8"))
        assert recorded["model"] == model
        assert sorted((tmp_path / name / "completions.jsonl").read_text("utf-8").splitlines()) == sorted(completions)


def test_an_unknown_id_is_one_line(hub: HubStandIn, tmp_path: Path) -> None:
    assert refusal(run_model("nobody/nothing", hub.endpoint, tmp_path)) == (
        "edgejson-bench: model 'nobody/nothing' is not on the hub, or is private: "
        "check the id, or log in with: hf auth login"
    )


def test_an_unknown_revision_is_one_line(hub: HubStandIn, tmp_path: Path) -> None:
    done = run_model(BASE_ID, hub.endpoint, tmp_path, "--revision", "v9")
    assert refusal(done) == f"edgejson-bench: model {BASE_ID!r} has no revision 'v9' on the hub"


def test_a_gated_base_is_one_line(hub: HubStandIn, tmp_path: Path) -> None:
    hub.gated.add(BASE_ID)
    assert refusal(run_model(ADAPTER_ID, hub.endpoint, tmp_path)) == (
        f"edgejson-bench: {ADAPTER_ID}: its base {BASE_ID!r} is gated: "
        "accept its terms on the hub, then log in with: hf auth login"
    )


def test_without_a_network_and_a_cache_it_fails_soon_and_in_one_line(tmp_path: Path) -> None:
    """The client told to stay offline is tested with ``resolve``; here it finds out by itself."""
    started = time.monotonic()
    error = refusal(run_model(ADAPTER_ID, NOWHERE, tmp_path))
    assert time.monotonic() - started < QUICK_SECONDS
    assert error == (
        f"edgejson-bench: model {ADAPTER_ID!r}: the hub cannot be reached and nothing of it is cached here "
        "(ConnectError); connect, or give a folder or smollm2-135m-instruct"
    )
