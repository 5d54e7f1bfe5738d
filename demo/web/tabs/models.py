"""Models: the catalog with sizes, scores and licences, and what brings the others."""

import gradio as gr

from demo import tasks
from demo.i18n import translate
from demo.inference.engine import ModelRow
from demo.web.components.model_list import card_dialog, model_list
from demo.web.request import request_locale
from demo.web.tab import Context, Tab
from demo.web.views.models_table import models_table


def build(context: Context) -> None:
    """Lay out the table of the catalog with a filter."""
    words = gr.Textbox(label=context.t("models_filter"), elem_id="models-filter")
    listed = model_list(context, "models", card_dialog("models"), lambda locale: shown("", locale))
    table = listed.html

    def shown(text: str | None, locale: str) -> str:
        parts = (text or "").lower().split()
        rows = [
            row
            for row in context.service.engine.models()
            if all(part in _searchable(row, locale) for part in parts)
        ]
        refused = [] if parts else context.service.engine.refused()
        return models_table(rows, refused, locale, opened=bool(parts))

    def show(text: str | None, request: gr.Request) -> str:
        return shown(text, request_locale(request))

    words.change(
        show,
        words,
        table,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    context.page.load(show, words, table, show_progress="hidden", api_visibility="private")


def _searchable(row: ModelRow, locale: str) -> str:
    title = translate(tasks.find(row["task"]).title, locale)
    return f"{row['name']} {row['lineage']} {row['task']} {title}".lower()


TAB = Tab("models", 90, "tab_models", build)
