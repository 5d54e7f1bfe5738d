"""One visitor's camera: frames in, answers and drawn frames out, state of its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from demo import validate
from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.encode import encode_jpeg
from demo.images.limits import Limits
from demo.inference.engine import Engine
from demo.results import Image, Scores, Timing
from demo.tracking.line_counter import CountingLine
from demo.tracking.stream import StreamOptions, StreamProcessor, stream_options

LIMITS = Limits(max_megapixels=2.1, max_side=1920, max_file_mb=2.0)
"""Of one frame: the page sends them at 640 pixels."""
_PER_SECOND = 10.0
"""Answers a second that tracks and trails reckon with; how many there will be nobody knows."""
_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False)
class FrameAnswer:
    """The answer to one frame. facts: plain values for JSON. jpeg: the drawn frame, a file."""

    facts: dict[str, Any]
    jpeg: bytes


class CameraSession:
    """Answers one frame after the other; not to be asked by two threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._processor: StreamProcessor | None = None
        self._options: StreamOptions | None = None
        self._line: tuple[float, ...] | None = None
        self._index = 0
        self._start = time.monotonic()

    def ask(self, values: Mapping[str, Any]) -> None:
        """What is wanted from the next frame on. Raises DemoError for what cannot be had.

        values: as `stream_options` takes them, and line as x0, y0, x1, y1 in 0–1 of the frame, or None.
        """
        # There is no next frame to wait for: each one that comes is answered.
        options = stream_options(self._engine, {**values, "every": 1})
        line = _line(values.get("line"))
        if line is not None and not options.track:
            raise DemoError("video_no_ids")
        self._options, self._line = options, line

    def answer(self, data: bytes) -> FrameAnswer:
        """What is seen in a frame, a file of any kind that a picture may be; blocks.

        Raises DemoError for a frame that is none or too large, and where the model fails.
        """
        picture = decode(data, LIMITS)
        return self.look(picture.rgb, picture.decode_ms)

    def look(self, rgb: Image, decode_ms: float) -> FrameAnswer:
        """What is seen in a frame, H×W×3 uint8 RGB; blocks. Raises DemoError as `answer` does."""
        options = self._placed((rgb.shape[1], rgb.shape[0]))
        answer = self._engine.run(options.model, rgb, options.size)
        start = time.perf_counter()
        if self._processor is None:
            self._processor = StreamProcessor(self._engine, options, _PER_SECOND)
        elif self._processor.options != options:
            self._processor.change(options)
        seconds = time.monotonic() - self._start
        seen, drawn = self._processor.look(self._index, seconds, rgb, answer)
        self._index += 1
        jpeg = encode_jpeg(drawn, _QUALITY)
        drawing = (time.perf_counter() - start) * 1000
        timing = replace(answer.timing, decode=decode_ms, draw=drawing)
        return FrameAnswer(self._facts(seen.rows(), answer.result, timing), jpeg)

    def _facts(self, rows: list[dict[str, Any]], result: object, timing: Timing) -> dict[str, Any]:
        assert self._processor is not None
        facts: dict[str, Any] = {
            "model": self._processor.options.model,
            "timing_ms": timing.as_dict(),
            **self._processor.counts(),
        }
        line = self._processor.options.line
        if line is not None:
            facts["arrows"] = line.arrows()
        if isinstance(result, Scores):
            return {**facts, "labels": rows, "known": result.known}
        return {**facts, "boxes": rows}

    def _placed(self, size_wh: tuple[int, int]) -> StreamOptions:
        """The wish with its line in pixels of this frame."""
        if self._options is None:
            raise DemoError("no_model")
        if self._line is None:
            return self._options
        x0, y0, x1, y1 = self._line
        width, height = size_wh
        return replace(
            self._options, line=CountingLine(x0 * width, y0 * height, x1 * width, y1 * height)
        )


def _line(values: object) -> tuple[float, ...] | None:
    """Four shares of the frame's sides, or None."""
    if values is None:
        return None
    if not isinstance(values, list) or len(values) != 4:
        raise DemoError("video_line", got=validate.brief(values))
    ends = tuple(validate.number(value, "line", 0.0, 1.0) for value in values)
    if ends[:2] == ends[2:]:
        raise DemoError("video_line", got=validate.brief(values))
    return ends
