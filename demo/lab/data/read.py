"""Photos from files, decoded by the program's own decoder."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from demo.geometry.letterbox import CenterCrop
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image
from demo.settings import Settings


def read_photo(path: Path) -> Image:
    """A photo file → H×W×3 uint8 RGB."""
    return decode(path.read_bytes(), Limits.of(Settings())).rgb


def square(image: Image, side: int) -> Image:
    """Resize the shortest side to `side` with antialiasing and crop the middle square.

    H×W×3 uint8 RGB → side×side×3 uint8 RGB, with torchvision's resampling.
    """
    from torchvision.transforms.v2 import functional

    height, width = image.shape[:2]
    crop = CenterCrop.fit((width, height), side, side)
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    small = functional.resize(pixels, list(crop.resized_wh[::-1]), antialias=True)
    middle: Image = functional.center_crop(small, [side, side]).permute(1, 2, 0).numpy()
    return middle


def read_squares(
    paths: Iterable[Path], side: int, cache_file: Path | None = None
) -> NDArray[np.uint8]:
    """Photo files → N×side×side×3 uint8 RGB middle squares.

    cache_file: .npy file that the squares are written to, or read from where it is there.
    """
    if cache_file is not None and cache_file.is_file():
        cached: NDArray[np.uint8] = np.load(cache_file)
        return cached
    squares = np.stack([square(read_photo(path), side) for path in paths])
    if cache_file is not None:
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache_file, squares)
    return squares
