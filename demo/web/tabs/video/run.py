"""One run over an uploaded video, from the queue to the finished files."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import gradio as gr

from demo.errors import DemoError
from demo.export.names import download_stem
from demo.tracking.options import StreamOptions
from demo.video.job import VideoJob
from demo.video.job_queue import VideoQueue
from demo.video.limits import VideoLimits
from demo.video.progress import Progress
from demo.web.components.private_files import new_folder
from demo.web.components.uploads import own_name
from demo.web.listener import Listener
from demo.web.request import address_of
from demo.web.tab import Context


@dataclass(frozen=True, slots=True)
class Queued:
    """The run waits; place: its place in the queue, from 1."""

    place: int


@dataclass(frozen=True, slots=True)
class Going:
    """The run is going; progress: how far it is."""

    job: VideoJob
    progress: Progress


@dataclass(frozen=True, slots=True)
class Finished:
    """The run is over; its files are in the private folder."""

    job: VideoJob


RunSteps = Generator[Queued | Going | Finished, None, None]


def run_video(
    context: Context,
    queue: VideoQueue,
    path: str | None,
    options: StreamOptions,
    request: gr.Request,
) -> RunSteps:
    """Wait in the queue, process the video, and yield each step.

    Closing the generator before its end stops the run and deletes its files. Raises DemoError for
    a missing upload, for everything that `VideoJob` refuses, and where the steps are not read.
    """
    if path is None:
        raise DemoError("no_video")
    service = context.service
    source = service.uploads.touch(path)
    name = download_stem(own_name(path))
    session = str(request.session_hash)
    listener = Listener(context.page, session)
    with queue.enter(session, address_of(request)) as place_in_queue:
        while place := place_in_queue():
            listener.check()
            service.uploads.touch(path)
            yield Queued(place)
        folder = new_folder(str(service.uploads.folder))
        limits = VideoLimits.of(service.settings)
        job = VideoJob(service.engine, source, folder, options, limits, name)
        with (
            queue.running(job, session),
            closing(job.follow(service.submit)) as steps,
        ):
            for progress in steps:
                listener.check()
                yield Going(job, progress)
        yield Finished(job)
