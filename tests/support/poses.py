"""Poses for tests: persons as matchstick figures with the keypoints of COCO."""

import numpy as np

from demo.models.coco_pose import SKELETON
from demo.results.poses import Poses

FIGURE = """
50,10 54,7 46,7 58,9 42,9 66,24 34,24 74,40 26,40 78,56 22,56 60,56 40,56 62,76 38,76 63,95 37,95
"""
"""x and y of the 17 keypoints in a box of 100×100, from the nose to the right ankle."""


def persons(count: int, size_wh: tuple[int, int], hidden: tuple[int, ...] = ()) -> Poses:
    """Persons side by side, over the whole height; `hidden` keypoints score below what is seen."""
    width, height = size_wh
    figure = np.array([pair.split(",") for pair in FIGURE.split()], np.float32) / 100
    scores = np.full(len(figure), 0.9, np.float32)
    scores[list(hidden)] = 0.1
    points = np.empty((count, len(figure), 3), np.float32)
    boxes = np.empty((count, 4), np.float32)
    for i in range(count):
        x0, side = i * width / count, width / count
        points[i] = np.column_stack([x0 + figure[:, 0] * side, figure[:, 1] * height, scores])
        boxes[i] = (x0, 0, x0 + side, height)
    return Poses(
        boxes,
        np.linspace(0.9, 0.3, count).astype(np.float32),
        np.zeros(count, np.int64),
        ("person",),
        size_wh,
        keypoints=points,
        skeleton=SKELETON,
    )
