"""The work behind Video, and what the page shows of it while it waits, runs and is done."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.errors import DemoError
from demo.export.files import stem
from demo.tracking.options import StreamOptions
from demo.video.job import VideoJob
from demo.video.job_queue import VideoQueue
from demo.video.limits import VideoLimits
from demo.video.progress import Progress
from demo.web.components.picture import PictureOut
from demo.web.components.picture import place as fresh
from demo.web.tab import Context
from demo.web.views import answer as answer_view

EMPTY = answer_view.empty("video_empty")
Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The film's place in the line, from 1."""

    place: int


Steps = Generator[Waiting | tuple[VideoJob, Progress | None], None, None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What an answer changes: the player or the live picture, the words, the buttons."""

    stage: gr.HTML
    live: PictureOut
    status: gr.HTML
    start: gr.Button
    leave: gr.Button
    stop: gr.Button

    def all(self) -> list[Any]:
        """As the outputs of an event, which may name only some of them in its answer."""
        return [self.stage, self.live, self.status, self.start, self.leave, self.stop]

    def idle(self, status: str = "", stage: str = EMPTY) -> Updates:
        """Nothing is going on: the last result, or how to get one."""
        return {
            self.stage: gr.HTML(stage, visible=True),
            self.live: gr.Image(None, visible=False),
            self.status: status,
            **self._buttons(start=True),
        }

    def queued(self, status: str) -> Updates:
        """The film waits for its turn."""
        return {**self.idle(status), **self._buttons(leave=True)}

    def going(self, status: str, picture: str | None) -> Updates:
        """The film is worked on; picture: the newest frame, where there is one."""
        updates = {self.status: status, **self._buttons(stop=True)}
        if picture is not None:
            updates[self.stage] = gr.HTML(visible=False)
            updates[self.live] = gr.Image(picture, visible=True)
        return updates

    def _buttons(self, start: bool = False, leave: bool = False, stop: bool = False) -> Updates:
        return {
            self.start: gr.Button(visible=start),
            self.leave: gr.Button(visible=leave),
            self.stop: gr.Button(visible=stop),
        }


def filmed(
    context: Context,
    jobs: VideoQueue,
    path: str | None,
    options: StreamOptions,
    request: gr.Request,
) -> Steps:
    """The place in the line; the job with its progress, at last with None.

    To close it is to leave nothing behind.
    """
    if path is None:
        raise DemoError("no_video")
    at = context.service
    source = at.uploads.touch(path)
    with jobs.enter() as place_in_line:
        while place := place_in_line():
            at.uploads.touch(path)
            yield Waiting(place)
        folder, limits = fresh(str(at.uploads.folder)), VideoLimits.of(at.settings)
        job = VideoJob(at.engine, source, folder, options, limits, stem(source.name))
        with jobs.running(job, str(request.session_hash)), closing(job.follow(at.beside)) as steps:
            for now in steps:
                yield job, now
        yield job, None
