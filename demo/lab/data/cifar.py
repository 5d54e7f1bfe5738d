"""CIFAR-10 as arrays: from a local file, or from its official source through torchvision."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.errors import DemoError
from demo.lab.data.official import official

LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
MEAN = (0.4913, 0.4821, 0.4465)
"""Mean of the training pixels, RGB in 0–1."""
STD = (0.2455, 0.2429, 0.2608)
"""Standard deviation of the training pixels, RGB in 0–1."""
DATA = (
    "CIFAR-10, 50,000 training and 10,000 test pictures (Krizhevsky 2009; no licence stated).",
    "The version trained and measured on is a JPEG one (quality 75 but for 7,044 training "
    "pictures): scores on it are not comparable with those of the literature, which are on "
    "lossless pictures.",
    "Shown in training as none of the ten: the Caltech-101 photos (Li et al., CC BY 4.0) of 32 "
    "categories far from the ten classes, shortest side to 32 pixels with antialiasing, middle "
    "square, each as it is and as a JPEG of quality 75.",
    "Foreign photos: 1,000 of 32 other categories of Caltech-101, never shown in training.",
)
"""Sentences about the data for the cards of the CIFAR-10 networks."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Labelled pictures of one size. images: N×H×W×3 uint8 RGB. targets: N int64, into labels."""

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.targets)


def cifar10(data: Path | None, part: str, cache: Path) -> Pictures:
    """CIFAR-10, `part` train (50,000) or test (10,000), in the original order.

    data: a folder with `cifar10/cifar10.npz` (JPEGs in one array), decoded once into `cache`; None
    to download the official files into `cache` with torchvision. Raises DemoError where `data`
    lacks the file, or the download fails.
    """
    if data is None:
        return _official(part, cache)
    source = data / "cifar10" / "cifar10.npz"
    if not source.is_file():
        raise DemoError("lab_data_missing", dataset="cifar10", expected="cifar10/cifar10.npz")
    decoded = cache / f"cifar10-{part}-{source.stat().st_size}.npy"
    with np.load(source, allow_pickle=False) as archive:
        labels = tuple(str(name) for name in archive["class_names"])
        targets = archive[f"{part}_labels"].astype(np.int64)
        if not decoded.is_file():
            cache.mkdir(parents=True, exist_ok=True)
            np.save(decoded, decode(archive, part))
    return Pictures(np.load(decoded), targets, labels)


def decode(archive: Mapping[str, NDArray[Any]], part: str) -> NDArray[np.uint8]:
    """All JPEGs of a part → N×32×32×3 uint8 RGB; some training pictures are stored losslessly.

    archive: `header` (bytes that all JPEGs begin with), `<part>_data` (the rest of all JPEGs),
    `<part>_len` (bytes of each), `train_lossless` (pictures) and `train_lossless_idx`.
    """
    header = archive["header"].tobytes()
    data = archive[f"{part}_data"].tobytes()
    ends = np.cumsum(archive[f"{part}_len"], dtype=np.int64)
    images = np.empty((len(ends), 32, 32, 3), np.uint8)
    begin = 0
    for i, end in enumerate(ends):
        with Image.open(io.BytesIO(header + data[begin:end])) as image:
            images[i] = np.asarray(image.convert("RGB"))
        begin = end
    if part == "train":
        images[archive["train_lossless_idx"]] = archive["train_lossless"]
    return images


def _official(part: str, cache: Path) -> Pictures:
    from torchvision.datasets import CIFAR10

    def make(fetch: bool) -> CIFAR10:
        return CIFAR10(str(cache), train=part == "train", download=fetch)

    source = official("cifar10", CIFAR10.url, make)
    return Pictures(source.data, np.asarray(source.targets, np.int64), tuple(source.classes))
