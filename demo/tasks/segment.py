"""Segmentation: labelled boxes, each with the pixels of its object."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from demo.drawing.detections import draw_detections
from demo.export.files import DetectQuery, File, detection_files
from demo.export.polygons import mask_rows
from demo.export.replay import PICTURE
from demo.models.spec import ModelSpec, Request
from demo.results import Detections, Image
from demo.tasks.base import JsonObject
from demo.tasks.detect import Box, Detect, box_rows, captions


class Mask(BaseModel):
    """The mask of a box in the JSON of an answer."""

    area: int = Field(description="Pixels of the upload.")
    polygons: list[list[list[float]]] = Field(description="Corners [x, y], pixels of the upload.")


class MaskedBox(Box):
    """A box with its mask."""

    mask: Mask


class MaskedBoxes(BaseModel):
    """The own part of the JSON of an answer."""

    boxes: list[MaskedBox] = Field(description="Best first.")


class Segment(Detect[Detections]):
    """Detection whose boxes have masks; these are computed for the boxes that are kept."""

    name = "segment"
    title = "tab_segment"
    order = 25
    shape = MaskedBoxes
    summary = "Find objects in a picture and the pixels of each."
    model_doc = "the name of a segmentation model, see /models."
    returns = (
        "The picture with the masks drawn, and the boxes in its pixels as JSON, each with its\n"
        "mask as polygons and its area in pixels."
    )

    def refine(self, spec: ModelSpec, result: Detections, query: DetectQuery) -> Detections:
        """As of boxes; those whose mask has no pixel go, as in ultralytics."""
        return super().refine(spec, result, query).with_pixels()

    def facts(self, spec: ModelSpec, result: Detections, query: DetectQuery) -> JsonObject:
        """`boxes`, each with its `mask`."""
        pairs = zip(box_rows(result), mask_rows(result), strict=True)
        return {"boxes": [{**row, "mask": mask} for row, mask in pairs]}

    def draw(self, image: Image, result: Detections, query: DetectQuery) -> Image:
        """Masks and name plates on a copy."""
        width = query.line_width or None
        return draw_detections(image, result, line_width=width, show_boxes=False)

    def files(
        self,
        result: Detections,
        facts: Mapping[str, object],
        url: str,
        query: DetectQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """JSON, CSV, COCO, PNG, YOLO, VOC and the scripts that give the same answer."""
        return detection_files(result, facts, url, query, picture, self.name)

    def with_detections(self, result: Detections, found: Detections) -> Detections:
        """The other boxes with the pixels of their masks, also of those that have none."""
        return found if found.masks is None else replace(found, masks=found.masks.runs())

    def rows(self, result: Detections, ids: NDArray[np.int64] | None = None) -> list[JsonObject]:
        """The boxes, each with its `track` or None and the area of its mask, without polygons."""
        rows = super().rows(result, ids)
        areas = [] if result.masks is None else result.masks.runs().areas().tolist()
        return [{**row, "area": area} for row, area in zip(rows, areas, strict=True)]

    def draw_frame(
        self, image: Image, result: Detections, ids: NDArray[np.int64] | None = None
    ) -> Image:
        """Masks, each captioned by its label and the number of its track."""
        return draw_detections(image, result, captions=captions(result, ids), show_boxes=False)

    def warm_up_request(self) -> Request | None:
        """None: the page opens on another tab."""
        return None


TASK = Segment()
