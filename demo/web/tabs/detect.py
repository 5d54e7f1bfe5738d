"""Detect: boxes on a picture, with sliders that never run the network again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from demo.errors import DemoError
from demo.export.files import Asked, detection_files, stem
from demo.images.encode import encode_jpeg
from demo.service.service import (
    DEFAULT_CONFIDENCE,
    DEFAULT_IOU,
    DETECT_SIZES,
    LOWEST_CONFIDENCE,
    Drawn,
)
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn, PictureOut, save
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
    still_hidden,
    tell_camera,
    waiting,
)
from demo.web.tab import Context, Tab, base_url, request_locale, toast_errors
from demo.web.views import answer as answer_view
from demo.web.views.answers import detect as detect_view

_OWN_SIZE = 0


def build(context: Context) -> None:
    """Lay the tab out and wire it: any change answers by itself, the last one wins."""
    mode_switch()
    with gr.Row(elem_classes="stage"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_column(context, "detect")
        with gr.Column(scale=7, min_width=320):
            annotated = PictureOut(
                label=context.t("answer"),
                interactive=False,
                height=380,
                buttons=["fullscreen"],
                elem_id="detect-answer",
            )
            status = gr.HTML(
                answer_view.empty("empty_answer"),
                elem_id="detect-status",
                elem_classes="status",
                padding=False,
            )
    live_stage(context, "detect")
    with gr.Row(elem_classes="controls"):
        model = model_picker(context, "detect")
        confidence, classes = _filters(context, model.value)
        hide = _hide(context, model.value)
    take = gr.HTML(elem_id="detect-take", elem_classes="picture-only", padding=False)
    with gr.Accordion(context.t("more"), open=False, elem_id="detect-more"), gr.Row():
        iou, size, width = _more(context)
    with gr.Accordion(
        context.t("boxes_title"), open=True, elem_id="detect-boxes", elem_classes="picture-only"
    ):
        table = gr.HTML()
    inputs: list[Any] = [picture, model, confidence, iou, classes, size, width]
    triggers = [picture.change, *(control.input for control in inputs[1:])]
    answer_on_change(triggers, _handler(context), inputs, [annotated, status, table, take])
    told = {"model": model, "confidence": confidence, "classes": classes, "hide": hide}
    tell_camera(context, "detect", {**told, "iou": iou, "size": size})
    model.change(
        _controls(context),
        [model, classes, hide],
        [classes, hide, iou],
        api_visibility="private",
        show_progress="hidden",
    )
    _publish(context)


def _filters(context: Context, model: object) -> tuple[gr.Slider, gr.Dropdown]:
    """Confidence and classes: what one touches often."""
    confidence = Slider(
        LOWEST_CONFIDENCE,
        0.95,
        DEFAULT_CONFIDENCE,
        step=0.01,
        label=context.t("confidence"),
        min_width=240,
        elem_id="detect-confidence",
    )
    classes = gr.Dropdown(
        _labels(context, model),
        value=[],
        multiselect=True,
        label=context.t("classes"),
        min_width=240,
        elem_id="detect-classes",
    )
    return confidence, classes


def _hide(context: Context, model: object) -> gr.Dropdown:
    """What the camera's frames are blurred at."""
    return gr.Dropdown(
        _labels(context, model),
        value=[],
        multiselect=True,
        label=context.t("live_hide"),
        info=context.t("live_hide_info"),
        min_width=240,
        elem_id="detect-hide",
        elem_classes="live-only",
    )


def _more(context: Context) -> tuple[gr.Slider, gr.Dropdown, gr.Slider]:
    """Overlap, image size and line width: what one touches seldom."""
    t = context.t
    iou = Slider(0.05, 0.95, DEFAULT_IOU, step=0.05, label=t("iou"), elem_id="detect-iou")
    size = gr.Dropdown(
        [(t("size_own"), _OWN_SIZE), *((str(side), side) for side in DETECT_SIZES)],
        value=_OWN_SIZE,
        label=t("size"),
        elem_id="detect-size",
    )
    width = Slider(0, 12, 0, step=1, label=t("line_width"), elem_id="detect-width")
    return iou, size, width


def _handler(context: Context) -> Any:
    def answer(
        path: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        size: int,
        width: int,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        locale = request_locale(request)
        if path is None:
            yield None, answer_view.empty("empty_answer"), "", ""
            return

        def work() -> tuple[Drawn, Asked]:
            labels = context.service.spec(model, "detect").labels
            # The model may have changed a moment before the list of its classes does.
            kept = [c for c in classes or () if c in labels]
            side = None if size == _OWN_SIZE else size
            drawn = context.service.detect(path, model, confidence, iou, kept, side, width)
            return drawn, Asked(confidence, iou, tuple(kept), side)

        try:
            for step in waiting(context.service, model, locale, work):
                if isinstance(step, str):
                    yield gr.skip(), step, gr.skip(), gr.skip()
                else:
                    yield _shown(context, *step, Path(path).name, locale, base_url(request))
        except DemoError as error:
            yield None, sentence(error, locale), "", ""

    return answer


def _shown(
    context: Context, drawn: Drawn, asked: Asked, name: str, locale: str, url: str
) -> tuple[Any, ...]:
    found = drawn.detections
    status = (
        (
            detect_view.class_counts(found)
            if len(found)
            else detect_view.nothing_found(found, locale)
        )
        + answer_view.timing(drawn.timing, drawn.answer, locale)
        + answer_view.picture_notes(drawn.picture, locale)
    )
    files = detection_files(found, drawn.facts, url, asked, name)
    folder = str(context.service.uploads.folder)
    annotated = save(encode_jpeg(drawn.annotated), folder, "jpg", stem(name))
    return (
        annotated,
        status,
        detect_view.boxes_table(found, locale) if len(found) else "",
        answer_view.download_links(files, locale, annotated),
    )


def _controls(context: Context) -> Any:
    def controls(name: str, chosen: list[str], blurred: list[str]) -> tuple[Any, ...]:
        try:
            spec = context.service.spec(name, "detect")
        except DemoError:  # the answer itself says what is wrong with the name
            return gr.skip(), gr.skip(), gr.skip()
        known = [c for c in chosen or () if c in spec.labels]
        word = context.t("iou_on" if spec.needs_nms else "iou_off")
        return (
            gr.Dropdown(choices=list(spec.labels), value=known),
            still_hidden(list(spec.labels), blurred),
            gr.Slider(interactive=spec.needs_nms, info=word),
        )

    return controls


def _labels(context: Context, name: object) -> list[str]:
    return list(context.service.engine.spec(name).labels) if isinstance(name, str) else []


def _publish(context: Context) -> None:
    """The endpoint /detect, on components that the page does not show."""

    @toast_errors
    def detect(
        image: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        request: gr.Request,
    ) -> tuple[Any, dict[str, Any]]:
        """Find objects in a picture.

        Args:
            image: the picture, an uploaded file.
            model: the name of a detector, see /models.
            confidence: lowest score of a box, 0.01 to 1.
            iou: overlap above which the weaker of two boxes of one class goes, 0 to 1.
            classes: label names to keep; empty keeps all.

        Returns:
            The picture with the boxes drawn, and the boxes in its pixels as JSON.
        """
        drawn = context.service.detect(needed(image), model, confidence, iou, classes)
        return drawn.annotated, drawn.facts

    with hidden():
        inputs = [
            PictureIn(label="image"),
            gr.Textbox(default(context, "detect"), label="model"),
            gr.Number(DEFAULT_CONFIDENCE, label="confidence"),
            gr.Number(DEFAULT_IOU, label="iou"),
            gr.JSON([], label="classes"),
        ]
        outputs = [PictureOut(label="picture"), gr.JSON(label="answer")]
        gr.Button().click(detect, inputs, outputs, api_name="detect")


TAB = Tab("detect", 20, "tab_detect", build)
