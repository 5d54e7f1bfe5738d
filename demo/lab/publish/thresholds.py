"""Thresholds of a detector with the best F1 on validation photos, and scores shifted to them."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn, tensor

from demo.lab.data.boxed_photos import Photo
from demo.lab.evaluation.detector import DETECTION_SETS, match_photos
from demo.results.metrics import Matches, best_f1

_OVERLAPS = (0.45, 0.55, 0.65)
"""Overlaps of the suppression that are tried."""
_MIN_BOXES = 20
"""True boxes from which a class has a threshold of its own."""
_FLAT = 0.01
"""F1 below its best that counts as equal."""


def best_thresholds(
    model: nn.Module, photos: Mapping[str, list[Photo]], labels: tuple[str, ...], size: int
) -> tuple[NDArray[np.float64], float]:
    """A score for each class, and the overlap of suppression, with the best F1.

    photos: by the name of their set; of `DETECTION_SETS` only boxes of classes that a set labels
    count, of other sets all.
    """
    matched = {overlap: _matches(model, photos, labels, size, overlap) for overlap in _OVERLAPS}
    overlap = max(_OVERLAPS, key=lambda value: best_f1(matched[value])[1])
    return class_thresholds(matched[overlap]), overlap


def class_thresholds(matches: Sequence[Matches]) -> NDArray[np.float64]:
    """For each class the middle of the scores at which its F1 is as good as at its best.

    It is drawn half way, in logits, to the middle of all classes together, since a class has few
    photos, often of one set; a class with hardly any has that of all classes.
    """
    true_boxes = np.sum([photo.true_boxes for photo in matches], axis=0)
    scores = np.concatenate([photo.scores for photo in matches])
    hits = np.concatenate([photo.hits[:, 0] for photo in matches])
    class_ids = np.concatenate([photo.class_ids for photo in matches])
    common = _middle(scores, hits, int(true_boxes.sum()))
    return np.array(
        [
            _between(_middle(scores[class_ids == i], hits[class_ids == i], int(count)), common)
            if count >= _MIN_BOXES
            else common
            for i, count in enumerate(true_boxes)
        ]
    )


def counted(matches: Matches, class_ids: Collection[int]) -> Matches:
    """The matches of some classes only."""
    kept = np.isin(matches.class_ids, list(class_ids))
    return replace(
        matches,
        hits=matches.hits[kept],
        scores=matches.scores[kept],
        class_ids=matches.class_ids[kept],
    )


def shift_scores(
    state: Mapping[str, Tensor], scores: NDArray[np.float64], target: float
) -> dict[str, Tensor]:
    """The tensors of a `LiteDetector` with class logits shifted so that `scores` become `target`.

    scores: one of each class. The order of the boxes of a class, and with it its average precision,
    stays.
    """
    shift = math.log(target / (1 - target)) - np.log(scores / (1 - scores))
    return {
        key: value + tensor(shift, dtype=value.dtype)
        if ".cv3." in key and key.endswith(".2.bias")
        else value
        for key, value in state.items()
    }


def _matches(
    model: nn.Module,
    photos: Mapping[str, list[Photo]],
    labels: tuple[str, ...],
    size: int,
    overlap: float,
) -> list[Matches]:
    return [
        counted(one, [i for i, own in enumerate(labels) if own in DETECTION_SETS.get(name, labels)])
        for name, part in photos.items()
        for one in match_photos(model, part, size, labels, overlap)
    ]


def _between(one: float, other: float) -> float:
    """The score whose logit is the mean of those of two scores."""
    odds = math.sqrt(one / (1 - one) * other / (1 - other))
    return odds / (1 + odds)


def _middle(scores: NDArray[np.float32], hits: NDArray[np.bool_], true_boxes: int) -> float:
    order = np.argsort(-scores, kind="stable")
    f1 = 2 * np.cumsum(hits[order]) / (np.arange(1, len(order) + 1) + true_boxes)
    best = int(f1.argmax())
    good = f1 >= f1[best] - _FLAT
    first, last = best, best
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(good) and good[last + 1]:
        last += 1
    return float(scores[order[first]] + scores[order[last]]) / 2
