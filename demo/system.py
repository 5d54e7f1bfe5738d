"""Resources of the machine: CPU cores, the heaps of the C library, and signs of a shortage."""

import ctypes
import errno
import math
import os
import sys
from functools import cache
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3)."""
_TRIM_BYTES, _MMAP_BYTES = 64 << 20, 32 << 20
"""Free memory that a heap keeps at its end; smallest block that is mapped outside of the heaps."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_OUT_OF_MEMORY = (
    *("can't allocate memory", "cannot allocate memory", "not enough memory"),
    *("out of memory", "cublas_status_alloc_failed"),
)
"""Words of torch and CUDA, in small letters, in a RuntimeError of no kind of its own."""
_OPENCV_NO_MEMORY = -4
"""`cv::Error::StsNoMem`, the code of a cv2.error."""


def settle_heaps() -> None:
    """Limit glibc to two heaps that keep freed memory; call it before threads start.

    By default every thread that decodes a picture gets a heap of its own, which keeps its freed
    memory: 200 requests cost 450 MB that nothing uses. And the feature maps between a network's
    layers are mapped and unmapped one by one, so that each picture pays for thousands of page
    faults: a quarter of the time of yolo11n. `trim` returns the memory that the heaps keep.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, 2)
        library.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)


def trim() -> None:
    """Return freed memory to the operating system: malloc_trim(3)."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library if it is glibc, else None: others lack these functions."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def cores() -> int:
    """Number of CPU cores that this process may use, by its affinity and its container's quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        allowed = math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such limit, or `max`
        return count or 1
    return max(min(count or 1, allowed), 1)


def is_disk_full(fault: BaseException) -> bool:
    """Whether a file could not be written for want of room: of the disk, a quota or a limit."""
    return isinstance(fault, OSError) and fault.errno in _DISK_FULL


def is_out_of_memory(fault: BaseException) -> bool:
    """Whether memory of the machine or of its GPU ran out, as Python, torch or OpenCV report it.

    So does a fault that was raised because of such a one, or while it was handled.
    """
    seen: BaseException | None = fault
    while seen is not None:
        if _is_shortage(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_shortage(fault: BaseException) -> bool:
    if isinstance(fault, OSError):
        return fault.errno == errno.ENOMEM
    if isinstance(fault, RuntimeError):
        # By its name, since torch has not to be imported for this.
        named = type(fault).__name__ == "OutOfMemoryError"
        return named or any(words in str(fault).lower() for words in _OUT_OF_MEMORY)
    return isinstance(fault, MemoryError) or getattr(fault, "code", None) == _OPENCV_NO_MEMORY
