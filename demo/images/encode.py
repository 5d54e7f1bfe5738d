"""The one encoder: RGB pixels → the bytes of a picture file."""

import cv2

from demo.results import Image, check_image


def encode_jpeg(rgb: Image, quality: int = 90) -> bytes:
    """H×W×3 uint8 RGB → the bytes of a JPEG file; quality 1–100, sides up to 65,500 pixels."""
    return _encoded(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(rgb: Image) -> bytes:
    """H×W×3 uint8 RGB → the bytes of a PNG file: lossless, and quick rather than small."""
    return _encoded(".png", rgb, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def _encoded(suffix: str, rgb: Image, options: list[int]) -> bytes:
    check_image(rgb)
    done, encoded = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise ValueError(f"no {suffix} can hold a picture of {rgb.shape}")
    return bytes(encoded)


def thumbnail(rgb: Image, longest: int) -> Image:
    """The picture with its longest side at most `longest` pixels; itself where it is small."""
    check_image(rgb)
    height, width = rgb.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return rgb
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    small: Image = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA)
    return small
