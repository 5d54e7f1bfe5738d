"""The answer of a model of oriented boxes as HTML: counts per class, a table of the boxes."""

import math

from demo.results.oriented_boxes import OrientedBoxes
from demo.service.service import Answer
from demo.web.views.answers.detect import DetectView, labelled_table

_COLUMNS = ("center_x", "center_y", "size", "angle")


class ObbView(DetectView[OrientedBoxes]):
    """Counts per class, and a table of centres, sizes and angles."""

    name = "obb"

    def details(self, result: OrientedBoxes, answer: Answer, locale: str) -> str:
        """The table of boxes; empty without boxes."""
        cells = [
            [f"{x:.0f}", f"{y:.0f}", f"{w:.0f} × {h:.0f}", f"{math.degrees(angle):.0f}°"]
            for x, y, w, h, angle in result.xywhr.tolist()
        ]
        return labelled_table(result, locale, _COLUMNS, cells) if cells else ""


VIEW = ObbView()
