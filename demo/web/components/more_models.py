"""Beside a model picker: the card of its model, and the models that can be brought."""

from collections.abc import Callable, Sequence

import gradio as gr

from demo.inference.engine import ModelRow
from demo.web.components.model_list import ModelList, card_dialog, card_of, model_list
from demo.web.components.model_picker import missing_count, model_choices
from demo.web.components.picture import PictureIn
from demo.web.components.picture_input import follow_model
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.models_table import missing_models

_NO_MODEL = '<i class="no-model-here"></i>'
"""In a tab without a model; `models.css` hides there what has the class `needs-model`."""


def more_models(
    context: Context, picker: gr.Dropdown, name: str, picture: PictureIn | None = None
) -> gr.State:
    """Lay out the button of the card, and behind one entry the list of what can be brought.

    A model that is brought is chosen in the picker. The state that is returned changes after that.

    Args:
        context: gives the service and the page.
        picker: of one model or of several.
        name: the prefix of the elements' ids.
        picture: the input whose examples belong to the model; None where they do not.
    """
    tasks = context.pickers[picker]
    here = any(row["available"] for row in _rows(context, tasks))
    card = card_dialog(f"{name}-models")
    with gr.Row(elem_classes="more-models"):
        if not picker.multiselect:
            _about(context, picker, card, name)
        with gr.Accordion(
            context.t("models_more"), open=not here, elem_id=f"{name}-more-models"
        ) as entry:
            listed = model_list(
                context, f"{name}-models", card, lambda locale: _missing(context, tasks, locale)
            )
    context.more_models[entry] = tasks
    _fill(context, entry, listed, here)
    if picture is not None:
        follow_model(context, picture, picker)
    brought = _choose_brought(context, picker, entry, listed)
    if not here and not picker.multiselect:
        _hide_until_brought(context, tasks, brought)
    return brought


def _about(context: Context, picker: gr.Dropdown, card: gr.HTML, name: str) -> None:
    """The button that opens the card of the chosen model."""

    def open_card(model: str, request: gr.Request) -> str:
        return card_of(context, model, request)

    about = gr.Button(
        context.t("model_about"),
        size="md",
        elem_id=f"{name}-about",
        elem_classes=["about-model", "needs-model"],
    )
    about.click(open_card, picker, card, show_progress="hidden", api_visibility="private")


def _hide_until_brought(context: Context, tasks: Sequence[str], brought: gr.State) -> None:
    """Mark the tab, so that what needs a model is hidden as long as none can answer."""

    def mark() -> str:
        here = any(row["available"] for row in _rows(context, tasks))
        return "" if here else _NO_MODEL

    marked = gr.HTML(_NO_MODEL, elem_classes="out-of-flow", padding=False)
    for event in (context.page.load, brought.change):
        event(mark, None, marked, show_progress="hidden", api_visibility="private")


def _fill(context: Context, entry: gr.Accordion, listed: ModelList, here: bool) -> None:
    """Send the list when its entry is opened, or at once where nothing can answer yet."""
    tasks = context.more_models[entry]

    def fill(request: gr.Request) -> str:
        return _missing(context, tasks, request_locale(request))

    events: list[Callable[..., object]] = [entry.expand]
    if not here:
        events.append(context.page.load)
    for event in events:
        event(fill, None, listed.html, show_progress="hidden", api_visibility="private")


def _choose_brought(
    context: Context, picker: gr.Dropdown, entry: gr.Accordion, listed: ModelList
) -> gr.State:
    """Choose a model in the picker as soon as it was brought; the state changes after that."""
    tasks, chosen = context.pickers[picker], gr.State("")

    def choose(brought: str, before: list[str] | None, request: gr.Request) -> list[object]:
        locale = request_locale(request)
        value = [*(before or []), brought] if picker.multiselect else brought
        models = context.service.engine.models()
        update = gr.Dropdown(choices=model_choices(models, tasks, locale), value=value)
        return [update, missing_count(models, tasks, locale), brought]

    listed.brought.change(
        choose,
        [listed.brought, picker],
        [picker, entry, chosen],
        show_progress="hidden",
        api_visibility="private",
    )
    return chosen


def _rows(context: Context, tasks: Sequence[str]) -> list[ModelRow]:
    return [row for row in context.service.engine.models() if row["task"] in tasks]


def _missing(context: Context, tasks: Sequence[str], locale: str) -> str:
    return missing_models(_rows(context, tasks), locale)
