"""One source through a model: every frame of a film, the newest of a camera, until it ends."""

import time
from collections.abc import Iterator, Mapping
from statistics import median

from demo.errors import DemoError
from demo.inference.engine import Engine
from demo.live.sightings import Sightings
from demo.live.source import Source
from demo.models.spec import ImageRequest
from demo.tracking.options import StreamOptions
from demo.tracking.stream import StreamProcessor

_LINE_S = 1.0
"""Time between two lines about what is seen."""


class Watch:
    """A run over one source; `lines` does the work and `summary` says what was seen."""

    def __init__(
        self, engine: Engine, source: Source, values: Mapping[str, object], seconds: float | None
    ) -> None:
        """Prepare the run.

        Args:
            engine: runs the model.
            source: an open source.
            values: options, see `StreamOptions.from_values`.
            seconds: after so long it ends; None for as long as there are frames.

        Raises:
            DemoError: for invalid options.
        """
        self._engine, self._source, self._seconds = engine, source, seconds
        self._options = StreamOptions.from_values(engine, values)
        self._processor = StreamProcessor(self._options)
        self._seen = Sightings()
        self._latencies_ms: list[float] = []
        self._stopped = False
        self._elapsed_s = 0.0

    def stop(self) -> None:
        """End after the running frame; for signal handlers."""
        self._stopped = True
        self._source.stop()

    def lines(self) -> Iterator[str]:
        """Answer the frames; yields a line a second. Raises DemoError where the source fails."""
        start = time.perf_counter()
        last_s, answered = 0.0, 0
        try:
            for index, frame in enumerate(self._source.frames):
                request = ImageRequest(frame.rgb, self._options.size)
                prediction = self._engine.run(self._options.spec.name, request)
                result, _ = self._processor.process(index, frame.seconds, frame.rgb, prediction)
                self._seen.add(result)
                now = time.perf_counter()
                self._latencies_ms.append((now - frame.taken_at) * 1000)
                self._elapsed_s = now - start
                if self._elapsed_s - last_s >= _LINE_S:
                    rate = (index + 1 - answered) / (self._elapsed_s - last_s)
                    last_s, answered = self._elapsed_s, index + 1
                    yield self._line(frame.seconds, rate)
                if self._stopped or self._elapsed_s >= (self._seconds or float("inf")):
                    return
        except DemoError:
            # Closing a camera ends its frames with an error.
            if not self._stopped:
                raise

    def summary(self) -> str:
        """The table of what was seen, and the figures of the run; empty before the first answer."""
        times = sorted(self._latencies_ms)
        if not times:
            return ""
        table = self._seen.table(self._processor.counts().get("tracks"))
        return (
            f"{table}\n{len(times)} frames in {self._elapsed_s:.1f} s, "
            f"{len(times) / self._elapsed_s:.1f} answers a second, latency median "
            f"{median(times):.0f} ms, 95 % within {times[int(0.95 * (len(times) - 1))]:.0f} ms"
        )

    def _line(self, seconds: float, rate: float) -> str:
        seen = ", ".join(f"{label} {count}" for label, count in self._seen.now.most_common())
        return f"{seconds:.0f} s: {rate:.1f} answers a second · {seen or 'nothing'}"
