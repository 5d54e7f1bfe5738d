"""Classify: what the model says, how sure it is, and what it saw."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import gradio as gr

from demo.errors import DemoError
from demo.export.files import score_files
from demo.results import Scores
from demo.service.service import Shown
from demo.web.components.answering import answer_on_change, error_note, progress_then_result
from demo.web.components.camera_pane import camera_pane, mode_switch, send_to_camera
from demo.web.components.model_picker import default_model, model_picker
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn
from demo.web.components.picture_input import picture_input
from demo.web.endpoints import required_picture, unseen_components
from demo.web.request import base_url, request_locale, toast_errors
from demo.web.tab import Context, Tab
from demo.web.views import answer as answer_view
from demo.web.views.answers import classify as classify_view

Updates = tuple[object, object, object]
"""Of the status, the model's input and the download links."""


def build(context: Context) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins."""
    t = context.t
    mode_switch()
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "classify")
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
    downloads = gr.HTML(elem_id="classify-downloads", elem_classes="picture-only", padding=False)
    with gr.Accordion(
        t("seen_title"), open=True, elem_id="classify-input", elem_classes="picture-only"
    ):
        model_input = gr.HTML()
    answer_on_change(
        [picture.change, model.change, top_k.change],
        _handler(context),
        [picture, model, top_k],
        [status, model_input, downloads],
    )
    send_to_camera(context, "classify", {"model": model})
    _publish(context)


def _handler(context: Context) -> Callable[..., Iterator[Updates]]:
    def answer(path: str | None, model: str, top_k: int, request: gr.Request) -> Iterator[Updates]:
        locale = request_locale(request)
        if path is None:
            yield answer_view.empty("empty_answer"), "", ""
            return

        def work() -> Shown:
            return context.service.classify(path, model, top_k)

        try:
            for step in progress_then_result(context.service, model, locale, work):
                if isinstance(step, str):
                    yield step, gr.skip(), gr.skip()
                else:
                    yield _shown(context, step, Path(path).name, locale, base_url(request))
        except DemoError as error:
            yield error_note(error, locale), "", ""

    return answer


def _shown(context: Context, answer: Shown, file_name: str, locale: str, url: str) -> Updates:
    scores = answer.answer.result
    assert isinstance(scores, Scores)
    spec = context.service.engine.spec(answer.answer.model)
    status = (
        classify_view.score_bars(scores, len(answer.facts["labels"]), locale)
        + classify_view.unknown_notice(scores, spec, locale)
        + answer_view.timing(answer.timing, answer.answer, locale)
        + answer_view.picture_notes(answer.picture, locale)
    )
    files = score_files(scores, answer.facts, url, file_name)
    return (
        status,
        answer_view.model_input(answer.picture, answer.answer, locale),
        answer_view.download_links(files, locale),
    )


def _publish(context: Context) -> None:
    """The endpoint /classify."""

    @toast_errors
    def classify(
        image: str | None, model: str, top_k: float, request: gr.Request
    ) -> Mapping[str, object]:
        """Name what a picture shows.

        Args:
            image: the picture, an uploaded file.
            model: the name of a classifier, see /models.
            top_k: how many labels to answer, best first.

        Returns:
            Labels with their probability, whether the picture is one of the classes at all, and
            where the time went, as JSON.
        """
        return context.service.classify(required_picture(image), model, top_k).facts

    with unseen_components():
        inputs = [
            PictureIn(label="image"),
            gr.Textbox(default_model(context, "classify"), label="model"),
            gr.Number(5, label="top_k"),
        ]
        gr.Button().click(classify, inputs, gr.JSON(label="answer"), api_name="classify")


TAB = Tab("classify", 10, "tab_classify", build)
