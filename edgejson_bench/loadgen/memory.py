"""How much memory this process takes, and took at most."""

from __future__ import annotations

import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Bytes of memory that this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def peaks() -> dict[str, int | None]:
    """``peak_rss_bytes`` of this process, and ``peak_vram_bytes`` that torch reserved on CUDA; None without CUDA."""
    return {"peak_rss_bytes": _peak_resident_bytes(), "peak_vram_bytes": _peak_vram_bytes()}


def _peak_resident_bytes() -> int:
    try:
        # Not ru_maxrss where it can be helped: on Linux a child begins with that of the parent that started it.
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # no /proc outside Linux
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_vram_bytes() -> int | None:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    return int(torch.cuda.max_memory_reserved())
