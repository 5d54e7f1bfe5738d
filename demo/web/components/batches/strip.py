"""Several pictures at once on a tab: the control under the picture, the strip, and their events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from demo.web.components.batches.following import Values, follow_handler
from demo.web.components.batches.saving import save_handler
from demo.web.components.batches.starting import start_handler
from demo.web.components.batches.visitors import Visitors
from demo.web.components.picture import PictureIn
from demo.web.latest import LatestRequests
from demo.web.tab import Context
from demo.web.views import batch as batch_view

_AT_ONCE = 16
"""Visitors of one tab whose pictures are answered in turn; each takes a thread for as long."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the tab answers with.

    picture: its input. model, options: components whose values are those of `values`. triggers:
    events after which answers are others.
    """

    picture: PictureIn
    model: Component
    options: Sequence[Component]
    values: Values
    triggers: Sequence[Callable[..., Dependency]]


def batch_opener(context: Context, task: str) -> None:
    """Lay out the control that takes several pictures, under the input picture."""
    html = batch_view.opener(task, context.service.settings)
    gr.HTML(html, elem_id=f"{task}-batch-open", elem_classes="needs-model", padding=False)


class BatchStrip:
    """The strip of a tab's pictures, hidden until there are several.

    The page's script presses hidden buttons, which say what is to be done (`static/batch.js`).
    """

    def __init__(self, context: Context, task: str) -> None:
        """Lay it out."""
        self._context, self._task = context, task
        html = batch_view.section(task)
        gr.HTML(html, elem_id=f"{task}-batch", elem_classes="picture-only", padding=False)

    def connect(self, answered: Answered) -> None:
        """Connect its events.

        To be called before the tab's other events are connected: of one event Gradio runs one
        handler after the other.
        """
        _connect(self._context, self._task, answered)


def _connect(context: Context, task: str, answered: Answered) -> None:
    visitors = Visitors(context.service.settings.keep_minutes * 60)
    latest = LatestRequests()
    inputs = [answered.model, *answered.options]
    gr.on(
        answered.triggers,
        None,
        js=f"() => vitrineBatch.changed('{task}')",
        api_visibility="private",
    )
    _talk(task, "start", start_handler(context, visitors), "given", "received")
    follow = follow_handler(context, task, visitors, latest, answered.values)
    _talk(task, "follow", follow, "followed", "show", inputs)
    save = save_handler(context, task, visitors, LatestRequests(), answered.values)
    _talk(task, "save", save, "saving", "saved", inputs)
    _press(task, "stop", _stop_handler(latest))
    _press(task, "close", _close_handler(visitors, latest))
    _button(task, "choose").click(
        None,
        None,
        answered.picture,
        js=f"() => vitrineBatch.picked('{task}')",
        show_progress="hidden",
        api_visibility="private",
    )


def _button(task: str, name: str) -> gr.Button:
    """A button for the page's script alone."""
    return gr.Button(visible="hidden", elem_id=f"{task}-batch-{name}")


def _talk(
    task: str,
    name: str,
    handler: Callable[..., object],
    asks: str,
    tells: str,
    inputs: Sequence[Component] = (),
) -> None:
    """Let the script send a message to `handler` by a button, and hear each of its answers.

    Args:
        task: of the tab.
        name: of the button.
        handler: gets the message and the values of `inputs`; its answers are texts.
        asks: the script's function that gives the message.
        tells: the one that takes an answer.
        inputs: components.
    """
    message = gr.Textbox(visible=False)
    answer = gr.Textbox(visible="hidden", elem_id=f"{task}-batch-{name}-answer")
    _button(task, name).click(
        handler,
        [message, *inputs],
        answer,
        js=f"(_, ...values) => [vitrineBatch.{asks}('{task}'), ...values]",
        trigger_mode="multiple",
        concurrency_limit=_AT_ONCE,
        show_progress="hidden",
        api_visibility="private",
    )
    answer.change(
        None,
        answer,
        js=f"(text) => vitrineBatch.{tells}('{task}', text)",
        show_progress="hidden",
        api_visibility="private",
    )


def _press(task: str, name: str, handler: Callable[..., None]) -> None:
    _button(task, name).click(handler, None, None, show_progress="hidden", api_visibility="private")


def _stop_handler(latest: LatestRequests) -> Callable[[gr.Request], None]:
    def stop(request: gr.Request) -> None:
        latest.stop(str(request.session_hash))

    return stop


def _close_handler(visitors: Visitors, latest: LatestRequests) -> Callable[[gr.Request], None]:
    def close(request: gr.Request) -> None:
        latest.stop(str(request.session_hash))
        visitors.drop(str(request.session_hash))

    return close
