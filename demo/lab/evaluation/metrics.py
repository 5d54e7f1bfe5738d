"""Scores and their intervals; pure NumPy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections

IOU_STEPS = np.linspace(0.5, 0.95, 10)
"""The ten overlaps of COCO's mAP50-95."""

_RECALL_STEPS = np.linspace(0, 1, 101)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of the share hits / n (Wilson 1927, J. Am. Stat. Assoc. 22, 209)."""
    z = 1.959964
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def confusion(
    targets: NDArray[np.int64], guesses: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """C×C counts: row = what it is, column = what the model said."""
    return np.bincount(targets * classes + guesses, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Precision, recall and F1 of one class in 0–1, and how many pictures it has."""

    precision: float
    recall: float
    f1: float
    support: int


def class_scores(table: NDArray[np.int64]) -> list[ClassScore]:
    """One row a class from its confusion table; 0 where a share has no denominator."""
    scores = []
    for i in range(len(table)):
        hits, said, support = int(table[i, i]), int(table[:, i].sum()), int(table[i].sum())
        precision = hits / said if said else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * hits / (said + support) if said + support else 0.0
        scores.append(ClassScore(precision, recall, f1, support))
    return scores


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What stands in one photo. xyxy: N×4 float32 in its pixels; class_ids: N int64."""

    xyxy: NDArray[np.float32]
    class_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The boxes of one photo, settled: which of them found a true box at each of ten overlaps.

    hits: N×10 bool; scores: N float32; class_ids: N int64; truths: C int64, true boxes a class.
    """

    hits: NDArray[np.bool_]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    truths: NDArray[np.int64]


def match(found: Detections, truth: Truth) -> Matches:
    """COCO's matching: best score first, each box takes the free true box it overlaps most."""
    order = np.argsort(-found.scores, kind="stable")
    found = found[order]
    hits = np.zeros((len(found), len(IOU_STEPS)), np.bool_)
    overlaps = pairwise_iou(found.xyxy, truth.xyxy)
    overlaps[found.class_ids[:, None] != truth.class_ids[None, :]] = 0.0
    for step, least in enumerate(IOU_STEPS):
        free = np.ones(len(truth.class_ids), np.bool_)
        for row in range(len(found) if len(free) else 0):
            candidates = np.where(free, overlaps[row], -1.0)
            best = int(candidates.argmax())
            if candidates[best] >= least:
                free[best] = False
                hits[row, step] = True
    truths = np.bincount(truth.class_ids, minlength=len(found.labels))
    return Matches(hits, found.scores, found.class_ids, truths)


def pairwise_iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """N×4 and M×4 xyxy → N×M intersection over union."""
    first = np.maximum(a[:, None, :2], b[None, :, :2]).astype(np.float64)
    last = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod((last - first).clip(0), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None]
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)[None, :]
    return np.asarray(shared / np.maximum(area_a + area_b - shared, 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """All boxes of one class, best score first. hits: N×10 bool; photo: N, which photo each is in;
    truths: P, true boxes a photo."""

    hits: NDArray[np.bool_]
    photo: NDArray[np.int64]
    truths: NDArray[np.int64]


def average_precisions(photos: Sequence[Matches]) -> NDArray[np.float64]:
    """C×10: COCO's 101-point average precision a class and overlap; NaN without a true box."""
    times = np.ones(len(photos), np.int64)
    return np.array([_average_precision(row, times) for row in _rows(photos)])


def _rows(photos: Sequence[Matches]) -> list[_Row]:
    truths = np.array([photo.truths for photo in photos])
    hits = np.concatenate([photo.hits for photo in photos])
    scores = np.concatenate([photo.scores for photo in photos])
    ids = np.concatenate([photo.class_ids for photo in photos])
    place = np.repeat(np.arange(len(photos)), [len(photo.scores) for photo in photos])
    rows = []
    for label in range(truths.shape[1]):
        mine = np.flatnonzero(ids == label)
        mine = mine[np.argsort(-scores[mine], kind="stable")]
        rows.append(_Row(hits[mine], place[mine], truths[:, label]))
    return rows


def _average_precision(row: _Row, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ten average precisions where photo p counts times[p] times."""
    true_boxes = int((row.truths * times).sum())
    if not true_boxes:
        return np.full(len(IOU_STEPS), np.nan)
    weight = times[row.photo]
    said = np.cumsum(weight)
    result = np.zeros(len(IOU_STEPS))
    for step in range(len(IOU_STEPS)):
        # Between two hits precision only falls, so the best from here on is at a hit.
        places = np.flatnonzero(row.hits[:, step] & (weight > 0))
        found = np.cumsum(weight[places])
        best = np.maximum.accumulate((found / said[places])[::-1])[::-1]
        reached = np.searchsorted(found / true_boxes, _RECALL_STEPS, side="left")
        result[step] = best[reached[reached < len(best)]].sum() / len(_RECALL_STEPS)
    return result


def bootstrap_map(
    photos: Sequence[Matches], seed: int = 0, rounds: int = 200
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of mAP50 and mAP50-95 over photos drawn with replacement."""
    random = np.random.default_rng(seed)
    rows = _rows(photos)
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
