"""Turned boxes: corners, upright boxes around them, overlap and non-maximum suppression.

xywhr: x, y of the centre, width, height and angle, see `OrientedBoxes`.
"""

import numpy as np
from numpy.typing import NDArray

from demo.geometry.boxes import clip
from demo.results.oriented_boxes import OrientedBoxes

_EPSILON = 1e-7
_FARTHEST = 100.0
"""Distances of distributions are clipped to these, as in ultralytics."""
_BLOCK = 128
"""Boxes compared at once with all that score higher."""


def corners(xywhr: NDArray[np.floating]) -> NDArray[np.float32]:
    """N×5 → N×4×2 corners x, y, one after the other around each box."""
    x, y, width, height, angle = xywhr.T
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (width / 2)[:, None]
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1) * (height / 2)[:, None]
    centre = np.stack([x, y], axis=1)
    turns = (along + across, along - across, -along - across, -along + across)
    return np.stack([centre + turn for turn in turns], axis=1).astype(np.float32)


def oriented(
    xywhr: NDArray[np.float32],
    scores: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    labels: tuple[str, ...],
    size_wh: tuple[int, int],
) -> OrientedBoxes:
    """The result of such boxes, with the upright ones around them."""
    points = corners(xywhr)
    xyxy = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return OrientedBoxes(clip(xyxy, size_wh), scores, class_ids, labels, size_wh, xywhr=xywhr)


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """N×5 and M×5 → N×M overlap of the boxes as normal distributions, 0–1.

    1 − the Hellinger distance (ProbIoU, Llerena et al. 2021, arXiv:2106.06072): as ultralytics'
    `batch_probiou`.
    """
    ax, ay, (axx, ayy, axy) = a[:, 0, None], a[:, 1, None], _covariance(a)
    bx, by, (bxx, byy, bxy) = b[:, 0], b[:, 1], _covariance(b)
    axx, ayy, axy = axx[:, None], ayy[:, None], axy[:, None]
    xx, yy, xy = axx + bxx, ayy + byy, axy + bxy
    determinant = xx * yy - xy**2
    distance = 0.25 * (xx * (ay - by) ** 2 + yy * (ax - bx) ** 2)
    distance += 0.5 * xy * (bx - ax) * (ay - by)
    distance /= determinant + _EPSILON
    one = (axx * ayy - axy**2).clip(0)
    other = (bxx * byy - bxy**2).clip(0)
    distance += 0.5 * np.log(determinant / (4 * np.sqrt(one * other) + _EPSILON) + _EPSILON)
    hellinger = np.sqrt(1 - np.exp(-distance.clip(_EPSILON, _FARTHEST)) + _EPSILON)
    return np.asarray(1 - hellinger, np.float32)


def nms(found: OrientedBoxes, threshold: float, max_det: int = 300) -> OrientedBoxes:
    """Fast non-maximum suppression within each class, as ultralytics does for turned boxes.

    A box is dropped if its overlap with any box of its class and a higher score exceeds the
    threshold, also with one that is dropped itself (Bolya et al. 2019, arXiv:1904.02689).

    Args:
        found: candidate boxes in any order.
        threshold: 0–1.
        max_det: largest number of boxes that are kept.

    Returns:
        The kept boxes, highest score first.

    Raises:
        ValueError: for a threshold outside 0–1 or a negative `max_det`.
    """
    if not 0 <= threshold <= 1 or max_det < 0:
        raise ValueError(f"expected IoU in 0–1 and max_det ≥ 0, got {threshold}, {max_det}")
    ranked = found[np.argsort(-found.scores, kind="stable")]
    kept = np.ones(len(ranked), np.bool_)
    for class_id in np.unique(ranked.class_ids).tolist():
        places = np.flatnonzero(ranked.class_ids == class_id)
        boxes = ranked.xywhr[places]
        for start in range(0, len(places), _BLOCK):
            block = places[start : start + _BLOCK]
            better = overlap(boxes[: start + len(block)], boxes[start : start + len(block)])
            kept[block] = ~(np.triu(better > threshold, 1 - start)).any(axis=0)
    return ranked[np.flatnonzero(kept)[:max_det]]


def _covariance(
    xywhr: NDArray[np.floating],
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Variances of x and of y, and the covariance of a box as a normal distribution."""
    along, across = xywhr[:, 2] ** 2 / 12, xywhr[:, 3] ** 2 / 12
    cos, sin = np.cos(xywhr[:, 4]), np.sin(xywhr[:, 4])
    return (
        along * cos**2 + across * sin**2,
        along * sin**2 + across * cos**2,
        (along - across) * cos * sin,
    )
