"""The turn of a video's frames from how they are stored to how they are shown."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame

from demo.results import Image


@dataclass(frozen=True, slots=True)
class Orientation:
    """Steps that make a stored frame upright: swap x and y, then flip x, then flip y."""

    swap: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> "Orientation":
        """From the display matrix (ISO/IEC 14496-12, 6.2.2): x′ = ax + cy, y′ = bx + dy."""
        data: Any = frame.side_data.get("DISPLAYMATRIX")
        if data is None:
            return cls()
        a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
        if abs(b) > abs(a):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    def apply(self, pixels: Image) -> Image:
        """The upright picture; both are H×W×3 uint8 and contiguous."""
        if self.swap:
            pixels = np.asarray(cv2.transpose(pixels), np.uint8)
        if self.flip_x or self.flip_y:
            axes = (-1 if self.flip_y else 1) if self.flip_x else 0
            pixels = np.asarray(cv2.flip(pixels, axes), np.uint8)
        return np.ascontiguousarray(pixels)
