"""Boxes on a grid of decimals, each edge rounded once, so that all numbers about a box agree."""

import numpy as np
from numpy.typing import NDArray


def to_steps(xyxy: NDArray[np.floating], per_pixel: tuple[float, float]) -> NDArray[np.float64]:
    """N×4 corners in pixels → N×4 whole steps; per_pixel: steps a pixel, horizontal and vertical.

    A width is then the difference of two whole numbers: rounded on its own, it could end a step
    beyond the rounded corner, and so outside of the picture.
    """
    whole: NDArray[np.float64] = np.rint(xyxy.astype(np.float64) * (per_pixel * 2))
    return whole + 0.0  # no -0.0, which would be written with its sign


def steps_inside(
    xyxy: NDArray[np.floating], per_pixel: tuple[float, float], size_wh: tuple[int, int]
) -> NDArray[np.float64]:
    """As `to_steps`, clipped to a picture of `size_wh` pixels and at least one step wide and high.

    Training code refuses boxes that leave the picture and boxes without an area.
    """
    steps = to_steps(xyxy, per_pixel)
    limits = np.rint(np.multiply(size_wh, per_pixel))
    low = steps[:, :2].clip(0, limits - 1)
    return np.concatenate([low, steps[:, 2:].clip(low + 1, limits)], axis=1)
