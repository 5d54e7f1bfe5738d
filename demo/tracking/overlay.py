"""One frame with everything that is told about it, drawn on a copy."""

import cv2
import numpy as np

from demo.drawing.detections import draw_detections
from demo.drawing.label_plates import Letters, clean, draw_plate
from demo.drawing.palette import COLOURS, palette
from demo.results import Detections, Image, Scores
from demo.tracking.frame_result import FrameResult
from demo.tracking.heat_map import HeatMap
from demo.tracking.line_counter import LineCounter
from demo.tracking.tracker import Trails

_ACCENT = (37, 99, 235)
_BEST = 3
_FAINTEST = 0.3


def annotate(
    rgb: Image,
    seen: FrameResult,
    trails: Trails | None = None,
    crossings: LineCounter | None = None,
    heat: HeatMap | None = None,
) -> Image:
    """A copy of H×W×3 uint8 RGB: heat map, boxes and their ids, trails, the line, its counts."""
    if isinstance(seen.result, Scores):
        canvas = rgb.copy()
        _corner(canvas, [f"{clean(name)} {p:.2f}" for name, p in seen.result.top(_BEST)])
        return canvas
    canvas = rgb
    if heat is not None:
        canvas = heat.draw(rgb)
    elif trails is not None or crossings is not None:
        canvas = rgb.copy()
    if trails is not None:
        _trails(canvas, trails)
    if crossings is not None:
        _line(canvas, crossings)
    canvas = draw_detections(canvas, _named(seen.result, seen))
    if crossings is not None:
        _counts(canvas, crossings)
    return canvas


def _named(found: Detections, seen: FrameResult) -> Detections:
    """The same boxes, each under a label of its own that says its id.

    Colours repeat after COLOURS classes, so a class id that is larger by a multiple of them keeps
    the colour of its class.
    """
    if seen.ids is None or not len(found):
        return found
    labels = [""] * (COLOURS * len(found))
    own = found.class_ids % COLOURS + COLOURS * np.arange(len(found))
    for place, class_id, number in zip(own, found.class_ids, seen.ids.tolist(), strict=True):
        labels[place] = f"{found.labels[class_id]} #{number}" if number else found.labels[class_id]
    return Detections(
        found.xyxy,
        found.scores,
        own.astype(np.int64),
        tuple(labels),
        found.size_wh,
        found.masks,
    )


def _trails(canvas: Image, trails: Trails) -> None:
    width = max(round(sum(canvas.shape[:2]) / 600), 1)
    for class_id, points in trails.lines():
        colour = palette(class_id)
        for i in range(1, len(points)):
            # The older, the thinner.
            age = _FAINTEST + (1 - _FAINTEST) * i / len(points)
            start, end = points[i - 1].tolist(), points[i].tolist()
            cv2.line(canvas, start, end, colour, max(round(width * 2 * age), 1), cv2.LINE_AA)


def _line(canvas: Image, crossings: LineCounter) -> None:
    line = crossings.line
    x0, y0, x1, y1 = map(round, (line.x0, line.y0, line.x1, line.y1))
    width = max(round(sum(canvas.shape[:2]) / 400), 2)
    cv2.line(canvas, (x0, y0), (x1, y1), _ACCENT, width, cv2.LINE_AA)


def _counts(canvas: Image, crossings: LineCounter) -> None:
    right, left = crossings.rightward.total(), crossings.leftward.total()
    ahead, back = crossings.line.arrows()
    _corner(canvas, [f"{ahead} {right}   {back} {left}"])


def _corner(canvas: Image, lines: list[str]) -> None:
    """Plates under each other in the upper left corner, where there is room."""
    size_wh = (canvas.shape[1], canvas.shape[0])
    letters = Letters.fit(size_wh, lines)
    for i, line in enumerate(lines):
        top = i * letters.height
        text = letters.shorten(line, "", size_wh[0])
        if text and top + letters.height <= size_wh[1]:
            place = (0, top, letters.width(text), top + letters.height)
            draw_plate(canvas, place, text, _ACCENT, letters)
