"""Photos of CIFAR-10's classes from other data sets."""

from pathlib import Path

import numpy as np

from demo.lab.data.boxed_photos import boxed_photos
from demo.lab.data.cifar import LABELS, Pictures
from demo.lab.data.read import read_squares

MAX_PHOTOS_PER_CLASS = 250


def cifar_lookalikes(data: Path, side: int) -> Pictures:
    """Up to 250 photos each of airplanes, cats, dogs and horses, as a visitor would upload them.

    From boxes3 and animals, photos with things of one class only; no CIFAR-10 network was trained
    on them. Shortest side resized to `side`, middle square. Raises DemoError where `data` lacks
    one of the sets.
    """
    photos = boxed_photos(data, "boxes3") + boxed_photos(data, "animals")
    chosen = []
    for label in ("airplane", "cat", "dog", "horse"):
        paths = [photo.path for photo in photos if set(photo.labels) == {label}]
        chosen += [(path, label) for path in paths[:MAX_PHOTOS_PER_CLASS]]
    images = read_squares((path for path, _ in chosen), side)
    targets = np.array([LABELS.index(label) for _, label in chosen], np.int64)
    return Pictures(images, targets, LABELS)
