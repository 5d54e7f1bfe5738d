"""A counting line, and the tracks that cross it."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Self, TypedDict

from demo.errors import DemoError
from demo.tracking.tracker import Tracked, box_centers
from demo.validate import brief

Point = tuple[float, float]

_ARROWS = "→↘↓↙←↖↑↗"
_MAX_COORDINATE = 20_000
"""Pixels; OpenCV draws no lines to points much farther away."""


class CrossingCounts(TypedDict):
    """JSON shape of the crossings: label → tracks, each way."""

    rightward: dict[str, int]
    leftward: dict[str, int]


@dataclass(frozen=True, slots=True)
class CountingLine:
    """From (x0, y0) to (x1, y1), pixels of the upright frame; it may reach beyond the frame.

    Raises:
        DemoError: for a line without length, or with an end farther than _MAX_COORDINATE.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        values = (self.x0, self.y0, self.x1, self.y1)
        # NaN compares false, so it is refused as well.
        if not all(abs(value) <= _MAX_COORDINATE for value in values) or values[:2] == values[2:]:
            raise DemoError("video_line", got=brief(",".join(map(str, values))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """A line from `x0,y0,x1,y1`. Raises DemoError for any other text."""
        parts = text.split(",")
        try:
            x0, y0, x1, y1 = map(float, parts)
        except ValueError:
            raise DemoError("video_line", got=brief(text)) from None
        return cls(x0, y0, x1, y1)

    def arrows(self) -> tuple[str, str]:
        """Arrows that point in the directions of rightward and of leftward crossings."""
        eighth = round(math.atan2(self.x1 - self.x0, self.y0 - self.y1) * 4 / math.pi)
        return _ARROWS[eighth % 8], _ARROWS[(eighth + 4) % 8]

    def side(self, point: Point) -> int:
        """1 right of the line as seen from its start towards its end, −1 left, 0 on it."""
        turn = _turn((self.x0, self.y0), (self.x1, self.y1), point)
        return (turn > 0) - (turn < 0)

    def intersects(self, start: Point, end: Point) -> bool:
        """Whether the path from `start` to `end`, on opposite sides, passes between its ends."""
        first = _turn(start, end, (self.x0, self.y0))
        second = _turn(start, end, (self.x1, self.y1))
        return first * second <= 0


class LineCounter:
    """Counts the tracks whose box centre crosses a line, by label and direction.

    `rightward` is from left to right as seen along the line. A track that stops on the line counts
    when it leaves on the opposite side; one that passes around an end of the line does not count.
    (supervision's LineZone counts a track that stops on the line and turns back, once each way.)
    """

    def __init__(self, line: CountingLine) -> None:
        self.line = line
        self.rightward: Counter[str] = Counter()
        self.leftward: Counter[str] = Counter()
        self._last: dict[int, tuple[int, Point]] = {}

    def update(self, tracked: Tracked) -> None:
        """Count the boxes of the next frame."""
        found = tracked.detections
        points = box_centers(found).tolist()
        for track_id, (x, y), class_id in zip(
            tracked.ids.tolist(), points, found.class_ids.tolist(), strict=True
        ):
            side = self.line.side((x, y))
            if not track_id or not side:
                continue
            before = self._last.get(track_id)
            self._last[track_id] = (side, (x, y))
            if before is not None and before[0] != side and self.line.intersects(before[1], (x, y)):
                direction = self.rightward if side > 0 else self.leftward
                direction[found.labels[class_id]] += 1

    def move(self, line: CountingLine) -> None:
        """Go on counting at `line`, the same one in frames of another size."""
        self.line = line
        # Positions in the old frames say nothing about those in the new ones.
        self._last.clear()

    def counts(self) -> CrossingCounts:
        """The counts so far."""
        return {"rightward": dict(self.rightward), "leftward": dict(self.leftward)}


def _turn(a: Point, b: Point, c: Point) -> float:
    """Cross product of ab and ac: > 0 where c is right of the path from a to b, y downwards."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
