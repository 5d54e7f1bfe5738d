"""Kept pictures live outside of the heap."""

import mmap

import numpy as np
import pytest

from demo.service.own_mapping import in_own_mapping


@pytest.mark.parametrize(
    ("side", "moved"), [(100, False), (200, True), (3000, True), (3500, False)]
)
def test_arrays_of_middle_size_are_moved(side: int, moved: bool) -> None:
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    kept = in_own_mapping(image)
    assert np.array_equal(kept, image)
    assert kept.flags.c_contiguous
    owner: object = kept
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, memoryview | mmap.mmap) is moved
    assert (kept is image) is not moved
