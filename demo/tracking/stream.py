"""From the answers of a model to what is shown and told of each frame of one stream."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo import validate
from demo.errors import DemoError
from demo.geometry import boxes
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ModelSpec
from demo.results import Detections, Image
from demo.tracking.anonymizer import Anonymizer
from demo.tracking.frame_result import FrameResult
from demo.tracking.heat_map import HeatMap
from demo.tracking.line_counter import CountingLine, LineCounter
from demo.tracking.overlay import annotate
from demo.tracking.tracker import LOW, TrackCounts, Tracked, Tracker, Trails

_TASKS = ("detect", "classify")
_MOST_APART = 1000


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What is asked of a stream.

    confidence, iou: 0–1, as for a picture. classes: label names, empty for all. every: the model
    looks at every n-th frame, from 1; its boxes stay for those between. track: ids, trails and
    counts. line: count who crosses it. size: longest side of the network's input, pixels, or None.
    hide: label names of what is made unrecognisable. heat: show where things have been.
    """

    model: str
    confidence: float = 0.25
    iou: float = 0.7
    classes: tuple[str, ...] = ()
    every: int = 1
    track: bool = True
    line: CountingLine | None = None
    size: int | None = None
    hide: tuple[str, ...] = ()
    heat: bool = False

    def check(self, engine: Engine) -> ModelSpec:
        """The model's facts. Raises DemoError for an unknown name, a value out of range, a misfit.

        Hiding takes an answer about every frame: a thing may move on before the next one.
        """
        spec = engine.spec(self.model)
        if spec.task not in _TASKS:
            raise DemoError("video_task", name=self.model)
        validate.number(self.confidence, "confidence", 0.01, 1.0)
        validate.number(self.iou, "iou", 0.0, 1.0)
        validate.whole(self.every, "every", 1, _MOST_APART)
        validate.names(self.classes, "classes", spec.labels)
        validate.names(self.hide, "hide", spec.labels)
        if self.line is not None and not (self.track and spec.task == "detect"):
            raise DemoError("video_no_ids")
        if self.hide and (spec.task != "detect" or self.every > 1):
            raise DemoError("video_hide")
        return spec


def stream_options(
    engine: Engine, values: Mapping[str, object], line: CountingLine | None = None
) -> StreamOptions:
    """What is asked of a stream, from plain values by the names of `StreamOptions`, each with a default.

    A classifier has no boxes, so that what is said of them is left aside. Raises DemoError for a
    value that will not do.
    """
    model = values.get("model")
    if not isinstance(model, str):
        raise DemoError("unknown_model", name=validate.brief(model), some="/models")
    spec = engine.spec(model)
    boxes = spec.task == "detect"
    options = StreamOptions(
        model,
        validate.number(values.get("confidence", 0.25), "confidence", 0.01, 1.0),
        validate.number(values.get("iou", 0.7), "iou", 0.0, 1.0),
        validate.names(values.get("classes"), "classes", spec.labels),
        validate.whole(values.get("every", 1), "every", 1, _MOST_APART),
        boxes and validate.switch(values.get("track", True), "track"),
        line,
        validate.whole(values.get("size") or 0, "size", 0, 1280) or None,
        _hidden(values.get("hide"), spec),
        boxes and validate.switch(values.get("heat", False), "heat"),
    )
    options.check(engine)
    return options


def _hidden(value: object, spec: ModelSpec) -> tuple[str, ...]:
    """What is to be hidden; whoever leaves out a name that the model lacks shows what it names."""
    for name in value if isinstance(value, list | tuple) else ():
        if name not in spec.labels:
            raise DemoError("hide_unknown", got=validate.brief(name), model=spec.name)
    return validate.names(value, "hide", spec.labels)


@dataclass(slots=True)
class _State:
    """What one stream has gathered; a part is None where it is not asked for."""

    tracker: Tracker | None = None
    trails: Trails | None = None
    tally: TrackCounts = field(default_factory=TrackCounts)
    crossings: LineCounter | None = None
    heat: HeatMap | None = None


class StreamProcessor:
    """The state of one stream: its tracks, trails, counts. Takes the frames in order."""

    def __init__(self, engine: Engine, options: StreamOptions, per_second: float) -> None:
        """per_second: frames a second, about. Raises DemoError for a wish that cannot be met."""
        self._engine = engine
        self._per_second = per_second
        self._state = _State()
        self._options, self._spec = options, options.check(engine)
        self._arrange(None)
        self._last: FrameResult | None = None
        self._answer: Prediction | None = None
        self._boxes: Counter[str] = Counter()
        self._frames = 0

    @property
    def options(self) -> StreamOptions:
        """What is asked of the stream now."""
        return self._options

    def change(self, options: StreamOptions) -> None:
        """Ask something else from the next frame on; ids and counts stay where they can.

        Raises DemoError for a wish that cannot be met; then the old one holds.
        """
        spec = options.check(self._engine)
        before, self._options, self._spec = self._options, options, spec
        self._arrange(before)

    def look(
        self, index: int, seconds: float, rgb: Image, answer: Prediction | None
    ) -> tuple[FrameResult, Image]:
        """What is seen in the next frame, and it drawn on a copy; no answer holds the last one."""
        if answer is not None:
            seen, shown = self._new(index, seconds, rgb, answer)
        else:
            # The first frame is always asked about.
            assert self._last is not None
            before = self._last
            seen = FrameResult(index, seconds, before.result, before.ids, held=True)
            shown = rgb
        self._last = seen
        self._frames += 1
        if isinstance(seen.result, Detections):
            self._boxes.update(seen.result.counts())
        state = self._state
        return seen, annotate(shown, seen, state.trails, state.crossings, state.heat)

    def counts(self) -> dict[str, Any]:
        """`tracks`: different things a label; `crossings` each way; each where it is asked for."""
        facts: dict[str, Any] = {}
        if self._state.tracker is not None:
            facts["tracks"] = self._state.tally.counts()
        if self._state.crossings is not None:
            facts["crossings"] = self._state.crossings.counts()
        return facts

    def summary(self) -> dict[str, Any]:
        """The facts of the whole stream, once there was an answer."""
        assert self._answer is not None
        return {
            "model": self._answer.model,
            "weights_sha256": self._answer.weights_sha256,
            "device": self._answer.device,
            "frames_seen": self._frames,
            "every": self._options.every,
            "confidence": self._options.confidence,
            "boxes": dict(self._boxes),
            **self.counts(),
        }

    def _arrange(self, before: StreamOptions | None) -> None:
        """Make the parts that the wish needs, and keep those that still fit it."""
        options, state = self._options, self._state
        per_second = self._per_second / options.every
        tracked = options.track and self._spec.task == "detect"
        other = before is None or before.model != options.model
        if other or not tracked:
            self._state = state = _State()
            self._veil = Anonymizer(per_second)
        if tracked and state.tracker is None:
            state.tracker = Tracker(options.confidence, per_second)
            state.trails = Trails(per_second)
        if state.tracker is not None:
            state.tracker.expect(options.confidence)
        if options.line is None:
            state.crossings = None
        elif state.crossings is None or state.crossings.line != options.line:
            state.crossings = LineCounter(options.line)
        if not options.heat:
            state.heat = None
        elif state.heat is None:
            state.heat = HeatMap()

    def _new(
        self, index: int, seconds: float, rgb: Image, answer: Prediction
    ) -> tuple[FrameResult, Image]:
        """What is seen, and the frame without what is to be hidden."""
        self._answer, found = answer, answer.result
        options, state = self._options, self._state
        if not isinstance(found, Detections):
            return FrameResult(index, seconds, found), rgb
        if options.hide:
            rgb = self._veil.cover(rgb, found, options.hide)
        low = options.confidence if state.tracker is None else min(LOW, options.confidence)
        chosen = found.select(low, options.classes)
        chosen = boxes.nms(chosen, options.iou) if self._spec.needs_nms else chosen
        seen = FrameResult(index, seconds, chosen)
        if state.tracker is not None:
            tracked = state.tracker.update(chosen)
            self._count(tracked)
            seen = FrameResult(index, seconds, tracked.found, tracked.ids)
        if state.heat is not None and isinstance(seen.result, Detections):
            state.heat.update(seen.result)
        return seen, rgb

    def _count(self, tracked: Tracked) -> None:
        state = self._state
        state.tally.update(tracked)
        if state.trails is not None:
            state.trails.update(tracked)
        if state.crossings is not None:
            state.crossings.update(tracked)
