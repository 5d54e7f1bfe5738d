"""A video through a model: reading, inference, drawing and writing in parallel.

Threads with bounded queues between them, so that the run is as fast as its slowest part: one reads,
a few call the engine, one tracks and draws, one writes.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from demo.errors import DemoError
from demo.images.convert import Note
from demo.inference.engine import Engine, Prediction
from demo.models.spec import ImageRequest
from demo.results import Image
from demo.tracking.frame_result import FrameResult
from demo.tracking.options import StreamOptions
from demo.tracking.stream import StreamProcessor, StreamSummary
from demo.video.bounded_queue import BoundedQueue, QueueAborted
from demo.video.limits import VideoLimits
from demo.video.progress import Progress, RateMeter
from demo.video.reader import Frame, Video, open_video
from demo.video.reports import ReportFile
from demo.video.writer import Writer

_MAX_QUEUE_BYTES = 60_000_000
"""Size of the frames in one queue."""
_TICK_S = 0.2
_log = logging.getLogger(__name__)

FrameSink = Callable[[FrameResult], None]
"""Called with the result for every frame, in order."""
_Pending = tuple[Frame, "Future[Prediction] | None"]


class VideoSummary(StreamSummary):
    """JSON shape of the facts about a finished video."""

    size_wh: list[int]
    frames_per_second: float
    stopped_early: bool
    broken_packets: int
    notes: list[dict[str, str]]


class VideoRun:
    """One run of a model over a video file; `steps` does the work."""

    def __init__(
        self,
        engine: Engine,
        source: Path,
        target: Path,
        options: StreamOptions,
        limits: VideoLimits,
        reports: Sequence[ReportFile] = (),
        sinks: Sequence[FrameSink] = (),
    ) -> None:
        """Prepare the run; no file is touched yet.

        Args:
            engine: runs the model.
            source: the input video.
            target: the annotated MP4.
            options: of the stream.
            limits: of the input.
            reports: files of results, committed or discarded together with the target.
            sinks: called from the drawing thread.
        """
        self._engine = engine
        self._source, self._target = source, target
        self._options, self._limits = options, limits
        self._reports = reports
        self._sinks: list[FrameSink] = [*(report.add for report in reports), *sinks]
        self._stop_requested = threading.Event()
        self._stopped_early = False
        self._changed = threading.Condition()
        self._done, self._writing = 0, True
        self._newest: Image | None = None
        self._summary: VideoSummary | None = None
        self._notes: tuple[Note, ...] = ()

    @property
    def summary(self) -> VideoSummary:
        """The facts about the video; there are none before the run has finished."""
        assert self._summary is not None
        return self._summary

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is not in the finished video as it is in the input."""
        return self._notes

    def stop(self) -> None:
        """End early and keep the frames that are done; thread-safe."""
        self._stop_requested.set()

    def steps(self) -> Iterator[Progress]:
        """Process the video; yields about five times a second, the last time with `finished`.

        Closing the generator stops early and keeps the frames that are done.

        Raises:
            DemoError: for an invalid source or target, or a model that fails; then neither the
                video nor a report is left behind.
        """
        with ExitStack() as resources:
            for report in self._reports:
                report.open()
                resources.callback(report.discard)
            video = resources.enter_context(open_video(self._source, self._limits))
            processor = StreamProcessor(self._options)
            writer = Writer(self._target, video, self._source)
            resources.callback(writer.discard)
            meter = RateMeter(video.expected_frames)
            try:
                for done in self._work(video, processor, writer):
                    yield meter.progress(done, self._newest)
            except GeneratorExit:
                with suppress(DemoError):
                    self._finish(video, processor, writer)
                raise
            self._finish(video, processor, writer)
            yield meter.progress(self._done, self._newest, finished=True)

    def _work(self, video: Video, processor: StreamProcessor, writer: Writer) -> Iterator[int]:
        """Run the workers until the last frame is written; all threads have ended afterwards."""
        capacity = max(2, min(self._engine.concurrency, _MAX_QUEUE_BYTES // _frame_bytes(video)))
        pending: BoundedQueue[_Pending] = BoundedQueue(capacity)
        drawn: BoundedQueue[Frame] = BoundedQueue(
            max(2, min(8, _MAX_QUEUE_BYTES // _frame_bytes(video)))
        )
        predictors = ThreadPoolExecutor(capacity, "video-predict")
        threads = ThreadPoolExecutor(3, "video")
        tasks = (
            lambda: self._read(video, predictors, pending),
            lambda: self._draw(video, processor, pending, drawn),
            lambda: self._write(writer, drawn),
        )
        workers = [threads.submit(_run_worker, task, pending.abort, drawn.abort) for task in tasks]
        try:
            while self._writing:
                with self._changed:
                    self._changed.wait_for(lambda: not self._writing, _TICK_S)
                yield self._done
        finally:
            if self._writing:
                self._stop_requested.set()
            threads.shutdown()
            predictors.shutdown(cancel_futures=True)
        for worker in workers:
            worker.result()

    def _read(
        self, video: Video, predictors: ThreadPoolExecutor, pending: BoundedQueue[_Pending]
    ) -> None:
        options = self._options
        for frame in video.frames():
            if self._stop_requested.is_set():
                self._stopped_early = True
                break
            prediction = None
            if frame.index % options.every == 0:
                request = ImageRequest(frame.rgb, options.size)
                predict = partial(self._engine.run, options.spec.name, request, bulk=True)
                prediction = predictors.submit(predict)
            pending.put((frame, prediction))
        pending.end()

    def _draw(
        self,
        video: Video,
        processor: StreamProcessor,
        pending: BoundedQueue[_Pending],
        drawn: BoundedQueue[Frame],
    ) -> None:
        for frame, future in pending:
            seconds = float(frame.pts * video.time_base)
            prediction = None if future is None else future.result()
            result, annotated = processor.process(frame.index, seconds, frame.rgb, prediction)
            for sink in self._sinks:
                sink(result)
            self._newest = annotated
            drawn.put(replace(frame, rgb=annotated))
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

    def _finish(self, video: Video, processor: StreamProcessor, writer: Writer) -> None:
        """Finish the video and its reports and commit them, all of them or none."""
        if video.broken_packets:
            _log.info("skipped %d damaged packets of a video", video.broken_packets)
        writer.finish(whole=not self._stopped_early)
        self._notes = (*video.notes, *writer.notes)
        self._summary = {
            **processor.summary(),
            "size_wh": list(video.size_wh),
            "frames_per_second": round(float(video.rate), 3),
            "stopped_early": self._stopped_early,
            "broken_packets": video.broken_packets,
            "notes": [{"key": note.key, "text": note.text("en")} for note in self._notes],
        }
        for report in self._reports:
            report.finish(self._summary)
        writer.commit()
        for report in self._reports:
            report.commit()


def _run_worker(task: Callable[[], None], *aborts: Callable[[], None]) -> None:
    """Run one worker in its thread; a failure aborts all queues and so ends the other workers."""
    done = False
    try:
        task()
        done = True
    except QueueAborted:
        return
    except DemoError as error:
        _log.info("a video failed: %s", error.key)
        raise
    finally:
        if not done:
            for abort in aborts:
                abort()


def _frame_bytes(video: Video) -> int:
    return video.size_wh[0] * video.size_wh[1] * 3
