"""A video through a model: reading, inference, drawing and writing, side by side.

Four stages with bounded pipes between them, so that the film goes as fast as the slowest stage:
one thread reads, a few ask the engine, one tracks and draws, one writes.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from demo.errors import DemoError
from demo.inference.engine import Engine, Prediction
from demo.results import Image
from demo.tracking.stream import StreamOptions, StreamProcessor
from demo.video.bounded_queue import BoundedQueue, QueueAborted
from demo.video.limits import VideoLimits
from demo.video.progress import Progress, RateMeter
from demo.video.reader import Frame, Video, video
from demo.video.reports import Listener
from demo.video.writer import Writer

_HELD_BYTES = 60_000_000
"""What the frames in one pipe may take."""
_TICK_S = 0.2

Asked = tuple[Frame, "Future[Prediction] | None"]


class Run:
    """One film on its way from `source` to `goal`; `steps` does the work."""

    def __init__(
        self,
        engine: Engine,
        source: Path,
        goal: Path,
        options: StreamOptions,
        limits: VideoLimits,
        reports: Sequence[Listener] = (),
    ) -> None:
        """reports: what is told of every frame; put in place and dropped together with the film."""
        self._engine = engine
        self._source, self._goal = source, goal
        self._options, self._limits, self._reports = options, limits, reports
        self._stop = threading.Event()
        self._cut = False
        self._changed = threading.Condition()
        self._done, self._writing = 0, True
        self._picture: Image | None = None
        self.summary: dict[str, Any] = {}
        """The facts of the finished film: model, size, frames, counts, crossings."""

    def stop(self) -> None:
        """End early and keep what is done; any thread may call it."""
        self._stop.set()

    def steps(self) -> Iterator[Progress]:
        """Do the work; yields about five times a second, at last with `finished`.

        To close the generator is to stop: what is done is kept. Raises DemoError for a film,
        model or goal that will not do; then neither film nor report is left behind.
        """
        with ExitStack() as held:
            for report in self._reports:
                report.open()
                held.callback(report.discard)
            self._options.check(self._engine)
            film = held.enter_context(video(self._source, self._limits))
            processor = StreamProcessor(self._engine, self._options, float(film.rate))
            writer = Writer(self._goal, film, self._source)
            held.callback(writer.discard)
            pace = RateMeter(film.frames_about)
            try:
                for done in self._work(film, processor, writer):
                    yield pace.progress(done, self._picture)
            except GeneratorExit:
                with suppress(DemoError):
                    self._finish(film, processor, writer)
                raise
            self._finish(film, processor, writer)
            yield pace.progress(self._done, self._picture, finished=True)

    def _work(self, film: Video, processor: StreamProcessor, writer: Writer) -> Iterator[int]:
        """Run the stages until the last frame is written; all threads have ended afterwards."""
        room = max(2, min(self._engine.at_once, _HELD_BYTES // _bytes(film)))
        asked: BoundedQueue[Asked] = BoundedQueue(room)
        drawn: BoundedQueue[Frame] = BoundedQueue(max(2, min(8, _HELD_BYTES // _bytes(film))))
        pool = ThreadPoolExecutor(room, "video-ask")
        line = ThreadPoolExecutor(3, "video")
        works = (
            lambda: self._read(film, pool, asked),
            lambda: self._draw(film, processor, asked, drawn),
            lambda: self._write(writer, drawn),
        )
        stages = [line.submit(_stage, work, asked, drawn) for work in works]
        try:
            while self._writing:
                with self._changed:
                    self._changed.wait_for(lambda: not self._writing, _TICK_S)
                yield self._done
        finally:
            if self._writing:
                self._stop.set()
            line.shutdown()
            pool.shutdown(cancel_futures=True)
        for stage in stages:
            stage.result()

    def _read(self, film: Video, pool: ThreadPoolExecutor, asked: BoundedQueue[Asked]) -> None:
        options = self._options
        for frame in film.frames():
            if self._stop.is_set():
                self._cut = True
                break
            answer = None
            if frame.index % options.every == 0:
                ask = partial(self._engine.run, options.model, frame.rgb, options.size, bulk=True)
                answer = pool.submit(ask)
            asked.put((frame, answer))
        asked.end()

    def _draw(
        self,
        film: Video,
        processor: StreamProcessor,
        asked: BoundedQueue[Asked],
        drawn: BoundedQueue[Frame],
    ) -> None:
        for frame, answer in asked:
            seconds = float(frame.pts * film.time_base)
            said = None if answer is None else answer.result()
            seen, picture = processor.look(frame.index, seconds, frame.rgb, said)
            for report in self._reports:
                report.add(seen)
            self._picture = picture
            drawn.put(Frame(frame.index, frame.pts, picture))
        drawn.end()

    def _write(self, writer: Writer, drawn: BoundedQueue[Frame]) -> None:
        try:
            for frame in drawn:
                writer.write(frame)
                self._done += 1
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _finish(self, film: Video, processor: StreamProcessor, writer: Writer) -> None:
        """Put film and reports in their places, all of them or none."""
        if self._done:
            self.summary = {
                **processor.summary(),
                "size_wh": list(film.size_wh),
                "frames_per_second": round(float(film.rate), 3),
                "stopped_early": self._cut,
                "broken_packets": film.broken_packets,
            }
            for report in self._reports:
                report.seal(self.summary)
        writer.finish(whole=not self._cut)
        for report in self._reports:
            report.place()


def _stage(work: Callable[[], None], *pipes: BoundedQueue[Any]) -> None:
    """One stage in its thread: whatever fails in it breaks the whole line."""
    whole = False
    try:
        work()
        whole = True
    except QueueAborted:
        return
    finally:
        if not whole:
            for pipe in pipes:
                pipe.abort()


def _bytes(film: Video) -> int:
    return film.size_wh[0] * film.size_wh[1] * 3
