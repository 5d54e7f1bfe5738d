"""Models: what can answer here, what could, how good it is and how to bring it."""

import gradio as gr

from demo import frame
from demo.tab import Context, Tab, locale


def build(context: Context) -> None:
    """A table of the catalog with a filter."""
    wish = gr.Textbox(label=context.t("models_filter"), elem_id="models-filter")
    table = gr.HTML(elem_id="models-table")

    def show(text: str | None, request: gr.Request) -> str:
        words = (text or "").lower().split()
        rows = [
            row
            for row in context.desk.engine.models()
            if all(word in f"{row['name']} {row['task']}".lower() for word in words)
        ]
        return frame.models(rows, locale(request))

    wish.change(
        show,
        wish,
        table,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    context.page.load(show, wish, table, show_progress="hidden", api_visibility="private")


TAB = Tab("models", 90, "tab_models", build)
