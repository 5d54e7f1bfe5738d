"""Per-stream post-processing: NMS, tracking, counting, anonymising and drawing."""

from collections import Counter
from dataclasses import replace
from typing import TypedDict

from demo.inference.engine import Prediction
from demo.labels.names import localized
from demo.results import Detections, Image, Result
from demo.tracking.anonymizer import Anonymizer
from demo.tracking.frame_result import FrameResult
from demo.tracking.heat_map import HeatMap
from demo.tracking.line_counter import CrossingCounts, LineCounter
from demo.tracking.options import StreamOptions
from demo.tracking.overlay import draw_overlay
from demo.tracking.tracker import MIN_TRACK_SCORE, TrackCounts, Tracked, Tracker, Trails


class StreamCounts(TypedDict, total=False):
    """JSON shape of the counts of a stream; a key is missing where its option is off."""

    tracks: dict[str, int]
    crossings: CrossingCounts


class StreamSummary(StreamCounts):
    """JSON shape of the facts about a whole stream."""

    model: str
    weights_sha256: str
    backend: str
    device: str
    frames_seen: int
    every: int
    confidence: float
    boxes: dict[str, int]


class _Tracking:
    """Tracks of one model over one stream, and what is derived from them."""

    def __init__(self, confidence: float) -> None:
        self.tracker = Tracker(confidence)
        self.trails = Trails()
        self.counts = TrackCounts()
        self.line_counter: LineCounter | None = None

    def configure(self, options: StreamOptions) -> None:
        """Follow a change of options; ids stay, and the crossings of an unchanged line."""
        self.tracker.set_confidence(options.confidence)
        if options.line is None:
            self.line_counter = None
        elif self.line_counter is None or self.line_counter.line != options.line:
            self.line_counter = LineCounter(options.line)

    def resize(self, options: StreamOptions) -> None:
        """Keep the crossings of a line that moves with the size of the frames."""
        line = options.line
        if self.line_counter is not None and line is not None and self.line_counter.line != line:
            self.line_counter.move(line)

    def update(self, candidates: Detections, seconds: float) -> Tracked:
        tracked = self.tracker.update(candidates, seconds)
        self.counts.update(tracked)
        self.trails.update(tracked, seconds)
        if self.line_counter is not None:
            self.line_counter.update(tracked)
        return tracked


class StreamProcessor:
    """Turns the predictions for the frames of one stream, in order, into results and drawings.

    A change of options or model rebuilds only what depends on it: tracks belong to a model, the
    heat map too, and what is covered for the sake of privacy to the stream itself.
    """

    def __init__(self, options: StreamOptions) -> None:
        """Start a stream; its options may change later, see `change`."""
        self._anonymizer = Anonymizer()
        self._tracking: _Tracking | None = None
        self._heat_map: HeatMap | None = None
        self._options = options
        self._configure()
        self._last: FrameResult | None = None
        self._prediction: Prediction | None = None
        self._boxes: Counter[str] = Counter()
        self._frames = 0

    @property
    def options(self) -> StreamOptions:
        """The options for the next frame."""
        return self._options

    def change(self, options: StreamOptions, *, resized: bool = False) -> None:
        """Apply other options from the next frame on; ids and counts are kept where they can be.

        resized: where the line has other pixels, it is because the frames have another size.
        """
        if resized and self._tracking is not None:
            self._tracking.resize(options)
        if options.spec is not self._options.spec:
            self._tracking = self._heat_map = None
        self._options = options
        self._configure()

    def process(
        self, index: int, seconds: float, rgb: Image, prediction: Prediction | None
    ) -> tuple[FrameResult, Image]:
        """The result for the next frame, and the frame with it drawn on, a copy.

        Args:
            index: number of the frame, from 0.
            seconds: presentation time, rising.
            rgb: H×W×3 uint8 RGB.
            prediction: of the stream's model; None holds the result of the frame before. The
                first frame needs one.
        """
        task = self._options.task
        candidates = None if prediction is None else task.detections(prediction.result)
        covered = self._anonymizer.cover(rgb, seconds, candidates, self._options.blur)
        if prediction is not None:
            self._prediction = prediction
            frame = self._refine(index, seconds, prediction.result)
        else:
            assert self._last is not None
            frame = replace(self._last, index=index, seconds=seconds, held=True)
        self._last = frame
        self._frames += 1
        if frame.detections is not None:
            self._boxes.update(frame.detections.counts())
        return frame, self._draw(covered, frame)

    def counts(self) -> StreamCounts:
        """Number of tracks and crossings so far."""
        counts = StreamCounts()
        if self._tracking is not None:
            counts["tracks"] = self._tracking.counts.counts()
            if self._tracking.line_counter is not None:
                counts["crossings"] = self._tracking.line_counter.counts()
        return counts

    def summary(self) -> StreamSummary:
        """The facts about the whole stream; there must have been a prediction."""
        assert self._prediction is not None
        return {
            "model": self._prediction.model,
            "weights_sha256": self._prediction.weights_sha256,
            "backend": self._prediction.backend,
            "device": self._prediction.device,
            "frames_seen": self._frames,
            "every": self._options.every,
            "confidence": self._options.confidence,
            "boxes": dict(self._boxes),
            **self.counts(),
        }

    def _configure(self) -> None:
        """Create the parts that the options need, drop the others, keep those that are there."""
        options = self._options
        if not options.tracks:
            self._tracking = None
        elif self._tracking is None:
            self._tracking = _Tracking(options.confidence)
        if self._tracking is not None:
            self._tracking.configure(options)
        if not options.heat:
            self._heat_map = None
        elif self._heat_map is None:
            self._heat_map = HeatMap()

    def _refine(self, index: int, seconds: float, result: Result) -> FrameResult:
        """Filter, suppress and track the boxes of a result, where its task has boxes."""
        options, task = self._options, self._options.task
        found = task.detections(result)
        if found is None:
            return FrameResult(task, index, seconds, result)
        lowest = options.confidence
        if self._tracking is not None:
            lowest = min(MIN_TRACK_SCORE, lowest)
        ids = None
        found = found.select(lowest, options.classes)
        if options.spec.needs_nms:
            found = task.suppress(found, options.iou)
        if self._tracking is not None:
            tracked = self._tracking.update(found, seconds)
            found, ids = tracked.detections, tracked.ids
        if self._heat_map is not None:
            self._heat_map.update(found)
        return FrameResult(task, index, seconds, task.with_detections(result, found), ids)

    def _draw(self, rgb: Image, frame: FrameResult) -> Image:
        frame = replace(frame, result=localized(frame.result, self._options.locale))
        tracking = self._tracking
        if tracking is None:
            return draw_overlay(rgb, frame, heat_map=self._heat_map)
        return draw_overlay(rgb, frame, tracking.trails, tracking.line_counter, self._heat_map)
