"""Photos of things that a CIFAR-10 network knows, from elsewhere than CIFAR-10."""

from pathlib import Path

import numpy as np

from demo.lab.data.boxed_photos import boxed_photos
from demo.lab.data.cifar import LABELS, Pictures
from demo.lab.data.read import read_photo, shrink

MOST = 250
"""Photos a class."""


def kin(data: Path, side: int) -> Pictures:
    """Up to 250 photos each of airplanes, cats, dogs and horses, as a visitor would upload them.

    From boxes3 and animals, photos with things of one class alone, none of which a CIFAR-10
    network saw in training; shortest side to `side`, middle square. Raises DemoError where `data`
    lacks one of the sets.
    """
    photos = boxed_photos(data, "boxes3") + boxed_photos(data, "animals")
    chosen = []
    for label in ("airplane", "cat", "dog", "horse"):
        mine = [photo for photo in photos if set(photo.labels) == {label}]
        chosen += [(photo.path, label) for photo in mine[:MOST]]
    images = np.stack([shrink(read_photo(path), side) for path, _ in chosen])
    targets = np.array([LABELS.index(label) for _, label in chosen], np.int64)
    return Pictures(images, targets, LABELS)
