"""Classify: what the model says, how sure it is, and what it saw."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from demo.errors import DemoError
from demo.export.files import score_files
from demo.results import Scores
from demo.service.service import Shown
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn
from demo.web.components.shared import (
    answer_on_change,
    default,
    hidden,
    live_stage,
    mode_switch,
    model_picker,
    needed,
    picture_column,
    sentence,
    tell_camera,
    waiting,
)
from demo.web.tab import Context, Tab, base_url, request_locale, toast_errors
from demo.web.views import answer as answer_view
from demo.web.views.answers import classify as classify_view


def build(context: Context) -> None:
    """Lay the tab out and wire it: any change answers by itself, the last one wins."""
    t = context.t
    mode_switch()
    with gr.Row(elem_classes="stage"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_column(context, "classify")
        with gr.Column(scale=7, min_width=320):
            status = gr.HTML(
                answer_view.empty("empty_answer"), elem_id="classify-answer", elem_classes="status"
            )
    live_stage(context, "classify")
    with gr.Row(elem_classes="controls"):
        model = model_picker(context, "classify")
        top_k = Slider(
            1, 20, 5, step=1, label=t("top_k"), elem_id="classify-top", elem_classes="picture-only"
        )
    take = gr.HTML(elem_id="classify-take", elem_classes="picture-only", padding=False)
    with gr.Accordion(
        t("seen_title"), open=True, elem_id="classify-seen", elem_classes="picture-only"
    ):
        seen = gr.HTML()
    inputs: list[Any] = [picture, model, top_k]
    triggers = [item.change for item in inputs]
    answer_on_change(triggers, _handler(context), inputs, [status, seen, take])
    tell_camera(context, "classify", {"model": model})
    _publish(context)


def _handler(context: Context) -> Any:
    def answer(
        path: str | None, model: str, top_k: int, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        locale = request_locale(request)
        if path is None:
            yield answer_view.empty("empty_answer"), "", ""
            return

        def work() -> Shown:
            return context.service.classify(path, model, top_k)

        try:
            for step in waiting(context.service, model, locale, work):
                if isinstance(step, str):
                    yield step, gr.skip(), gr.skip()
                else:
                    yield _shown(context, step, Path(path).name, locale, base_url(request))
        except DemoError as error:
            yield sentence(error, locale), "", ""

    return answer


def _shown(
    context: Context, shown: Shown, name: str, locale: str, url: str
) -> tuple[str, str, str]:
    scores = shown.answer.result
    assert isinstance(scores, Scores)
    spec = context.service.engine.spec(shown.answer.model)
    status = (
        classify_view.score_bars(scores, len(shown.facts["labels"]), locale)
        + classify_view.unknown_notice(scores, spec, locale)
        + answer_view.timing(shown.timing, shown.answer, locale)
        + answer_view.picture_notes(shown.picture, locale)
    )
    files = score_files(scores, shown.facts, url, name)
    return (
        status,
        answer_view.model_input(shown.picture, shown.answer, locale),
        answer_view.download_links(files, locale),
    )


def _publish(context: Context) -> None:
    """The endpoint /classify, on components that the page does not show."""

    @toast_errors
    def classify(
        image: str | None, model: str, top_k: float, request: gr.Request
    ) -> dict[str, Any]:
        """Name what a picture shows.

        Args:
            image: the picture, an uploaded file.
            model: the name of a classifier, see /models.
            top_k: how many labels to answer, best first.

        Returns:
            Labels with their probability, whether the picture is one of the classes at all, and
            where the time went, as JSON.
        """
        return context.service.classify(needed(image), model, top_k).facts

    with hidden():
        inputs = [
            PictureIn(label="image"),
            gr.Textbox(default(context, "classify"), label="model"),
            gr.Number(5, label="top_k"),
        ]
        gr.Button().click(classify, inputs, gr.JSON(label="answer"), api_name="classify")


TAB = Tab("classify", 10, "tab_classify", build)
