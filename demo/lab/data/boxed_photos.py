"""Photos with boxes, and their folder layout for ultralytics' trainer."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from demo.errors import DemoError
from demo.export.formats import yolo_lines
from demo.lab.data.caltech import NO_ANIMAL_NO_FACE, caltech_folder, interleaved_paths
from demo.lab.data.splits import is_test
from demo.models.coco import LABELS as COCO


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo and its true boxes.

    Args:
        path: the file.
        path_in_set: path inside its data set, which decides the split.
        boxes: xyxy in pixels of the file.
        labels: one of each box.
        folds: one in so many photos of the set is a test photo.
    """

    path: Path
    path_in_set: str
    boxes: tuple[tuple[float, float, float, float], ...]
    labels: tuple[str, ...]
    folds: int = 5

    @property
    def is_test(self) -> bool:
        """Whether it is excluded from training."""
        return is_test(self.path_in_set, self.folds)


def photos_of(data: Path, name: str) -> list[Photo]:
    """All photos of a set sorted by path: boxes3, animals, coco128, or caltech101 (no boxes).

    Raises DemoError where the set is missing.
    """
    if name == "coco128":
        return coco128_photos(data)
    if name == "caltech101":
        folder = caltech_folder(data, data)
        paths = sorted(folder.glob("*/*.webp"))
        return [Photo(path, f"{path.parent.name}/{path.name}", (), ()) for path in paths]
    return boxed_photos(data, name)


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
        photos.append(Photo(path, f"images/{path.name}", boxes, labels, folds=3))
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
    paths = interleaved_paths(folder, NO_ANIMAL_NO_FACE, count, part)
    return [Photo(folder / path, path, (), ()) for path in paths]


def write_layout(photos: list[Photo], labels: tuple[str, ...], folder: Path) -> Path:
    """Write symlinks, label files, two lists and data.yaml under `folder`; return the YAML's path.

    Label lines are `class cx cy w h` relative to the photo's size; boxes of labels other than
    `labels` are left out. Test photos go to the list `val`, which the trainer does not train on.
    A photo that occurs twice in `photos` occurs twice in its list.

    Raises DemoError for two photos that would share a label file, which has no extension of theirs.
    """
    lists: dict[str, list[str]] = {"train": [], "val": []}
    owners: dict[Path, Path] = {}
    for photo in photos:
        name = f"{photo.path.parents[1].name}_{photo.path_in_set.replace('/', '_')}"
        link = folder.resolve() / "images" / name
        text = (folder / "labels" / name).with_suffix(".txt")
        owner = owners.setdefault(text, photo.path)
        if owner != photo.path:
            raise DemoError("lab_same_labels", first=owner, second=photo.path, file=text.name)
        for parent in (link.parent, text.parent):
            parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)  # of an earlier run, maybe to another photo
        link.symlink_to(photo.path.resolve())
        text.write_text("".join(_label_lines(photo, labels)))
        lists["val" if photo.is_test else "train"].append(str(link))
    for part, paths in lists.items():
        (folder / f"{part}.txt").write_text("\n".join(paths) + "\n")
    names = "".join(f"  {i}: {label}\n" for i, label in enumerate(labels))
    yaml = folder / "data.yaml"
    root = json.dumps(str(folder.resolve()))  # also a string of YAML, whatever is in it
    yaml.write_text(f"path: {root}\ntrain: train.txt\nval: val.txt\nnames:\n{names}")
    return yaml


def _label_lines(photo: Photo, labels: tuple[str, ...]) -> list[str]:
    with Image.open(photo.path) as image:
        size_wh = image.size
    kept = [pair for pair in zip(photo.boxes, photo.labels, strict=True) if pair[1] in labels]
    xyxy = np.array([box for box, _ in kept], np.float64).reshape(-1, 4)
    class_ids = np.array([labels.index(label) for _, label in kept], np.int64)
    return yolo_lines(xyxy, class_ids, size_wh)
