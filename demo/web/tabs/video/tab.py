"""Video: a film through a model, with a live picture, counts over time and files to take away."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from demo.errors import DemoError
from demo.i18n import translate
from demo.service.service import DEFAULT_CONFIDENCE, DEFAULT_IOU
from demo.tracking.line_counter import CountingLine
from demo.tracking.stream import stream_options
from demo.video.job import Job, Jobs
from demo.web.components.picture import PictureOut
from demo.web.components.shared import default, hidden, model_progress, sentence
from demo.web.components.video_file import FilmOut, detects, film_column, film_in, opened
from demo.web.tab import Context, Tab, request_locale, to_toast
from demo.web.tabs.video.options import NAMES, controls, fit, wanted
from demo.web.tabs.video.run_view import EMPTY, Parts, Updates, Waiting, filmed
from demo.web.views import answer as answer_view
from demo.web.views import timeline
from demo.web.views import video as video_view

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(context: Context) -> None:
    """Lay the tab out and wire it. A film is much work, so it begins with a button."""
    jobs = Jobs(context.service.settings.videos)
    with gr.Row(elem_classes="stage"):
        with gr.Column(scale=5, min_width=320):
            column = film_column(context)
            asked = controls(context)
        with gr.Column(scale=7, min_width=320):
            start = gr.Button(context.t("video_start"), variant="primary", elem_id="video-start")
            leave = gr.Button(context.t("video_leave"), visible=False, elem_id="video-leave")
            stop = gr.Button(
                context.t("video_stop"), variant="stop", visible=False, elem_id="video-stop"
            )
            parts = Parts(*_answer(context), start, leave, stop)
    film, line = column.film, column.line
    outputs = [column.frame, column.aim, line, parts.stage, parts.status]
    film.change(opened(context), [film, asked.model], outputs, **_QUIET)
    asked.model.change(
        fit(context),
        [film, asked.model, asked.classes, asked.hide],
        [column.aim, *asked.fitted()],
        **_QUIET,
    )
    work = start.click(
        _handler(context, jobs, parts),
        [film, line, *asked.all()],
        parts.all(),
        concurrency_limit=None,  # `Jobs` limits, and tells the place in the line
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


def _stop(jobs: Jobs) -> Any:
    def stop(request: gr.Request) -> None:
        jobs.stop(str(request.session_hash))

    return stop


def _handler(context: Context, jobs: Jobs, parts: Parts) -> Any:
    def film(
        request: gr.Request, path: str | None, line: str | None, *values: Any
    ) -> Iterator[Updates]:
        locale = request_locale(request)
        yield parts.queued(answer_view.note(translate("video_starting", locale), "busy"))
        try:
            asked = wanted(context, dict(zip(NAMES, values, strict=True)))
            aimed = CountingLine.parse(line) if line and detects(context, asked["model"]) else None
            wish = stream_options(context.service.engine, asked, aimed)
            with closing(filmed(context, jobs, path, wish, request)) as steps:
                for step in steps:
                    if isinstance(step, Waiting):
                        words = translate("video_queued", locale, place=step.place)
                        yield parts.queued(answer_view.note(words, "busy"))
                        continue
                    job, now = step
                    if now is not None:
                        waiting = model_progress(context.service.engine, wish.model, locale)
                        yield parts.going(video_view.progress(now, waiting, locale), job.preview)
                    else:
                        yield parts.idle(
                            _result(job, aimed, locale), video_view.player(job, locale)
                        )
        except DemoError as error:
            yield parts.idle(sentence(error, locale))

    return film


def _result(job: Job, line: CountingLine | None, locale: str) -> str:
    curves = timeline.chart(job.counts.curves(), locale)
    return video_view.summary(job, line, locale) + curves + video_view.download_links(job, locale)


def _endpoint(context: Context, jobs: Jobs) -> Any:
    def video(
        video: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        every: float,
        track: bool,
        hide: list[str],
        heat: bool,
        line: str | None,
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
            hide: label names of what is blurred in every frame; needs every = 1.
            heat: show where things have been.
            line: count what crosses it, "x0,y0,x1,y1" in pixels; empty for none.

        Returns:
            The video with all that drawn in, as MP4, and the counts; before, how far it is.
        """
        values = (model, confidence, iou, classes, every, track, hide, heat)
        asked = dict(zip(NAMES, values, strict=True))
        yield from _answers(context, jobs, video, line, asked, request)

    return video


def _answers(
    context: Context,
    jobs: Jobs,
    path: str | None,
    line: str | None,
    asked: dict[str, Any],
    request: gr.Request,
) -> Iterator[tuple[str | None, dict[str, Any]]]:
    try:
        wish = stream_options(
            context.service.engine, asked, CountingLine.parse(line) if line else None
        )
        with closing(filmed(context, jobs, path, wish, request)) as steps:
            for step in steps:
                if isinstance(step, Waiting):
                    yield None, {"place_in_line": step.place}
                    continue
                job, now = step
                if now is not None:
                    yield None, {"done": now.done, "total": now.total}
                else:
                    yield str(job.files["film"]), job.summary
    except DemoError as error:
        raise to_toast(error, request) from None


def _publish(context: Context, jobs: Jobs) -> None:
    """The endpoint /video, on components that the page does not show."""
    with hidden():
        inputs = [
            film_in(label="video"),
            gr.Textbox(default(context, "detect"), label="model"),
            gr.Number(DEFAULT_CONFIDENCE, label="confidence"),
            gr.Number(DEFAULT_IOU, label="iou"),
            gr.JSON([], label="classes"),
            gr.Number(1, label="every"),
            gr.Checkbox(True, label="track"),
            gr.JSON([], label="hide"),
            gr.Checkbox(False, label="heat"),
            gr.Textbox("", label="line"),
        ]
        outputs = [FilmOut(label="video"), gr.JSON(label="answer")]
        gr.Button().click(
            _endpoint(context, jobs),
            inputs,
            outputs,
            api_name="video",
            concurrency_limit=None,
        )


TAB = Tab("video", 25, "tab_video", build)
