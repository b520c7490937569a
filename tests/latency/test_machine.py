"""What is known of a machine, what is left open, and which machines count as the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgejson_bench import machine as machines
from edgejson_bench.environment import hardware
from edgejson_bench.machine import cpus_for, fingerprint, machine, physical_cores


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system that tells nothing; tests add what it tells."""
    monkeypatch.setattr(machines, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machines, "CPUS", tmp_path / "cpu")
    monkeypatch.setattr(machines, "PRODUCT", tmp_path / "product_name")
    monkeypatch.setattr(machines, "HYPERVISOR", (tmp_path / "hypervisor",))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_it_holds_what_runs_record_and_more() -> None:
    found = machine()
    assert hardware().items() <= found.items()
    assert set(found) - set(hardware()) == {"physical_cores", "instruction_sets", "virtual", "gpus"}


def test_what_is_not_told_is_none(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines.platform, "machine", lambda: "x86_64")
    found = machine()
    assert [found[key] for key in ("physical_cores", "instruction_sets", "virtual", "gpus")] == [None] * 4


def test_instruction_sets_are_those_that_matter(bare: Path) -> None:
    (bare / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu sse4_2 avx2 avx512f amx_tile\n\nflags\t: other\n")
    assert machine()["instruction_sets"] == ["sse4_2", "avx2", "avx512f", "amx_tile"]
    (bare / "cpuinfo").write_text("Features\t: fp asimd asimddp i8mm\n")
    assert machine()["instruction_sets"] == ["asimd", "asimddp", "i8mm"]


@pytest.mark.parametrize(
    ("flags", "product", "hypervisor", "system", "virtual"),
    [
        ("flags : avx2 hypervisor", None, False, "x86_64", True),
        ("flags : avx2", "Laptop 14", False, "x86_64", False),
        ("flags : avx2", "KVM", False, "x86_64", True),
        ("Features : asimd", None, False, "aarch64", None),
        ("Features : asimd", None, True, "aarch64", True),
        ("Features : asimd", "QEMU Virtual Machine", False, "aarch64", True),
        (None, None, False, "x86_64", None),
    ],
)
def test_virtual_or_not_or_not_known(
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: str | None,
    product: str | None,
    hypervisor: bool,
    system: str,
    virtual: bool | None,
) -> None:
    monkeypatch.setattr(machines.platform, "machine", lambda: system)
    if flags:
        (bare / "cpuinfo").write_text(flags + "\n")
    if product:
        (bare / "product_name").write_text(product + "\n")
    if hypervisor:
        (bare / "hypervisor").mkdir()
    assert machine()["virtual"] is virtual


def test_gpus_come_with_driver_and_memory(bare: Path) -> None:
    program = bare / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'Some GPU, Large, 570.1, 81559'\necho 'Other, 570.1, [N/A]'\n")
    program.chmod(0o755)
    assert machine()["gpus"] == [
        {"name": "Some GPU, Large", "driver": "570.1", "memory_mib": 81559},
        {"name": "Other", "driver": "570.1", "memory_mib": None},
    ]
    program.write_text("#!/bin/sh\nexit 9\n")
    assert machine()["gpus"] is None


def lay_out(folder: Path, cores: list[int]) -> None:
    for cpu, core in enumerate(cores):
        topology = folder / "cpu" / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text("0\n")
        (topology / "core_id").write_text(f"{core}\n")


def test_threads_go_to_cores_of_their_own_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(bare, [0, 0, 1, 1])  # neighbours are threads of one core
    monkeypatch.setattr(machines, "allowed_cpus", lambda: [0, 1, 2, 3])
    assert physical_cores() == 2
    assert [cpus_for(threads) for threads in (1, 2, 3, 4)] == [[0], [0, 2], [0, 1, 2], [0, 1, 2, 3]]


def test_without_topology_logical_cpus_are_taken_in_order(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "allowed_cpus", lambda: [4, 5, 6])
    assert physical_cores() is None
    assert cpus_for(2) == [4, 5]
    monkeypatch.setattr(machines, "allowed_cpus", lambda: None)
    assert cpus_for(2) is None


FOUND: dict[str, Any] = {"cpu": "A", "cores": 4, "virtual": False, "gpus": [{"name": "G", "driver": "1"}]}


@pytest.mark.parametrize(
    ("change", "device", "threads", "same"),
    [
        ({}, "cpu", 2, True),
        ({"gpus": None}, "cpu", 2, True),
        ({"cpu": "B"}, "cpu", 2, False),
        ({"virtual": True}, "cpu", 2, False),
        ({}, "cpu", 4, False),
        ({}, "G", 2, False),
    ],
)
def test_what_decides_speed_decides_the_fingerprint(
    change: dict[str, Any], device: str, threads: int, same: bool
) -> None:
    assert (fingerprint({**FOUND, **change}, device, threads) == fingerprint(FOUND, "cpu", 2)) is same


def test_on_a_gpu_its_driver_counts() -> None:
    other = {**FOUND, "gpus": [{"name": "G", "driver": "2"}]}
    assert fingerprint(FOUND, "G", 2) != fingerprint(other, "G", 2)
