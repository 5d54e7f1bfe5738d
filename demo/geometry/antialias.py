"""Antialiased resizing, by the filters that torchvision's and timm's classifiers were trained with.

Pillow computes it in floating point, as torch does: without importing torch, and with other threads
at work meanwhile.
"""

import numpy as np
from PIL.Image import Resampling, fromarray

from demo.results import Image

_FILTERS = {"bilinear": Resampling.BILINEAR, "bicubic": Resampling.BICUBIC}


def resize_antialiased(image: Image, size_wh: tuple[int, int], interpolation: str) -> Image:
    """The picture at another size, as torchvision's `resize(antialias=True)` gives it on tensors.

    Sums are of double precision where torch's are of single. Those that end in a half may therefore
    be rounded to the other side, by one grey level: of a photo made smaller one value in 10,000, of
    a picture enlarged by a round factor up to one in 100 (tests/geometry/test_antialias.py).

    Args:
        image: H×W×3 uint8; it is not modified, but returned as it is where its size is wanted.
        size_wh: new width and height, pixels.
        interpolation: `bilinear` or `bicubic`.

    Raises:
        KeyError: for another interpolation.
    """
    if image.shape[1::-1] == size_wh:
        return image
    resized = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    for channel in range(3):
        plane = fromarray(image[..., channel].astype(np.float32))
        values = np.asarray(plane.resize(size_wh, _FILTERS[interpolation]))
        resized[..., channel] = np.rint(values).clip(0, 255)
    return resized
