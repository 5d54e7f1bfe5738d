"""Answers without a button: any change is an event, and waiting shows what is happening."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from demo.errors import DemoError
from demo.i18n import translate
from demo.inference.engine import Engine
from demo.service.service import Service
from demo.web.views.answer import megabytes, note

T = TypeVar("T")

_POLL_S = 0.3
_MAX_WAITING_VISITORS = 32
"""Visitors of one tab who may wait at once; waiting for a download delays no other visitor."""


def answer_on_change(
    triggers: Sequence[Callable[..., Dependency]],
    handler: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
) -> None:
    """Call `handler` on any of the events; of several in a row the last one wins.

    A control that a handler may set has to be triggered by its `input` event, which only visitors
    cause; its `change` event would give every answer twice.
    """
    gr.on(
        triggers,
        handler,
        inputs,
        outputs,
        trigger_mode="always_last",
        concurrency_limit=_MAX_WAITING_VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )


def progress_then_result(
    service: Service, model: object, locale: str, work: Callable[[], T]
) -> Iterator[str | T]:
    """Run `work` in a thread; yield its progress as HTML while it runs, then its value.

    Raises what `work` raises.
    """
    future = service.beside(work)
    while not wait([future], _POLL_S).done:
        yield note(model_progress(service.engine, model, locale), "busy")
    yield future.result()


def model_progress(engine: Engine, model: object, locale: str) -> str:
    """What an answer waits for: the download, the loading or the forward pass of its model."""
    if not isinstance(model, str):
        return translate("working", locale)
    status = engine.status(model)
    size = megabytes(engine.size_bytes(model))
    if status.stage == "downloading":
        percent = round(100 * (status.fraction or 0))
        return translate("downloading_model", locale, name=model, size=size, percent=percent)
    if status.stage == "loading":
        return translate("loading_model", locale, name=model, size=size)
    return translate("working", locale)


def error_note(error: DemoError, locale: str) -> str:
    """The error as HTML in the place of the answer."""
    return note(translate(error.key, locale, **error.fields), "warn")
