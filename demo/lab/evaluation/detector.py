"""Average precisions of a detector on photos that it was not trained on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn

from demo.lab.cards.detector import ClassPrecision, DetectorCard, DetectorScores, FalsePositives
from demo.lab.cards.facts import Estimate
from demo.lab.data.boxed_photos import Photo
from demo.lab.data.caltech import NOT_DETECTED
from demo.lab.data.detection_photos import VOC, detection_photos
from demo.lab.data.folders import require_folder
from demo.lab.data.read import read_photo
from demo.lab.detect import detect
from demo.lab.evaluation.classifier import check_dataset
from demo.lab.evaluation.networks import load_detector
from demo.lab.options import EvaluateOptions
from demo.models.coco import LABELS as COCO
from demo.results.metrics import (
    GroundTruth,
    Matches,
    average_precisions,
    bootstrap_map,
    match,
)

DETECTION_SETS: Mapping[str, frozenset[str]] = {
    "animals": VOC,
    "voc_mixed": VOC,
    "coco128": frozenset(COCO),
    "vehicles": frozenset({"car", "bus", "truck", "motorcycle"}),
    "faces": frozenset({"face"}),
    "plates": frozenset({"license plate"}),
    "fruit": frozenset({"apple", "banana", "orange"}),
    "boxes3": frozenset({"airplane", "motorcycle", "face"}),
}
"""Sets that a detector is measured on → the labels that count there."""


def evaluate_detector(card: DetectorCard, options: EvaluateOptions) -> DetectorScores:
    """Measure a published detector on the test part of one of `DETECTION_SETS`.

    Raises:
        DemoError: another data set is asked for, or the data are missing.
    """
    check_dataset(card.name, options.dataset, tuple(DETECTION_SETS))
    data = require_folder(options.data, options.dataset)
    model = load_detector(options.weights / card.file, card.architecture, card.labels)
    photos = held_out_photos(data, options.dataset)
    matches = list(match_photos(model, photos, card.input_size[0], card.labels))
    return measure_detector(matches, card.labels)


def held_out_photos(data: Path, name: str, part: str = "test") -> list[Photo]:
    """The test or validation photos of one of `DETECTION_SETS`, with their boxes that count.

    Of `animals` only those on which all of VOC's classes have boxes; no test frame of a film of
    which other frames are used for training.
    """
    known = detection_photos(data, name)
    if part == "test":
        used = {photo.film for photo in known if not photo.is_test} - {""}
        photos = [photo for photo in known if photo.is_test and photo.film not in used]
    else:
        photos = [photo for photo in known if photo.is_validation]
    if name == "animals":
        photos = [photo for photo in photos if photo.complete == VOC]
    return [with_labels(photo, DETECTION_SETS[name]) for photo in photos]


def foreign_validation_photos(data: Path) -> list[Photo]:
    """Validation photos of single things that no detector of this lab knows."""
    photos = detection_photos(data, "caltech101")
    return [p for p in photos if p.is_validation and p.path.parent.name in NOT_DETECTED]


def match_photos(
    model: nn.Module, photos: list[Photo], size: int, labels: tuple[str, ...], iou: float = 0.7
) -> Iterator[Matches]:
    """Detect in each photo and match its boxes with the true ones of `labels`, in order."""
    for photo in photos:
        known = with_labels(photo, labels)
        xyxy = np.array(known.boxes, np.float32).reshape(-1, 4)
        ids = np.array([labels.index(label) for label in known.labels], np.int64)
        found = detect(model, read_photo(photo.path), size, labels, iou)
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
    model: nn.Module,
    photos: list[Photo],
    size: int,
    labels: tuple[str, ...],
    confidence: float = 0.25,
) -> FalsePositives:
    """Count photos without any of the classes that get a box of score ≥ 0.25, 0.5, `confidence`."""
    best = np.array(
        [detect(model, read_photo(p.path), size, labels).scores.max(initial=0) for p in photos]
    )
    low, high, own = (int((best >= threshold).sum()) for threshold in (0.25, 0.5, confidence))
    return FalsePositives(above_25=low, above_50=high, at_confidence=own, n=len(photos))


def with_labels(photo: Photo, labels: Collection[str]) -> Photo:
    """The photo without its boxes of other labels."""
    kept = [i for i, label in enumerate(photo.labels) if label in labels]
    boxes = tuple(photo.boxes[i] for i in kept)
    return replace(photo, boxes=boxes, labels=tuple(photo.labels[i] for i in kept))
