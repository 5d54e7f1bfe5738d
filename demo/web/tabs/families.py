"""Families: ten networks of the history side by side, and what of them is here."""

import gradio as gr

from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.views.families import families


def build(context: Context) -> None:
    """Lay out the table and the chart, in the visitor's language."""
    shown = gr.HTML(elem_id="families", padding=False)

    def show(request: gr.Request) -> str:
        return families(context.service.engine.models(), request_locale(request))

    context.page.load(show, None, shown, show_progress="hidden", api_visibility="private")


TAB = Tab("families", 88, "tab_families", build)
