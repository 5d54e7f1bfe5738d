"""The decoder of WebP files: OpenCV, which needs a third of the memory of Pillow's.

Pillow decodes every WebP as an animation, with three canvases of 4 bytes a pixel.
"""

import struct
from typing import NamedTuple

import cv2
import numpy as np

from demo.results import Image

_MAX_CHUNKS = 10_000
_FRAME_HEADER_BYTES = 16
_HAS_ALPHA = 0x10


class Frame(NamedTuple):
    """The first frame of a file, as a file of its own, and where it lies on the canvas."""

    data: bytes
    left: int
    top: int


def decode_first_frame(data: bytes, size_wh: tuple[int, int]) -> Image:
    """The canvas of `size_wh` with the first frame: H×W×3 or H×W×4 uint8, RGB or RGBA.

    What the frame leaves out is transparent.

    Raises ValueError for a damaged file, EOFError for one that ends too early.
    """
    frame = _first_frame(data)
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels: Image | None = cv2.imdecode(np.frombuffer(frame.data, np.uint8), flags)
    if pixels is None:
        raise ValueError("OpenCV refused the file")
    alpha = pixels.shape[2] == 4
    cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if alpha else cv2.COLOR_BGR2RGB, pixels)
    height, width = pixels.shape[:2]
    if (width, height) == size_wh:
        return pixels
    canvas = np.zeros((size_wh[1], size_wh[0], 4), np.uint8)
    covered = canvas[frame.top : frame.top + height, frame.left : frame.left + width]
    if covered.shape[:2] != (height, width):
        raise ValueError(f"expected a frame within {size_wh}, got {width} × {height}")
    covered[..., :3] = pixels[..., :3]
    covered[..., 3] = pixels[..., 3] if alpha else 255
    return canvas


def _first_frame(data: bytes) -> Frame:
    """The first frame of an animation (WebP container, `ANMF`); a still picture as it is."""
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            break
        name, size_bytes = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"ANMF":
            return _still(data[at + 8 : at + 8 + size_bytes], size_bytes)
        at += 8 + size_bytes + size_bytes % 2
    return Frame(data, 0, 0)


def _still(body: bytes, size_bytes: int) -> Frame:
    if len(body) < size_bytes or size_bytes < _FRAME_HEADER_BYTES:
        raise EOFError("truncated inside the first frame")
    # 24 bits each: x / 2, y / 2, width − 1, height − 1.
    left, top, sides = body[:3], body[3:6], body[6:12]
    chunks = body[_FRAME_HEADER_BYTES:]
    extended = b"VP8X" + struct.pack("<IB3x", 10, _HAS_ALPHA) + sides
    content = b"WEBP" + (extended if chunks[:4] == b"ALPH" else b"") + chunks
    still = b"RIFF" + struct.pack("<I", len(content)) + content
    return Frame(still, 2 * int.from_bytes(left, "little"), 2 * int.from_bytes(top, "little"))
