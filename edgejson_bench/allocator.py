"""One setting of the C library's allocator that decides how fast training is on a CPU."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let this process keep large blocks that it frees, instead of giving them back and asking for them again.

    Each activation of a training step is tens of megabytes; glibc maps such blocks anew every time, and the kernel
    fills each page with zeros on first touch. Kept blocks made a training step 1.16 to 1.2 times as fast (SmolLM2-135M,
    LoRA, packs of 2,048 tokens, 2 cores). Returns whether it took effect: on Linux with glibc alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(M_MMAP_THRESHOLD, 2**30)) and bool(libc.mallopt(M_TRIM_THRESHOLD, LARGEST))
