"""How far two networks answer alike: in the numbers of their outputs, and in what people read."""

import numpy as np
from numpy.typing import NDArray

from demo import tasks
from demo.geometry.boxes import iou
from demo.results import Detections, Result

CLEAR = 0.25
"""Score from which a box is looked for in the other answer."""
SAME_IOU = 0.5
"""Overlap from which two boxes of one label are the same."""


def output_difference(
    found: NDArray[np.float32], expected: NDArray[np.float32], exact: bool
) -> float:
    """The difference of an output: the largest |a − b| ÷ (1 + |b|), or ‖a − b‖ ÷ ‖b‖."""
    if found.shape != expected.shape:
        return float("inf")
    if exact:
        return float(np.max(np.abs(found - expected) / (1 + np.abs(expected)), initial=0.0))
    norm = float(np.linalg.norm(expected)) or 1.0
    return float(np.linalg.norm(found - expected)) / norm


def answer_difference(task: str, found: Result, expected: Result) -> float:
    """The difference of scores, 0–1: the largest of a class, or on average of a clear box.

    A box that the other answer does not have at all differs by its whole score; that happens to
    single ones, whose overlap or class is a close call, wherever numbers are rounded.
    """
    known = tasks.find(task)
    one, two = known.detections(found), known.detections(expected)
    if one is None or two is None:
        values = known.timeline_values(found) - known.timeline_values(expected)
        return float(np.abs(values).max(initial=0.0))
    return max(_unlike(one, two), _unlike(two, one))


def same_boxes(one: Detections, two: Detections) -> int:
    """How many boxes of one are in two, each of two's at most once; both after suppression."""
    free = np.ones(len(two), bool)
    overlaps = np.where(_same_label(one, two), iou(one.xyxy, two.xyxy), 0.0)
    same = 0
    for row in overlaps[np.argsort(-one.scores, kind="stable")]:
        candidates = np.where(free, row, 0.0)
        if len(candidates) and candidates.max() >= SAME_IOU:
            free[candidates.argmax()] = False
            same += 1
    return same


def _unlike(one: Detections, two: Detections) -> float:
    clear = one.select(CLEAR)
    alike = _same_label(clear, two) & (iou(clear.xyxy, two.xyxy) >= SAME_IOU)
    apart = np.abs(clear.scores[:, None] - two.scores[None, :])
    nearest = np.where(alike, apart, clear.scores[:, None]).min(axis=1, initial=1.0)
    return float(np.minimum(nearest, clear.scores).mean()) if len(clear) else 0.0


def _same_label(one: Detections, two: Detections) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = one.class_ids[:, None] == two.class_ids[None, :]
    return same
