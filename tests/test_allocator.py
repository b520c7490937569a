"""Freed memory is kept while asked to, and goes back to the system when told."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
from pathlib import Path
from edgejson_bench.allocator import give_back_freed_memory, keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

assert keep_freed_memory()
blocks = [bytes(2**20) + b"x" for _ in range(200)]
last = bytes(2**20) + b"x"  # at the end of the heap: what lies before it cannot be given back by shrinking
full = resident()
del blocks
kept = resident()
assert give_back_freed_memory()
print(full, kept, resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_is_kept_and_then_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    full, kept, after = map(int, done.stdout.split())
    assert kept > full - 20 * 2**20
    assert after < full - 150 * 2**20
