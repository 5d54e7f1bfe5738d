"""Drawing turned boxes on a copy of a picture, with label plates."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.drawing.detections import check_drawable, default_line_width, draw_plates, line_edges
from demo.drawing.label_plates import clean
from demo.drawing.palette import palette
from demo.geometry.rotated_boxes import corners
from demo.results import Image
from demo.results.oriented_boxes import OrientedBoxes

_FRACTION_BITS = 4
"""OpenCV draws at sixteenths of a pixel."""


def draw_oriented(
    image: Image,
    found: OrientedBoxes,
    line_width: int | None = None,
    captions: Sequence[str] | None = None,
) -> Image:
    """A copy of `image` with turned outlines and label plates; the highest score on top.

    Args:
        image: H×W×3 uint8 RGB.
        found: boxes in a picture of that size.
        line_width: of the outlines, pixels, ≥ 1; None chooses it by the size of the picture.
        captions: one a box, in place of the names of the classes.

    Raises:
        ValueError: for a picture of another size than that of `found`, or another number of
            captions than boxes.
    """
    if captions is None:
        captions = [found.labels[class_id] for class_id in found.class_ids.tolist()]
    colours = [palette(class_id) for class_id in found.class_ids.tolist()]
    check_drawable(image, found, captions, colours)
    width = line_width or default_line_width(found.size_wh)
    order = np.argsort(-found.scores, kind="stable").tolist()
    points = corners(found.xywhr)[order]
    colours = [colours[i] for i in order]
    canvas = image.copy()
    # OpenCV counts places from the centre of a pixel.
    fixed = np.rint((points - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
    for polygon, colour in zip(fixed[::-1], reversed(colours), strict=True):
        cv2.polylines(canvas, [polygon], True, colour, width, cv2.LINE_AA, _FRACTION_BITS)
    names = [clean(captions[i]) for i in order]
    scores = [f"{found.scores[i]:.2f}" for i in order]
    upper = line_edges(_upper_sides(points), found.size_wh, width)
    draw_plates(canvas, upper, names, scores, colours, width)
    return canvas


def _upper_sides(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """N×4 upright boxes around the two upper corners of each, where the plates belong."""
    highest = np.argsort(points[:, :, 1], axis=1, kind="stable")[:, :2]
    ends = np.take_along_axis(points, highest[:, :, None], axis=1)
    return np.concatenate([ends.min(axis=1), ends.max(axis=1)], axis=1)
