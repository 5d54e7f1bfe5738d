"""Photos with boxes, and the part that each belongs to: training, validation or test."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from demo.errors import DemoError
from demo.lab.data.caltech import NOT_DETECTED, caltech_folder, interleaved_paths
from demo.lab.data.splits import is_test, is_validation
from demo.models.coco import LABELS as COCO

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo and its true boxes.

    Args:
        path: the file.
        path_in_set: path inside its data set, which decides the split.
        boxes: xyxy in pixels of the file.
        labels: one of each box.
        folds: one in so many photos of the set is a test photo; 1 where all are.
        set_name: of its data set.
        complete: classes of which all things in the photo have a box.
        group: stands for `path_in_set` in the split where photos, such as the frames of a film,
            belong together.
        film: name of the film of which it is a frame, or "".
    """

    path: Path
    path_in_set: str
    boxes: tuple[Box, ...]
    labels: tuple[str, ...]
    folds: int = 5
    set_name: str = ""
    complete: frozenset[str] = frozenset()
    group: str = ""
    film: str = ""

    @property
    def is_test(self) -> bool:
        """Whether it is excluded from training."""
        return is_test(self.group or self.path_in_set, self.folds)

    @property
    def is_validation(self) -> bool:
        """Whether choices are made by it; it is excluded from training, too."""
        return is_validation(self.group or self.path_in_set, self.folds)


def coco128_photos(data: Path) -> list[Photo]:
    """COCO128 with its boxes (in files: `class cx cy w h`, relative to the photo's size).

    A third of it is test. Raises DemoError where it is missing.
    """
    folder = data / "coco128"
    if not (folder / "labels").is_dir():
        raise DemoError("lab_data_missing", dataset="coco128", expected="coco128/labels")
    photos = []
    for path in sorted((folder / "images").glob("*.jpg")):
        text = (folder / "labels" / path.name).with_suffix(".txt")
        lines = text.read_text().splitlines() if text.is_file() else []
        with Image.open(path) as image:
            width, height = image.size
        rows = [[float(number) for number in line.split()] for line in lines]
        boxes = tuple(
            ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            for _, x, y, w, h in rows
        )
        labels = tuple(COCO[int(row[0])] for row in rows)
        photos.append(
            Photo(path, f"images/{path.name}", boxes, labels, 3, "coco128", frozenset(COCO))
        )
    return photos


def boxed_photos(data: Path, name: str) -> list[Photo]:
    """All photos of `data/name` (images/ and boxes.csv: file,x0,y0,x1,y1,class), by path.

    Raises DemoError where the folder or its table is missing.
    """
    folder = data / name
    if not (folder / "boxes.csv").is_file():
        raise DemoError("lab_data_missing", dataset=name, expected=f"{name}/boxes.csv")
    rows: dict[str, list[tuple[tuple[float, float, float, float], str]]] = defaultdict(list)
    with (folder / "boxes.csv").open(newline="", encoding="utf-8") as table:
        for file, x0, y0, x1, y1, label in csv.reader(table):
            if file == "file":
                continue
            rows[file].append(((float(x0), float(y0), float(x1), float(y1)), label))
    return [
        Photo(
            folder / "images" / file,
            f"images/{file}",
            tuple(box for box, _ in boxes),
            tuple(label for _, label in boxes),
        )
        for file, boxes in sorted(rows.items())
    ]


def negative_photos(data: Path, count: int, part: str) -> list[Photo]:
    """`count` photos of the part train or test without any class of a detector, by category."""
    if not count:
        return []
    folder = caltech_folder(data, data)
    paths = interleaved_paths(folder, NOT_DETECTED, count, part)
    return [Photo(folder / path, path, (), ()) for path in paths]
