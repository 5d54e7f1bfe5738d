"""Drawing poses on a copy of a picture: limbs and keypoints, boxes and label plates."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.drawing.detections import default_line_width, draw_detections
from demo.drawing.palette import Colour, palette
from demo.results import Image
from demo.results.poses import Poses, Skeleton

_LEFT, _RIGHT, _MIDDLE = palette(6), palette(1), palette(4)
_WHITE = (255, 255, 255)
_FRACTION_BITS = 4
"""OpenCV draws at sixteenths of a pixel."""


def draw_poses(
    image: Image,
    found: Poses,
    line_width: int | None = None,
    captions: Sequence[str] | None = None,
) -> Image:
    """A copy of `image` with limbs, keypoints, boxes and label plates; the highest score on top.

    Limbs and keypoints of a left and a right side have a colour each; without sides every one has
    a colour of its own. A keypoint that does not count as seen is left out, with its limbs.

    Args:
        image: H×W×3 uint8 RGB.
        found: poses in a picture of that size.
        line_width: of boxes and limbs, pixels, ≥ 1; None chooses it by the size of the picture.
        captions: one a box, in place of the names of the classes.

    Raises:
        ValueError: for a picture of another size than that of `found`, or another number of
            captions than boxes.
    """
    # Plates come last, so that no limb covers them.
    width = line_width or default_line_width(found.size_wh)
    canvas = image.copy()
    for i in np.argsort(found.scores, kind="stable").tolist():
        _draw_pose(canvas, found.keypoints[i, :, :2], found.visible()[i], found.skeleton, width)
    return draw_detections(canvas, found, line_width, captions=captions)


def limb_colours(skeleton: Skeleton) -> list[Colour]:
    """The colour of each limb."""
    sides = _sides(skeleton)
    if sides is None:
        return [palette(i) for i in range(len(skeleton.limbs))]
    return [sides[one] if sides[one] == sides[other] else _MIDDLE for one, other in skeleton.limbs]


def keypoint_colours(skeleton: Skeleton) -> list[Colour]:
    """The colour of each keypoint."""
    return _sides(skeleton) or [palette(i) for i in range(len(skeleton.names))]


def _sides(skeleton: Skeleton) -> list[Colour] | None:
    """The colours of keypoints by their side; None where no name says one."""
    colours = [
        _LEFT if "left" in name else _RIGHT if "right" in name else _MIDDLE
        for name in skeleton.names
    ]
    return None if set(colours) == {_MIDDLE} else colours


def _draw_pose(
    canvas: Image,
    places: NDArray[np.float32],
    seen: NDArray[np.bool_],
    skeleton: Skeleton,
    width: int,
) -> None:
    # A place is counted from the corner of the first pixel, and OpenCV counts from its centre.
    fixed = np.rint((places - 0.5) * (1 << _FRACTION_BITS)).astype(np.int64).tolist()
    for (one, other), colour in zip(skeleton.limbs, limb_colours(skeleton), strict=True):
        if seen[one] and seen[other]:
            ends = fixed[one], fixed[other]
            cv2.line(canvas, *ends, colour, width, cv2.LINE_AA, _FRACTION_BITS)
    radius = (width + 1) << _FRACTION_BITS
    rim = max(width // 3, 1)
    for i, colour in enumerate(keypoint_colours(skeleton)):
        if seen[i]:
            cv2.circle(canvas, fixed[i], radius, colour, cv2.FILLED, cv2.LINE_AA, _FRACTION_BITS)
            cv2.circle(canvas, fixed[i], radius, _WHITE, rim, cv2.LINE_AA, _FRACTION_BITS)
