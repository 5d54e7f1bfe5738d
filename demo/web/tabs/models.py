"""Models: what can answer here, what could, how good it is and how to bring it."""

from typing import Any

import gradio as gr

from demo.i18n import translate
from demo.web.tab import Context, Tab, request_locale
from demo.web.views.models_table import models_table


def build(context: Context) -> None:
    """A table of the catalog with a filter."""
    wish = gr.Textbox(label=context.t("models_filter"), elem_id="models-filter")
    table = gr.HTML(elem_id="models-table")

    def show(text: str | None, request: gr.Request) -> str:
        words = (text or "").lower().split()
        rows = [
            row
            for row in context.service.engine.models()
            if all(word in _words(row, request_locale(request)) for word in words)
        ]
        return models_table(rows, request_locale(request))

    wish.change(
        show,
        wish,
        table,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    context.page.load(show, wish, table, show_progress="hidden", api_visibility="private")


def _words(row: dict[str, Any], locale: str) -> str:
    return f"{row['name']} {row['task']} {translate('tab_' + row['task'], locale)}".lower()


TAB = Tab("models", 90, "tab_models", build)
