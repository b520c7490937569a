"""What the C library's allocator keeps of freed memory: it decides how fast training on a CPU is, and how large."""

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


def give_back_freed_memory() -> bool:
    """Return to the system what lies free, and with it the gaps between blocks of ever other sizes.

    Kept blocks fragment: a training whose steps have from 600 to 8,000 tokens held 17 GB after 430 steps; gone on with
    in a new process it held 6 (SmolLM2-135M, LoRA). Returns whether anything was returned: on Linux with glibc alone.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).malloc_trim(0))
