"""A line across the picture, and what has crossed it."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Self

from demo.errors import DemoError
from demo.tracking.tracker import Tracked, middles
from demo.validate import brief

Point = tuple[float, float]

_ARROWS = "→↘↓↙←↖↑↗"

_FARTHEST = 20_000
"""Pixels; OpenCV draws no lines to points much farther away."""


@dataclass(frozen=True, slots=True)
class CountingLine:
    """From (x0, y0) to (x1, y1), pixels of the upright frame; it may reach beyond it.

    Raises DemoError for a line without length, or far from any frame.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        values = (self.x0, self.y0, self.x1, self.y1)
        # Not a number is not within bounds either.
        if not all(abs(value) <= _FARTHEST for value in values) or values[:2] == values[2:]:
            raise DemoError("video_line", got=brief(",".join(map(str, values))))

    @classmethod
    def parse(cls, text: str) -> Self:
        """`x0,y0,x1,y1`. Raises DemoError for anything else."""
        parts = text.split(",")
        try:
            x0, y0, x1, y1 = map(float, parts)
        except ValueError:
            raise DemoError("video_line", got=brief(text)) from None
        return cls(x0, y0, x1, y1)

    def arrows(self) -> tuple[str, str]:
        """Where those go who cross it rightward, and those who cross it leftward."""
        eighth = round(math.atan2(self.x1 - self.x0, self.y0 - self.y1) * 4 / math.pi)
        return _ARROWS[eighth % 8], _ARROWS[(eighth + 4) % 8]

    def side(self, point: Point) -> int:
        """1 right of the line as one looks from its start to its end, −1 left, 0 on it."""
        turn = _turn((self.x0, self.y0), (self.x1, self.y1), point)
        return (turn > 0) - (turn < 0)

    def met(self, start: Point, end: Point) -> bool:
        """Whether the way from `start` to `end`, which are on two sides, meets the line."""
        first = _turn(start, end, (self.x0, self.y0))
        second = _turn(start, end, (self.x1, self.y1))
        return first * second <= 0


class LineCounter:
    """Counts the tracks whose middle crosses a line, each way.

    `rightward` is from left to right as one looks along the line. Who stops on the line is counted
    when it goes on to the other side, and who goes around its end is not.
    """

    def __init__(self, line: CountingLine) -> None:
        self.line = line
        self.rightward: Counter[str] = Counter()
        self.leftward: Counter[str] = Counter()
        self._last: dict[int, tuple[int, Point]] = {}

    def update(self, tracked: Tracked) -> None:
        """Look at the boxes of the next frame."""
        found = tracked.found
        points = middles(found).tolist()
        for number, (x, y), class_id in zip(
            tracked.ids.tolist(), points, found.class_ids.tolist(), strict=True
        ):
            side = self.line.side((x, y))
            if not number or not side:
                continue
            before = self._last.get(number)
            self._last[number] = (side, (x, y))
            if before is not None and before[0] != side and self.line.met(before[1], (x, y)):
                way = self.rightward if side > 0 else self.leftward
                way[found.labels[class_id]] += 1

    def counts(self) -> dict[str, dict[str, int]]:
        """The JSON shape: `rightward` and `leftward`, label → number."""
        return {"rightward": dict(self.rightward), "leftward": dict(self.leftward)}


def _turn(a: Point, b: Point, c: Point) -> float:
    """> 0 where c is right of the way from a to b, y pointing down."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
