"""A comparison of two segmenters as HTML: the pixels of each, and a table of the masks."""

from demo.compare.differences.segment import DIFFERENCE, masks_of, match_pixels
from demo.export.polygons import polygons
from demo.i18n import translate
from demo.results import Detections
from demo.web.views.comparisons.detect import DetectComparison


class SegmentComparison(DetectComparison):
    """Which masks both models have, and which pixels one alone."""

    name = "segment"
    of_task = DIFFERENCE
    picture_alt = "compare_pixels_alt"
    show_one = "compare_show_mask"

    def remark(self, a: Detections, b: Detections, locale: str) -> str:
        """How many of the pixels the two agree on."""
        return translate("compare_pixels", locale, share=100 * match_pixels(a, b).share)

    def outlines(self, found: Detections) -> list[str]:
        """The path of an SVG around each mask, pixels of the upload."""
        masks = masks_of(found)
        return [
            "".join("M" + "L".join(f"{x} {y}" for x, y in ring.tolist()) + "Z" for ring in rings)
            for rings in (polygons(masks, i) for i in range(len(masks)))
        ]


VIEW = SegmentComparison()
