"""What a photo teaches: boxes to find, and places where a class is neither right nor wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.geometry.boxes import iou
from demo.lab.data.boxed_photos import Photo
from demo.lab.training.teacher_boxes import Said

_MIN_TAUGHT, _MIN_TAUGHT_ALONE = 0.5, 0.65
"""Score of a teacher's box from which it counts as a person's; where people labelled nothing."""
_SAME_IOU = 0.6
_VEHICLES = ("car", "bus", "truck")
_WITH_PLATES = (*_VEHICLES, "motorcycle")

Rows = NDArray[np.float32]
"""N×5: class id, xyxy in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """boxes: to be found. ignored: in these places the class is not learned."""

    boxes: Rows
    ignored: Rows


def targets_of(photo: Photo, said: Sequence[Said], labels: tuple[str, ...]) -> Targets:
    """People's boxes, and the teachers' for what people did not label in this photo.

    A teacher's unsure box is ignored, and so is one around what a person calls by another name.
    No teacher knows faces and plates: where no person labelled them they are ignored in people
    and in vehicles.
    """
    human = list(zip(photo.labels, photo.boxes, strict=True))
    boxes = [(label, box) for label, box in human if label in labels]
    ignored = [(v, box) for label, box in human if label == "ambulance" for v in _VEHICLES]
    known = np.array([box for _, box in human], np.float32).reshape(-1, 4)
    taught = []
    enough = _MIN_TAUGHT if photo.complete else _MIN_TAUGHT_ALONE
    for label, score, box in said:
        if label not in labels or label in photo.complete:
            continue
        overlap = iou(np.array([box], np.float32), known)[0] if len(known) else np.zeros(0)
        if overlap.max(initial=0) > _SAME_IOU:
            if human[int(overlap.argmax())][0] != label:
                ignored.append((label, box))
        elif score >= enough:
            taught.append((label, box))
        else:
            ignored.append((label, box))
    seen = human + [(label, box) for label, _, box in said]
    if "face" not in photo.complete:
        ignored += [("face", box) for label, box in seen if label == "person"]
    ignored += [
        ("license plate", box)
        for label, box in seen
        if label in _WITH_PLATES and not _holds_plate(photo, box)
    ]
    return Targets(_rows(boxes + taught, labels), _rows(ignored, labels))


def _holds_plate(photo: Photo, box: tuple[float, float, float, float]) -> bool:
    """Whether a person found the plate of the vehicle in `box`: then there is no other."""
    if "license plate" not in photo.complete:
        return False
    return any(
        box[0] <= (x0 + x1) / 2 <= box[2] and box[1] <= (y0 + y1) / 2 <= box[3]
        for x0, y0, x1, y1 in photo.boxes
    )


def _rows(
    pairs: Sequence[tuple[str, tuple[float, float, float, float]]], labels: tuple[str, ...]
) -> Rows:
    kept = [(labels.index(label), *box) for label, box in pairs if label in labels]
    return np.array(kept, np.float32).reshape(-1, 5)
