"""Pictures to calibrate with and others to measure with, and the labels that stand beside them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.results import Image
from demo.results.metrics import GroundTruth
from demo.settings import Settings

MAX_CALIBRATION = 300
MAX_HELD_OUT = 150
_HELD_OUT = 3
"""One picture in so many is held out."""
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic"}
_EXAMPLES = (
    ("ultralytics", "assets/bus.jpg"),
    ("ultralytics", "assets/zidane.jpg"),
    ("gradio", "media_assets/images/cheetah.jpg"),
    ("gradio", "media_assets/images/lion.jpg"),
    ("gradio", "media_assets/images/tower.jpg"),
)
"""Pictures that the installed packages bring along."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Files of pictures. held_out: none of those that the network is calibrated with."""

    calibration: tuple[Path, ...]
    held_out: tuple[Path, ...]


def gather(folder: Path | None) -> Photos:
    """The pictures of a folder and the folders in it, a third of them held out; or the examples.

    Which picture is held out depends on its place in the folder alone. Raises DemoError where there
    is no such folder, or fewer than three pictures in it.
    """
    if folder is None:
        paths = [_package(name) / inside for name, inside in _EXAMPLES]
        return Photos(tuple(paths[1:]), tuple(paths[:1]))
    if not folder.is_dir():
        raise DemoError("quantize_no_folder", folder=folder)
    paths = [path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES]
    paths = [path for path in paths if path.is_file()]
    paths.sort(key=lambda path: hashlib.sha256(str(path.relative_to(folder)).encode()).digest())
    readable = list(_readable(paths, MAX_CALIBRATION + MAX_HELD_OUT))
    if len(readable) < _HELD_OUT:
        raise DemoError("quantize_no_pictures", folder=folder)
    held_out = readable[: min(len(readable) // _HELD_OUT, MAX_HELD_OUT)]
    return Photos(tuple(readable[len(held_out) :][:MAX_CALIBRATION]), tuple(held_out))


def read(path: Path) -> Image:
    """A picture file → H×W×3 uint8 RGB. Raises DemoError for one that cannot be decoded."""
    try:
        return decode(path.read_bytes(), Limits.of(Settings())).rgb
    except OSError:
        raise DemoError("batch_unreadable", name=path.name) from None


def class_of(path: Path, labels: Sequence[str]) -> int | None:
    """The class of a picture in a folder of that name; None where no label is named so."""
    word = _word(path.parent.name)
    return next((i for i, label in enumerate(labels) if _word(label) == word), None)


def boxes_of(path: Path, size_wh: tuple[int, int], classes: int) -> GroundTruth | None:
    """The true boxes of a picture: `class cx cy w h` a line, in shares of the picture's sides.

    They stand in a text file beside it, or under `labels` for a picture under `images`. None where
    there is none, or where it is about other classes.
    """
    file = _boxes_file(path)
    if file is None:
        return None
    try:
        lines = file.read_text("utf-8").splitlines()
        rows = np.array([[float(x) for x in line.split()[:5]] for line in lines if line.strip()])
    except (OSError, ValueError):
        return None
    if not len(rows):
        return GroundTruth(np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    if rows.ndim != 2 or rows.shape[1] != 5 or not np.isfinite(rows).all():
        return None
    ids = rows[:, 0].astype(np.int64)
    if (ids < 0).any() or (ids >= classes).any():
        return None
    centres, halves = rows[:, 1:3], rows[:, 3:] / 2
    xyxy = np.concatenate([centres - halves, centres + halves], axis=1) * np.array(size_wh * 2)
    return GroundTruth(xyxy.astype(np.float32), ids)


def _boxes_file(path: Path) -> Path | None:
    parts = list(path.parts)
    places = [path.with_suffix(".txt")]
    if "images" in parts[:-1]:
        last = len(parts) - 1 - parts[::-1].index("images")
        places.append(Path(*parts[:last], "labels", *parts[last + 1 :]).with_suffix(".txt"))
    return next((place for place in places if place.is_file()), None)


def _readable(paths: Sequence[Path], most: int) -> Iterator[Path]:
    found = 0
    for path in paths:
        if found == most:
            return
        try:
            read(path)
        except DemoError:  # a damaged file says nothing about the network
            continue
        found += 1
        yield path


def _word(name: str) -> str:
    return name.casefold().replace("_", " ").replace("-", " ").strip()


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
