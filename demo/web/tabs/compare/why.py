"""A map for the answer of each compared model, side by side, each with its check."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial

import gradio as gr
from gradio.components import Component

from demo.compare.selection import compared_tasks
from demo.errors import DemoError
from demo.explain.explanation import methods_for
from demo.i18n import translate
from demo.service.explanations import Explanations
from demo.service.service import Answer
from demo.web.components.answering import (
    Updates,
    answer_on_change,
    error_note,
    progress_then_result,
)
from demo.web.components.explaining import Wanted, maps, while_wanted
from demo.web.components.picture import PictureIn
from demo.web.latest import LatestRequests
from demo.web.listener import Listener
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import empty, note
from demo.web.views.templates import render


def why(
    context: Context, picture: PictureIn, task: gr.Radio, models: Sequence[gr.Dropdown]
) -> Callable[[], None]:
    """Lay the section out; what is returned connects it, once the comparison is connected.

    While open it follows the picture and the models.
    """
    opened = gr.State(False)
    with gr.Accordion(
        context.t("explain_title"), open=False, elem_id="compare-why", elem_classes="picture-only"
    ) as section:
        gr.HTML(render("opacity"), padding=False)
        status = gr.HTML(elem_id="compare-why-status", padding=False)
        shown = gr.HTML(empty("compare_why_empty"), elem_id="compare-why-maps", padding=False)
    section.expand(lambda: True, None, opened, api_visibility="private")
    section.collapse(lambda: False, None, opened, api_visibility="private")
    triggers = [opened.change, picture.change, task.input, *(one.change for one in models)]
    inputs: list[Component] = [opened, picture, task, *models]
    outputs = [status, shown]
    return partial(answer_on_change, triggers, _handler(context), inputs, outputs, drops_older=True)


def _handler(context: Context) -> Callable[..., Iterator[Updates]]:
    """A newer request of a visitor, and closing the section, end the older one."""
    latest = LatestRequests()
    explanations = Explanations(context.service)
    names = [task.name for task in compared_tasks()]

    def answer(
        request: gr.Request, is_open: bool, path: str | None, task: str, *chosen: list[str] | None
    ) -> Iterator[Updates]:
        session, locale = str(request.session_hash), request_locale(request)
        own = latest.begin(session)
        if not is_open:
            return
        models = (chosen[names.index(task)] if task in names else None) or []
        if path is None or not models:
            yield "", empty("compare_why_empty")
            return
        listener = Listener(context.page, session)
        steps = _updates(context, explanations, path, models, locale)
        try:
            yield from while_wanted(steps, partial(latest.is_current, session, own), listener)
        except DemoError as error:
            yield error_note(error, locale), ""

    return answer


def _updates(
    context: Context, explanations: Explanations, path: str, models: Sequence[str], locale: str
) -> Generator[Updates]:
    """Status and maps as they come; a model that cannot be explained stops no other."""
    wanted: list[Wanted] = []
    problems = ""
    for model in models:
        predict = partial(explanations.answer, path, model, {})
        try:
            for step in progress_then_result(context.service, model, locale, predict):
                if isinstance(step, str):
                    yield step + problems, gr.skip()
                else:
                    wanted.append(_wanted(step))
        except DemoError as error:
            problems += error_note(error, locale)
    yield note(translate("explain_working", locale), "busy") + problems, ""
    try:
        with closing(maps(context.service, explanations, wanted, locale)) as steps:
            for waiting, html in steps:
                yield waiting + problems, gr.skip() if html is None else html
    except DemoError as error:
        problems += error_note(error, locale)
    yield problems, gr.skip()


def _wanted(answer: Answer) -> Wanted:
    """The usual map of the best of an answer. Raises DemoError for a model without any."""
    suited = methods_for(answer.spec)
    if not suited:
        raise DemoError("explain_no_gradients", name=answer.spec.name)
    # What has been found at all: a picture without boxes has no map.
    answer.task.target(answer.spec, answer.result, "")
    return Wanted(answer, suited[0].name, "")
