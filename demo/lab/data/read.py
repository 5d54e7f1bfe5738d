"""Photos from the disk, as the program itself reads them."""

from pathlib import Path

import numpy as np
import torch

from demo.geometry.letterbox import CenterCrop
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image
from demo.settings import Settings


def read_photo(path: Path) -> Image:
    """A photo through the program's own decoder, H×W×3 uint8 RGB."""
    return decode(path.read_bytes(), Limits.of(Settings())).rgb


def shrink(image: Image, side: int) -> Image:
    """Shortest side to `side` with antialiasing, then the middle square, as torchvision does it."""
    from torchvision.transforms.v2 import functional

    height, width = image.shape[:2]
    crop = CenterCrop.fit((width, height), side, side)
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    small = functional.resize(pixels, list(crop.resized_wh[::-1]), antialias=True)
    middle: Image = functional.center_crop(small, [side, side]).permute(1, 2, 0).numpy()
    return middle
