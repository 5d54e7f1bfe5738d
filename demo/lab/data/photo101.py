"""The photo categories of Caltech-101 as one set of square pictures."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.lab.data.caltech import caltech_folder
from demo.lab.data.cifar import Pictures
from demo.lab.data.read import read_squares
from demo.lab.data.splits import is_test

SIDE = 160
"""Side in pixels of the squares: training crops from them, evaluation takes them whole."""

_FROM_BOXES3 = {"airplane": "airplanes", "face": "Faces", "motorcycle": "Motorbikes"}
"""Label → category of the official set; a local folder has these photos in boxes3."""
_EXCLUDED = {"BACKGROUND_Google", "Faces_easy"}
"""Random scenes, and crops of the photos in `Faces`."""
_NAMES = {"water_lilly": "water lily", "Leopards": "leopard", "yin_yang": "yin and yang"}


def label_of(category: str) -> str:
    """The label of a category, from its folder name in the official set."""
    for label, official in _FROM_BOXES3.items():
        if category == official:
            return label
    return _NAMES.get(category, category.replace("_", " "))


def photo_paths(data: Path | None, cache: Path) -> list[tuple[Path, str, str]]:
    """(file, path inside its set, label) of every photo, sorted by label.

    data: folder with caltech101/ and boxes3/; None for torchvision's download of the official
    set. Raises DemoError where `data` lacks one of them.
    """
    folder = caltech_folder(data, cache)
    rows = []
    for category in sorted(p.name for p in folder.iterdir() if p.is_dir()):
        if category in _EXCLUDED:
            continue
        for path in sorted((folder / category).glob("*.*")):
            rows.append((path, f"{category}/{path.name}", label_of(category)))
    if data is not None:
        for label in _FROM_BOXES3:
            boxed = data / "boxes3" / "images" / label
            if not boxed.is_dir():
                expected = f"boxes3/images/{label}"
                raise DemoError("lab_data_missing", dataset="photo-101", expected=expected)
            for path in sorted(boxed.iterdir()):
                rows.append((path, f"images/{label}/{path.name}", label))
    return sorted(rows, key=lambda row: (row[2], row[1]))


def photo101(data: Path | None, part: str, cache: Path) -> Pictures:
    """Middle squares of the photos of a part, train or test (`is_test` of the path in the set).

    Their side is `SIDE`. The decoded squares are stored in `cache`.
    """
    rows = photo_paths(data, cache)
    labels = tuple(sorted({label for _, _, label in rows}))
    rows = [row for row in rows if is_test(row[1]) == (part == "test")]
    cache_file = cache / f"photo101-{part}-{SIDE}.npy"
    images = read_squares((path for path, _, _ in rows), SIDE, cache_file)
    targets = np.array([labels.index(label) for _, _, label in rows], np.int64)
    return Pictures(images, targets, labels)


def validation_part(data: Path | None, cache: Path) -> NDArray[np.bool_]:
    """Which of the training photos are for validation, in the order of `photo101`: a third.

    The network was trained on them; what is fitted afterwards on others' features was not.
    """
    paths = [path for _, path, _ in photo_paths(data, cache) if not is_test(path)]
    return np.array([is_test(f"validation/{path}", 3) for path in paths])


VALIDATION_OF: Mapping[str, Callable[[Path | None, Path], NDArray[np.bool_]]] = {
    "photo-101": validation_part,
}
"""Data set of a classifier → which of its training photos are for validation."""
