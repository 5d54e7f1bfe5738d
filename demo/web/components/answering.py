"""Answers without a button: any change is an event, and waiting shows what is happening."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from demo.errors import DemoError
from demo.i18n import translate
from demo.inference.engine import Engine
from demo.service.service import Answer, Service
from demo.web.components.uploads import own_name
from demo.web.faults import explained
from demo.web.request import base_url, request_locale
from demo.web.tab import Context
from demo.web.views import answers
from demo.web.views.answer import empty, megabytes, note

T = TypeVar("T")
Updates = tuple[object, ...]
"""New values of a handler's outputs, in their order."""

_SHOWING = (gr.HTML, gr.Image, gr.Gallery, gr.Code)
_POLL_S = 0.3
WAITING_VISITORS = 32
"""Visitors of one tab who may wait at once; waiting for a download delays no other visitor."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The request behind an answer: name of the uploaded file, language, address of the page."""

    file_name: str
    locale: str
    url: str


def answer_on_change(
    triggers: Sequence[Callable[..., Dependency]],
    handler: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
    *,
    drops_older: bool = False,
) -> None:
    """Call `handler` on any of the events; of several in a row the last one wins.

    From the event until the answer is here, the browser dims what is left of the older answer and
    keeps it out of reach (`static/stale_answers.js`).

    Gradio's front end runs the handlers of one event one after another, in the order in which they
    were connected, each when the one before has ended: the answer belongs before what follows it.

    Args:
        triggers: events. A control that a handler may set has to be triggered by its `input` event,
            which only visitors cause; its `change` event would give every answer twice.
        handler: answers; may yield an answer in parts.
        inputs: of the handler.
        outputs: of the handler; those that show something are the parts of the answer. No two
            answers have the same first output.
        drops_older: the handler ends by itself once there is a newer request, which therefore need
            not wait for it, and whose first part is in reach at once.
    """
    name = _mark(outputs)
    gr.on(triggers, None, js=_js("changed", name), api_visibility="private")
    in_parts = str(drops_older).lower()
    sent = f"(...values) => {{ vitrineAnswers.sent('{name}', {in_parts}); return values; }}"
    answered = gr.on(
        triggers,
        handler,
        inputs,
        outputs,
        js=sent,
        trigger_mode="multiple" if drops_older else "always_last",
        concurrency_limit=WAITING_VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )
    answered.success(None, js=_js("answered", name), api_visibility="private")
    answered.failure(None, js=_js("failed", name), api_visibility="private")


def _mark(outputs: Sequence[Component]) -> str:
    """Mark what shows something as parts of one answer; return the name of the answer."""
    name = str(outputs[0]._id)
    for part in outputs:
        if isinstance(part, _SHOWING):
            part.elem_classes = [*part.elem_classes, "answer-part", f"answer-of-{name}"]
    return name


def _js(step: str, name: str) -> str:
    """The call that tells the browser's script how far an answer is."""
    return f"() => {{ vitrineAnswers.{step}('{name}'); }}"


def answer_handler(
    context: Context,
    task: str,
    values: Callable[..., Mapping[str, object]],
    show: Callable[[Answer, Visit], Updates],
    cleared: Updates,
) -> Callable[..., Iterator[Updates]]:
    """The handler of a tab that answers about a picture.

    Its inputs are the picture, the model and the tab's own controls; its outputs the status and
    the tab's own.

    Args:
        context: gives the service.
        task: name of the task.
        values: model and controls → the options of the query. May raise DemoError.
        show: an answer → the tab's own outputs.
        cleared: the tab's own outputs without an answer.
    """

    def answer(
        request: gr.Request, path: str | None, model: str, *controls: object
    ) -> Iterator[Updates]:
        locale = request_locale(request)
        if path is None:
            yield empty("empty_answer"), *cleared
            return

        def work() -> Answer:
            return context.service.predict(task, path, model, values(model, *controls), locale)

        try:
            for step in progress_then_result(context.service, model, locale, work):
                if isinstance(step, str):
                    yield step, *(gr.skip() for _ in cleared)
                else:
                    visit = Visit(own_name(path), locale, base_url(request))
                    yield answers.status(step, locale), *show(step, visit)
        except DemoError as error:
            yield error_note(error, locale), *cleared

    return answer


def progress_then_result(
    service: Service, model: object, locale: str, work: Callable[[], T]
) -> Iterator[str | T]:
    """Run `work` in a thread; yield its progress as HTML while it runs, then its value.

    Raises DemoError for whatever `work` raises.
    """
    future = service.submit(work)
    while not wait([future], _POLL_S).done:
        yield note(model_progress(service.engine, model, locale), "busy")
    yield value(future)


def value(future: "Future[T]") -> T:
    """The value of work that is done. Raises DemoError for whatever it raised."""
    fault = future.exception()
    if fault is not None:
        raise explained(fault) from fault
    return future.result()


def model_progress(engine: Engine, model: object, locale: str) -> str:
    """What an answer waits for: the download, the loading or the forward pass of its model."""
    if not isinstance(model, str):
        return translate("working", locale)
    status = engine.status(model)
    size = megabytes(engine.size_bytes(model))
    if status.state == "downloading":
        percent = round(100 * (status.fraction or 0))
        return translate("downloading_model", locale, name=model, size=size, percent=percent)
    if status.state == "loading":
        return translate("loading_model", locale, name=model, size=size)
    return translate("working", locale)


def error_note(error: DemoError, locale: str) -> str:
    """The error as HTML in the place of the answer."""
    return note(translate(error.key, locale, **error.fields), "warn")
