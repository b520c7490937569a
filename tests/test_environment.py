"""What a run records of its machine, versions and code."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from edgejson_bench import environment
from edgejson_bench.environment import DECIDING_CODE, PACKAGES, code_state, hardware, versions

PACKAGE = Path(environment.__file__).resolve().parent


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, installed outside any checkout. Returns its parent folder."""
    root = tmp_path / "project"
    shutil.copytree(PACKAGE, root / "edgejson_bench", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(environment, "__file__", str(root / "edgejson_bench" / "environment.py"))
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return root


@pytest.fixture
def checkout(installed: Path) -> Path:
    """The same as a clean checkout of one commit."""
    (installed / "pyproject.toml").write_text("[project]\n")
    (installed / "README.md").write_text("read me\n")
    (installed / "tasks").mkdir()
    (installed / "tasks" / "task.json").write_text("{}\n")
    git(installed, "init", "--quiet")
    git(installed, "add", ".")
    git(installed, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "first")
    return installed


def git(root: Path, *arguments: str) -> str:
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    state = code_state()
    assert state["commit"] == git(checkout, "rev-parse", "HEAD")
    assert state["dirty"] is False


@pytest.mark.parametrize(
    ("file", "dirty"),
    [
        ("edgejson_bench/scoring/exact.py", True),
        ("edgejson_bench/models/rules.py", True),
        ("edgejson_bench/new_file.py", True),
        ("tasks/task.json", True),
        ("pyproject.toml", True),
        ("README.md", False),
        ("runs/latest/report.json", False),
    ],
)
def test_dirty_is_what_differs_in_code_or_tasks(checkout: Path, file: str, dirty: bool) -> None:
    path = checkout / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as opened:
        opened.write("\n")
    assert code_state()["dirty"] is dirty


def test_an_installed_package_has_no_commit_but_a_digest(installed: Path) -> None:
    state = code_state()
    assert (state["commit"], state["dirty"]) == (None, None)
    assert len(state["digest"]) == 64


def test_another_projects_repository_around_the_package_is_not_asked(checkout: Path) -> None:
    (checkout / "pyproject.toml").unlink()
    assert (code_state()["commit"], code_state()["dirty"]) == (None, None)


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert (code_state()["commit"], code_state()["dirty"]) == (None, None)


@pytest.mark.parametrize(
    ("file", "moves"),
    [
        ("models/rules.py", True),
        ("models/known_models.yaml", True),
        ("decoding/stops.py", True),
        ("protocols.py", True),
        ("tasks.py", True),
        ("generation/form.py", True),
        ("display.py", False),
        ("scoring/exact.py", False),
        ("generation/people.py", False),
    ],
)
def test_the_digest_moves_with_what_decides_a_completion(installed: Path, file: str, moves: bool) -> None:
    before = code_state()["digest"]
    with (installed / "edgejson_bench" / file).open("a") as opened:
        opened.write("\n# a change\n")
    assert (code_state()["digest"] != before) is moves


def test_the_digest_is_the_same_for_the_same_code_wherever_it_is_installed(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = code_state()["digest"]
    monkeypatch.undo()
    assert code_state()["digest"] == elsewhere


def test_the_deciding_code_is_there() -> None:
    for part in DECIDING_CODE:
        assert (PACKAGE / part).exists()


def test_versions_are_those_that_are_installed() -> None:
    found = versions()
    assert set(found) <= {"python", *PACKAGES}
    assert found["python"]
    assert found["jsonschema"] == metadata.version("jsonschema")


def test_a_package_that_is_absent_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def version(package: str) -> str:
        if package == "gguf":
            raise metadata.PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(metadata, "version", version)
    assert "gguf" not in versions()
    assert "jsonschema" in versions()


def test_hardware_says_processor_cores_and_memory() -> None:
    found = hardware()
    assert found["cpu"]
    assert 1 <= found["cores"] <= (os.cpu_count() or 1)
    assert found["memory_gib"] is None or found["memory_gib"] > 0
    assert found["os"].split()
