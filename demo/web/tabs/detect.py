"""Detect: boxes on a picture, with sliders that filter without another forward pass."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import gradio as gr

from demo.errors import DemoError
from demo.export.files import Asked, detection_files, stem
from demo.images.encode import encode_jpeg
from demo.results import Image
from demo.service.service import (
    DEFAULT_CONFIDENCE,
    DEFAULT_IOU,
    DETECT_SIZES,
    LOWEST_CONFIDENCE,
    Drawn,
)
from demo.web.components.answering import answer_on_change, error_note, progress_then_result
from demo.web.components.camera_pane import (
    blur_choices,
    camera_pane,
    mode_switch,
    send_to_camera,
)
from demo.web.components.model_picker import default_model, model_picker
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn, PictureOut
from demo.web.components.picture_input import picture_input
from demo.web.components.private_files import save
from demo.web.endpoints import required_picture, unseen_components
from demo.web.request import base_url, request_locale, toast_errors
from demo.web.tab import Context, Tab
from demo.web.views import answer as answer_view
from demo.web.views.answers import detect as detect_view

_TRAINED_SIZE = 0
"""The choice of the image size that the model was trained with."""

Updates = tuple[object, object, object, object]
"""Of the annotated picture, the status, the table of boxes and the download links."""


def build(context: Context) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins."""
    mode_switch()
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, "detect")
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
    camera_pane(context, "detect")
    with gr.Row(elem_classes="controls"):
        model = model_picker(context, "detect")
        confidence, classes = _filters(context, model.value)
        blur = _blur(context, model.value)
    downloads = gr.HTML(elem_id="detect-downloads", elem_classes="picture-only", padding=False)
    with gr.Accordion(context.t("more"), open=False, elem_id="detect-more"), gr.Row():
        iou, size, width = _more(context)
    with gr.Accordion(
        context.t("boxes_title"), open=True, elem_id="detect-boxes", elem_classes="picture-only"
    ):
        table = gr.HTML()
    # The handler of `model.change` sets the classes and the overlap: only visitors' events count.
    controls = (model, confidence, iou, classes, size, width)
    answer_on_change(
        [picture.change, *(control.input for control in controls)],
        _handler(context),
        [picture, *controls],
        [annotated, status, table, downloads],
    )
    send_to_camera(
        context,
        "detect",
        {
            "model": model,
            "confidence": confidence,
            "classes": classes,
            "blur": blur,
            "iou": iou,
            "size": size,
        },
    )
    model.change(
        _fit_controls(context),
        [model, classes, blur],
        [classes, blur, iou],
        api_visibility="private",
        show_progress="hidden",
    )
    _publish(context)


def _filters(context: Context, model: object) -> tuple[gr.Slider, gr.Dropdown]:
    """Confidence and classes, the controls that are changed often."""
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


def _blur(context: Context, model: object) -> gr.Dropdown:
    """The labels of what is blurred in the camera's frames."""
    return gr.Dropdown(
        _labels(context, model),
        value=[],
        multiselect=True,
        label=context.t("live_hide"),
        info=context.t("live_hide_info"),
        min_width=240,
        elem_id="detect-blur",
        elem_classes="camera-only",
    )


def _more(context: Context) -> tuple[gr.Slider, gr.Dropdown, gr.Slider]:
    """Overlap, image size and line width, the controls that are changed seldom."""
    t = context.t
    iou = Slider(0.05, 0.95, DEFAULT_IOU, step=0.05, label=t("iou"), elem_id="detect-iou")
    size = gr.Dropdown(
        [(t("size_own"), _TRAINED_SIZE), *((str(side), side) for side in DETECT_SIZES)],
        value=_TRAINED_SIZE,
        label=t("size"),
        elem_id="detect-size",
    )
    width = Slider(0, 12, 0, step=1, label=t("line_width"), elem_id="detect-width")
    return iou, size, width


def _handler(context: Context) -> Callable[..., Iterator[Updates]]:
    def answer(
        path: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        size: int,
        width: int,
        request: gr.Request,
    ) -> Iterator[Updates]:
        locale = request_locale(request)
        if path is None:
            yield None, answer_view.empty("empty_answer"), "", ""
            return

        def work() -> tuple[Drawn, Asked]:
            labels = context.service.spec(model, "detect").labels
            # The model may have changed a moment before the list of its classes does.
            kept = [c for c in classes or () if c in labels]
            side = None if size == _TRAINED_SIZE else size
            answer = context.service.detect(path, model, confidence, iou, kept, side, width)
            return answer, Asked(confidence, iou, tuple(kept), side)

        try:
            for step in progress_then_result(context.service, model, locale, work):
                if isinstance(step, str):
                    yield gr.skip(), step, gr.skip(), gr.skip()
                else:
                    yield _shown(context, *step, Path(path).name, locale, base_url(request))
        except DemoError as error:
            yield None, error_note(error, locale), "", ""

    return answer


def _shown(
    context: Context, answer: Drawn, query: Asked, file_name: str, locale: str, url: str
) -> Updates:
    found = answer.detections
    counts = (
        detect_view.class_counts(found) if len(found) else detect_view.nothing_found(found, locale)
    )
    status = (
        counts
        + answer_view.timing(answer.timing, answer.answer, locale)
        + answer_view.picture_notes(answer.picture, locale)
    )
    files = detection_files(found, answer.facts, url, query, file_name)
    folder = str(context.service.uploads.folder)
    annotated = save(encode_jpeg(answer.annotated), folder, "jpg", stem(file_name))
    return (
        annotated,
        status,
        detect_view.boxes_table(found, locale) if len(found) else "",
        answer_view.download_links(files, locale, annotated),
    )


def _fit_controls(context: Context) -> Callable[..., tuple[object, object, object]]:
    """The handler for another model: its classes, what it can blur, whether overlap matters."""

    def fit(name: str, chosen: list[str], blurred: list[str]) -> tuple[object, object, object]:
        try:
            spec = context.service.spec(name, "detect")
        except DemoError:  # the answer itself reports what is wrong with the name
            return gr.skip(), gr.skip(), gr.skip()
        known = [c for c in chosen or () if c in spec.labels]
        info = context.t("iou_on" if spec.needs_nms else "iou_off")
        return (
            gr.Dropdown(choices=list(spec.labels), value=known),
            blur_choices(list(spec.labels), blurred),
            gr.Slider(interactive=spec.needs_nms, info=info),
        )

    return fit


def _labels(context: Context, name: object) -> list[str]:
    return list(context.service.engine.spec(name).labels) if isinstance(name, str) else []


def _publish(context: Context) -> None:
    """The endpoint /detect."""

    @toast_errors
    def detect(
        image: str | None,
        model: str,
        confidence: float,
        iou: float,
        classes: list[str],
        request: gr.Request,
    ) -> tuple[Image, Mapping[str, object]]:
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
        path = required_picture(image)
        answer = context.service.detect(path, model, confidence, iou, classes)
        return answer.annotated, answer.facts

    with unseen_components():
        inputs = [
            PictureIn(label="image"),
            gr.Textbox(default_model(context, "detect"), label="model"),
            gr.Number(DEFAULT_CONFIDENCE, label="confidence"),
            gr.Number(DEFAULT_IOU, label="iou"),
            gr.JSON([], label="classes"),
        ]
        outputs = [PictureOut(label="picture"), gr.JSON(label="answer")]
        gr.Button().click(detect, inputs, outputs, api_name="detect")


TAB = Tab("detect", 20, "tab_detect", build)
