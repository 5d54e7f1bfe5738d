"""Where in the picture things have been: a heat map."""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Image
from demo.tracking.tracker import middles

_STEP = 8
"""Pixels of the frame a cell."""
_SPREAD = 0.03
"""Of the longer side; how far around its middle a thing warms the picture."""
_STRONGEST = 0.65
_COLOURS = cv2.COLORMAP_INFERNO


class HeatMap:
    """Counts the middles of boxes over a coarse grid, of one stream with one frame size."""

    def __init__(self) -> None:
        self._cells: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def update(self, found: Detections) -> None:
        """Add the boxes of the next frame; another frame size starts anew."""
        width, height = found.size_wh
        shape = -(-height // _STEP), -(-width // _STEP)
        if self._cells.shape != shape:
            self._cells = np.zeros(shape, np.float32)
        x, y = (middles(found).T / _STEP).astype(int)
        inside = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
        np.add.at(self._cells, (y[inside], x[inside]), 1)

    def draw(self, canvas: Image) -> Image:
        """A copy with the map over it: the more often, the brighter; clear where nothing was."""
        height, width = canvas.shape[:2]
        spread = max(_SPREAD * max(self._cells.shape, default=1), 1.0)
        warm = cv2.GaussianBlur(self._cells, (0, 0), spread) if self._cells.any() else None
        if warm is None:
            return canvas.copy()
        share = np.asarray(warm / warm.max(), np.float32)
        coloured = cv2.applyColorMap(np.rint(share * 255).astype(np.uint8), _COLOURS)
        grown = cv2.resize(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), (width, height))
        opacity = cv2.resize(_STRONGEST * np.sqrt(share), (width, height))[..., None]
        mixed = canvas + (grown.astype(np.float32) - canvas) * opacity
        return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)
