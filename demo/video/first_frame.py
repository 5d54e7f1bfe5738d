"""The first frame of a video, on which two clicks draw the counting line."""

from dataclasses import dataclass
from pathlib import Path

import cv2

from demo.errors import DemoError
from demo.images.encode import thumbnail
from demo.results import Image
from demo.tracking.line_counter import CountingLine, Point
from demo.video.limits import VideoLimits
from demo.video.reader import open_video

MAX_SIDE = 960
"""Longest side of the thumbnail, pixels."""
_ACCENT, _WHITE = (37, 99, 235), (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class FirstFrame:
    """The first frame of a video and the facts of its container.

    Attributes:
        rgb: H×W×3 uint8 RGB, upright.
        seconds: length.
        per_second: frame rate.
        frames: number of frames as the container states it.
    """

    rgb: Image
    seconds: float
    per_second: float
    frames: int

    @classmethod
    def of(cls, path: Path, limits: VideoLimits) -> "FirstFrame":
        """Read it from a file. Raises DemoError as `open_video`."""
        with open_video(path, limits) as video:
            frame = next(video.frames())
            return cls(frame.rgb, video.seconds, float(video.rate), video.expected_frames)

    def draw_line(self, text: str) -> Image:
        """A thumbnail with the line of `text`, or its only end, drawn on; plain for other text.

        text: `x0,y0,x1,y1` or `x0,y0`, pixels of the frame.
        """
        small = thumbnail(self.rgb, MAX_SIDE).copy()
        points = _points(text)
        # Each axis by itself: the sides of the thumbnail of a narrow frame are rounded apart.
        scale_x, scale_y = (small.shape[i] / self.rgb.shape[i] for i in (1, 0))
        ends = [(round(x * scale_x), round(y * scale_y)) for x, y in points]
        width = max(round(sum(small.shape[:2]) / 500), 2)
        if len(ends) == 2:
            cv2.line(small, ends[0], ends[1], _WHITE, width + 2, cv2.LINE_AA)
            cv2.line(small, ends[0], ends[1], _ACCENT, width, cv2.LINE_AA)
        for end in ends:
            cv2.circle(small, end, 3 * width + 1, _WHITE, -1, cv2.LINE_AA)
            cv2.circle(small, end, 3 * width - 1, _ACCENT, -1, cv2.LINE_AA)
        return small

    def add_click(self, text: str, xy: Point) -> str:
        """`text` after a click: the first end, then both, then the first end of a new line.

        xy: of the click, pixels of the thumbnail.
        """
        small = thumbnail(self.rgb, MAX_SIDE)
        x = round(xy[0] * self.rgb.shape[1] / small.shape[1])
        y = round(xy[1] * self.rgb.shape[0] / small.shape[0])
        first_end = text.strip() if len(_points(text)) == 1 else ""
        if first_end == f"{x},{y}":
            return first_end
        return f"{first_end},{x},{y}" if first_end else f"{x},{y}"


def _points(text: str) -> list[Point]:
    """The one or two ends in the text; none for any other text."""
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 2:
            x, y = numbers
            # CountingLine refuses coordinates that are too large.
            CountingLine(x, y, x + 1, y)
            return [(x, y)]
        line = CountingLine.parse(text)
    except (ValueError, DemoError):
        return []
    return [(line.x0, line.y0), (line.x1, line.y1)]
