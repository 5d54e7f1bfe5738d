"""Out-of-distribution photos: some are used in training, others only to measure rejection."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.lab.data.boxed_photos import boxed_photos
from demo.lab.data.caltech import ALL_PHOTOS, NOT_IN_CIFAR10, caltech_folder, interleaved_paths
from demo.lab.data.folders import require_folder
from demo.lab.data.read import read_squares
from demo.settings import Settings

Images = NDArray[np.uint8]
"""N×side×side×3 uint8 RGB."""

TRAINING_CATEGORIES = NOT_IN_CIFAR10[::2]
"""Categories whose photos a CIFAR-10 network may see in training as "none of these"."""

FOREIGN_CATEGORIES = NOT_IN_CIFAR10[1::2]
"""Categories that no network sees in training: the foreign photos of the cards."""

OTHER_FARM_ANIMALS = "other farm animals"
"""The set of sheep, horses and cows that are not among `foreign_animals`."""

_FOREIGN_PHOTOS = 1000
_MAX_PET_PHOTOS = 600


def things(data: Path | None, cache: Path, side: int) -> Images:
    """All photos of `TRAINING_CATEGORIES`, each as it is and again as a JPEG of quality 75.

    Half are compressed so that compression artefacts, which CIFAR-10's pictures here have, do not
    distinguish outliers from pictures of the classes.
    """
    folder = caltech_folder(data, cache)
    paths = interleaved_paths(folder, TRAINING_CATEGORIES, ALL_PHOTOS)
    plain = _squares(folder, paths, cache / f"shown-{side}.npy", side)
    return np.concatenate([plain, np.stack([compressed(image) for image in plain])])


def foreign_things(data: Path | None, cache: Path, side: int) -> Images:
    """1,000 photos of `FOREIGN_CATEGORIES`, evenly by category."""
    folder = caltech_folder(data, cache)
    paths = interleaved_paths(folder, FOREIGN_CATEGORIES, _FOREIGN_PHOTOS)
    return _squares(folder, paths, cache / f"foreign-{side}.npy", side)


def compressed(image: NDArray[np.uint8], quality: int = 75) -> NDArray[np.uint8]:
    """H×W×3 uint8 RGB, encoded as a JPEG of that quality and decoded."""
    import cv2

    encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return decode(encoded.tobytes(), Limits.of(Settings())).rgb


def _squares(folder: Path, paths: list[str], cache_file: Path, side: int) -> Images:
    return read_squares((folder / path for path in paths), side, cache_file)


def scenes(data: Path | None, cache: Path, side: int) -> Images:
    """Training photos of random scenes (BACKGROUND_Google), of dogs and of cats.

    The dogs and cats have no official source: without `data` they are left out.
    """
    folder = caltech_folder(data, cache)
    background = interleaved_paths(folder, ("BACKGROUND_Google",), ALL_PHOTOS, "train")
    if data is None:
        return _squares(folder, background, cache / f"background-{side}.npy", side)
    paths = [f"caltech101/{path}" for path in background] + _pet_paths(data)
    return _squares(data, paths, cache / f"scenes-{side}.npy", side)


def pets(data: Path | None, cache: Path, side: int) -> Images:
    """The dogs and cats among `scenes`. Raises DemoError without `data`."""
    data = require_folder(data, "animals")
    return _squares(data, _pet_paths(data), cache / f"pets-{side}.npy", side)


def _pet_paths(data: Path) -> list[str]:
    photos = [p for p in boxed_photos(data, "animals") if set(p.labels) <= {"dog", "cat"}]
    training = [f"animals/{photo.path_in_set}" for photo in photos if not photo.is_test]
    return training[:_MAX_PET_PHOTOS]


def foreign_animals(data: Path | None, cache: Path, side: int) -> Images:
    """1,000 photos with sheep, horses or cows as the only boxed things; all where there are fewer.

    Every n-th by path from the first, for the largest whole n that leaves so many. Raises DemoError
    without `data` or without such photos.
    """
    data = require_folder(data, "animals")
    return _squares(data, _farm_paths(data)[0], cache / f"foreign-animals-{side}.npy", side)


def _farm_paths(data: Path) -> tuple[list[str], list[str]]:
    """The foreign photos of farm animals, and up to as many of the other ones, inside `data`."""
    farm = {"sheep", "horse", "cow"}
    photos = [photo for photo in boxed_photos(data, "animals") if set(photo.labels) <= farm]
    if not photos:
        raise DemoError("lab_data_missing", dataset="sheep, horse, cow", expected="animals")
    paths = [f"animals/{photo.path_in_set}" for photo in photos]
    foreign = paths[:: max(len(paths) // _FOREIGN_PHOTOS, 1)][:_FOREIGN_PHOTOS]
    others = sorted(set(paths) - set(foreign))
    return foreign, others[:_FOREIGN_PHOTOS]


def further_things(data: Path | None, cache: Path, side: int) -> dict[str, Images]:
    """Photos of things that `photo-101` has no class for and was not shown in training, by set.

    Raises DemoError without `data` or without such photos.
    """
    data = require_folder(data, "fruit")
    sets = {"fruit": _boxed(data, "fruit"), "dressed persons": _boxed(data, "person_masks")}
    sets["buses and trucks"] = _boxed(data, "vehicles", {"bus", "truck", "ambulance"})
    folders = sorted((data / "grocery81").glob("*/*"))
    if not folders:
        raise DemoError("lab_data_missing", dataset="grocery81", expected="grocery81/<product>")
    sets["groceries"] = [str(path.relative_to(data)) for path in folders]
    _, others = _farm_paths(data)
    if others:
        sets[OTHER_FARM_ANIMALS] = others
    return {
        name: _squares(data, paths, cache / f"{name.replace(' ', '-')}-{side}.npy", side)
        for name, paths in sets.items()
    }


def _boxed(data: Path, name: str, labels: set[str] | None = None) -> list[str]:
    """Paths inside `data` of a boxed set's photos: all, or those with boxes of `labels` only."""
    photos = boxed_photos(data, name)
    chosen = [photo for photo in photos if labels is None or set(photo.labels) <= labels]
    return [f"{name}/{photo.path_in_set}" for photo in chosen]


OUTLIERS: Mapping[str, Callable[[Path | None, Path, int], Images]] = {
    "things": things,
    "scenes": scenes,
    "pets": pets,
}
"""Name in a recipe → loader of the outliers that are used in training."""
FOREIGN_OF: Mapping[str, Callable[[Path | None, Path, int], Images]] = {
    "cifar10": foreign_things,
    "photo-101": foreign_animals,
}
"""Data set of a classifier → loader of photos of other things, none of them used in training."""
FURTHER_OF: Mapping[str, Callable[[Path | None, Path, int], dict[str, Images]]] = {
    "photo-101": further_things,
}
"""Data set of a classifier → loader of further sets of such photos."""
