"""Telling a lack of memory from other failures of a pass. It frees nothing and decides nothing."""

from __future__ import annotations

import torch

FAILURES = (MemoryError, RuntimeError)
"""What to catch before asking :func:`ran_out`; torch's own error is a RuntimeError."""


def ran_out(failure: BaseException) -> bool:
    """Whether memory ran out: the GPU's, the interpreter's, or that of torch's allocator for the CPU.

    The last raises a plain RuntimeError, "DefaultCPUAllocator: can't allocate memory: you tried to allocate ...", as
    does Apple's MPS, "MPS backend out of memory ...".
    """
    if isinstance(failure, MemoryError | torch.OutOfMemoryError):
        return True
    told = str(failure)
    return isinstance(failure, RuntimeError) and ("allocate memory" in told or "out of memory" in told)
