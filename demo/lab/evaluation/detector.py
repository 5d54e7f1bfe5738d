"""Average precisions of a detector on photos that it was not trained on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from demo.geometry.letterbox import Letterbox
from demo.lab.cards.detector import ClassPrecision, DetectorCard, DetectorScores, FalsePositives
from demo.lab.cards.facts import Estimate
from demo.lab.data.boxed_photos import Photo, photos_of
from demo.lab.data.folders import require_folder
from demo.lab.data.read import read_photo
from demo.lab.evaluation.classifier import check_dataset
from demo.lab.evaluation.metrics import (
    GroundTruth,
    Matches,
    average_precisions,
    bootstrap_map,
    match,
)
from demo.lab.evaluation.networks import fused, load_detector
from demo.lab.options import EvaluateOptions
from demo.models import ultralytics
from demo.models.coco import LABELS as COCO
from demo.models.spec import WeightsFile
from demo.results import Detections, Image

DETECTION_SETS = ("boxes3", "animals", "coco128", "caltech101")
"""Sets that a detector can be measured on; the boxes of the last are a teacher's, not people's."""

_TEACHER, _TEACHER_SIZE, _MIN_TEACHER_SCORE = "weights/yolo11n.pt", 416, 0.5
"""Detector of the true boxes where no person drew any: file in the data, input size, threshold."""


def evaluate_detector(card: DetectorCard, options: EvaluateOptions) -> DetectorScores:
    """Measure a published detector on the test part of one of `DETECTION_SETS`.

    Raises:
        DemoError: another data set is asked for, or the data are missing.
    """
    check_dataset(card.name, options.dataset, DETECTION_SETS)
    data = require_folder(options.data, options.dataset)
    model = load_detector(options.weights / card.file, card.architecture, card.labels)
    photos = held_out_photos(data, options.dataset, card.labels)
    matches = list(match_photos(model, photos, card.input_size[0], card.labels))
    return measure_detector(matches, card.labels)


@torch.inference_mode()
def detect(model: nn.Module, image: Image, size: int, labels: tuple[str, ...]) -> Detections:
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
    model: nn.Module, photos: list[Photo], size: int, labels: tuple[str, ...]
) -> Iterator[Matches]:
    """Detect in each photo and match its boxes with the true ones, in order."""
    for photo in photos:
        xyxy = np.array(photo.boxes, np.float32).reshape(-1, 4)
        ids = np.array([labels.index(label) for label in photo.labels], np.int64)
        found = detect(model, read_photo(photo.path), size, labels)
        yield match(found, GroundTruth(xyxy, ids))


def measure_detector(matches: list[Matches], labels: tuple[str, ...]) -> DetectorScores:
    """mAP50 and mAP50-95 with 95 % bootstrap intervals over photos, and both for each class."""
    table = average_precisions(matches)
    intervals = bootstrap_map(matches)
    true_boxes = np.sum([photo.true_boxes for photo in matches], axis=0)

    def estimate(metric: str, value: float) -> Estimate:
        low, high = intervals[metric]
        return Estimate(value=value, low=low, high=high, n=len(matches))

    return DetectorScores(
        map50=estimate("mAP50", float(np.nanmean(table[:, 0]))),
        map50_95=estimate("mAP50-95", float(np.nanmean(table))),
        per_class={
            label: ClassPrecision(
                ap50=round(float(table[i, 0]), 4),
                ap50_95=round(float(table[i].mean()), 4),
                boxes=int(true_boxes[i]),
            )
            for i, label in enumerate(labels)
            if true_boxes[i]
        },
    )


def count_false_positives(
    model: nn.Module, photos: list[Photo], size: int, labels: tuple[str, ...]
) -> FalsePositives:
    """Count photos without any of the classes that get a box of score ≥ 0.25, and of ≥ 0.5."""
    best = np.array(
        [detect(model, read_photo(p.path), size, labels).scores.max(initial=0) for p in photos]
    )
    above_25, above_50 = (int((best >= threshold).sum()) for threshold in (0.25, 0.5))
    return FalsePositives(above_25=above_25, above_50=above_50, n=len(photos))


def held_out_photos(data: Path, name: str, labels: tuple[str, ...]) -> list[Photo]:
    """The test photos of one of `DETECTION_SETS` with their true boxes of `labels`."""
    photos = [photo for photo in photos_of(data, name) if photo.is_test]
    if name == "caltech101":
        teacher = _load_teacher(data / _TEACHER)
        photos = [_with_boxes_of(teacher, photo) for photo in photos]
    return [with_labels(photo, labels) for photo in photos]


def _load_teacher(file: Path) -> nn.Module:
    """The COCO detector yolo11n."""
    model: nn.Module = ultralytics.build("yolo11n", len(COCO))
    model.load_state_dict(ultralytics.detector_state(WeightsFile(file, sha256=""), COCO, "yolo11n"))
    return fused(model)


def _with_boxes_of(teacher: nn.Module, photo: Photo) -> Photo:
    """The photo with the teacher's boxes of at least `_MIN_TEACHER_SCORE` as true ones."""
    found = detect(teacher, read_photo(photo.path), _TEACHER_SIZE, COCO)
    found = found[found.scores >= _MIN_TEACHER_SCORE]
    boxes = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in found.xyxy)
    return Photo(photo.path, photo.path_in_set, boxes, tuple(COCO[i] for i in found.class_ids))


def with_labels(photo: Photo, labels: tuple[str, ...]) -> Photo:
    """The photo without its boxes of other labels."""
    kept = [i for i, label in enumerate(photo.labels) if label in labels]
    boxes = tuple(photo.boxes[i] for i in kept)
    return replace(photo, boxes=boxes, labels=tuple(photo.labels[i] for i in kept))
