"""Turned boxes for tests."""

import numpy as np

from demo.geometry.rotated_boxes import oriented
from demo.results.oriented_boxes import OrientedBoxes

LABELS = ("plane", "ship")


def turned(
    xywhr: object, size_wh: tuple[int, int] = (320, 240), class_ids: object = None
) -> OrientedBoxes:
    """Boxes with falling scores; of the first class unless others are stated."""
    boxes = np.asarray(xywhr, np.float32).reshape(-1, 5)
    ids = np.zeros(len(boxes), np.int64) if class_ids is None else np.asarray(class_ids)
    scores = np.linspace(0.9, 0.3, len(boxes)).astype(np.float32)
    return oriented(boxes, scores, ids, LABELS, size_wh)


def fleet(count: int, seed: int = 0, size_wh: tuple[int, int] = (320, 240)) -> OrientedBoxes:
    """Boxes anywhere in the picture, many of which overlap, of both classes."""
    dice = np.random.default_rng(seed)
    low, high = (0, 0, 5, 5, -0.8), (*size_wh, 80, 40, 2.4)
    return turned(dice.uniform(low, high, (count, 5)), size_wh, dice.integers(0, 2, count))
