"""A tab for the toy task: a picture, a model, an answer with its files."""

import gradio as gr

from demo.service.service import Answer
from demo.web.components.answering import Updates, Visit, answer_handler, answer_on_change
from demo.web.components.model_picker import model_picker
from demo.web.components.picture_input import picture_input
from demo.web.tab import Context, Tab
from demo.web.views.answer import download_links, empty


def build(context: Context) -> None:
    picture = picture_input(context, "brightness")
    model = model_picker(context, "brightness")
    status = gr.HTML(empty("empty_answer"), elem_id="brightness-status")
    links = gr.HTML(elem_id="brightness-downloads")
    answer_on_change(
        [picture.change, model.change],
        answer_handler(context, "brightness", lambda model: {"digits": 2}, _show, ("",)),
        [picture, model],
        [status, links],
    )


def _show(answer: Answer, visit: Visit) -> Updates:
    files = answer.task.files(answer.result, answer.facts, visit.url, answer.query)
    return (download_links(files, visit.locale),)


TAB = Tab("brightness", 15, "tab_brightness", build)
