"""The machine in the detail that decides speed, for measurements of time. Read without importing any framework.

What is not known is None, never a guess. Runs and submissions keep to :func:`edgejson_bench.environment.hardware`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgejson_bench.environment import hardware
from edgejson_bench.jsonio import canonical, sha256_text

INSTRUCTION_SETS = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni"),
    *("avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8"),
    *("neon", "asimd", "asimddp", "fphp", "asimdhp", "i8mm", "bf16", "sve", "sve2", "sme"),
)
"""Those that matrix products use, as Linux spells them (x86, then ARM)."""

VIRTUAL_PRODUCTS = (
    *("kvm", "qemu", "vmware", "virtualbox", "virtual machine", "hvm domu", "bochs"),
    *("google compute engine", "amazon ec2", "openstack", "droplet", "apple virtualization"),
)
"""What the product name of a virtual machine holds, in lower case."""

CPUINFO = Path("/proc/cpuinfo")
CPUS = Path("/sys/devices/system/cpu")
PRODUCT = Path("/sys/class/dmi/id/product_name")
HYPERVISOR = (Path("/sys/hypervisor/type"), Path("/proc/device-tree/hypervisor"))


def machine() -> dict[str, Any]:
    """Processor, instruction sets, cores, memory in GiB, system, virtual or not, GPUs with driver and memory in MiB."""
    flags = _flags()
    return {
        **hardware(),
        "physical_cores": physical_cores(),
        "instruction_sets": None if flags is None else [name for name in INSTRUCTION_SETS if name in flags],
        "virtual": _virtual(flags),
        "gpus": _gpus(),
    }


def fingerprint(found: Mapping[str, Any], device: str, threads: int) -> str:
    """A digest of what decides speed: only times of one digest may be ranked together.

    ``found`` is of :func:`machine`. GPUs count where ``device`` is not the CPU: one that idles changes no time.
    """
    decisive = {key: value for key, value in found.items() if key != "gpus" or device != "cpu"}
    return sha256_text(canonical({**decisive, "device": device, "threads": threads}))


def physical_cores() -> int | None:
    """Cores that this process may use, threads of one core counted once; None where that cannot be told."""
    by_core = _by_core(allowed_cpus() or ())
    return len(by_core) if by_core else None


def allowed_cpus() -> list[int] | None:
    """Numbers of the logical CPUs that this process may use; None where the system does not tell or bind them."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def cpus_for(threads: int) -> list[int] | None:
    """Where to pin so many threads: one per physical core first, then the cores' other threads. None as above."""
    allowed = allowed_cpus()
    if allowed is None:
        return None
    by_core = _by_core(allowed) or {(cpu, 0): [cpu] for cpu in allowed}
    deepest = max(len(cpus) for cpus in by_core.values())
    in_order = [cpus[turn] for turn in range(deepest) for cpus in by_core.values() if turn < len(cpus)]
    return sorted(in_order[:threads])


def _by_core(cpus: Sequence[int]) -> dict[tuple[int, int], list[int]]:
    """Logical CPUs by package and core; empty where the system does not tell."""
    found: dict[tuple[int, int], list[int]] = {}
    for cpu in cpus:
        folder = CPUS / f"cpu{cpu}" / "topology"
        try:
            core = int((folder / "physical_package_id").read_text()), int((folder / "core_id").read_text())
        except (OSError, ValueError):
            return {}
        found.setdefault(core, []).append(cpu)
    return found


def _flags() -> frozenset[str] | None:
    try:
        lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(("flags", "Features")):
            return frozenset(line.partition(":")[2].split())
    return None


def _virtual(flags: frozenset[str] | None) -> bool | None:
    if flags is not None and "hypervisor" in flags:
        return True
    if any(path.exists() for path in HYPERVISOR):
        return True
    try:
        product = PRODUCT.read_text(encoding="utf-8").strip().lower()
    except OSError:
        product = ""
    if any(name in product for name in VIRTUAL_PRODUCTS):
        return True
    # On x86 every hypervisor that doesn't hide sets the flag; elsewhere its absence says nothing.
    return False if flags is not None and platform.machine().lower() in ("x86_64", "amd64") else None


def _gpus() -> list[dict[str, Any]] | None:
    """What nvidia-smi tells; None where it is not there, so that an unseen GPU is not called absent."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    gpus = []
    for line in done.stdout.splitlines():
        name, driver, memory = (part.strip() for part in line.rsplit(",", 2))
        gpus.append({"name": name, "driver": driver, "memory_mib": int(memory) if memory.isdigit() else None})
    return gpus
