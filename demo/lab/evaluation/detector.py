"""Measuring a detector on photos it never saw."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from demo.geometry.letterbox import Letterbox
from demo.lab.data.boxed_photos import Photo, photos_of
from demo.lab.data.read import read_photo
from demo.lab.evaluation.metrics import Matches, Truth, average_precisions, bootstrap_map, match
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO
from demo.models.spec import WeightsFile
from demo.results import Detections, Image

Facts = dict[str, Any]

DETECTION_SETS = ("boxes3", "animals", "coco128", "caltech101")
"""Sets that a detector can be measured on; the boxes of the last are a teacher's, not people's."""

TEACHER, TEACHER_SIZE, TEACHER_SURE = "weights/yolo11n.pt", 416, 0.5
"""Whose boxes count as true where no person drew any: file inside the data, size, least score."""


def load_detector(file: Path, architecture: str, labels: tuple[str, ...]) -> Any:
    """The detector of a safetensors file, float32, fused, built from ultralytics' model YAML."""
    model = ultralytics.build(architecture, len(labels))
    model.load_state_dict(load_file(file))
    return model.float().eval().fuse(verbose=False).to(memory_format=torch.channels_last)


@torch.inference_mode()
def detect(model: Any, image: Image, size: int, labels: tuple[str, ...]) -> Detections:
    """All boxes of score ≥ 0.001 after suppression at overlap 0.7, at most 300, as for mAP."""
    from ultralytics.utils.nms import non_max_suppression

    box = Letterbox.fit((image.shape[1], image.shape[0]), size)
    pixels = torch.from_numpy(np.ascontiguousarray(box.apply(image))).permute(2, 0, 1)[None]
    inputs = (pixels.float() / 255).contiguous(memory_format=torch.channels_last)
    found = non_max_suppression(model(inputs), 0.001, 0.7, multi_label=True, max_det=300)[0]
    rows = found.numpy().astype(np.float32)
    scores = rows[:, 4].clip(0, 1)
    return Detections(
        box.restore(rows[:, :4]), scores, rows[:, 5].astype(np.int64), labels, box.size_wh
    )


def match_photos(
    model: Any, photos: list[Photo], size: int, labels: tuple[str, ...]
) -> Iterator[Matches]:
    """Detect in each photo and settle its boxes, in order."""
    for photo in photos:
        xyxy = np.array(photo.boxes, np.float32).reshape(-1, 4)
        ids = np.array([labels.index(label) for label in photo.labels], np.int64)
        yield match(detect(model, read_photo(photo.path), size, labels), Truth(xyxy, ids))


def measure_detector(matches: list[Matches], labels: tuple[str, ...]) -> Facts:
    """mAP50 and mAP50-95 with 95 % bootstrap intervals over photos, and both for each class."""
    table = average_precisions(matches)
    intervals = bootstrap_map(matches)
    truths = np.sum([photo.truths for photo in matches], axis=0)
    values = {"mAP50": float(np.nanmean(table[:, 0])), "mAP50-95": float(np.nanmean(table))}
    facts: Facts = {
        metric: {
            "value": value,
            "low": intervals[metric][0],
            "high": intervals[metric][1],
            "n": len(matches),
        }
        for metric, value in values.items()
    }
    facts["per_class"] = {
        label: {
            "ap50": round(float(table[i, 0]), 4),
            "ap50_95": round(float(table[i].mean()), 4),
            "boxes": int(truths[i]),
        }
        for i, label in enumerate(labels)
        if truths[i]
    }
    return facts


def false_finds(model: Any, photos: list[Photo], size: int, labels: tuple[str, ...]) -> Facts:
    """How many photos without any of the classes get a box of score ≥ 0.25, and of ≥ 0.5."""
    best = [detect(model, read_photo(p.path), size, labels).scores.max(initial=0) for p in photos]
    return {str(least): int((np.array(best) >= least).sum()) for least in (0.25, 0.5)} | {
        "n": len(photos)
    }


def held_out(data: Path, name: str, labels: tuple[str, ...]) -> list[Photo]:
    """The test photos of a set with their true boxes of `labels`; see `DETECTION_SETS`."""
    photos = [photo for photo in photos_of(data, name) if photo.test]
    if name == "caltech101":
        model = load_teacher(data / TEACHER)
        photos = [_as_seen(model, photo) for photo in photos]
    return [of_labels(photo, labels) for photo in photos]


def load_teacher(file: Path) -> Any:
    """The COCO detector yolo11n, float32, fused."""
    model = ultralytics.build("yolo11n", len(COCO))
    model.load_state_dict(ultralytics.detector_state(WeightsFile(file, sha256=""), COCO, "yolo11n"))
    return model.float().eval().fuse(verbose=False).to(memory_format=torch.channels_last)


def _as_seen(teacher: Any, photo: Photo) -> Photo:
    """The photo with the teacher's boxes of which it is sure."""
    found = detect(teacher, read_photo(photo.path), TEACHER_SIZE, COCO)
    found = found[found.scores >= TEACHER_SURE]
    boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in found.xyxy)
    return Photo(photo.path, photo.inside, boxes, tuple(COCO[i] for i in found.class_ids))


def of_labels(photo: Photo, labels: tuple[str, ...]) -> Photo:
    """The photo with its boxes of `labels` alone."""
    kept = [i for i, label in enumerate(photo.labels) if label in labels]
    boxes = tuple(photo.boxes[i] for i in kept)
    return Photo(photo.path, photo.inside, boxes, tuple(photo.labels[i] for i in kept), photo.parts)
