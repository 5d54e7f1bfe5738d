"""A text file a picture, as YOLO has them: a line `class cx cy w h` a box, or `class x y x y …`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from demo.compare.labels import label_key
from demo.compression.labels.base import Labels, SetScore, Truth
from demo.errors import DemoError
from demo.geometry.boxes import nms
from demo.models.spec import ModelSpec
from demo.results import Detections, Result
from demo.results.metrics import (
    GroundTruth,
    Matches,
    average_precisions,
    bootstrap_map,
    match,
)
from demo.validate import brief

IOU = 0.7
"""Of the suppression of boxes, as mAP is usually measured."""
_NAMES = "classes.txt"
"""A line a class, in the order of their numbers; else the numbers are the model's own."""
_MOST_BOXES = 1000
"""True boxes of one picture."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxTruth(Truth):
    """The true boxes of each picture.

    boxes: name of the picture → N×5 float64, class of the model, then cx cy w h relative to the
    picture. suppresses: whether the model leaves duplicates of boxes.
    """

    boxes: Mapping[str, NDArray[np.float64]]
    suppresses: bool
    notes: Sequence[DemoError] = ()

    def judge(self, name: str, result: Result) -> Matches:
        """The boxes, matched with the true ones from an overlap of 0.5."""
        found = replace(cast(Detections, result), masks=None)
        if self.suppresses:
            found = nms(found, IOU)
        rows = self.boxes.get(name, np.zeros((0, 5)))
        width, height = found.size_wh
        centre, half = rows[:, 1:3], rows[:, 3:5] / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1)
        pixels = (xyxy * [width, height, width, height]).astype(np.float32)
        matched = match(found, GroundTruth(pixels, rows[:, 0].astype(np.int64)))
        return replace(matched, hits=matched.hits[:, :1])

    def score(self, judged: Sequence[object]) -> SetScore | None:
        """mAP50 over the classes that have boxes, with a bootstrap interval over pictures."""
        matches = cast(Sequence[Matches], judged)
        if not any(one.true_boxes.any() for one in matches):
            return None
        value = float(np.nanmean(average_precisions(matches)[:, 0]))
        low, high = bootstrap_map(matches)["mAP50"]
        return SetScore("mAP50", value, low, high, len(matches))


class YoloFiles(Labels):
    """`a.txt` beside `a.jpg`, or in the folder `labels` where the picture is in `images`."""

    name = "yolo_files"
    tasks = ("detect", "segment")

    def read(self, spec: ModelSpec, names: Sequence[str], texts: Mapping[str, str]) -> Truth | None:
        """A picture without its file has no objects, where any picture has one."""
        found = {name: text for name in names if (text := _text(name, texts)) is not None}
        if not found:
            return None
        classes, notes = _classes(spec, texts)
        boxes = {name: _rows(name, text, spec, classes) for name, text in found.items()}
        if not any(len(rows) for rows in boxes.values()):
            notes = (*notes, DemoError("compression_no_boxes", name=spec.name))
        return BoxTruth(boxes, spec.needs_nms, notes)


def _text(name: str, texts: Mapping[str, str]) -> str | None:
    """The label file of a picture."""
    folder, _, file = name.rpartition("/")
    base = file.rpartition(".")[0] or file
    before, images, after = f"/{folder}/".rpartition("/images/")
    folders = [folder, f"{before}/labels/{after}".strip("/")] if images else [folder]
    paths = (f"{one}/{base}.txt".lstrip("/") for one in folders)
    return next((texts[path] for path in paths if path in texts), None)


def _classes(
    spec: ModelSpec, texts: Mapping[str, str]
) -> tuple[list[int | None], tuple[DemoError, ...]]:
    """Number in the files → class of the model, None for one that it does not have."""
    listed = next((text for path, text in texts.items() if path.split("/")[-1] == _NAMES), None)
    if listed is None:
        return list(range(len(spec.labels))), ()
    own = {label_key(label): i for i, label in reversed(list(enumerate(spec.labels)))}
    names = [line.strip() for line in listed.splitlines() if line.strip()]
    classes = [own.get(label_key(name)) for name in names]
    foreign = [name for name, found in zip(names, classes, strict=True) if found is None]
    if not foreign:
        return classes, ()
    counts = {"count": len(foreign), "example": brief(foreign[0])}
    return classes, (DemoError("compression_some_classes", name=spec.name, **counts),)


def _rows(
    name: str, text: str, spec: ModelSpec, classes: Sequence[int | None]
) -> NDArray[np.float64]:
    """The boxes of a file. Raises DemoError for a line that is none, or of a class too many."""
    rows: list[list[float]] = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), 1):
        values = _values(line)
        if not values or number > _MOST_BOXES:
            raise DemoError("compression_label_line", name=name, line=number, got=brief(line))
        if not 0 <= values[0] < len(classes):
            raise DemoError(
                "compression_label_class",
                name=name,
                got=int(values[0]),
                model=spec.name,
                most=len(classes) - 1,
            )
        own = classes[int(values[0])]
        if own is not None:
            rows.append([own, *values[1:]])
    return np.array(rows, np.float64).reshape(-1, 5)


def _values(line: str) -> list[float]:
    """Class, cx, cy, w, h of a line, also of one with a polygon; nothing of any other line."""
    try:
        number, *values = [float(word) for word in line.split()]
    except ValueError:
        return []
    if not all(map(math.isfinite, [number, *values])) or number != int(number):
        return []
    if len(values) >= 6 and len(values) % 2 == 0:
        (left, right), (top, bottom) = ((min(v), max(v)) for v in (values[::2], values[1::2]))
        values = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    # Some programs write a confidence behind the box.
    return [number, *values[:4]] if len(values) in (4, 5) and min(values[2:4]) >= 0 else []


LABELS = YoloFiles()
