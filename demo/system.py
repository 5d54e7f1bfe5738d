"""The machine under the program: CPU cores and the heaps of the C library."""

import ctypes
import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""mallopt(3)."""
_KEPT, _MAPPED = 64 << 20, 32 << 20
"""Bytes: what a heap may keep at its end, and from which size on a piece is no part of a heap."""


def settle_heaps() -> None:
    """Two heaps for all threads, which keep what a network needs; call it before threads start.

    By default every thread that decodes a picture gets a heap of its own, which keeps what it once
    held: 200 requests cost 450 MB that nothing uses. And the maps between a network's layers come
    from the system and go back to it one by one, so that each picture pays for thousands of fresh
    pages: a quarter of the time of yolo11n. `trim` gives back what is kept.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT)


def trim() -> None:
    """Return freed memory to the system: malloc_trim(3)."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library where it is glibc, else None: others have no such knobs."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def cores() -> int:
    """CPU cores that this process may use: its affinity, or the quota of its container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        allowed = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such limit, or `max`
        return count or 1
    return max(min(count or 1, allowed), 1)
