"""Hiding faces or other chosen things for good, before a frame is shown or stored."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Image
from demo.tracking.tracker import LOW

_HELD_S = 0.5
"""A thing that is not found for a moment stays hidden so long, seconds."""
_MARGIN = 0.15
_CELLS = 6
"""What is hidden is left with so many pixels a side, too few to know a person by."""


class Anonymizer:
    """Covers boxes of the chosen classes, of however low a score, now and for a moment after."""

    def __init__(self, per_second: float) -> None:
        """per_second: frames a second."""
        self._boxes: deque[NDArray[np.float32]] = deque(maxlen=max(round(per_second * _HELD_S), 2))

    def cover(self, rgb: Image, candidates: Detections, classes: tuple[str, ...]) -> Image:
        """A copy of H×W×3 uint8 RGB in which nothing of those classes can be made out.

        candidates: boxes from the score LOW on, before any is left out for the visitor.
        """
        self._boxes.append(candidates.select(LOW, classes).xyxy)
        canvas = rgb.copy()
        for xyxy in np.concatenate(self._boxes):
            _smear(canvas, xyxy)
        return canvas


def _smear(canvas: Image, xyxy: NDArray[np.float32]) -> None:
    """Reduce one box, with a margin, to a few pixels, and spread these over it again."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = xyxy.tolist()
    across, down = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    left, top = max(int(x0 - across), 0), max(int(y0 - down), 0)
    right, bottom = min(int(x1 + across) + 1, width), min(int(y1 + down) + 1, height)
    if left >= right or top >= bottom:
        return
    part = canvas[top:bottom, left:right]
    cells = min(_CELLS, right - left), min(_CELLS, bottom - top)
    few = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    cv2.resize(few, (right - left, bottom - top), dst=part, interpolation=cv2.INTER_LINEAR)
    canvas[top:bottom, left:right] = part
