"""Heat map of box centres over the frames of a stream."""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Detections, Image
from demo.tracking.tracker import box_centers

_CELL = 8
"""Side of a cell of the grid, pixels of the frame."""
_SPREAD = 0.03
"""Standard deviation of the blur, as a share of the grid's longer side."""
_MAX_OPACITY = 0.65
_COLORMAP = cv2.COLORMAP_INFERNO


class HeatMap:
    """Counts box centres on a coarse grid, for one stream."""

    def __init__(self) -> None:
        self._cells: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def update(self, found: Detections) -> None:
        """Count the boxes of the next frame; a change of the frame size clears the grid."""
        width, height = found.size_wh
        shape = -(-height // _CELL), -(-width // _CELL)
        if self._cells.shape != shape:
            self._cells = np.zeros(shape, np.float32)
        x, y = (box_centers(found).T / _CELL).astype(int)
        inside = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
        np.add.at(self._cells, (y[inside], x[inside]), 1)

    def draw(self, canvas: Image) -> Image:
        """A copy of H×W×3 uint8 RGB with the map blended in, transparent where counts are zero."""
        height, width = canvas.shape[:2]
        if not self._cells.any():
            return canvas.copy()
        sigma = max(_SPREAD * max(self._cells.shape), 1.0)
        smooth = cv2.GaussianBlur(self._cells, (0, 0), sigma)
        share = np.asarray(smooth / smooth.max(), np.float32)
        coloured = cv2.applyColorMap(np.rint(share * 255).astype(np.uint8), _COLORMAP)
        overlay = cv2.resize(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), (width, height))
        opacity = cv2.resize(_MAX_OPACITY * np.sqrt(share), (width, height))[..., None]
        mixed = canvas + (overlay.astype(np.float32) - canvas) * opacity
        return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)
