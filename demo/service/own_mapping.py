"""Arrays that are kept for minutes, outside of the heap that requests use and free all the time.

Among them in the heap, kept pictures would leave holes everywhere: under load the memory of the
process grew by half a gigabyte that nothing used.
"""

import mmap

import numpy as np

from demo.results import Image

_SMALLEST_BYTES, _LARGEST_BYTES = 1 << 16, 32 << 20
"""Smaller arrays leave no holes worth a page; larger ones have a mapping of their own anyway."""


def in_own_mapping(image: Image) -> Image:
    """A copy of a uint8 array in memory of its own, which is given back with it."""
    if not _SMALLEST_BYTES <= image.nbytes < _LARGEST_BYTES:
        return image
    memory = mmap.mmap(-1, image.nbytes)
    kept = np.frombuffer(memory, np.uint8).reshape(image.shape)
    kept[...] = image
    return kept
