"""What compression costs: one model in several precisions, on a picture or a set of them."""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

import gradio as gr

from demo.batch.pictures import NamedPicture, Source
from demo.compare.selection import compared_tasks
from demo.compression.report import Report
from demo.compression.request import reports
from demo.compression.selection import PRECISIONS
from demo.errors import DemoError
from demo.i18n import translate
from demo.images.encode import encode_jpeg, thumbnail
from demo.results import Image
from demo.web.components.answering import (
    Updates,
    answer_on_change,
    error_note,
    value,
)
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.files import files_in
from demo.web.components.picture import PictureIn
from demo.web.components.private_files import save
from demo.web.faults import explained
from demo.web.latest import LatestRequests
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.tabs.compare.endpoint import sources_of
from demo.web.tabs.compare.run import stop_handler, while_current
from demo.web.views import compression as view
from demo.web.views.answer import empty, note

_POLL_S = 0.3
_SIDE = 360
"""Longest side of the picture of a difference, pixels."""


def compression(context: Context, picture: PictureIn) -> Callable[[], None]:
    """Lay the section out; what is returned connects it, once the comparison is connected.

    While open it follows its controls, and the picture of the tab where it has no own ones.
    """
    latest, opened = LatestRequests(), gr.State(False)
    with (
        gr.Accordion(
            context.t("compression_title"), open=False, elem_id="compare-compression"
        ) as section,
        gr.Row(elem_classes="two-columns"),
    ):
        with gr.Column(scale=5, min_width=320):
            model = FollowingDropdown([], label=context.t("model"), elem_id="compression-model")
            context.pickers[model] = tuple(task.name for task in compared_tasks())
            precisions = gr.CheckboxGroup(
                list(PRECISIONS),
                value=list(PRECISIONS),
                label=context.t("compression_precisions"),
            )
            files = files_in(context.t("compression_files"), 160, "compression-files")
            stop = gr.Button(context.t("compare_stop"), size="sm", min_width=70)
        with gr.Column(scale=7, min_width=320):
            status = gr.HTML(elem_id="compression-status", padding=False)
            shown = gr.HTML(padding=False)
    section.expand(_open_handler(context), model, [opened, model], api_visibility="private")
    section.collapse(lambda: False, None, opened, api_visibility="private")
    stop.click(stop_handler(latest), None, None, show_progress="hidden", api_visibility="private")
    triggers = [opened.change, picture.change, model.input, precisions.input, files.change]
    inputs = [opened, picture, model, precisions, files]
    handler = _handler(context, latest)
    return partial(answer_on_change, triggers, handler, inputs, [status, shown], drops_older=True)


def _open_handler(context: Context) -> Callable[[object], tuple[bool, object]]:
    """The handler of the opened section: it begins with the best model that is here."""

    def opened(model: object) -> tuple[bool, object]:
        service = context.service
        here = next((task.name for task in compared_tasks() if service.names(task.name)), None)
        if model or here is None:
            return True, gr.skip()
        return True, gr.Dropdown(value=service.engine.default(here))

    return opened


@dataclass(slots=True, eq=False)
class _Running:
    """A comparison in a thread. report: as far as it is. stop: ends it before its next picture."""

    context: Context
    sources: Sequence[Source]
    model: object
    precisions: object
    locale: str
    report: Report | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Carry it out. Raises DemoError as `reports` does."""
        service, models = self.context.service, [self.model]
        running = reports(
            service,
            self.sources,
            models,
            self.precisions,
            {},
            explained,
            self._show,
            self.locale,
        )
        with closing(running) as steps:
            for self.report in steps:
                if self.stop.is_set():
                    return

    def _show(self, picture: NamedPicture, precision: str, rgb: Image) -> str:
        folder = str(self.context.service.uploads.folder)
        return save(encode_jpeg(thumbnail(rgb, _SIDE)), folder, "jpg")


def _handler(context: Context, latest: LatestRequests) -> Callable[..., Iterator[Updates]]:
    """A newer request of a visitor, Stop, and closing the section end the older one."""

    def answer(
        request: gr.Request,
        is_open: bool,
        path: str | None,
        model: object,
        precisions: object,
        files: list[str],
    ) -> Iterator[Updates]:
        session, locale = str(request.session_hash), request_locale(request)
        own = latest.begin(session)
        if not is_open:
            return
        paths = files or ([path] if path else [])
        if not paths or not model:
            yield "", empty("compression_empty")
            return
        yield note(translate("working", locale), "busy"), gr.skip()
        listener = Listener(context.page, session)
        try:
            sources = sources_of(context, paths)
            running = _Running(context, sources, model, precisions, locale)
            standing = partial(latest.standing, session, own)
            stopped = note(translate("compare_stopped", locale)), gr.skip()
            with closing(_updates(running)) as steps:
                yield from while_current(steps, standing, listener, stopped)
        except DemoError as error:
            yield error_note(error, locale), ""

    return answer


def _updates(running: _Running) -> Generator[Updates | None]:
    """Status and result every now and then, the result where something is new; None for nothing."""
    told: object = None
    future = running.context.service.submit(running.work)
    try:
        while True:
            is_done = bool(wait([future], _POLL_S).done)
            if is_done:
                value(future)
            report = running.report
            if report is None:
                yield None
                continue
            news = [replace(row, answered=0, compared=0) for row in report.rows]
            html: object = gr.skip() if news == told else view.result(report, running.locale)
            told = news
            yield view.status(report, running.locale), html
            if is_done:
                return
    finally:
        running.stop.set()
