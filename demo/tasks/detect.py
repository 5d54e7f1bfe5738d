"""Detection: labelled boxes in pixels of the upload."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from demo import validate
from demo.drawing.detections import draw_detections
from demo.errors import DemoError
from demo.export.files import DetectQuery, File, detection_files, detection_parts
from demo.export.parts import Parts
from demo.export.replay import PICTURE
from demo.geometry import boxes
from demo.labels.names import display_names, labels_of
from demo.models.spec import ImageRequest, ModelSpec, Request
from demo.models.target import Target
from demo.results import Detections, Image
from demo.tasks.base import JsonObject, QueryField, Task
from demo.tasks.classify import class_named

INPUT_SIZES = (256, 320, 416, 512, 640, 800, 960, 1280)
"""Input sizes that the page offers, pixels."""
MIN_CONFIDENCE = 0.01
DEFAULT_CONFIDENCE = 0.25
DEFAULT_IOU = 0.7
"""The defaults of ultralytics' predict, so that both give the same answer."""
_MAX_LINE_WIDTH = 20

D = TypeVar("D", bound=Detections)


class Box(BaseModel):
    """A box in the JSON of an answer."""

    label: str
    class_id: int
    score: float = Field(description="0–1.")
    xyxy: list[float] = Field(description="Left, top, right and bottom, pixels of the upload.")


class Boxes(BaseModel):
    """The own part of the JSON of an answer, the best box first."""

    boxes: list[Box]


class Detect(Task[D, DetectQuery]):
    """Boxes with a label and a score, filtered and suppressed without a forward pass."""

    name = "detect"
    title = "tab_detect"
    order = 20
    draws = True
    streams = True
    quantizes = True
    finds_boxes = True
    rows_key = "boxes"
    data_sets: ClassVar[tuple[str, ...]] = ("coco", "yolo", "voc", "csv")
    fields = (
        QueryField(
            "confidence", "number", DEFAULT_CONFIDENCE, "lowest score of a box, 0.01 to 1.", True
        ),
        QueryField(
            "iou",
            "number",
            DEFAULT_IOU,
            "overlap above which the weaker of two boxes of one class goes, 0 to 1.",
            True,
        ),
        QueryField(
            "classes", "names", (), "label names to keep, or their Chinese names; empty keeps all."
        ),
    )
    more_fields = (
        QueryField(
            "size",
            "number",
            None,
            "longest side of the network's input, a multiple of 32 from 64 to 1280 pixels.",
            True,
        ),
        QueryField("line_width", "number", 0, "width of drawn lines, pixels; 0 fits the picture."),
    )
    shape: ClassVar[type[BaseModel] | None] = Boxes
    summary = "Find objects in a picture."
    model_doc = "the name of a detector, see /models."
    returns = "The picture with the boxes drawn, and the boxes in its pixels as JSON."

    def parse(self, spec: ModelSpec, values: Mapping[str, object]) -> DetectQuery:
        """confidence 0.01–1, iou 0–1, classes of the model, size 64–1280 or None, line_width.

        None as confidence or iou is the model's own threshold.
        """
        stated = {name: value for name, value in values.items() if value is not None}
        low, overlap = default_thresholds(spec)
        least = stated.get("confidence", low)
        confidence = validate.number(least, "confidence", MIN_CONFIDENCE, 1.0)
        iou = validate.number(stated.get("iou", overlap), "iou", 0.0, 1.0)
        given = values.get("classes", ())
        if isinstance(given, list | tuple):
            given = labels_of(given, spec.labels)
        classes = validate.names(given, "classes", spec.labels)
        size = values.get("size")
        side = None if size is None else validate.whole(size, "size", 64, 1280)
        width = validate.whole(values.get("line_width", 0), "line_width", 0, _MAX_LINE_WIDTH)
        return DetectQuery(confidence, iou, classes, side, width)

    def refine(self, spec: ModelSpec, result: D, query: DetectQuery) -> D:
        """Boxes above the confidence, of the classes, without duplicates."""
        # A box is only ever suppressed by one with a higher score, so filtering before or after
        # suppression gives the same boxes, and filtering first is cheaper.
        chosen = result.select(query.confidence, query.classes)
        return self.suppress(chosen, query.iou) if spec.needs_nms else chosen

    def suppress(self, result: D, iou: float) -> D:
        """As `boxes.nms`."""
        return boxes.nms(result, iou)

    def facts(self, spec: ModelSpec, result: D, query: DetectQuery) -> JsonObject:
        """`boxes`."""
        return {"boxes": self.box_facts(result)}

    def box_facts(self, result: D) -> list[JsonObject]:
        """For JSON, what there is to say of each box."""
        return box_rows(result)

    def draw(self, image: Image, result: D, query: DetectQuery) -> Image:
        """Boxes and name plates on a copy."""
        return draw_detections(image, result, line_width=query.line_width or None)

    def target(self, spec: ModelSpec, result: D, text: str) -> Target:
        """`2` is the second box, best first, `2:dog` another class for it; empty is the first."""
        number, _, label = text.partition(":")
        place = int(number[:9]) if number.isdecimal() and number.isascii() else 0 if number else 1
        if not len(result):
            raise DemoError("explain_no_boxes", name=spec.name)
        if not 1 <= place <= len(result):
            raise DemoError("explain_no_box", got=validate.brief(number), boxes=len(result))
        class_id = class_named(spec, label) if label else int(result.class_ids[place - 1])
        x0, y0, x1, y1 = result.xyxy[place - 1].tolist()
        return Target(class_id, (x0, y0, x1, y1))

    def targets(self, result: D, locale: str = "en") -> list[tuple[str, str]]:
        """Every box, with its number in the table, its label and its score."""
        shown = display_names(result.labels, locale)
        named = zip(result.class_ids.tolist(), result.scores.tolist(), strict=True)
        return [
            (f"{number} · {shown[class_id]} {100 * score:.0f} %", str(number))
            for number, (class_id, score) in enumerate(named, 1)
        ]

    def files(
        self,
        result: D,
        facts: Mapping[str, object],
        url: str,
        query: DetectQuery | None = None,
        picture: str = PICTURE,
    ) -> list[File]:
        """JSON, CSV, COCO, YOLO, VOC and the scripts that give the same answer."""
        return detection_files(result, facts, url, query, picture)

    def parts(self, result: D, query: DetectQuery) -> Parts:
        """As of boxes, and of masks where there are any."""
        return detection_parts(result)

    def warm_up_request(self) -> Request | None:
        """A grey picture: ultralytics takes seconds to import, a classifier loads at once."""
        return ImageRequest(np.full((480, 640, 3), 114, np.uint8))

    def detections(self, result: D) -> D:
        """The result itself."""
        return result

    def with_detections(self, result: D, found: Detections) -> D:
        """The other boxes, which are rows of such a result."""
        return cast(D, found)

    def rows(self, result: D, ids: NDArray[np.int64] | None = None) -> list[JsonObject]:
        """The boxes as the endpoint gives them, each with its `track` or None."""
        numbers = [0] * len(result) if ids is None else ids.tolist()
        pairs = zip(self.box_facts(result), numbers, strict=True)
        return [{**row, "track": number or None} for row, number in pairs]

    def timeline_values(self, result: D) -> NDArray[np.float32]:
        """Boxes a label."""
        return self.occurrences(result).astype(np.float32)

    def occurrences(self, result: D) -> NDArray[np.int64]:
        """Boxes a label."""
        return np.bincount(result.class_ids, minlength=len(result.labels))

    def draw_frame(self, image: Image, result: D, ids: NDArray[np.int64] | None = None) -> Image:
        """Boxes, each captioned by its label and the number of its track."""
        return draw_detections(image, result, captions=captions(result, ids))


class MoreThanBoxes(Detect[D]):
    """Detection of boxes that come with something else, such as masks; none of it is explained."""

    def target(self, spec: ModelSpec, result: D, text: str) -> Target:
        """Raises DemoError: they are not explained."""
        return Task.target(self, spec, result, text)

    def targets(self, result: D, locale: str = "en") -> list[tuple[str, str]]:
        """Nothing: they are not explained."""
        return []

    def warm_up_request(self) -> Request | None:
        """None: the page opens on another tab."""
        return None


def captions(found: Detections, ids: NDArray[np.int64] | None) -> list[str]:
    """The label of each box, with the number of its track where it has one."""
    labels = [found.labels[class_id] for class_id in found.class_ids.tolist()]
    if ids is None:
        return labels
    return [
        f"{label} #{number}" if number else label
        for label, number in zip(labels, ids.tolist(), strict=True)
    ]


def default_thresholds(spec: ModelSpec) -> tuple[float, float]:
    """Confidence and overlap of a model where nobody chose any, 0–1."""
    low = DEFAULT_CONFIDENCE if spec.confidence is None else spec.confidence
    return low, DEFAULT_IOU if spec.iou is None else spec.iou


def box_rows(found: Detections) -> list[JsonObject]:
    """For JSON, a box each: label, class id, score and corners in pixels of the upload."""
    columns = zip(found.xyxy.tolist(), found.scores.tolist(), found.class_ids.tolist(), strict=True)
    return [
        {
            "label": found.labels[class_id],
            "class_id": class_id,
            "score": round(score, 4),
            "xyxy": [round(value, 1) for value in xyxy],
        }
        for xyxy, score, class_id in columns
    ]


TASK = Detect[Detections]()
