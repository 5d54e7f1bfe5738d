"""What COCO detectors say of the training photos: computed once, stored as a file."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from demo.geometry.boxes import iou
from demo.lab.data.boxed_photos import Box, Photo
from demo.lab.data.read import read_photo
from demo.lab.detect import detect
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO
from demo.models.spec import WeightsFile
from demo.results import Detections

TEACHERS = ("yolo11n", "yolo26n")
_SIDE = 416
_MIN_SCORE = 0.1
_SAME_IOU = 0.55
_ALONE = 0.8
"""Factor of the score of a box that only one teacher sees."""

Said = tuple[str, float, Box]
"""Label, score 0–1, xyxy in pixels of the photo."""


def teacher_boxes(data: Path, photos: Sequence[Photo], file: Path) -> dict[str, list[Said]]:
    """The teachers' boxes by photo (`key_of`), from `file` where it has them, else added to it."""
    said: dict[str, list[Said]] = {}
    if file.is_file():
        said = json.loads(file.read_text("utf-8"))
    missing = [photo for photo in photos if key_of(photo) not in said]
    if missing:
        models = [_load(data / "weights" / f"{name}.pt", name) for name in TEACHERS]
        for count, photo in enumerate(missing, 1):
            image = read_photo(photo.path)
            with torch.autocast("cpu", torch.bfloat16):
                answers = [detect(model, image, _SIDE, COCO) for model in models]
            said[key_of(photo)] = merged(answers)
            if count % 500 == 0 or count == len(missing):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(said), "utf-8")
    # Boxes that come from the file are lists.
    return {
        key: [(label, score, (x0, y0, x1, y1)) for label, score, (x0, y0, x1, y1) in rows]
        for key, rows in said.items()
    }


def key_of(photo: Photo) -> str:
    """A name of the photo that is unique among all sets."""
    return f"{photo.set_name}/{photo.path_in_set}"


def merged(answers: Sequence[Detections]) -> list[Said]:
    """One list of two teachers' boxes: what both see is surer, what one sees alone is less so."""
    first, second = (answer[answer.scores >= _MIN_SCORE / 2] for answer in answers)
    overlap = iou(first.xyxy, second.xyxy) if len(first.scores) and len(second.scores) else None
    rows: list[Said] = []
    used: set[int] = set()
    for i in range(len(first.scores)):
        score, box = float(first.scores[i]), first.xyxy[i]
        partner = -1
        if overlap is not None:
            fits = (overlap[i] > _SAME_IOU) & (second.class_ids == first.class_ids[i])
            candidates = [int(j) for j in np.flatnonzero(fits) if int(j) not in used]
            partner = max(candidates, key=lambda j: float(second.scores[j]), default=-1)
        if partner >= 0:
            used.add(partner)
            other = float(second.scores[partner])
            box = (box * score + second.xyxy[partner] * other) / (score + other)
            score = min(1.0, max(score, other) + 0.5 * min(score, other))
        else:
            score *= _ALONE
        _append(rows, COCO[first.class_ids[i]], score, box)
    for j in range(len(second.scores)):
        if j not in used:
            score = float(second.scores[j]) * _ALONE
            _append(rows, COCO[second.class_ids[j]], score, second.xyxy[j])
    return rows


def _append(
    rows: list[Said], label: str, score: float, box: "np.ndarray[tuple[int], np.dtype[np.float32]]"
) -> None:
    if score >= _MIN_SCORE:
        x0, y0, x1, y1 = (round(float(value), 1) for value in box)
        rows.append((label, round(score, 3), (x0, y0, x1, y1)))


def _load(file: Path, name: str) -> nn.Module:
    network: nn.Module = ultralytics.build(name, len(COCO))
    network.load_state_dict(ultralytics.detector_state(WeightsFile(file, sha256=""), COCO, name))
    network.model[-1].end2end = False  # type: ignore[index, union-attr]
    fused: nn.Module = network.float().eval().fuse(verbose=False)  # type: ignore[operator]
    return fused.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
