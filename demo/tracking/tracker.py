"""Which box is the same thing as in the frame before: ids and trails, of one stream alone."""

from collections import Counter, deque
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.models import ultralytics
from demo.results import Detections

LOW = 0.1
"""A box of so low a score may still carry on a track (ByteTrack's second round)."""
_KEPT_S = 1.0
"""How long a thing may be hidden and keep its id, seconds."""
_TRAIL_S = 2.0
_MATCH = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """Boxes and their tracks. ids: N int64 from 1 in the order of appearance, 0 for none yet."""

    found: Detections
    ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.ids.shape != (len(self.found),):
            raise ValueError(f"expected {len(self.found)} ids, got {self.ids.shape}")
        own = self.ids[self.ids > 0]
        if len(np.unique(own)) != len(own):
            raise ValueError(f"expected each id once, got {self.ids.tolist()}")


class Tracker:
    """ByteTrack (Zhang et al. 2022, arXiv:2110.06864) of ultralytics, one for each stream."""

    def __init__(self, confidence: float, per_second: float) -> None:
        """confidence: score from which a box starts a track; per_second: updates a second."""
        ultralytics.tasks()
        from ultralytics.trackers.byte_tracker import BYTETracker

        self._confidence = confidence
        self._kept = max(round(per_second * _KEPT_S), 5)
        self._tracker = BYTETracker(
            SimpleNamespace(
                track_high_thresh=confidence,
                track_low_thresh=min(LOW, confidence) - 1e-6,
                new_track_thresh=confidence,
                track_buffer=self._kept,
                match_thresh=_MATCH,
                fuse_score=True,
            )
        )
        self._numbers: dict[int, int] = {}
        self._now = 0
        self._sure: dict[int, int] = {}

    def expect(self, confidence: float) -> None:
        """Start and show tracks from another score on; those that run keep their ids."""
        if confidence > self._confidence:
            self._sure.clear()
        self._confidence = confidence
        options = self._tracker.args
        options.track_high_thresh = options.new_track_thresh = confidence
        options.track_low_thresh = min(LOW, confidence) - 1e-6

    def update(self, candidates: Detections) -> Tracked:
        """Boxes of the next frame, those of LOW score included, → what is shown of them.

        That is every box of the tracker's confidence, and those below it that carry on a track
        which reached it within the last second.
        """
        self._now += 1
        rows = self._tracker.update(_Boxes(candidates))
        ids = np.zeros(len(candidates), np.int64)
        for row in rows:
            number = int(row[4])
            # The tracker also numbers what it drops again after a frame; people count on.
            ids[int(row[7])] = self._numbers.setdefault(number, len(self._numbers) + 1)
        good = candidates.scores >= self._confidence
        self._sure.update(dict.fromkeys(ids[good].tolist(), self._now))
        oldest = self._now - self._kept
        self._sure = {number: at for number, at in self._sure.items() if at >= oldest}
        shown = good | (np.isin(ids, list(self._sure)) & (ids > 0))
        return Tracked(candidates[shown], ids[shown])


class Trails:
    """Where the middles of tracked boxes went, for the last two seconds."""

    def __init__(self, per_second: float) -> None:
        self._length = max(round(per_second * _TRAIL_S), 2)
        self._points: dict[int, deque[tuple[int, int, int]]] = {}
        self._classes: dict[int, int] = {}
        self._now = 0

    def update(self, tracked: Tracked) -> None:
        """Add the boxes of the next frame."""
        self._now += 1
        columns = zip(
            tracked.ids.tolist(),
            np.rint(middles(tracked.found)).astype(int).tolist(),
            tracked.found.class_ids.tolist(),
            strict=True,
        )
        for number, (x, y), class_id in columns:
            if number:
                trail = self._points.setdefault(number, deque(maxlen=self._length))
                trail.append((self._now, x, y))
                self._classes[number] = class_id
        gone = [n for n, t in self._points.items() if t[-1][0] < self._now - self._length]
        for number in gone:
            del self._points[number], self._classes[number]

    def lines(self) -> list[tuple[int, NDArray[np.int32]]]:
        """Class id, and K×2 int32 xy in pixels from old to new, of each track in sight."""
        return [
            (self._classes[number], np.array([point[1:] for point in trail], np.int32))
            for number, trail in self._points.items()
        ]


class TrackCounts:
    """How many different things of each class were tracked."""

    def __init__(self) -> None:
        self._seen: dict[int, Counter[str]] = {}

    def update(self, tracked: Tracked) -> None:
        """Add the boxes of the next frame."""
        found = tracked.found
        for number, class_id in zip(tracked.ids.tolist(), found.class_ids.tolist(), strict=True):
            if number:
                self._seen.setdefault(number, Counter())[found.labels[class_id]] += 1

    def counts(self) -> dict[str, int]:
        """Tracks a label, most frequent first; a track counts as what it was called most often."""
        names = Counter(votes.most_common(1)[0][0] for votes in self._seen.values())
        return dict(sorted(names.items(), key=lambda pair: (-pair[1], pair[0])))


def middles(found: Detections) -> NDArray[np.float32]:
    """N×2 xy of the middles of boxes, pixels."""
    return np.asarray((found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2, np.float32)


class _Boxes:
    """What the trackers of ultralytics ask of their `Boxes`."""

    def __init__(self, found: Detections) -> None:
        self._found = found
        self.conf = found.scores
        self.cls = found.class_ids.astype(np.float32)
        self.xyxy = found.xyxy
        sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
        self.xywh = np.concatenate([middles(found), sides], axis=1)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, chosen: Any) -> "_Boxes":
        return _Boxes(self._found[chosen])
