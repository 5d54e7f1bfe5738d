"""Photos for training detectors, with what may and may not be learned from each."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.errors import DemoError
from demo.lab.data.boxed_photos import Box, Photo, coco128_photos
from demo.lab.data.caltech import caltech_folder
from demo.lab.data.splits import is_test

_NAMES = {
    "aeroplane": "airplane",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "sofa": "couch",
    "tvmonitor": "tv",
    "diningtable": "dining table",
    "license_plate": "license plate",
}
"""Of VOC and of single sets → COCO's, or ours."""
VOC = frozenset(
    {
        *("person", "bird", "cat", "cow", "dog", "horse", "sheep", "airplane", "bicycle", "boat"),
        *("bus", "car", "motorcycle", "train", "bottle", "chair", "dining table", "potted plant"),
        *("couch", "tv"),
    }
)
ANIMALS = frozenset({"dog", "cat", "sheep", "horse", "cow"})


def detection_photos(data: Path, name: str) -> list[Photo]:
    """All photos of a set by path. Raises DemoError for a set that is unknown or missing."""
    if name == "coco128":
        return coco128_photos(data)
    if name == "caltech101":
        paths = sorted(caltech_folder(data, data).glob("*/*.webp"))
        return [
            Photo(path, f"{path.parent.name}/{path.name}", (), (), set_name=name) for path in paths
        ]
    tables = {file: (boxes, _complete(name, boxes)) for file, boxes in _table(data, name).items()}
    if name == "animals":
        full = _table(data, "animals_voc20", "boxes_voc20.csv")
        tables |= {file: (boxes, VOC) for file, boxes in full.items()}
    photos = []
    for file, (rows, complete) in sorted(tables.items()):
        boxes, labels = tuple(box for box, _ in rows), tuple(label for _, label in rows)
        path = data / name / "images" / file
        film = re.sub(r"_\d+$", "", path.stem) if path.stem.startswith("ro_") else ""
        group = re.sub(r"\d{1,3}$", "", path.stem) if film else ""
        folds = 1 if name == "voc_mixed" else 5
        photos.append(
            Photo(path, f"images/{file}", boxes, labels, folds, name, complete, group, film)
        )
    return photos


def training_photos(data: Path, names: Sequence[str]) -> list[Photo]:
    """The photos of some sets that are trained on; of caltech101's, which are many, a third."""
    photos = [photo for name in names for photo in detection_photos(data, name)]
    return [
        photo
        for photo in photos
        if not photo.is_test
        and not photo.is_validation
        and (photo.set_name != "caltech101" or is_test(photo.path_in_set + "#", 3))
    ]


def _complete(name: str, rows: list[tuple[Box, str]]) -> frozenset[str]:
    """Classes that a set labels everywhere, as its description says."""
    if name == "boxes3":
        return frozenset(label for _, label in rows)
    known: Mapping[str, frozenset[str]] = {
        "animals": ANIMALS,
        "faces": frozenset({"face"}),
        "plates": frozenset({"license plate"}),
        "fruit": frozenset({"apple", "banana", "orange"}),
        "voc_mixed": VOC,
        # Some vehicles, and the people in the background, have no box.
        "vehicles": frozenset(),
        "person_masks": frozenset(),
    }
    return known[name]


def _table(data: Path, name: str, file_name: str = "boxes.csv") -> dict[str, list[tuple[Box, str]]]:
    """File → boxes, of file,x0,y0,x1,y1,class. Raises DemoError where the table is missing."""
    table = data / name / file_name
    if not table.is_file():
        raise DemoError("lab_data_missing", dataset=name, expected=f"{name}/{file_name}")
    rows: dict[str, list[tuple[Box, str]]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as opened:
        for file, *corners, label in csv.reader(opened):
            if file != "file":  # some tables have a heading
                x0, y0, x1, y1 = map(float, corners)
                rows[file].append(((x0, y0, x1, y1), _NAMES.get(label, label)))
    return rows
