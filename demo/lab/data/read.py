"""Photos from files, decoded by the program's own decoder."""

import hashlib
import inspect
from collections.abc import Iterable, Sequence
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

    cache_file: `NAME.npy`. The squares are kept beside it as `NAME-KEY.npy`, and read from there
    as long as the key is theirs: the list of photos, no photo and no code has changed since.
    """
    photos = list(paths)
    if cache_file is None:
        return _read(photos, side)
    kept = cache_file.with_stem(f"{cache_file.stem}-{_key(photos, side)}")
    if kept.is_file():
        cached: NDArray[np.uint8] = np.load(kept)
        return cached
    squares = _read(photos, side)
    kept.parent.mkdir(parents=True, exist_ok=True)
    for old in kept.parent.glob(f"{cache_file.stem}-{'?' * _KEY_DIGITS}.npy"):
        old.unlink()
    np.save(kept, squares)
    return squares


_KEY_DIGITS = 16


def _key(photos: Sequence[Path], side: int) -> str:
    """Of the squares: a digest of the photos' paths, sizes and times, and of the code."""
    digest = hashlib.sha256(str(side).encode())
    for code in (square, decode, CenterCrop):
        digest.update(Path(inspect.getfile(code)).read_bytes())
    for path in photos:
        facts = path.stat()
        digest.update(f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:_KEY_DIGITS]


def _read(photos: Sequence[Path], side: int) -> NDArray[np.uint8]:
    return np.stack([square(read_photo(path), side) for path in photos])
