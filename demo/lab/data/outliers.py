"""Photos of other things: some are shown in training, others measure what it learned from them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.lab.data.boxed_photos import boxed_photos
from demo.lab.data.caltech import NOT_IN_CIFAR10, caltech_folder, spread
from demo.lab.data.read import read_photo, shrink
from demo.settings import Settings

Stack = NDArray[np.uint8]
"""N×side×side×3 uint8 RGB."""

SHOWN = NOT_IN_CIFAR10[::2]
"""Categories whose photos a CIFAR-10 network may see in training as "none of these"."""

FOREIGN = NOT_IN_CIFAR10[1::2]
"""Categories whose photos no network sees in training: the foreign photos of the cards."""


def things(data: Path | None, cache: Path, side: int) -> Stack:
    """All photos of `SHOWN`, each as it is and once more as a JPEG of quality 75.

    Half are compressed so that the traces of compression, which CIFAR-10's pictures here bear,
    cannot tell the two kinds apart.
    """
    folder = caltech_folder(data, cache)
    plain = _small(folder, spread(folder, SHOWN, 100_000), cache / f"shown-{side}.npy", side)
    return np.concatenate([plain, np.stack([compressed(image) for image in plain])])


def foreign_things(data: Path | None, cache: Path, side: int) -> Stack:
    """1,000 photos of `FOREIGN`, evenly by category."""
    folder = caltech_folder(data, cache)
    return _small(folder, spread(folder, FOREIGN, 1000), cache / f"foreign-{side}.npy", side)


def compressed(image: NDArray[np.uint8], quality: int = 75) -> NDArray[np.uint8]:
    """H×W×3 uint8 RGB, through JPEG of that quality and back."""
    import cv2

    coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return decode(coded.tobytes(), Limits.of(Settings())).rgb


def _small(folder: Path, paths: list[str], kept: Path, side: int) -> Stack:
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.stack([shrink(read_photo(folder / path), side) for path in paths]))
    stack: Stack = np.load(kept)
    return stack


def scenes(data: Path | None, cache: Path, side: int) -> Stack:
    """Training photos of nothing in particular (BACKGROUND_Google), of dogs and of cats.

    The dogs and cats have no official source: without `data` they are not among them.
    """
    folder = caltech_folder(data, cache)
    background = spread(folder, ("BACKGROUND_Google",), 100_000, "train")
    if data is None:
        return _small(folder, background, cache / f"background-{side}.npy", side)
    pets = [p for p in boxed_photos(data, "animals") if set(p.labels) <= {"dog", "cat"}]
    paths = [f"caltech101/{path}" for path in background]
    paths += [f"animals/{photo.inside}" for photo in pets if not photo.test][:600]
    return _small(data, paths, cache / f"scenes-{side}.npy", side)


def foreign_animals(data: Path | None, cache: Path, side: int) -> Stack:
    """1,000 photos of sheep, horses and cows, with whatever else stands in them."""
    if data is None:
        raise DemoError("lab_data_needed", dataset="animals")
    herd = [p for p in boxed_photos(data, "animals") if set(p.labels) <= {"sheep", "horse", "cow"}]
    paths = [f"animals/{photo.inside}" for photo in herd[:: len(herd) // 1000][:1000]]
    return _small(data, paths, cache / f"foreign-animals-{side}.npy", side)


OUTLIERS: Mapping[str, Callable[[Path | None, Path, int], Stack]] = {
    "things": things,
    "scenes": scenes,
}
"""Name in a recipe → the photos shown in training."""
FOREIGN_OF: Mapping[str, Callable[[Path | None, Path, int], Stack]] = {
    "cifar10": foreign_things,
    "photo-101": foreign_animals,
}
"""Data set of a classifier → photos of other things that it never saw."""
