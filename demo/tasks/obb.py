"""Detection of oriented boxes: labelled boxes that are turned as their objects are."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from demo.drawing.oriented_boxes import draw_oriented
from demo.export import oriented_boxes
from demo.export.files import DetectQuery, File, detection_files
from demo.export.parts import Parts
from demo.export.replay import PICTURE
from demo.geometry import rotated_boxes
from demo.results import Image
from demo.results.oriented_boxes import OrientedBoxes
from demo.tasks.base import JsonObject
from demo.tasks.detect import Box, MoreThanBoxes, box_rows, captions


class TurnedBox(Box):
    """A box that is turned; its xyxy is the upright box around it."""

    xywhr: list[float] = Field(description="Centre, width, height, pixels; angle, radians.")
    corners: list[list[float]] = Field(description="Four [x, y], pixels of the upload.")


class TurnedBoxes(BaseModel):
    """The own part of the JSON of an answer."""

    boxes: list[TurnedBox] = Field(description="Best first.")


class Obb(MoreThanBoxes[OrientedBoxes]):
    """Detection whose boxes are turned."""

    name = "obb"
    title = "tab_obb"
    order = 35
    data_sets = ("coco", "yolo", "csv")
    shape = TurnedBoxes
    summary = "Find objects in a picture from the air, in boxes turned as they are."
    model_doc = "the name of a model of oriented boxes, see /models."
    returns = (
        "The picture with the boxes drawn, and the boxes in its pixels as JSON, each with its\n"
        "centre, size and angle in radians, and its corners."
    )

    def suppress(self, result: OrientedBoxes, iou: float) -> OrientedBoxes:
        """As `rotated_boxes.nms`."""
        return rotated_boxes.nms(result, iou)

    def box_facts(self, result: OrientedBoxes) -> list[JsonObject]:
        """As of boxes, each with `xywhr` and `corners`; `xyxy` is the upright box around it."""
        pairs = zip(box_rows(result), oriented_boxes.oriented_rows(result), strict=True)
        return [{**row, **place} for row, place in pairs]

    def draw(self, image: Image, result: OrientedBoxes, query: DetectQuery) -> Image:
        """Turned boxes and name plates on a copy."""
        return draw_oriented(image, result, query.line_width or None)

    def files(
        self,
        result: OrientedBoxes,
        facts: Mapping[str, object],
        url: str,
        query: DetectQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """JSON, CSV, COCO, YOLO and the scripts that give the same answer."""
        write = partial(oriented_boxes.written, result)
        return detection_files(result, facts, url, query, picture, self.name, write)

    def parts(self, result: OrientedBoxes, query: DetectQuery) -> Parts:
        """As of turned boxes."""
        return oriented_boxes.parts(result)

    def draw_frame(
        self, image: Image, result: OrientedBoxes, ids: NDArray[np.int64] | None = None
    ) -> Image:
        """Turned boxes, each captioned by its label and the number of its track."""
        return draw_oriented(image, result, captions=captions(result, ids))


TASK = Obb()
