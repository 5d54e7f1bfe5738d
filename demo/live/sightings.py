"""What was seen in a stream: for each class how many at once, in how many frames, and when."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demo.tracking.frame_result import FrameResult

_HEAD = ("class", "at most", "tracks", "frames", "first", "last")


@dataclass(slots=True)
class _Sighting:
    first_s: float
    last_s: float = 0.0
    at_most: int = 0
    frames: int = 0


class Sightings:
    """The classes of one stream."""

    def __init__(self) -> None:
        self._classes: dict[str, _Sighting] = {}
        self.now: Counter[str] = Counter()
        """Label → number in the latest frame."""

    def add(self, frame: FrameResult) -> None:
        """Add the next frame."""
        counts = frame.task.occurrences(frame.result)
        labels = frame.result.labels
        self.now = Counter({labels[i]: int(counts[i]) for i in np.flatnonzero(counts)})
        for label, count in self.now.items():
            seen = self._classes.setdefault(label, _Sighting(frame.seconds))
            seen.last_s = frame.seconds
            seen.at_most = max(seen.at_most, count)
            seen.frames += 1

    def table(self, tracks: Mapping[str, int] | None) -> str:
        """A line a class under a head, those in most frames first; one sentence without any.

        tracks: label → number of tracks; None where nothing is tracked.
        """
        if not self._classes:
            return "Nothing was seen."
        rows = [_HEAD]
        for label, seen in sorted(self._classes.items(), key=lambda pair: -pair[1].frames):
            number = "–" if tracks is None else str(tracks.get(label, 0))
            times = (f"{seen.first_s:.1f} s", f"{seen.last_s:.1f} s")
            rows.append((label, str(seen.at_most), number, str(seen.frames), *times))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(_line(row, widths) for row in rows)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    label, *numbers = row
    cells = (cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
    return "  ".join((label.ljust(widths[0]), *cells))
