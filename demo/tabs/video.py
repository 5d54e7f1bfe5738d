"""Video: a film through a model, with a live picture, counts over time and files to take away."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demo import chart, desk, panels, screen
from demo.errors import DemoError
from demo.live.job import Job, Jobs, wished
from demo.live.line import Line
from demo.tab import Context, Tab, locale, told
from demo.tabs.controls import Slider
from demo.tabs.film import FilmOut, detects, film_column, film_in, opened
from demo.tabs.picture import PictureOut
from demo.tabs.reel import EMPTY, Parts, Updates, filmed
from demo.tabs.shared import default, hidden, model_picker, model_progress, sentence
from demo.text import say

_TASKS = ("detect", "classify")
_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(context: Context) -> None:
    """Lay the tab out and wire it. A film is much work, so it begins with a button."""
    jobs = Jobs()
    with gr.Row(elem_classes="stage"):
        with gr.Column(scale=5, min_width=320):
            column = film_column(context)
            model, every, boxes, (confidence, classes, track, iou) = _controls(context)
        with gr.Column(scale=7, min_width=320):
            start = gr.Button(context.t("video_start"), variant="primary", elem_id="video-start")
            leave = gr.Button(context.t("video_leave"), visible=False, elem_id="video-leave")
            stop = gr.Button(
                context.t("video_stop"), variant="stop", visible=False, elem_id="video-stop"
            )
            parts = Parts(*_answer(context), start, leave, stop)
    film, line = column.film, column.line
    outputs = [column.frame, column.aim, line, parts.stage, parts.status]
    film.change(opened(context), [film, model], outputs, **_QUIET)
    model.change(_fit(context), [film, model, classes], [column.aim, boxes, classes, iou], **_QUIET)
    inputs: list[Any] = [film, model, confidence, iou, classes, every, track, line]
    asked = start.click(_announce(context, jobs, parts), None, parts.all(), **_QUIET)
    work = asked.then(
        _handler(context, jobs, parts),
        inputs,
        parts.all(),
        concurrency_id="video",
        concurrency_limit=context.desk.settings.videos,
        **_QUIET,
    )
    # Without it a fault of our own would leave the page without its Start button.
    work.failure(lambda: parts.idle(), None, parts.all(), **_QUIET)
    leave.click(lambda: parts.idle(), None, parts.all(), cancels=[work], **_QUIET)
    stop.click(_stop(jobs), None, None, **_QUIET)
    _publish(context, jobs)


def _answer(context: Context) -> tuple[gr.HTML, PictureOut, gr.HTML]:
    stage = gr.HTML(EMPTY, elem_id="video-stage", padding=False)
    live = PictureOut(
        label=context.t("video_now"),
        interactive=False,
        visible=False,
        height=380,
        buttons=[],
        elem_id="video-live",
    )
    return stage, live, gr.HTML(elem_id="video-status", elem_classes="status", padding=False)


def _controls(context: Context) -> tuple[gr.Dropdown, gr.Slider, gr.Column, tuple[Any, ...]]:
    """Model, n-th frame, and in a column of their own what is only about boxes."""
    t = context.t
    model = model_picker(context, *_TASKS, name="video")
    every = Slider(1, 30, 1, step=1, label=t("video_every"), elem_id="video-every")
    found = isinstance(model.value, str)
    spec = context.desk.engine.spec(model.value) if found else None
    with gr.Column(visible=spec is None or spec.task == "detect") as boxes:
        confidence = Slider(
            desk.LOWEST_CONFIDENCE,
            0.95,
            desk.DEFAULT_CONFIDENCE,
            step=0.01,
            label=t("confidence"),
            elem_id="video-confidence",
        )
        track = gr.Checkbox(True, label=t("video_track"), elem_id="video-track")
        with gr.Accordion(t("more"), open=False, elem_id="video-more"):
            classes = gr.Dropdown(
                list(spec.labels) if spec else [],
                value=[],
                multiselect=True,
                label=t("classes"),
                elem_id="video-classes",
            )
            iou = Slider(0.05, 0.95, desk.DEFAULT_IOU, step=0.05, label=t("iou"))
    return model, every, boxes, (confidence, classes, track, iou)


def _fit(context: Context) -> Any:
    def fit(path: str | None, model: str, chosen: list[str]) -> tuple[Any, ...]:
        """Only what the model understands can be set."""
        if not detects(context, model):
            return gr.Group(visible=False), gr.Column(visible=False), gr.skip(), gr.skip()
        spec = context.desk.spec(model, "detect")
        kept = [name for name in chosen or () if name in spec.labels]
        return (
            gr.Group(visible=path is not None),
            gr.Column(visible=True),
            gr.Dropdown(choices=list(spec.labels), value=kept),
            gr.Slider(interactive=spec.needs_nms),
        )

    return fit


def _announce(context: Context, jobs: Jobs, parts: Parts) -> Any:
    def announce(request: gr.Request) -> Updates:
        """What the visitor sees until the film's turn comes."""
        busy = len(jobs) >= context.desk.settings.videos
        words = say("video_queued" if busy else "video_starting", locale(request))
        return parts.queued(panels.note(words, "busy"))

    return announce


def _stop(jobs: Jobs) -> Any:
    def stop(request: gr.Request) -> None:
        jobs.stop(str(request.session_hash))

    return stop


def _handler(context: Context, jobs: Jobs, parts: Parts) -> Any:
    def film(
        path: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        every: int,
        track: bool,
        line: str | None,
        request: gr.Request,
    ) -> Iterator[Updates]:
        spoken = locale(request)
        try:
            boxes = detects(context, model)
            # The model may have changed a moment before the list of its classes does.
            labels = context.desk.engine.spec(model).labels if boxes else ()
            kept = [name for name in classes or () if name in labels]
            aimed = Line.parse(line) if line and boxes else None
            wish = wished(context.desk.engine, model, confidence, iou, kept, every, track, aimed)
            with closing(filmed(context, jobs, path, wish, request)) as steps:
                for job, now in steps:
                    if now is not None:
                        waiting = model_progress(context.desk.engine, model, spoken)
                        yield parts.going(screen.progress(now, waiting, spoken), job.preview)
                    else:
                        yield parts.idle(_result(job, aimed, spoken), screen.player(job, spoken))
        except DemoError as error:
            yield parts.idle(sentence(error, spoken))

    return film


def _result(job: Job, line: Line | None, spoken: str) -> str:
    curves = chart.chart(job.counts.curves(), spoken)
    return screen.summary(job, line, spoken) + curves + screen.files(job, spoken)


def _endpoint(context: Context, jobs: Jobs) -> Any:
    def video(
        video: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        every: float,
        track: bool,
        request: gr.Request,
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Find or name what is in each frame of a video.

        Args:
            video: an MP4, MOV or WebM video, an uploaded file.
            model: the name of a detector or classifier, see /models.
            confidence: lowest score of a box, 0.01 to 1.
            iou: overlap above which the weaker of two boxes of one class goes, 0 to 1.
            classes: label names to keep; empty keeps all.
            every: look at every n-th frame only, from 1.
            track: give things numbers and count them.

        Returns:
            The video with what was seen drawn in, as MP4, and what was counted as JSON; until
            then no video, and how many frames are done.
        """
        try:
            wish = wished(context.desk.engine, model, confidence, iou, classes, every, track)
            with closing(filmed(context, jobs, video, wish, request)) as steps:
                for job, now in steps:
                    if now is not None:
                        yield None, {"done": now.done, "total": now.total}
                    else:
                        yield str(job.files["film"]), job.summary
        except DemoError as error:
            raise told(error, request) from None

    return video


def _publish(context: Context, jobs: Jobs) -> None:
    """The endpoint /video, on components that the page does not show."""
    with hidden():
        inputs = [
            film_in(label="video"),
            gr.Textbox(default(context, "detect"), label="model"),
            gr.Number(desk.DEFAULT_CONFIDENCE, label="confidence"),
            gr.Number(desk.DEFAULT_IOU, label="iou"),
            gr.JSON([], label="classes"),
            gr.Number(1, label="every"),
            gr.Checkbox(True, label="track"),
        ]
        outputs = [FilmOut(label="video"), gr.JSON(label="answer")]
        gr.Button().click(
            _endpoint(context, jobs),
            inputs,
            outputs,
            api_name="video",
            concurrency_id="video",
            concurrency_limit=context.desk.settings.videos,
        )


TAB = Tab("video", 25, "tab_video", build)
