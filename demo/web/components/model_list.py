"""Lists of models whose buttons bring a model or open its card."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gradio as gr

from demo.errors import DemoError
from demo.i18n import translate
from demo.web.components.answering import WAITING_VISITORS, error_note, progress_then_result
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.answer import note
from demo.web.views.model_card import model_card


class Pressed(gr.EventData):
    """The button of a list that was pressed, checked: anybody may send any event."""

    @property
    def model(self) -> str:
        """Name of the button's model. Raises DemoError for an event of something else."""
        data = self._data if isinstance(self._data, dict) else {}
        name = data.get("model")
        if not isinstance(name, str):
            raise DemoError("unreadable_value")
        return name


@dataclass(frozen=True, slots=True)
class ModelList:
    """The components of a list.

    html: the list itself. brought: name of the model that was brought last.
    """

    html: gr.HTML
    brought: gr.State


def model_list(context: Context, name: str, card: gr.HTML, show: Callable[[str], str]) -> ModelList:
    """Lay out a list of models, empty at first, and connect its buttons.

    Args:
        context: gives the service.
        name: the prefix of the elements' ids.
        card: the place of the cards that the list opens; not inside of what may be folded.
        show: language → the list as HTML, for after a model has been brought.
    """
    status = gr.HTML(elem_id=f"{name}-status", padding=False)
    html = gr.HTML(
        elem_id=f"{name}-list",
        js_on_load="window.vitrineModels(element, trigger);",
        padding=False,
    )
    brought = gr.State("")
    html.click(
        _bring(context, show),
        None,
        [status, html, brought],
        concurrency_limit=WAITING_VISITORS,
        trigger_mode="multiple",
        show_progress="hidden",
        api_visibility="private",
    )

    def open_card(pressed: Pressed, request: gr.Request) -> str:
        return card_of(context, pressed.model, request)

    html.select(open_card, None, card, show_progress="hidden", api_visibility="private")
    return ModelList(html, brought)


def card_dialog(name: str) -> gr.HTML:
    """The place of a card; what is put into it opens as a dialog."""
    return gr.HTML(
        elem_id=f"{name}-card",
        elem_classes="out-of-flow",
        js_on_load="window.vitrineCard(element, watch);",
        padding=False,
    )


def card_of(context: Context, name: str, request: gr.Request) -> str:
    """The card of a model. Raises DemoError for an unknown name."""
    return model_card(context.service.engine.spec(name), request_locale(request))


def _bring(
    context: Context, show: Callable[[str], str]
) -> Callable[[Pressed, gr.Request], Iterator[tuple[object, object, object]]]:
    engine = context.service.engine

    def bring(pressed: Pressed, request: gr.Request) -> Iterator[tuple[object, object, object]]:
        locale, name = request_locale(request), pressed.model
        kept = gr.skip(), gr.skip()
        yield note(translate("model_bringing", locale, name=name), "busy"), *kept
        try:
            engine.spec(name)
            steps = progress_then_result(context.service, name, locale, lambda: engine.bring(name))
            for step in steps:
                if isinstance(step, str):
                    yield step, *kept
        except DemoError as error:
            yield error_note(error, locale), *kept
            return
        yield note(translate("model_brought", locale, name=name)), show(locale), name

    return bring
