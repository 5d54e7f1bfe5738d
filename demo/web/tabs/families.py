"""Families: ten networks of the history side by side, and what of them is here."""

import gradio as gr

from demo.web.components.model_list import card_dialog, model_list
from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.views.families import families


def build(context: Context) -> None:
    """Lay out the table and the chart, in the visitor's language."""

    def shown(locale: str) -> str:
        return families(context.service.engine.models(), locale)

    def show(request: gr.Request) -> str:
        return shown(request_locale(request))

    listed = model_list(context, "families", card_dialog("families"), shown)
    context.page.load(show, None, listed.html, show_progress="hidden", api_visibility="private")


TAB = Tab("families", 88, "tab_families", build)
