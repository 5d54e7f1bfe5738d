"""Pixelating faces or other chosen things, before a frame is shown or stored."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Image
from demo.tracking.tracker import MIN_TRACK_SCORE

_HOLD_S = 0.5
"""How long a box stays covered after its last detection, seconds; in the next frame always."""
_MARGIN = 0.15
"""Of the box's sides, added on each side."""
_CELLS = 6
"""Pixels a side that are left of a covered box, too few to recognise a person by."""


class Anonymizer:
    """Covers boxes of chosen classes, at low scores too, and for half a second after they are lost.

    One for the whole of a stream. It remembers boxes and no classes, so that what was covered
    stays covered for its half second when the model or the options of the stream change.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, NDArray[np.float32]]] = deque()
        """Time and boxes of recent frames; xyxy in 0–1 of the sides, since a camera may change."""

    def cover(
        self, rgb: Image, seconds: float, candidates: Detections | None, classes: tuple[str, ...]
    ) -> Image:
        """The next frame with its boxes and the recent ones pixelated; `rgb` itself if none.

        Args:
            rgb: H×W×3 uint8 RGB; never written to.
            seconds: presentation time.
            candidates: boxes from MIN_TRACK_SCORE on, before any filter of the visitor's; None
                where there is no result or the model finds no boxes.
            classes: label names to cover; empty covers no new box.
        """
        height, width = rgb.shape[:2]
        sides = np.array((width, height, width, height), np.float32)
        found = np.zeros((0, 4), np.float32)
        # An empty selection would be all classes.
        if candidates is not None and classes:
            found = candidates.select(MIN_TRACK_SCORE, classes).xyxy
        while len(self._recent) > 1 and seconds - self._recent[0][0] >= _HOLD_S:
            self._recent.popleft()
        earlier = [boxes for _, boxes in self._recent]
        self._recent.append((seconds, found / sides))
        boxes = np.concatenate([found, *(shares * sides for shares in earlier)])
        if not len(boxes):
            return rgb
        canvas = rgb.copy()
        for xyxy in boxes:
            _pixelate(canvas, xyxy)
        return canvas


def _pixelate(canvas: Image, xyxy: NDArray[np.float32]) -> None:
    """Reduce one box and its margin to _CELLS × _CELLS pixels and scale them up again."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = xyxy.tolist()
    margin_x, margin_y = _MARGIN * (x1 - x0), _MARGIN * (y1 - y0)
    left, top = max(int(x0 - margin_x), 0), max(int(y0 - margin_y), 0)
    right, bottom = min(int(x1 + margin_x) + 1, width), min(int(y1 + margin_y) + 1, height)
    if left >= right or top >= bottom:
        return
    region = canvas[top:bottom, left:right]
    cells = min(_CELLS, right - left), min(_CELLS, bottom - top)
    small = cv2.resize(region, cells, interpolation=cv2.INTER_AREA)
    cv2.resize(small, (right - left, bottom - top), dst=region, interpolation=cv2.INTER_LINEAR)
    canvas[top:bottom, left:right] = region
