"""Values of each class over the time of a video, in constant memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.tracking.frame_result import FrameResult

MAX_POINTS = 600
"""No chart on a screen shows more."""
_MAX_COUNTED, _MAX_SCORED = 8, 5
"""Classes in a snapshot, of a detector and of a classifier."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassSeries:
    """One class over time.

    Attributes:
        label, class_id: the class.
        occurrences: boxes in all frames, or frames in which it was the best label.
        values: K float32, one a point of time: boxes in a frame, or a probability 0–1.
    """

    label: str
    class_id: int
    occurrences: int
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TimelineSnapshot:
    """The most frequent classes, most frequent first.

    Attributes:
        times: K float64, seconds from the start of the video, rising.
        end_s: length of the video, seconds.
        scored: the values are a classifier's probabilities, else counts of boxes.
        series: one a class, K values each.
        omitted: further classes that occurred.
    """

    times: NDArray[np.float64]
    end_s: float
    scored: bool
    series: tuple[ClassSeries, ...]
    omitted: int = 0


class ClassTimeline:
    """Maxima over buckets of frames; the buckets double when all points are taken."""

    def __init__(self, points: int = MAX_POINTS) -> None:
        """points: an even number, at least 2."""
        self._capacity = points
        self._bucket, self._frames = 1, 0
        self._times = np.zeros(points)
        self._last_s, self._before_s = 0.0, 0.0
        self._labels: tuple[str, ...] = ()
        self._scored = False

    def add(self, frame: FrameResult) -> None:
        """Add the next frame."""
        task, result = frame.task, frame.result
        if not self._frames:
            self._labels, self._scored = result.labels, task.scored
            self._values = np.zeros((self._capacity, len(result.labels)), np.float32)
            self._occurrences = np.zeros(len(result.labels), np.int64)
        if self._frames // self._bucket == self._capacity:
            self._double_buckets()
        point = self._frames // self._bucket
        if self._frames % self._bucket == 0:
            self._times[point] = frame.seconds
        self._occurrences += task.occurrences(result)
        values = self._values[point]
        np.maximum(values, task.timeline_values(result), out=values)
        self._before_s, self._last_s = self._last_s, frame.seconds
        self._frames += 1

    def snapshot(self) -> TimelineSnapshot:
        """The timeline so far; later frames do not change it."""
        points = -(-self._frames // self._bucket)
        # The last frame is shown for as long as the one before it.
        end_s = 2 * self._last_s - self._before_s
        if not self._frames:
            return TimelineSnapshot(self._times[:0], 0.0, False, ())
        order = np.argsort(-self._occurrences, kind="stable")
        occurring = order[self._occurrences[order] > 0].tolist()
        chosen = occurring[: _MAX_SCORED if self._scored else _MAX_COUNTED]
        series = tuple(
            ClassSeries(
                self._labels[i], i, int(self._occurrences[i]), self._values[:points, i].copy()
            )
            for i in chosen
        )
        times = self._times[:points].copy()
        omitted = len(occurring) - len(chosen)
        return TimelineSnapshot(times, end_s, self._scored, series, omitted)

    def _double_buckets(self) -> None:
        half = self._capacity // 2
        self._values[:half] = np.maximum(self._values[0::2], self._values[1::2])
        self._values[half:] = 0
        self._times[:half] = self._times[0::2]
        self._bucket *= 2
