"""Encoders: RGB pixels → the bytes of a picture file."""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.results import Image, check_image


def encode_jpeg(rgb: Image, quality: int = 90) -> bytes:
    """The bytes of a JPEG file of H×W×3 uint8 RGB; quality 1–100, sides up to 65,500 pixels."""
    return _encode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(rgb: Image) -> bytes:
    """The bytes of a PNG file of H×W×3 uint8 RGB: lossless, fast rather than small."""
    return _encode(".png", rgb, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def encode_labels(labels: NDArray[np.uint8 | np.uint16]) -> bytes:
    """The bytes of a greyscale PNG file of H×W numbers, 8 or 16 bits each."""
    if labels.dtype not in (np.uint8, np.uint16) or labels.ndim != 2 or labels.size == 0:
        raise ValueError(f"expected H×W uint8 or uint16, got {labels.shape} {labels.dtype}")
    succeeded, encoded = cv2.imencode(".png", labels)
    if not succeeded:
        raise ValueError(f"no .png can hold a picture of {labels.shape}")
    return bytes(encoded)


def encode_rgba(rgba: NDArray[np.uint8]) -> bytes:
    """The bytes of a PNG file of H×W×4 uint8 RGBA."""
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4 or rgba.size == 0:
        raise ValueError(f"expected a non-empty H×W×4 uint8 image, got {rgba.shape} {rgba.dtype}")
    succeeded, encoded = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    if not succeeded:
        raise ValueError(f"no .png can hold a picture of {rgba.shape}")
    return bytes(encoded)


def _encode(suffix: str, rgb: Image, options: list[int]) -> bytes:
    check_image(rgb)
    succeeded, encoded = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not succeeded:
        raise ValueError(f"no {suffix} can hold a picture of {rgb.shape}")
    return bytes(encoded)


def thumbnail(rgb: Image, max_side: int) -> Image:
    """The picture reduced to a longest side of `max_side` pixels; unchanged if it is smaller."""
    check_image(rgb)
    height, width = rgb.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return rgb
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    small: Image = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA)
    return small
