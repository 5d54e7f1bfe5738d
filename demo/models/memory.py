"""Exhausted memory, told from the other faults that torch raises as the same type."""

import torch

_TEXTS = (
    *("DefaultCPUAllocator", "not enough memory", "Cannot allocate memory"),
    *("out of memory", "CUBLAS_STATUS_ALLOC_FAILED"),
)
"""In the texts of the RuntimeErrors that torch raises where memory is exhausted."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error, or the one that led to it, says that there is too little memory."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError | torch.OutOfMemoryError):
            return True
        if isinstance(seen, RuntimeError) and any(name in str(seen) for name in _TEXTS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
