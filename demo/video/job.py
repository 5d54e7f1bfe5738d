"""One visitor's film in a thread of its own: followed, stopped, or left behind."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from demo.errors import DemoError
from demo.images.encode import encode_jpeg, thumbnail
from demo.inference.engine import Engine
from demo.results import Image
from demo.tracking.class_timeline import ClassTimeline
from demo.tracking.stream import StreamOptions
from demo.video.limits import VideoLimits
from demo.video.pipeline import Run
from demo.video.progress import Progress
from demo.video.reports import CsvReport, JsonReport, Listener, MotReport

_TICK_S = 0.35
"""How often there is something new to see; a run itself yields more often."""
_PREVIEW = 640
"""Longest side of the picture of the newest frame, pixels."""
_PREVIEWS = 12
"""How many of them stand at a time: a browser that lags behind may still ask for one."""
_TOUCH_S = 20.0
_LONGEST_LINE = 12

Submit = Callable[[Callable[[], None]], "Future[None]"]


class Job:
    """Works on `source` and leaves film and reports in `folder`, which is its own."""

    def __init__(
        self,
        engine: Engine,
        source: Path,
        folder: Path,
        wish: StreamOptions,
        limits: VideoLimits,
        stem: str,
    ) -> None:
        """stem: what the files are called, before the name of the model."""
        self.folder, self._source = folder, source
        self.counts = ClassTimeline()
        self.seconds = 0.0
        spec = engine.spec(wish.model)
        self.scored = spec.task == "classify"
        self.colours = {label: i for i, label in enumerate(spec.labels)}
        """The class ids by label: they tell a class's colour."""
        tracked = wish.track and not self.scored
        self.files = {"film": folder / f"{stem}-{wish.model}.mp4"}
        listeners: list[Listener] = [self.counts]
        for kind, report, suffix in (
            ("JSON", JsonReport, "json"),
            ("CSV", CsvReport, "csv"),
            *([("MOT", MotReport, "txt")] if tracked else []),
        ):
            self.files[kind] = folder / f"{stem}-{wish.model}.{suffix}"
            listeners.append(report(self.files[kind]))
        self._run = Run(engine, source, self.files["film"], wish, limits, listeners)
        self._progress = Progress(0, 0, 0.0, None)
        self._shown: list[Path] = []
        self._serial = 0
        self._changed = threading.Lock()
        self._left = self._over = False

    @property
    def summary(self) -> dict[str, Any]:
        """The facts of the finished film, see `Run.summary`."""
        return self._run.summary

    @property
    def preview(self) -> str | None:
        """A JPEG of the newest annotated frame."""
        return str(self._shown[-1]) if self._shown else None

    def stop(self) -> None:
        """End early and keep what is done."""
        self._run.stop()

    def follow(self, submit: Submit) -> Generator[Progress, None, None]:
        """Start the work with `submit` and tell how far it is, about three times a second.

        Raises what the work raises; then, and where this generator is closed before its end,
        nothing is left of the folder.
        """
        work = submit(self._work)
        whole = False
        try:
            while not wait([work], _TICK_S).done:
                yield self._progress
            work.result()
            whole = True
        finally:
            # Never waits: whoever closes a generator may be the thread that serves everybody.
            if not whole:
                self._leave()

    def _leave(self) -> None:
        self._run.stop()
        with self._changed:
            self._left = True
            over = self._over
        if over:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        start = touched = shown = time.monotonic()
        try:
            for progress in self._run.steps():
                now = time.monotonic()
                if progress.picture is not None and now - shown >= _TICK_S:
                    self._show(progress.picture)
                    shown = now
                if now - touched >= _TOUCH_S:
                    self._touch()
                    touched = now
                self._progress = progress
        finally:
            self.seconds = time.monotonic() - start
            with self._changed:
                self._over = True
                left = self._left
            if left:
                shutil.rmtree(self.folder, ignore_errors=True)

    def _show(self, picture: Image) -> None:
        # Each has a name of its own: none changes while a browser reads it.
        self._serial += 1
        path = self.folder / f"now-{self._serial}.jpg"
        path.write_bytes(encode_jpeg(thumbnail(picture, _PREVIEW)))
        self._shown.append(path)
        if len(self._shown) > _PREVIEWS:
            self._shown.pop(0).unlink(missing_ok=True)

    def _touch(self) -> None:
        """Say that the files are in use: a slow film may take longer than an unused file stays."""
        for path in (self._source, *self.folder.iterdir()):
            with suppress(OSError):
                os.utime(path)


class Jobs:
    """The films that are worked on, and those that wait until one of them is done."""

    def __init__(self, at_once: int) -> None:
        """at_once: films that are worked on together, from 1."""
        self._at_once = at_once
        self._line: list[object] = []
        self._moved = threading.Condition()
        self._visits: dict[Job, str] = {}

    @contextmanager
    def standing(self) -> Iterator[Callable[[], int]]:
        """A place in the line for the length of the block; what it gives tells it, 0 for its turn.

        Asked again before it has changed it waits for a moment. Raises DemoError where the line is
        long already: whoever stands in it keeps a thread.
        """
        ticket, told = object(), -1
        with self._moved:
            if len(self._line) >= self._at_once + _LONGEST_LINE:
                raise DemoError("video_line_full", waiting=_LONGEST_LINE)
            self._line.append(ticket)

        def place() -> int:
            nonlocal told
            with self._moved:
                self._moved.wait_for(lambda: self._place(ticket) != told, _TICK_S)
                told = self._place(ticket)
                return told

        try:
            yield place
        finally:
            with self._moved:
                self._line.remove(ticket)
                self._moved.notify_all()

    @contextmanager
    def holding(self, job: Job, visit: str) -> Iterator[None]:
        """Know `job` as that of `visit` for the length of the block."""
        self._visits[job] = visit
        try:
            yield
        finally:
            del self._visits[job]

    def stop(self, visit: str) -> None:
        """End the films of a visit early and keep what is done."""
        for job, whose in list(self._visits.items()):
            if whose == visit:
                job.stop()

    def _place(self, ticket: object) -> int:
        return max(0, self._line.index(ticket) - self._at_once + 1)
