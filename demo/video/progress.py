"""How far a video is, and how fast it goes."""

import time
from collections import deque
from dataclasses import dataclass

from demo.results import Image

_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """done: frames written. total: frames of the film as its container tells it, 0 if it does not.

    per_second: frames a second over the last five seconds, 0 before the first. seconds_left: None
    where it cannot be told. picture: the newest annotated frame, H×W×3 uint8 RGB, never written to.
    finished: the film is in its place.
    """

    done: int
    total: int
    per_second: float
    seconds_left: float | None
    picture: Image | None = None
    finished: bool = False

    def line(self) -> str:
        """One line for a terminal."""
        total = f"/{self.total}" if self.total else ""
        left = "" if self.seconds_left is None else f", {self.seconds_left:.0f} s left"
        return f"{self.done}{total} frames, {self.per_second:.1f} a second{left}"


class RateMeter:
    """Frames a second, over a window that slides."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._marks: deque[tuple[float, int]] = deque()

    def progress(self, done: int, picture: Image | None, finished: bool = False) -> Progress:
        """The progress now."""
        now = time.monotonic()
        # Until the first frame is there a model may be loading: that says nothing of the pace.
        if done:
            self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[0][0] < now - _WINDOW_S:
            self._marks.popleft()
        speed = 0.0
        if len(self._marks) > 1:
            (since, before), (until, after) = self._marks[0], self._marks[-1]
            speed = (after - before) / max(until - since, 1e-6)
        left = 0.0 if finished else None
        if self._total and speed > 0 and not finished:
            left = max(self._total - done, 0) / speed
        return Progress(done, self._total, speed, left, picture, finished)
