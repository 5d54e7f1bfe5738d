"""Classify: what the model says, how sure it is, and what it saw."""

from collections.abc import Mapping

import gradio as gr

from demo.labels.names import with_display
from demo.service.service import Answer
from demo.web.address import Parameter, TabAddress
from demo.web.addressed import keep_in_address, read_model, read_number
from demo.web.components.answering import Updates, Visit, answer_handler, answer_on_change
from demo.web.components.batches.strip import Answered, BatchStrip
from demo.web.components.camera_pane import camera_pane, mode_switch, send_to_camera
from demo.web.components.explanation import Asked, why
from demo.web.components.model_picker import model_picker
from demo.web.components.more_models import more_models
from demo.web.components.numbers import Slider
from demo.web.components.picture_input import picture_input
from demo.web.tab import Context, Tab
from demo.web.views import answer as answer_view


def build(context: Context) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins."""
    t = context.t
    mode_switch()
    strip = BatchStrip(context, "classify")
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "classify", "classify")
        with gr.Column(scale=7, min_width=320):
            status = gr.HTML(
                answer_view.empty("empty_answer"), elem_id="classify-answer", elem_classes="status"
            )
    camera_pane(context, "classify")
    with gr.Row(elem_classes="controls"):
        model = model_picker(context, "classify")
        top_k = Slider(
            1, 20, 5, step=1, label=t("top_k"), elem_id="classify-top", elem_classes="picture-only"
        )
    more_models(context, model, "classify", picture)
    downloads = gr.HTML(elem_id="classify-downloads", elem_classes="picture-only", padding=False)
    with gr.Accordion(
        t("seen_title"), open=True, elem_id="classify-input", elem_classes="picture-only"
    ):
        model_input = gr.HTML()
    parameters = (
        Parameter("model", model, read_model(context, "classify"), always=True),
        Parameter("top_k", top_k, read_number("top_k", top_k), always=True),
    )
    keep_in_address(context, "classify", TabAddress(parameters))
    events = (picture.change, model.change)
    connect_why = why(context, Asked("classify", picture, model, (), lambda model: {}, events))
    strip.connect(Answered(picture, model, (top_k,), _values, (model.change,)))
    answer_on_change(
        [picture.change, model.change, top_k.change],
        answer_handler(context, "classify", _values, _show, ("", "")),
        [picture, model, top_k],
        [status, model_input, downloads],
    )
    connect_why()
    send_to_camera(context, "classify", {"model": model})


def _values(model: str, top_k: float) -> Mapping[str, object]:
    """The options of the query."""
    return {"top_k": top_k}


def _show(answer: Answer, visit: Visit) -> Updates:
    """The model's input and the download links."""
    view = answer.prediction.view
    model_input = answer_view.model_input(answer.picture, view, visit.locale) if view else ""
    facts = with_display(answer.facts, answer.spec.labels, visit.locale)
    files = answer.task.files(answer.result, facts, visit.url, answer.query, visit.file_name)
    return model_input, answer_view.download_links(files, visit.locale)


TAB = Tab("classify", 10, "tab_classify", build)
