"""Video: a file through a model, with a live preview, counts over time and files to save."""

from collections.abc import Callable, Iterator
from contextlib import closing

import gradio as gr

from demo.errors import DemoError
from demo.i18n import translate
from demo.labels.names import display_table
from demo.tracking.line_counter import CountingLine
from demo.tracking.options import StreamOptions
from demo.video.job import VideoJob
from demo.video.job_queue import VideoQueue
from demo.web.components.answering import error_note, model_progress
from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.tabs.video.endpoint import publish
from demo.web.tabs.video.input_column import (
    InputColumn,
    input_column,
    offer_example,
    show_first_frame,
)
from demo.web.tabs.video.options import (
    OPTION_NAMES,
    OptionControls,
    boxes_spec,
    fit_options,
    option_controls,
    stream_values,
)
from demo.web.tabs.video.result_area import ResultArea, Updates, result_area
from demo.web.tabs.video.run import Going, Queued, run_video
from demo.web.views import answer as answer_view
from demo.web.views import timeline
from demo.web.views import video as video_view


def build(context: Context) -> None:
    """Lay the tab out and connect it. A video is much work, so it starts with a button."""
    queue = VideoQueue(context.service.settings.videos)
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            column = input_column(context)
        with gr.Column(scale=7, min_width=320):
            result = result_area(context)
    options = _options(context, column)
    column.video.change(
        show_first_frame(context),
        [column.video, options.model],
        [column.frame, column.line_group, column.line, result.player, result.status],
        api_visibility="private",
        show_progress="hidden",
    )
    options.model.input(
        fit_options(context),
        [column.video, *options.fitting()],
        [column.line_group, *options.fitted()],
        api_visibility="private",
        show_progress="hidden",
    )
    run = result.start.click(
        _run_handler(context, queue, result),
        [column.video, column.line, *options.all()],
        result.all(),
        concurrency_limit=None,  # `VideoQueue` limits, and reports the place in the queue
        api_visibility="private",
        show_progress="hidden",
    )
    # Without it a fault of this program would leave the page without a Start button.
    run.failure(result.idle, None, result.all(), api_visibility="private", show_progress="hidden")
    result.leave.click(
        result.idle,
        None,
        result.all(),
        cancels=[run],
        api_visibility="private",
        show_progress="hidden",
    )
    result.stop.click(
        _stop_handler(queue), None, None, api_visibility="private", show_progress="hidden"
    )
    publish(context, queue)


def _options(context: Context, column: InputColumn) -> OptionControls:
    """The controls; the example of the column is a film for the model that they choose."""
    # Below both columns: on a phone Start then follows the video at once.
    options = option_controls(context)
    offer_example(context, column, options.model)
    return options


def _stop_handler(queue: VideoQueue) -> Callable[[gr.Request], None]:
    def stop(request: gr.Request) -> None:
        queue.stop(str(request.session_hash))

    return stop


def _run_handler(
    context: Context, queue: VideoQueue, result: ResultArea
) -> Callable[..., Iterator[Updates]]:
    def run(
        request: gr.Request, path: str | None, line_text: str | None, *values: object
    ) -> Iterator[Updates]:
        locale = request_locale(request)
        yield result.queued(answer_view.note(translate("video_starting", locale), "busy"))
        try:
            given = stream_values(context, dict(zip(OPTION_NAMES, values, strict=True)))
            countable = boxes_spec(context, given["model"]) is not None
            line = CountingLine.parse(line_text) if line_text and countable else None
            options = StreamOptions.from_values(context.service.engine, given, line, locale)
            with closing(run_video(context, queue, path, options, request)) as steps:
                for step in steps:
                    if isinstance(step, Queued):
                        text = translate("video_queued", locale, place=step.place)
                        yield result.queued(answer_view.note(text, "busy"))
                    elif isinstance(step, Going):
                        waiting = model_progress(context.service.engine, options.spec.name, locale)
                        status = video_view.progress(step.progress, waiting, locale)
                        yield result.going(status, step.job.preview)
                    else:
                        player = video_view.player(step.job, locale)
                        yield result.idle(_report(step.job, line, locale), player)
        except DemoError as error:
            yield result.idle(error_note(error, locale))

    return run


def _report(job: VideoJob, line: CountingLine | None, locale: str) -> str:
    chart = timeline.chart(job.timeline.snapshot(), locale, display_table(job.labels, locale))
    return video_view.summary(job, line, locale) + chart + video_view.download_links(job, locale)


TAB = Tab("video", 25, "tab_video", build)
