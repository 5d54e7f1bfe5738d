"""Beside a model picker: the card of its model, and the models that can be brought."""

from collections.abc import Sequence

import gradio as gr

from demo.inference.engine import ModelRow
from demo.web.components.model_list import card_dialog, card_of, model_list
from demo.web.components.model_picker import missing_count, model_choices
from demo.web.components.picture import PictureIn
from demo.web.components.picture_input import follow_model
from demo.web.request import request_locale
from demo.web.tab import Context
from demo.web.views.models_table import missing_models


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
    if not picker.multiselect:
        about = gr.Button(
            context.t("model_about"), size="sm", elem_id=f"{name}-about", elem_classes="about-model"
        )
    card = card_dialog(f"{name}-models")
    with gr.Accordion(
        context.t("models_more"), open=not here, elem_id=f"{name}-more-models"
    ) as entry:
        listed = model_list(
            context, f"{name}-models", card, lambda locale: _missing(context, tasks, locale)
        )
    context.more_models[entry] = tasks
    chosen = gr.State("")

    def open_list(request: gr.Request) -> str:
        return _missing(context, tasks, request_locale(request))

    def choose(brought: str, before: list[str] | None, request: gr.Request) -> list[object]:
        locale = request_locale(request)
        value = [*(before or []), brought] if picker.multiselect else brought
        choices = model_choices(context.service.engine.models(), tasks, locale)
        update = gr.Dropdown(choices=choices, value=value)
        return [update, missing_count(context, tasks, locale), brought]

    def open_card(model: str, request: gr.Request) -> str:
        return card_of(context, model, request)

    entry.expand(open_list, None, listed.html, show_progress="hidden", api_visibility="private")
    if not here:
        context.page.load(
            open_list, None, listed.html, show_progress="hidden", api_visibility="private"
        )
    listed.brought.change(
        choose,
        [listed.brought, picker],
        [picker, entry, chosen],
        show_progress="hidden",
        api_visibility="private",
    )
    if not picker.multiselect:
        about.click(open_card, picker, card, show_progress="hidden", api_visibility="private")
    if picture is not None:
        follow_model(context, picture, picker)
    return chosen


def _rows(context: Context, tasks: Sequence[str]) -> list[ModelRow]:
    return [row for row in context.service.engine.models() if row["task"] in tasks]


def _missing(context: Context, tasks: Sequence[str], locale: str) -> str:
    return missing_models(_rows(context, tasks), locale)
