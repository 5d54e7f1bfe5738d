"""What glibc holds back, given back: the C library keeps freed memory for later by default."""

import ctypes
import sys
from functools import cache
from typing import Any

_M_ARENA_MAX = -8
"""mallopt(3)."""


def few_heaps() -> None:
    """Two heaps for all threads; call it before threads start.

    By default every thread that decodes a picture gets a heap of its own, which keeps what it once
    held: 200 requests cost 450 MB that nothing uses.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, 2)


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
