"""One visitor's video run in a background thread, with progress and previews."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path

from demo.images.convert import Note
from demo.images.encode import encode_jpeg, thumbnail
from demo.inference.engine import Engine
from demo.results import Image
from demo.tracking.class_timeline import ClassTimeline
from demo.tracking.options import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import VideoRun, VideoSummary
from demo.video.progress import Progress
from demo.video.reports import CsvReport, JsonReport, MotReport, ReportFile

_TICK_S = 0.35
"""Interval of progress and previews; the run itself yields more often."""
_PREVIEW_SIDE = 640
"""Longest side of a preview, pixels."""
_MAX_PREVIEWS = 12
"""Previews on the disk: a browser that lags behind may still request an older one."""
_TOUCH_S = 20.0
_log = logging.getLogger(__name__)

Submit = Callable[[Callable[[], None]], "Future[None]"]


class VideoJob:
    """Processes `source` and leaves video and reports in `folder`, which it owns.

    Attributes:
        folder: of the files.
        files: kind → path: `video`, `JSON`, `CSV`, and `MOT` where tracks are followed.
        timeline: values of each class over time.
        elapsed_s: how long the work took, seconds.
        scored: the model gives probabilities and no boxes.
        labels: of the model; the place of a class determines its colour.
    """

    def __init__(
        self,
        engine: Engine,
        source: Path,
        folder: Path,
        options: StreamOptions,
        limits: VideoLimits,
        stem: str,
    ) -> None:
        """Prepare the run; stem: start of the files' names, before the model's."""
        self.folder, self._source = folder, source
        self.timeline = ClassTimeline()
        self.elapsed_s = 0.0
        self.scored = options.task.scored
        self.labels = options.spec.labels
        name = f"{stem}-{options.spec.name}"
        self.files = {"video": folder / f"{name}.mp4"}
        reports: list[ReportFile] = []
        for kind, report, suffix in (
            ("JSON", JsonReport, "json"),
            ("CSV", CsvReport, "csv"),
            *([("MOT", MotReport, "txt")] if options.tracks else []),
        ):
            self.files[kind] = folder / f"{name}.{suffix}"
            reports.append(report(self.files[kind]))
        target = self.files["video"]
        sinks = (self.timeline.add,)
        self._run = VideoRun(engine, source, target, options, limits, reports, sinks)
        self._progress = Progress(0, 0, 0.0, None)
        self._previews: list[Path] = []
        self._preview_number = 0
        self._changed = threading.Lock()
        self._abandoned = self._ended = False

    @property
    def summary(self) -> VideoSummary:
        """The facts about the finished video."""
        return self._run.summary

    @property
    def notes(self) -> Sequence[Note]:
        """What is not in the finished video as it is in the upload."""
        return self._run.notes

    @property
    def preview(self) -> str | None:
        """Path of a JPEG of the newest annotated frame; None before the first."""
        return str(self._previews[-1]) if self._previews else None

    def stop(self) -> None:
        """End early and keep the frames that are done."""
        self._run.stop()

    def follow(self, submit: Submit) -> Generator[Progress, None, None]:
        """Start the work with `submit` and yield its progress about three times a second.

        Raises what the work raises. Then, and where the generator is closed before its end, the
        folder is deleted.
        """
        work = submit(self._work)
        done = False
        try:
            while not wait([work], _TICK_S).done:
                yield self._progress
            work.result()
            done = True
        finally:
            # Must not block: generators may be closed by the thread of the event loop.
            if not done:
                self._abandon()

    def _abandon(self) -> None:
        self._run.stop()
        with self._changed:
            self._abandoned = True
            ended = self._ended
        if ended:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        _log.debug("video job started")
        start = touched = previewed = time.monotonic()
        try:
            for progress in self._run.steps():
                now = time.monotonic()
                if progress.image is not None and now - previewed >= _TICK_S:
                    self._write_preview(progress.image)
                    previewed = now
                if now - touched >= _TOUCH_S:
                    self._touch()
                    touched = now
                self._progress = progress
        finally:
            self.elapsed_s = time.monotonic() - start
            _log.debug("video job ended after %.1f s", self.elapsed_s)
            with self._changed:
                self._ended = True
                abandoned = self._abandoned
            if abandoned:
                shutil.rmtree(self.folder, ignore_errors=True)

    def _write_preview(self, image: Image) -> None:
        # Each under a new name, so that none changes while a browser reads it.
        self._preview_number += 1
        path = self.folder / f"now-{self._preview_number}.jpg"
        try:
            path.write_bytes(encode_jpeg(thumbnail(image, _PREVIEW_SIDE)))
        except OSError as error:
            # The video needs the room more; where there is none for it, its writer says so.
            _log.info("no preview of a video: %s", type(error).__name__)
            path.unlink(missing_ok=True)
            return
        self._previews.append(path)
        if len(self._previews) > _MAX_PREVIEWS:
            self._previews.pop(0).unlink(missing_ok=True)

    def _touch(self) -> None:
        """Mark the files as used: a slow video may take longer than unused files are kept."""
        for path in (self._source, *self.folder.iterdir()):
            with suppress(OSError):
                os.utime(path)
