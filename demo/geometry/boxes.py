"""Boxes as arrays: formats, overlap and non-maximum suppression.

xyxy: corners in pixels, x1 and y1 exclusive, so that width = x1 − x0.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections

F = TypeVar("F", bound=np.floating)
D = TypeVar("D", bound=Detections)

_BLOCK = 128
"""Boxes compared at once by `nms`: a compromise between Python's overhead and n² overlaps."""


def area(xyxy: NDArray[F]) -> NDArray[F]:
    """N×4 xyxy → N areas, px²."""
    return (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])


def iou(a: NDArray[F], b: NDArray[F]) -> NDArray[F]:
    """N×4 and M×4 xyxy → N×M intersection over union, 0–1; 0 where both boxes are empty."""
    ax0, ay0, ax1, ay1 = (side[:, None] for side in a.T)
    bx0, by0, bx1, by1 = np.ascontiguousarray(b.T)
    width = (np.minimum(ax1, bx1) - np.maximum(ax0, bx0)).clip(0)
    height = (np.minimum(ay1, by1) - np.maximum(ay0, by0)).clip(0)
    shared = width * height
    union = area(a)[:, None] + area(b) - shared
    overlap: NDArray[F] = np.zeros_like(shared)
    np.divide(shared, union, out=overlap, where=union > 0)
    return overlap


def clip(xyxy: NDArray[F], size_wh: tuple[int, int]) -> NDArray[F]:
    """N×4 xyxy clipped to a picture of `size_wh`; a box outside becomes empty on its edge."""
    return xyxy.clip(0, np.array(size_wh * 2, xyxy.dtype))


def xyxy_to_xywh(xyxy: NDArray[F]) -> NDArray[F]:
    """N×4 corners → left, top, width, height (COCO's order)."""
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)


def xywh_to_xyxy(xywh: NDArray[F]) -> NDArray[F]:
    """N×4 left, top, width, height → corners."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def nms(detections: D, iou_threshold: float, max_det: int = 300) -> D:
    """Greedy non-maximum suppression within each class.

    A box is dropped if its IoU with a kept box of its class and a higher score exceeds
    `iou_threshold`. As `torchvision.ops.batched_nms`, but without its offset a class, which rounds
    large coordinates. Equal scores keep their order in `detections`.

    Args:
        detections: candidate boxes in any order.
        iou_threshold: 0–1.
        max_det: largest number of boxes that are kept.

    Returns:
        The kept boxes, highest score first.

    Raises:
        ValueError: for a threshold outside 0–1 or a negative `max_det`.
    """
    if not 0 <= iou_threshold <= 1 or max_det < 0:
        raise ValueError(f"expected IoU in 0–1 and max_det ≥ 0, got {iou_threshold}, {max_det}")
    order = np.argsort(-detections.scores, kind="stable")
    # A float64 scalar keeps the comparison of float32 overlaps exact, as it is in torchvision.
    threshold = np.float64(iou_threshold)
    xyxy, ids = detections.xyxy, detections.class_ids
    kept = order[:0]
    for start in range(0, len(order), _BLOCK):
        if len(kept) >= max_det:
            break
        block = order[start : start + _BLOCK]
        better = np.concatenate([kept, block])
        duplicates = iou(xyxy[block], xyxy[better]) > threshold
        duplicates &= ids[block, None] == ids[better]
        stays: NDArray[np.bool_] = ~np.any(duplicates[:, : len(kept)], axis=1)
        within = duplicates[:, len(kept) :]
        for i in range(len(block)):
            if stays[i]:
                stays[i + 1 :] &= ~within[i, i + 1 :]
        kept = np.concatenate([kept, block[stays]])
    return detections[kept[:max_det]]
