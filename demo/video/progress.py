"""Progress and frame rate of a video run."""

import time
from collections import deque
from dataclasses import dataclass

from demo.results import Image

_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a run is.

    Attributes:
        done: frames written.
        total: frames as the container states them, 0 where it does not.
        per_second: frames a second over the last five seconds, 0 before the first.
        seconds_left: None where it is unknown.
        image: the newest annotated frame, H×W×3 uint8 RGB; not to be written to.
        finished: the output file is in its place.
    """

    done: int
    total: int
    per_second: float
    seconds_left: float | None
    image: Image | None = None
    finished: bool = False

    def text(self) -> str:
        """One line for a terminal."""
        total = f"/{self.total}" if self.total else ""
        left = "" if self.seconds_left is None else f", {self.seconds_left:.0f} s left"
        return f"{self.done}{total} frames, {self.per_second:.1f} a second{left}"


class RateMeter:
    """Frames a second over a sliding window."""

    def __init__(self, total: int) -> None:
        """total: expected frames, 0 where unknown."""
        self._total = total
        self._samples: deque[tuple[float, int]] = deque()

    def progress(self, done: int, image: Image | None, finished: bool = False) -> Progress:
        """The progress at this moment, with `done` frames written."""
        now = time.monotonic()
        # Before the first frame a model may be loading, which says nothing about the rate.
        if done:
            self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[0][0] < now - _WINDOW_S:
            self._samples.popleft()
        rate = 0.0
        if len(self._samples) > 1:
            (start, before), (end, after) = self._samples[0], self._samples[-1]
            rate = (after - before) / max(end - start, 1e-6)
        left = 0.0 if finished else None
        if self._total and rate > 0 and not finished:
            left = max(self._total - done, 0) / rate
        return Progress(done, self._total, rate, left, image, finished)
