"""Scores of classifiers and detectors and their intervals; pure NumPy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""The ten overlaps of COCO's mAP50-95."""

_RECALLS = np.linspace(0, 1, 101)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of the share hits / n (Wilson 1927, J. Am. Stat. Assoc. 22, 209)."""
    z = 1.959964
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def confusion_matrix(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """C×C counts: row = true class, column = predicted class."""
    counts = np.bincount(targets * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Precision, recall and F1 of one class in 0–1, and its number of pictures."""

    precision: float
    recall: float
    f1: float
    support: int


def class_scores(matrix: NDArray[np.int64]) -> list[ClassScore]:
    """Scores of each class from a confusion matrix; 0 where a share has no denominator."""
    scores = []
    for i in range(len(matrix)):
        hits, support = int(matrix[i, i]), int(matrix[i].sum())
        predicted = int(matrix[:, i].sum())
        precision = hits / predicted if predicted else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * hits / (predicted + support) if predicted + support else 0.0
        scores.append(ClassScore(precision, recall, f1, support))
    return scores


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """True boxes of one photo. xyxy: N×4 float32 in its pixels; class_ids: N int64."""

    xyxy: NDArray[np.float32]
    class_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Detected boxes of one photo, matched with the true ones at each of ten overlaps.

    hits: N×10 bool, or only its first columns, whether the box found a true one; scores: N float32;
    class_ids: N int64; true_boxes: C int64, number of true boxes a class.
    """

    hits: NDArray[np.bool_]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    true_boxes: NDArray[np.int64]


def match(found: Detections, truth: GroundTruth) -> Matches:
    """COCO's matching: best score first, each box takes the free true box it overlaps most."""
    order = np.argsort(-found.scores, kind="stable")
    found = found[order]
    hits = np.zeros((len(found), len(IOU_THRESHOLDS)), np.bool_)
    overlaps = pairwise_iou(found.xyxy, truth.xyxy)
    overlaps[found.class_ids[:, None] != truth.class_ids[None, :]] = 0.0
    for step, threshold in enumerate(IOU_THRESHOLDS):
        free = np.ones(len(truth.class_ids), np.bool_)
        for row in range(len(found) if len(free) else 0):
            candidates = np.where(free, overlaps[row], -1.0)
            best = int(candidates.argmax())
            if candidates[best] >= threshold:
                free[best] = False
                hits[row, step] = True
    true_boxes = np.bincount(truth.class_ids, minlength=len(found.labels))
    return Matches(hits, found.scores, found.class_ids, true_boxes)


def pairwise_iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """N×4 and M×4 xyxy → N×M intersection over union."""
    first = np.maximum(a[:, None, :2], b[None, :, :2]).astype(np.float64)
    last = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod((last - first).clip(0), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None]
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)[None, :]
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _ClassMatches:
    """All detected boxes of one class, best score first.

    hits: N×10 bool; photo: N, index of the photo of each; true_boxes: P, their number a photo.
    """

    hits: NDArray[np.bool_]
    photo: NDArray[np.int64]
    true_boxes: NDArray[np.int64]


def average_precisions(photos: Sequence[Matches]) -> NDArray[np.float64]:
    """C×10: COCO's 101-point average precision by class and overlap; NaN without a true box."""
    times = np.ones(len(photos), np.int64)
    return np.array([_average_precision(row, times) for row in _by_class(photos)])


def _by_class(photos: Sequence[Matches]) -> list[_ClassMatches]:
    true_boxes = np.array([photo.true_boxes for photo in photos])
    hits = np.concatenate([photo.hits for photo in photos])
    scores = np.concatenate([photo.scores for photo in photos])
    ids = np.concatenate([photo.class_ids for photo in photos])
    owner = np.repeat(np.arange(len(photos)), [len(photo.scores) for photo in photos])
    rows = []
    for label in range(true_boxes.shape[1]):
        chosen = np.flatnonzero(ids == label)
        chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
        rows.append(_ClassMatches(hits[chosen], owner[chosen], true_boxes[:, label]))
    return rows


def _average_precision(row: _ClassMatches, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """The average precision at each overlap where photo p counts times[p] times."""
    positives = int((row.true_boxes * times).sum())
    if not positives:
        return np.full(row.hits.shape[1], np.nan)
    weight = times[row.photo]
    detected = np.cumsum(weight)
    result = np.zeros(row.hits.shape[1])
    for step in range(len(result)):
        # Between two hits precision only falls, so the best one from any point on is at a hit.
        at_hits = np.flatnonzero(row.hits[:, step] & (weight > 0))
        found = np.cumsum(weight[at_hits])
        best = np.maximum.accumulate((found / detected[at_hits])[::-1])[::-1]
        reached = np.searchsorted(found / positives, _RECALLS, side="left")
        result[step] = best[reached[reached < len(best)]].sum() / len(_RECALLS)
    return result


def best_f1(photos: Sequence[Matches]) -> tuple[float, float]:
    """The threshold of the scores with the best F1 at overlap 0.5, and that F1.

    All classes count together; a box of a class of which no photo has a true one is left out.
    """
    true_boxes = np.sum([photo.true_boxes for photo in photos], axis=0)
    scores = np.concatenate([photo.scores for photo in photos])
    hits = np.concatenate([photo.hits[:, 0] for photo in photos])
    counts = true_boxes[np.concatenate([photo.class_ids for photo in photos])] > 0
    order = np.flatnonzero(counts)[np.argsort(-scores[counts], kind="stable")]
    found = np.cumsum(hits[order])
    f1 = 2 * found / (np.arange(1, len(order) + 1) + true_boxes.sum())
    best = int(f1.argmax())
    return float(scores[order[best]]), float(f1[best])


def bootstrap_map(
    photos: Sequence[Matches], seed: int = 0, rounds: int = 200
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of mAP50 and mAP50-95 over photos drawn with replacement."""
    random = np.random.default_rng(seed)
    rows = _by_class(photos)
    values = []
    for _ in range(rounds):
        drawn = random.integers(0, len(photos), len(photos))
        times = np.bincount(drawn, minlength=len(photos))
        table = np.array([_average_precision(row, times) for row in rows])
        values.append((np.nanmean(table[:, 0]), np.nanmean(table)))
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    return {
        "mAP50": (float(low[0]), float(high[0])),
        "mAP50-95": (float(low[1]), float(high[1])),
    }
