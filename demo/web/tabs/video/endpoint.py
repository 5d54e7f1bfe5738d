"""The endpoint /video."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import gradio as gr

from demo.tasks.detect import DEFAULT_CONFIDENCE, DEFAULT_IOU
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.video.job_queue import VideoQueue
from demo.web.components.model_picker import default_model
from demo.web.components.video import VideoOut, video_in
from demo.web.endpoints import unseen_components
from demo.web.tab import Context
from demo.web.tabs.video.options import OPTION_NAMES, streaming_tasks
from demo.web.tabs.video.run import Going, Queued, run_video

Answers = Iterator[tuple[str | None, Mapping[str, object]]]
"""The path of the finished video, else None; the summary, else how far the run is."""


def publish(context: Context, queue: VideoQueue) -> None:
    """Add the endpoint to the page, on components that it does not show."""
    with unseen_components():
        inputs = [
            video_in("video"),
            gr.Textbox(default_model(context, streaming_tasks()[0]), label="model"),
            gr.Number(DEFAULT_CONFIDENCE, label="confidence"),
            gr.Number(DEFAULT_IOU, label="iou"),
            gr.JSON([], label="classes"),
            gr.Number(1, label="every"),
            gr.Checkbox(True, label="track"),
            gr.JSON([], label="hide"),
            gr.Checkbox(False, label="heat"),
            gr.Textbox("", label="line"),
        ]
        outputs = [VideoOut(label="video"), gr.JSON(label="answer")]
        gr.Button().click(
            _endpoint(context, queue),
            inputs,
            outputs,
            api_name="video",
            concurrency_limit=None,
        )


def _endpoint(context: Context, queue: VideoQueue) -> Callable[..., Answers]:
    def video(
        video: str | None,
        model: str,
        confidence: float | None,
        iou: float | None,
        classes: list[str],
        every: float,
        track: bool,
        hide: list[str],
        heat: bool,
        line: str | None,
        request: gr.Request,
    ) -> Iterator[tuple[str | None, Mapping[str, object]]]:
        """Find or name what is in each frame of a video.

        Args:
            video: an MP4, MOV or WebM video, an uploaded file.
            model: the name of a detector or classifier, see /models.
            confidence: lowest score of a box, 0.01 to 1; null is the model's own.
            iou: overlap above which the weaker of two boxes of one class goes, 0 to 1; null
                is the model's own.
            classes: label names to keep; empty keeps all.
            every: look at every n-th frame only, from 1.
            track: give things numbers and count them.
            hide: label names of what is blurred in every frame; needs every = 1.
            heat: show where things have been.
            line: count what crosses it, "x0,y0,x1,y1" in pixels; empty for none.

        Returns:
            The video with all that drawn in, as MP4, the counts, and notes on what it could not
            take over from the original; before, how far it is.
        """
        values = (model, confidence, iou, classes, every, track, hide, heat)
        given = dict(zip(OPTION_NAMES, values, strict=True))
        yield from _answers(context, queue, video, line, given, request)

    return video


def _answers(
    context: Context,
    queue: VideoQueue,
    path: str | None,
    line: str | None,
    values: Mapping[str, object],
    request: gr.Request,
) -> Answers:
    counting_line = CountingLine.parse(line) if line else None
    options = StreamOptions.from_values(context.service.engine, values, counting_line)
    with closing(run_video(context, queue, path, options, request)) as steps:
        for step in steps:
            if isinstance(step, Queued):
                yield None, {"place_in_line": step.place}
            elif isinstance(step, Going):
                yield None, {"done": step.progress.done, "total": step.progress.total}
            else:
                yield str(step.job.files["video"]), step.job.summary
