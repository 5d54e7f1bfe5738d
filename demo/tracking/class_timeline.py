"""How much of each class is seen when: the curves of a film, in memory that does not grow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.results import Detections
from demo.tracking.frame_result import FrameResult

POINTS = 600
"""No chart on a screen shows more."""
_COUNTED, _SCORED = 8, 5


@dataclass(frozen=True, slots=True, eq=False)
class ClassSeries:
    """One class. values: K float32, one a point of time: boxes at once, or probability 0–1.

    often: boxes in all frames, or frames in which it was the best label.
    """

    label: str
    class_id: int
    often: int
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSet:
    """The most frequent classes, most frequent first; `others` more are left out.

    times: K float64, seconds from the start of the film, rising. end: its length in seconds.
    scored: the values are probabilities of a classifier and no counts.
    """

    times: NDArray[np.float64]
    end: float
    scored: bool
    curves: tuple[ClassSeries, ...]
    others: int = 0


class ClassTimeline:
    """Listens to every frame. A point holds the most of its frames, of which there may be many.

    Nobody knows how long a film will be: once all points are taken, each two become one.
    """

    def __init__(self, points: int = POINTS) -> None:
        """points: an even number, at least 2."""
        self._most = points
        self.open()

    def open(self) -> None:
        """Start anew."""
        self._each, self._frames = 1, 0
        self._times = np.zeros(self._most)
        self._last, self._before = 0.0, 0.0
        self._labels: tuple[str, ...] = ()
        self._scored = False

    def add(self, seen: FrameResult) -> None:
        """Look at the next frame."""
        found = seen.result
        if not self._frames:
            self._labels, self._scored = found.labels, not isinstance(found, Detections)
            self._values = np.zeros((self._most, len(found.labels)), np.float32)
            self._often = np.zeros(len(found.labels), np.int64)
        if self._frames // self._each == self._most:
            self._halve()
        point = self._frames // self._each
        if self._frames % self._each == 0:
            self._times[point] = seen.seconds
        values: NDArray[Any]
        if isinstance(found, Detections):
            values = np.bincount(found.class_ids, minlength=len(found.labels))
            self._often += values
        else:
            values = found.probabilities
            self._often[int(values.argmax())] += 1
        np.maximum(self._values[point], values, out=self._values[point])
        self._before, self._last = self._last, seen.seconds
        self._frames += 1

    def seal(self, summary: Mapping[str, Any]) -> None:
        """Nothing is left to do at the end of the film."""

    def place(self) -> None:
        """Nothing has a place on the disk."""

    def discard(self) -> None:
        """Nothing lies on the disk."""

    def curves(self) -> SeriesSet:
        """What was seen so far."""
        points = -(-self._frames // self._each)
        # The last frame is shown for as long as the one before it.
        end = 2 * self._last - self._before
        if not self._frames:
            return SeriesSet(self._times[:0], 0.0, False, ())
        order = np.argsort(-self._often, kind="stable")
        seen = order[self._often[order] > 0].tolist()
        shown = seen[: _SCORED if self._scored else _COUNTED]
        curves = tuple(
            ClassSeries(
                self._labels[i], i, int(self._often[i]), self._values[:points, i].astype(np.float32)
            )
            for i in shown
        )
        times = self._times[:points].copy()
        return SeriesSet(times, end, self._scored, curves, len(seen) - len(shown))

    def _halve(self) -> None:
        half = self._most // 2
        self._values[:half] = np.maximum(self._values[0::2], self._values[1::2])
        self._values[half:] = 0
        self._times[:half] = self._times[0::2]
        self._each *= 2
