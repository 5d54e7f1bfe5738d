"""A segmenter's answer as HTML: counts per class, a table of boxes with the area of each mask."""

from demo.results import Detections
from demo.service.service import Answer
from demo.web.views.answers.detect import DetectView, boxes_table


class SegmentView(DetectView[Detections]):
    """Counts per class, and a table of all boxes with the areas of their masks."""

    name = "segment"

    def details(self, result: Detections, answer: Answer, locale: str) -> str:
        """The table of boxes; empty without boxes."""
        if not len(result) or result.masks is None:
            return ""
        width, height = result.size_wh
        areas = result.masks.runs().areas().tolist()
        cells = [f"{area:,} · {100 * area / (width * height):.1f} %" for area in areas]
        return boxes_table(result, locale, "area", cells)


VIEW = SegmentView()
