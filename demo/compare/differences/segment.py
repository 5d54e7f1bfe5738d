"""Where segmenters agree: masks that both have found, and the pixels of one alone."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.compare.differences.detect import (
    BOTH,
    ONLY_A,
    ONLY_B,
    BoxMatches,
    DetectDifference,
    draw_matches,
    match,
    same_class,
)
from demo.compare.labels import label_key
from demo.geometry.boxes import iou
from demo.geometry.masks import decode, mask_iou
from demo.labels.names import localized
from demo.results import Detections, Image, RunLengths
from demo.tasks.base import JsonObject

Pixels = NDArray[np.bool_]
"""H×W: some pixels of the upload."""
_OPACITY = 0.6
_STRIPE_SHARE = 1 / 100
"""Width of stripes as a share of the longest side of the upload."""


class PixelMatches(NamedTuple):
    """Pixels that both results give to a class of one name, and those that one alone does.

    A pixel that the two give to different classes is in only_a and in only_b.
    """

    both: Pixels
    only_a: Pixels
    only_b: Pixels

    @property
    def share(self) -> float:
        """Pixels of both as a share of those of either, 0–1; 1 where there are none."""
        either = int(np.count_nonzero(self.both | self.only_a | self.only_b))
        return int(np.count_nonzero(self.both)) / either if either else 1.0


class SegmentDifference(DetectDifference):
    """Masks matched by their overlap, classes mapped by name."""

    name = "segment"

    def matches(self, a: Detections, b: Detections) -> BoxMatches:
        """Which masks of two results are the same object."""
        return match_masks(a, b)

    def pair(self, a: Detections, b: Detections) -> JsonObject:
        """As of boxes, `iou` that of the masks; and `pixels` of both and of one alone."""
        found = match_pixels(a, b)
        pixels = {name: int(np.count_nonzero(part)) for name, part in found._asdict().items()}
        return {**super().pair(a, b), "pixels": {**pixels, "share": round(found.share, 4)}}

    def draw(self, image: Image, a: Detections, b: Detections, locale: str = "en") -> Image:
        """Pixels of both models in green, of one alone in blue or orange, and names.

        Pixels that they give to different classes have stripes of blue and orange.
        """
        found = match_pixels(a, b)
        height, width = found.both.shape
        stripe = max(round(max(height, width) * _STRIPE_SHARE), 2)
        across = (np.arange(height)[:, None] + np.arange(width)) // stripe % 2 == 1
        canvas = image.copy()
        alone_a = found.only_a & ~(found.only_b & across)
        alone_b = found.only_b & ~(found.only_a & ~across)
        for part, colour in ((alone_a, ONLY_A), (alone_b, ONLY_B), (found.both, BOTH)):
            flat = np.full_like(image, colour)
            mixed = cv2.addWeighted(image, 1 - _OPACITY, flat, _OPACITY, 0)
            cv2.copyTo(mixed, part.view(np.uint8), canvas)
        shown_a, shown_b = localized(a, locale), localized(b, locale)
        return draw_matches(canvas, shown_a, shown_b, self.matches(a, b), show_boxes=False)


def match_masks(a: Detections, b: Detections) -> BoxMatches:
    """Match masks of the same class name greedily, highest IoU first, each at most once."""
    # A mask lies inside of its box.
    wanted = same_class(a, b) & (iou(a.xyxy, b.xyxy) > 0)
    return match(np.where(wanted, mask_iou(masks_of(a), masks_of(b), wanted), -1.0))


def match_pixels(a: Detections, b: Detections) -> PixelMatches:
    """Which pixels both results give to a class of one name, and which one alone."""
    width, height = a.size_wh
    both, only_a, only_b = (np.zeros((height, width), np.bool_) for _ in range(3))
    in_a, in_b = _classes(a), _classes(b)
    for key in in_a.keys() | in_b.keys():
        one, other = (_pixels(f, rows.get(key, [])) for f, rows in ((a, in_a), (b, in_b)))
        both |= one & other
        only_a |= one & ~other
        only_b |= other & ~one
    # Masks may overlap: what both agree on is no difference.
    return PixelMatches(both, only_a & ~both, only_b & ~both)


def masks_of(found: Detections) -> RunLengths:
    """The masks of a segmenter's result; none of one without any box."""
    if found.masks is None and len(found):
        raise ValueError("expected detections with masks")
    return RunLengths((), found.size_wh) if found.masks is None else found.masks.runs()


def _classes(found: Detections) -> dict[str, list[int]]:
    """The numbers of the masks of each class name."""
    rows: dict[str, list[int]] = {}
    for i, class_id in enumerate(found.class_ids.tolist()):
        rows.setdefault(label_key(found.labels[class_id]), []).append(i)
    return rows


def _pixels(found: Detections, rows: list[int]) -> Pixels:
    """The pixels of some masks together."""
    masks, (width, height) = masks_of(found), found.size_wh
    pixels = np.zeros((height, width), np.bool_)
    for i in rows:
        window = decode(masks, i)
        down, across = window.pixels.shape
        pixels[window.y : window.y + down, window.x : window.x + across] |= window.pixels
    return pixels


DIFFERENCE = SegmentDifference()
