"""Drawing the results of a stream on a frame."""

import cv2

from demo.drawing.corner_plates import draw_corner_plates
from demo.drawing.palette import palette
from demo.results import Image
from demo.tracking.frame_result import FrameResult
from demo.tracking.heat_map import HeatMap
from demo.tracking.line_counter import LineCounter
from demo.tracking.tracker import Trails

_ACCENT = (37, 99, 235)
_MIN_WIDTH = 0.3
"""Width of a trail at its oldest point, as a share of that at its newest."""


def draw_overlay(
    rgb: Image,
    frame: FrameResult,
    trails: Trails | None = None,
    counter: LineCounter | None = None,
    heat_map: HeatMap | None = None,
) -> Image:
    """A copy of H×W×3 uint8 RGB with the heat map, trails, counting line and result on it."""
    canvas = rgb
    if heat_map is not None:
        canvas = heat_map.draw(rgb)
    elif trails is not None or counter is not None:
        canvas = rgb.copy()
    if trails is not None:
        _draw_trails(canvas, trails)
    if counter is not None:
        _draw_line(canvas, counter)
    canvas = frame.task.draw_frame(canvas, frame.result, frame.ids)
    if counter is not None:
        _draw_counts(canvas, counter)
    return canvas


def _draw_trails(canvas: Image, trails: Trails) -> None:
    width = max(round(sum(canvas.shape[:2]) / 600), 1)
    for class_id, points in trails.paths():
        colour = palette(class_id)
        for i in range(1, len(points)):
            # Thinner towards its old end.
            share = _MIN_WIDTH + (1 - _MIN_WIDTH) * i / len(points)
            start, end = points[i - 1].tolist(), points[i].tolist()
            cv2.line(canvas, start, end, colour, max(round(width * 2 * share), 1), cv2.LINE_AA)


def _draw_line(canvas: Image, counter: LineCounter) -> None:
    line = counter.line
    x0, y0, x1, y1 = map(round, (line.x0, line.y0, line.x1, line.y1))
    width = max(round(sum(canvas.shape[:2]) / 400), 2)
    cv2.line(canvas, (x0, y0), (x1, y1), _ACCENT, width, cv2.LINE_AA)


def _draw_counts(canvas: Image, counter: LineCounter) -> None:
    right, left = counter.rightward.total(), counter.leftward.total()
    right_arrow, left_arrow = counter.line.arrows()
    draw_corner_plates(canvas, [f"{right_arrow} {right}   {left_arrow} {left}"])
