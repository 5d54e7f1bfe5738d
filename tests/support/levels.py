"""Comparison of two inputs of a network in grey levels of the pictures that they were made of."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SHARE, _SHARE_ENLARGED = 0.001, 0.01
"""Of the values, those that may be a level apart: sums that end in a half, which are many where a
picture is enlarged by a round factor (see `demo.geometry.antialias`)."""


def assert_same_levels(
    inputs: NDArray[np.float32],
    expected: NDArray[np.float32],
    std: Sequence[float],
    *,
    enlarged: bool = False,
) -> None:
    """3×h×w normalised values are the same but for few that are rounded to the next level."""
    levels = np.abs(inputs - expected) * 255 * np.array(std, np.float32)[:, None, None]
    assert levels.max() < 1.01
    assert ((levels < 0.01) | (levels > 0.99)).all()
    assert (levels > 0.01).mean() <= (_SHARE_ENLARGED if enlarged else _SHARE)
