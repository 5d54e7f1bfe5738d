"""Where the counting line goes: the first frame of a film, and two clicks on it."""

from dataclasses import dataclass
from pathlib import Path

import cv2

from demo.errors import DemoError
from demo.images.encode import thumbnail
from demo.results import Image
from demo.tracking.line_counter import CountingLine, Point
from demo.video.limits import VideoLimits
from demo.video.reader import video

LONGEST = 960
"""Longest side of the picture that one clicks on, pixels."""
_ACCENT, _WHITE = (37, 99, 235), (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class FirstFrame:
    """The first frame of a film, H×W×3 uint8 RGB, upright, and what its container says of it."""

    rgb: Image
    seconds: float
    per_second: float
    frames: int

    @classmethod
    def of(cls, path: Path, limits: VideoLimits) -> "FirstFrame":
        """Raises DemoError for a film that will not do."""
        with video(path, limits) as film:
            frame = next(film.frames())
            return cls(frame.rgb, film.seconds, float(film.rate), film.frames_about)

    def aimed(self, text: str) -> Image:
        """A small copy with the line, or its one end, drawn; only itself for any other text."""
        small = thumbnail(self.rgb, LONGEST).copy()
        points = _points(text)
        # Each axis by itself: the copy of a thin film is not of exactly the same shape.
        across, down = (small.shape[i] / self.rgb.shape[i] for i in (1, 0))
        ends = [(round(x * across), round(y * down)) for x, y in points]
        width = max(round(sum(small.shape[:2]) / 500), 2)
        if len(ends) == 2:
            cv2.line(small, ends[0], ends[1], _WHITE, width + 2, cv2.LINE_AA)
            cv2.line(small, ends[0], ends[1], _ACCENT, width, cv2.LINE_AA)
        for end in ends:
            cv2.circle(small, end, 3 * width + 1, _WHITE, -1, cv2.LINE_AA)
            cv2.circle(small, end, 3 * width - 1, _ACCENT, -1, cv2.LINE_AA)
        return small

    def clicked(self, text: str, xy: Point) -> str:
        """The text after a click at `xy`, pixels of `aimed`: one end, then both, then anew."""
        small = thumbnail(self.rgb, LONGEST)
        x = round(xy[0] * self.rgb.shape[1] / small.shape[1])
        y = round(xy[1] * self.rgb.shape[0] / small.shape[0])
        before = text.strip() if len(_points(text)) == 1 else ""
        if before == f"{x},{y}":
            return before
        return f"{before},{x},{y}" if before else f"{x},{y}"


def _points(text: str) -> list[Point]:
    """The one or two ends that the text names, or none."""
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 2:
            x, y = numbers
            # A line of some length is checked as any other, so that no number is too far away.
            CountingLine(x, y, x + 1, y)
            return [(x, y)]
        line = CountingLine.parse(text)
    except (ValueError, DemoError):
        return []
    return [(line.x0, line.y0), (line.x1, line.y1)]
