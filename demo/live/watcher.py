"""From the answers of a model to what is shown and told of each frame."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from demo import boxes, checks
from demo.engine import Answer, Engine
from demo.errors import DemoError
from demo.live.line import Crossings, Line
from demo.live.overlay import annotate
from demo.live.reader import Frame, Video
from demo.live.seen import Seen
from demo.live.tracks import LOW, Tally, Tracked, Tracker, Trails
from demo.results import Detections, Image

_TASKS = ("detect", "classify")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a video.

    confidence, iou: 0–1, as for a picture. classes: label names, empty for all. every: the model
    looks at every n-th frame, from 1; its boxes stay for those between. track: ids, trails and
    counts. line: count who crosses it. size: longest side of the network's input, pixels, or None.
    """

    model: str
    confidence: float = 0.25
    iou: float = 0.7
    classes: tuple[str, ...] = ()
    every: int = 1
    track: bool = True
    line: Line | None = None
    size: int | None = None

    def check(self, engine: Engine) -> None:
        """Raise DemoError for an unknown model or class, a value out of range, or a misfit."""
        spec = engine.spec(self.model)
        if spec.task not in _TASKS:
            raise DemoError("video_task", name=self.model)
        checks.number(self.confidence, "confidence", 0.01, 1.0)
        checks.number(self.iou, "iou", 0.0, 1.0)
        checks.whole(self.every, "every", 1, 1000)
        checks.names(self.classes, "classes", spec.labels)
        if self.line is not None and not (self.track and spec.task == "detect"):
            raise DemoError("video_no_ids")


class Watcher:
    """The state of one film: its tracks, trails and counts. Takes the frames in order."""

    def __init__(self, engine: Engine, wish: Wish, film: Video) -> None:
        spec = engine.spec(wish.model)
        self._wish, self._film = wish, film
        self._doubles = spec.needs_nms
        self._labels = spec.labels
        tracked = wish.track and spec.task == "detect"
        per_second = float(film.rate) / wish.every
        self._tracker = Tracker(wish.confidence, per_second) if tracked else None
        self._trails = Trails(per_second) if tracked else None
        self._tally = Tally()
        self._crossings = Crossings(wish.line) if wish.line is not None else None
        self._last: Seen | None = None
        self._answer: Answer | None = None
        self._boxes: Counter[str] = Counter()
        self._frames = 0

    def look(self, frame: Frame, answer: Answer | None) -> tuple[Seen, Image]:
        """What is seen in the next frame, and it drawn on a copy; no answer holds the last one."""
        seconds = float(frame.pts * self._film.time_base)
        if answer is not None:
            seen = self._new(frame.index, seconds, answer)
        else:
            # The first frame is always asked about.
            assert self._last is not None
            before = self._last
            seen = Seen(frame.index, seconds, before.result, before.ids, held=True)
        self._last = seen
        self._frames += 1
        if isinstance(seen.result, Detections):
            self._boxes.update(seen.result.counts())
        return seen, annotate(frame.rgb, seen, self._trails, self._crossings)

    def summary(self, stopped: bool) -> dict[str, Any]:
        """The facts of the whole film. tracks, crossings: only where there is tracking."""
        assert self._answer is not None
        facts: dict[str, Any] = {
            "model": self._answer.model,
            "weights_sha256": self._answer.weights_sha256,
            "device": self._answer.device,
            "size_wh": list(self._film.size_wh),
            "frames_per_second": round(float(self._film.rate), 3),
            "frames_seen": self._frames,
            "every": self._wish.every,
            "confidence": self._wish.confidence,
            "stopped_early": stopped,
            "broken_packets": self._film.broken_packets,
            "boxes": dict(self._boxes),
        }
        if self._tracker is not None:
            facts["tracks"] = self._tally.counts()
        if self._crossings is not None:
            facts["crossings"] = self._crossings.counts()
        return facts

    def _new(self, index: int, seconds: float, answer: Answer) -> Seen:
        self._answer, found = answer, answer.result
        if not isinstance(found, Detections):
            return Seen(index, seconds, found)
        wish = self._wish
        low = wish.confidence if self._tracker is None else min(LOW, wish.confidence)
        chosen = found.select(low, wish.classes)
        chosen = boxes.nms(chosen, wish.iou) if self._doubles else chosen
        if self._tracker is None:
            return Seen(index, seconds, chosen)
        tracked = self._tracker.update(chosen)
        self._count(tracked)
        return Seen(index, seconds, tracked.found, tracked.ids)

    def _count(self, tracked: Tracked) -> None:
        self._tally.update(tracked)
        if self._trails is not None:
            self._trails.update(tracked)
        if self._crossings is not None:
            self._crossings.update(tracked)
