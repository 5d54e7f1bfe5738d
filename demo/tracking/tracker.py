"""Multi-object tracking within one stream: ids, trails and the number of tracks."""

from collections import Counter, deque
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from demo.models import ultralytics
from demo.results import Detections
from demo.tracking.frame_times import FrameTimes

MIN_TRACK_SCORE = 0.1
"""Lowest score of a box that may continue a track (the second association of ByteTrack)."""
_BUFFER_S, _MIN_BUFFER = 1.0, 5
"""How long a lost track keeps its id, seconds, and at least so many frames."""
_TRAIL_S = 2.0
_MATCH = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """Boxes with their tracks.

    ids: N int64, numbered from 1 in order of appearance, each at most once; 0 for no track yet.
    """

    detections: Detections
    ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.ids.shape != (len(self.detections),):
            raise ValueError(f"expected {len(self.detections)} ids, got {self.ids.shape}")
        own = self.ids[self.ids > 0]
        if len(np.unique(own)) != len(own):
            raise ValueError(f"expected each id once, got {self.ids.tolist()}")


class Tracker:
    """ByteTrack (Zhang et al. 2022, arXiv:2110.06864) of ultralytics, one for each stream."""

    def __init__(self, confidence: float) -> None:
        """Start without tracks; confidence: score from which a box starts a track, 0–1."""
        ultralytics.tasks()
        from ultralytics.trackers.byte_tracker import BYTETracker

        self._confidence = confidence
        self._times = FrameTimes(_BUFFER_S)
        self._tracker = BYTETracker(
            SimpleNamespace(
                track_high_thresh=confidence,
                track_low_thresh=min(MIN_TRACK_SCORE, confidence) - 1e-6,
                new_track_thresh=confidence,
                track_buffer=_MIN_BUFFER,
                match_thresh=_MATCH,
                fuse_score=True,
            )
        )
        self._ids: dict[int, int] = {}
        self._frame = 0
        self._confident_at: dict[int, int] = {}

    def set_confidence(self, confidence: float) -> None:
        """Change the score from which boxes start tracks and are shown; tracks keep their ids."""
        if confidence > self._confidence:
            self._confident_at.clear()
        self._confidence = confidence
        options = self._tracker.args
        options.track_high_thresh = options.new_track_thresh = confidence
        options.track_low_thresh = min(MIN_TRACK_SCORE, confidence) - 1e-6

    def update(self, candidates: Detections, seconds: float) -> Tracked:
        """Assign ids to the boxes of the next frame; those to be shown.

        Shown are the boxes of at least the tracker's confidence, and weaker ones whose track
        reached it within the last second.

        Args:
            candidates: boxes from MIN_TRACK_SCORE on.
            seconds: presentation time.
        """
        self._frame += 1
        # ByteTrack counts frames, and a camera has no constant rate.
        buffer = max(self._times.add(seconds), _MIN_BUFFER)
        self._tracker.max_frames_lost = buffer
        rows = self._tracker.update(_TrackerBoxes(candidates))
        ids = np.zeros(len(candidates), np.int64)
        for row in rows:
            # ByteTrack also numbers tracks that it drops after one frame; ours have no gaps.
            ids[int(row[7])] = self._ids.setdefault(int(row[4]), len(self._ids) + 1)
        confident = candidates.scores >= self._confidence
        self._confident_at.update(dict.fromkeys(ids[confident].tolist(), self._frame))
        oldest = self._frame - buffer
        self._confident_at = {
            n: frame for n, frame in self._confident_at.items() if frame >= oldest
        }
        shown = confident | (np.isin(ids, list(self._confident_at)) & (ids > 0))
        return Tracked(candidates[shown], ids[shown])


class Trails:
    """Paths of the centres of tracked boxes over the last two seconds."""

    def __init__(self) -> None:
        self._times = FrameTimes(_TRAIL_S)
        self._points: dict[int, deque[tuple[int, int, int]]] = {}
        self._classes: dict[int, int] = {}
        self._frame = 0

    def update(self, tracked: Tracked, seconds: float) -> None:
        """Add the boxes of the next frame; seconds: presentation time."""
        self._frame += 1
        columns = zip(
            tracked.ids.tolist(),
            np.rint(box_centers(tracked.detections)).astype(int).tolist(),
            tracked.detections.class_ids.tolist(),
            strict=True,
        )
        for track_id, (x, y), class_id in columns:
            if track_id:
                trail = self._points.setdefault(track_id, deque())
                trail.append((self._frame, x, y))
                self._classes[track_id] = class_id
        oldest = self._frame - self._times.add(seconds)
        for track_id, trail in list(self._points.items()):
            while trail and trail[0][0] < oldest:
                trail.popleft()
            if not trail:
                del self._points[track_id], self._classes[track_id]

    def paths(self) -> list[tuple[int, NDArray[np.int32]]]:
        """Class id and path of each recent track: K×2 int32 xy, pixels, oldest point first."""
        return [
            (self._classes[track_id], np.array([point[1:] for point in trail], np.int32))
            for track_id, trail in self._points.items()
        ]


class TrackCounts:
    """Number of tracks of each label."""

    def __init__(self) -> None:
        self._votes: dict[int, Counter[str]] = {}

    def update(self, tracked: Tracked) -> None:
        """Add the boxes of the next frame."""
        found = tracked.detections
        for track_id, class_id in zip(tracked.ids.tolist(), found.class_ids.tolist(), strict=True):
            if track_id:
                self._votes.setdefault(track_id, Counter())[found.labels[class_id]] += 1

    def counts(self) -> dict[str, int]:
        """Label → tracks, most first; a track counts for the label that most of its boxes had."""
        labels = Counter(votes.most_common(1)[0][0] for votes in self._votes.values())
        return dict(sorted(labels.items(), key=lambda pair: (-pair[1], pair[0])))


def box_centers(found: Detections) -> NDArray[np.float32]:
    """N×2 float32 xy of the centres of boxes, pixels."""
    return np.asarray((found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2, np.float32)


class _TrackerBoxes:
    """The interface that the trackers of ultralytics use of their `Boxes`."""

    def __init__(self, found: Detections) -> None:
        self._found = found
        self.conf = found.scores
        self.cls = found.class_ids.astype(np.float32)
        self.xyxy = found.xyxy
        sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
        self.xywh = np.concatenate([box_centers(found), sides], axis=1)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "_TrackerBoxes":
        return _TrackerBoxes(self._found[chosen])
