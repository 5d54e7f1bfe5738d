"""From the feature maps of a YOLO head to boxes, decoding only the anchors that score high enough.

An anchor is the centre of a cell of one map. Its box is four distances from there, each either a
number or a distribution over `bins` cells (DFL, Li et al. 2020, arXiv:2006.04388); everything is
in cells of that map until it is multiplied by the map's stride.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from demo.geometry.boxes import iou
from demo.models.spec import MIN_SCORE

STRIDES = (8, 16, 32)
"""Network pixels a cell of each map of most heads, in the order of the maps."""
_MAX_DETECTIONS = 300
"""Most detections of an NMS-free head (ultralytics `Detect.max_det`)."""
_SAME_IOU = 1e-3
"""Boxes whose overlaps with a third differ by less are the same one, up to rounding."""
_MIN_LOGIT = math.log(MIN_SCORE / (1 - MIN_SCORE))

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes in network pixels, best first: N×4 float32 xyxy, N float32 in 0–1, N int64.

    anchors: N numbers of the anchors that they are from.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int64]
    anchors: NDArray[np.intp]


class Grids(NamedTuple):
    """The maps of a head: network pixels of the whole input, and a cell of each map."""

    input_hw: tuple[int, int]
    strides: tuple[int, ...] = STRIDES


def pick_best_class(raw: Rows, grids: Grids, classes: int) -> Candidates:
    """A×(4·bins+C) → one box an anchor whose best class scores ≥ MIN_SCORE, before suppression."""
    chosen, best = _candidates(raw[:, -classes:])
    ids = raw[chosen, -classes:].argmax(axis=1)
    return Candidates(_corners(raw, chosen, grids, classes), sigmoid(best), ids, chosen)


def pick_pairs(raw: Rows, grids: Grids, classes: int) -> Candidates:
    """A×(4·bins+C) → the best pairs of anchor and class, as ultralytics' `Detect.postprocess`."""
    anchors = _candidates(raw[:, -classes:])[0][:_MAX_DETECTIONS]
    pairs = raw[anchors, -classes:].ravel()
    best = np.argsort(-pairs, kind="stable")[:_MAX_DETECTIONS]
    best = best[pairs[best] >= _MIN_LOGIT]
    chosen, ids = anchors[best // classes], best % classes
    scores = sigmoid(pairs[best])
    return Candidates(_corners(raw, chosen, grids, classes), scores, ids, chosen)


def anchor_of(
    raw: Rows,
    grids: Grids,
    classes: int,
    boxes: NDArray[np.floating],
    class_id: int,
) -> int:
    """The anchor whose box is the most like a given one; of several, the best of its class.

    Args:
        raw: A×(4·bins+C), one output of the head.
        grids: its maps.
        classes: C.
        boxes: 2×4 xyxy, network pixels: the given box, and the picture, at whose edges it was cut.
        class_id: of the given box.
    """
    given, picture = np.asarray(boxes, np.float32)
    corners = _corners(raw, np.arange(len(raw)), grids, classes)
    cut = corners.clip(np.tile(picture[:2], 2), np.tile(picture[2:], 2))
    overlap = iou(cut, given[None])[:, 0]
    alike = np.flatnonzero(overlap >= overlap.max() - _SAME_IOU)
    logits = raw[alike, raw.shape[1] - classes + class_id]
    return int(alike[logits.argmax()])


def _candidates(logits: Rows) -> tuple[NDArray[np.intp], Rows]:
    """The anchors whose best class scores ≥ MIN_SCORE, best first, and that class's logits."""
    best = logits.max(axis=1)
    chosen = np.flatnonzero(best >= _MIN_LOGIT)
    chosen = chosen[np.argsort(-best[chosen], kind="stable")]
    return chosen, best[chosen]


def _corners(
    raw: Rows, chosen: NDArray[np.intp], grids: Grids, classes: int
) -> NDArray[np.float32]:
    """n chosen anchors → n×4 xyxy, network pixels."""
    centres, strides = anchor_centres(chosen, grids)
    sides = distances(raw, chosen, classes)
    one, other = centres - sides[:, :2], centres + sides[:, 2:]
    # A distance may be negative, and then crosses the corners of its box.
    xyxy = np.concatenate([np.minimum(one, other), np.maximum(one, other)], axis=1)
    return np.asarray(xyxy * strides[:, None], np.float32)


def distances(raw: Rows, chosen: NDArray[np.intp], classes: int) -> NDArray[np.float32]:
    """n chosen anchors → n×4: how far left, top, right and bottom of the box are, cells."""
    bins = (raw.shape[1] - classes) // 4
    sides = raw[chosen, :-classes].reshape(len(chosen), 4, bins)
    if bins > 1:
        weights = np.exp(sides - sides.max(axis=2, keepdims=True))
        return np.asarray(weights @ np.arange(bins, dtype=np.float32) / weights.sum(axis=2))
    return np.asarray(sides[:, :, 0], np.float32)


def anchor_centres(
    chosen: NDArray[np.intp], grids: Grids
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres (x, y) in cells and strides of the chosen anchors."""
    shapes = [(grids.input_hw[0] // n, grids.input_hw[1] // n) for n in grids.strides]
    ends = np.cumsum([h * w for h, w in shapes])
    level = np.searchsorted(ends, chosen, side="right")
    place = chosen - np.concatenate([[0], ends])[level]
    widths = np.array([w for _, w in shapes])[level]
    centres = np.stack([place % widths, place // widths], axis=1) + 0.5
    return centres.astype(np.float32), np.array(grids.strides, np.float32)[level]


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits → scores, 0–1."""
    # Far below zero exp overflows to ∞, which gives 0.
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
