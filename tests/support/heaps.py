"""Whether the C library of this process still maps large blocks one by one."""

import ctypes

_NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
_BLOCK = 8 << 20


class _Information(ctypes.Structure):
    """Struct mallinfo2 of malloc.h; hblkhd: bytes in blocks mapped on their own."""

    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES.split()]


def maps_large_blocks() -> bool:
    """True for glibc as it is by default, False after `demo.system.settle_heaps`."""
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Information
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    before = library.mallinfo2().hblkhd
    block = library.malloc(_BLOCK)
    after = library.mallinfo2().hblkhd
    library.free(block)
    return bool(after - before >= _BLOCK)
