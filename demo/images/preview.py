"""Previews: pictures at the size at which a page shows them."""

from demo.images.encode import encode_jpeg, thumbnail
from demo.results import Image, check_image

PREVIEW_SIDE = 1280
"""Longest side of a preview, pixels: the widest picture of the page on a screen of two device
pixels a CSS pixel, and the whole width of a phone's."""
_QUALITY = 85


def needs_preview(rgb: Image) -> bool:
    """Whether H×W×3 uint8 RGB is larger than it is shown."""
    check_image(rgb)
    return bool(max(rgb.shape[:2]) > PREVIEW_SIDE)


def encode_preview(rgb: Image) -> bytes:
    """The bytes of a JPEG file of H×W×3 uint8 RGB at no more than the size of a preview."""
    return encode_jpeg(thumbnail(rgb, PREVIEW_SIDE), _QUALITY)
