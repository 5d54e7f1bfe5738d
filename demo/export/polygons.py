"""Masks as polygons: for JSON, for COCO, and for YOLO's label files."""

import numpy as np
from numpy.typing import NDArray

from demo.geometry.masks import Ring, decode, joined, outlines
from demo.results import Detections, RunLengths

_TOLERANCE = 0.75
"""By how many pixels a polygon may leave the edges of a mask at least."""
_TOLERANCE_SHARE = 1 / 1500
"""The same as a share of the longest side of the upload."""
_DECIMALS = 6


def polygons(masks: RunLengths, i: int) -> list[Ring]:
    """The outlines of mask number i, largest first, with few corners; none of an empty mask.

    Corners are pixels of the upload, counted along the edges: a mask of the first pixel goes from
    0 to 1. Holes are joined to the outline around them, see `outlines`.
    """
    tolerance = max(_TOLERANCE, max(masks.size_wh) * _TOLERANCE_SHARE)
    return outlines(decode(masks, i), tolerance)


def mask_rows(found: Detections) -> list[dict[str, object]]:
    """For JSON, a mask each: its area in pixels, and its polygons as lists of [x, y]."""
    if found.masks is None:
        raise ValueError("expected detections with masks")
    masks = found.masks.runs()
    return [
        {"area": area, "polygons": [ring.tolist() for ring in polygons(masks, i)]}
        for i, area in enumerate(masks.areas().tolist())
    ]


def coco_segmentation(masks: RunLengths, i: int) -> list[list[int]]:
    """COCO's polygons of mask number i: x, y, x, y … of each part."""
    return [ring.ravel().tolist() for ring in polygons(masks, i)]


def yolo_segment_lines(masks: RunLengths, class_ids: NDArray[np.int64]) -> list[str]:
    """A line a mask: class id; x, y of each corner relative to the picture, 0–1.

    A line is one polygon, so that parts are joined by cuts without width, as ultralytics joins
    those of COCO. A mask without a pixel has no line.
    """
    size = np.array(masks.size_wh, np.float64)
    lines = []
    for i, class_id in enumerate(class_ids.tolist()):
        parts = polygons(masks, i)
        if parts:
            corners = (joined(parts) / size).ravel().tolist()
            numbers = " ".join(f"{value:.{_DECIMALS}f}" for value in corners)
            lines.append(f"{class_id} {numbers}\n")
    return lines


def label_map(found: Detections) -> NDArray[np.uint8 | np.uint16]:
    """H×W: the number of the box whose mask a pixel is in, from 1, and 0 for none.

    Numbers are those of the rows of JSON and CSV; of two boxes the one with the higher score has
    the pixel. It is uint16 where there are more than 255 boxes.
    """
    if found.masks is None:
        raise ValueError("expected detections with masks")
    masks, (width, height) = found.masks.runs(), found.size_wh
    labels = np.zeros((height, width), np.uint8 if len(found) < 256 else np.uint16)
    for i in np.argsort(found.scores, kind="stable").tolist():
        mask = decode(masks, i)
        rows, columns = mask.pixels.shape
        part = labels[mask.y : mask.y + rows, mask.x : mask.x + columns]
        part[mask.pixels] = i + 1
    return labels
