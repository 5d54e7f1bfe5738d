"""One visitor's camera session: frames in, answers and annotated frames out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from demo import validate
from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.encode import encode_jpeg
from demo.images.limits import Limits
from demo.inference.engine import Engine
from demo.labels.names import display_table
from demo.models.spec import ImageRequest
from demo.results import Image, Timing
from demo.tracking.frame_result import FrameResult
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.tracking.stream import StreamProcessor

LIMITS = Limits(max_megapixels=2.1, max_side=1920, max_file_mb=2.0)
"""Of one frame; the page sends 640 pixels."""
_QUALITY = 85

RelativeLine = tuple[float, float, float, float]
"""x0, y0, x1, y1 of a counting line in 0–1 of the frame's sides."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameAnswer:
    """The answer to one frame. facts: plain values for JSON. jpeg: the annotated frame, a file."""

    facts: dict[str, object]
    jpeg: bytes


class CameraSession:
    """Options and state of one camera stream; not thread-safe: one frame at a time."""

    def __init__(
        self, engine: Engine, clock: Callable[[], float] = time.monotonic, locale: str = "en"
    ) -> None:
        """Start without options: `configure` comes before the first frame.

        clock: time in seconds. locale: language of class names, one of LOCALES.
        """
        self._engine = engine
        self._locale = locale
        self._processor: StreamProcessor | None = None
        self._options: StreamOptions | None = None
        self._line: RelativeLine | None = None
        self._drawn_line: RelativeLine | None = None
        """The line of the last frame, whose pixels change with the size of the frames."""
        self._index = 0
        self._clock = clock
        self._start = clock()

    def configure(self, values: Mapping[str, object]) -> None:
        """Set the options from the next frame on; the previous ones stay if these are refused.

        Args:
            values: as in `StreamOptions.from_values`, and `line`: [x0, y0, x1, y1] in 0–1 of the
                frame's sides, or None.

        Raises:
            DemoError: for invalid options.
        """
        # Every frame gets an answer: those that come too fast are dropped before.
        options = StreamOptions.from_values(
            self._engine, {**values, "every": 1}, locale=self._locale
        )
        line = _relative_line(values.get("line"))
        if line is not None and not options.tracks:
            raise DemoError("video_no_ids")
        self._options, self._line = options, line

    def process_jpeg(self, data: bytes) -> FrameAnswer:
        """The answer to a frame in a file of any accepted image format; blocks.

        Raises:
            DemoError: for an invalid or too large frame, missing options, or a model that fails.
        """
        picture = decode(data, LIMITS)
        return self.process_frame(picture.rgb, picture.decode_ms)

    def process_frame(self, rgb: Image, decode_ms: float) -> FrameAnswer:
        """The answer to a frame, H×W×3 uint8 RGB; blocks. Raises DemoError as `process_jpeg`."""
        options = self._options_for((rgb.shape[1], rgb.shape[0]))
        prediction = self._engine.run(options.spec.name, ImageRequest(rgb, options.size))
        start = time.perf_counter()
        if self._processor is None:
            self._processor = StreamProcessor(options)
        elif self._processor.options != options:
            self._processor.change(options, resized=self._line == self._drawn_line)
        self._drawn_line = self._line
        seconds = self._clock() - self._start
        frame, annotated = self._processor.process(self._index, seconds, rgb, prediction)
        self._index += 1
        jpeg = encode_jpeg(annotated, _QUALITY)
        draw_ms = (time.perf_counter() - start) * 1000
        timing = replace(prediction.timing, decode=decode_ms, draw=draw_ms)
        return FrameAnswer(_facts(self._processor, frame, timing), jpeg)

    def _options_for(self, size_wh: tuple[int, int]) -> StreamOptions:
        """The options with the counting line in pixels of a frame of this size."""
        if self._options is None:
            raise DemoError("no_model")
        if self._line is None:
            return self._options
        x0, y0, x1, y1 = self._line
        width, height = size_wh
        line = CountingLine(x0 * width, y0 * height, x1 * width, y1 * height)
        return replace(self._options, line=line)


def _facts(processor: StreamProcessor, frame: FrameResult, timing: Timing) -> dict[str, object]:
    options = processor.options
    counts, rows = processor.counts(), frame.rows()
    facts: dict[str, object] = {
        "model": options.spec.name,
        "timing_ms": timing.as_dict(),
        **counts,
    }
    if options.line is not None:
        facts["arrows"] = options.line.arrows()
    if options.locale != "en":
        # Names of what is listed or counted; what has crossed the line has a track.
        names = display_table(options.spec.labels, options.locale)
        labels = [*(str(row["label"]) for row in rows), *counts.get("tracks", ())]
        facts["names"] = {label: names[label] for label in labels}
    return {**facts, **frame.task.frame_facts(frame.result, rows)}


def _relative_line(value: object) -> RelativeLine | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4:
        raise DemoError("video_line", got=validate.brief(value))
    x0, y0, x1, y1 = (validate.number(end, "line", 0.0, 1.0) for end in value)
    if (x0, y0) == (x1, y1):
        raise DemoError("video_line", got=validate.brief(value))
    return x0, y0, x1, y1
