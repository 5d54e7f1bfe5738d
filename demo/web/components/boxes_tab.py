"""Tabs of tasks that find boxes on a picture; sliders filter without another forward pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from demo.export.names import download_stem
from demo.labels.names import with_display
from demo.service.service import Answer
from demo.tasks.detect import INPUT_SIZES, MIN_CONFIDENCE
from demo.web.components.answering import Updates, Visit, answer_handler, answer_on_change
from demo.web.components.batches.strip import Answered, BatchStrip
from demo.web.components.boxes_address import BoxesControls, keep_boxes_in_address
from demo.web.components.camera_pane import camera_pane, mode_switch, send_to_camera
from demo.web.components.class_list import first_choices, translate_on_load
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.explanation import Asked, why
from demo.web.components.fit_controls import fit_controls
from demo.web.components.model_picker import model_picker
from demo.web.components.more_models import more_models
from demo.web.components.numbers import Slider
from demo.web.components.picture import PictureIn, PictureOut
from demo.web.components.picture_input import picture_input
from demo.web.components.private_files import save_drawn
from demo.web.components.thresholds import first_thresholds
from demo.web.tab import Context
from demo.web.views import answer as answer_view
from demo.web.views import answers

_TRAINED_SIZE = 0
"""The choice of the image size that the model was trained with."""


@dataclass(frozen=True, slots=True)
class _Controls:
    """What the visitor sets; `blur` is of the camera alone, `line_width` of pictures alone."""

    model: gr.Dropdown
    confidence: gr.Slider
    classes: gr.Dropdown
    blur: gr.Dropdown
    iou: gr.Slider
    size: gr.Dropdown
    line_width: gr.Slider


def build_boxes_tab(
    context: Context,
    task: str,
    no_model: str = "no_model",
    explained: bool = True,
    box: str = "explain_box",
) -> None:
    """Lay the tab out and connect it: any change answers by itself, the last one wins.

    Args:
        context, task: see `Context`; name of the task.
        no_model: string key of the sentence where no model of the task is present.
        explained: whether answers of the task can be explained.
        box: string key of what each of its explanations is of.
    """
    mode_switch()
    strip = BatchStrip(context, task)
    picture, annotated, status = _pictures(context, task, no_model)
    camera_pane(context, task)
    with gr.Row(elem_classes=["controls", "needs-model"]):
        model = model_picker(context, task)
        confidence, classes = _filters(context, task, model.value)
        blur = _blur(context, task, model.value)
    brought = more_models(context, model, task, picture)
    downloads = gr.HTML(elem_id=f"{task}-downloads", elem_classes="picture-only", padding=False)
    iou, size, line_width = _more(context, task, model.value)
    table = _table(context, task)
    controls = _Controls(model, confidence, classes, blur, iou, size, line_width)
    boxes = BoxesControls((task,), model, confidence, iou, classes, blur)
    keep_boxes_in_address(context, task, boxes, size, line_width)
    options = (confidence, iou, classes, size, line_width)
    events = (picture.change, confidence.change, iou.change, model.input, classes.input, size.input)
    values = _values(context, task)
    asked = Asked(task, picture, model, options, values, events, box)
    connect_why = why(context, asked) if explained else None
    outputs: list[Component] = [status, annotated, table, downloads]
    _connect(context, task, picture, controls, brought, strip, outputs)
    if connect_why is not None:
        connect_why()


def _connect(
    context: Context,
    task: str,
    picture: PictureIn,
    controls: _Controls,
    brought: gr.State,
    strip: BatchStrip,
    outputs: list[Component],
) -> None:
    c = controls
    # The handler below sets the classes: only visitors' events count. It sets the thresholds of
    # the few models that state their own, which then have to count.
    options = (c.confidence, c.iou, c.classes, c.size, c.line_width)
    inputs = (c.model.input, brought.change, c.classes.input, c.size.input)
    triggers = (c.confidence.change, c.iou.change, *inputs)
    values = _values(context, task)
    strip.connect(Answered(picture, c.model, options, values, triggers))
    # An address states a model together with its thresholds: they go with a visitor's choice only.
    c.model.input(
        fit_controls(context, task),
        [c.model, c.classes, c.blur, c.confidence, c.iou],
        [c.classes, c.blur, c.iou, c.confidence],
        api_visibility="private",
        show_progress="hidden",
    )
    answer_on_change(
        [picture.change, *triggers, c.line_width.input],
        answer_handler(context, task, values, _show(context), (None, "", "")),
        [picture, c.model, *options],
        outputs,
    )
    translate_on_load(context, c.model, c.classes, c.blur)
    names = ("model", "confidence", "classes", "blur", "iou", "size")
    send_to_camera(context, task, {name: getattr(c, name) for name in names})


def _pictures(context: Context, task: str, no_model: str) -> tuple[PictureIn, PictureOut, gr.HTML]:
    """The picture on the left, and its answer on the right."""
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(scale=5, min_width=320):
            picture = picture_input(context, task, task)
        with gr.Column(scale=7, min_width=320):
            annotated, status = _answer(context, task, no_model)
    return picture, annotated, status


def _answer(context: Context, task: str, no_model: str) -> tuple[PictureOut, gr.HTML]:
    """The annotated picture and the status under it."""
    annotated = PictureOut(
        label=context.t("answer"),
        interactive=False,
        height=380,
        buttons=["fullscreen"],
        elem_id=f"{task}-answer",
        elem_classes="needs-model",
    )
    waiting = answer_view.empty("empty_answer" if context.service.names(task) else no_model)
    status = gr.HTML(waiting, elem_id=f"{task}-status", elem_classes="status", padding=False)
    return annotated, status


def _filters(context: Context, task: str, model: object) -> tuple[gr.Slider, gr.Dropdown]:
    """Confidence and classes, the controls that are changed often."""
    confidence = Slider(
        MIN_CONFIDENCE,
        0.95,
        first_thresholds(context, model)[0],
        step=0.01,
        label=context.t("confidence"),
        min_width=240,
        elem_id=f"{task}-confidence",
    )
    classes = FollowingDropdown(
        first_choices(context, model),
        value=[],
        multiselect=True,
        label=context.t("classes"),
        min_width=240,
        elem_id=f"{task}-classes",
    )
    return confidence, classes


def _blur(context: Context, task: str, model: object) -> gr.Dropdown:
    """The labels of what is blurred in the camera's frames."""
    return FollowingDropdown(
        first_choices(context, model),
        value=[],
        multiselect=True,
        label=context.t("live_hide"),
        info=context.t("live_hide_info"),
        min_width=240,
        elem_id=f"{task}-blur",
        elem_classes="camera-only",
    )


def _more(context: Context, task: str, model: object) -> tuple[gr.Slider, gr.Dropdown, gr.Slider]:
    """Overlap, image size and line width, the controls that are changed seldom, in a section."""
    t = context.t
    section = gr.Accordion(
        t("more"), open=False, elem_id=f"{task}-more", elem_classes="needs-model"
    )
    with section, gr.Row():
        overlap = first_thresholds(context, model)[1]
        iou = Slider(0.05, 0.95, overlap, step=0.05, label=t("iou"), elem_id=f"{task}-iou")
        size = gr.Dropdown(
            [(t("size_own"), _TRAINED_SIZE), *((str(side), side) for side in INPUT_SIZES)],
            value=_TRAINED_SIZE,
            label=t("size"),
            elem_id=f"{task}-size",
        )
        width = Slider(0, 12, 0, step=1, label=t("line_width"), elem_id=f"{task}-width")
    return iou, size, width


def _table(context: Context, task: str) -> gr.HTML:
    """The section with the table of all boxes."""
    classes = ["picture-only", "needs-model"]
    with gr.Accordion(
        context.t("boxes_title"), open=True, elem_id=f"{task}-boxes", elem_classes=classes
    ):
        return gr.HTML()


def _values(context: Context, task: str) -> Callable[..., Mapping[str, object]]:
    """The options of the query from model and controls."""

    def values(
        model: str, confidence: float, iou: float, classes: list[str], size: int, line_width: int
    ) -> Mapping[str, object]:
        labels = context.service.spec(model, task).labels
        return {
            "confidence": confidence,
            "iou": iou,
            # The model may have changed a moment before the list of its classes does.
            "classes": [c for c in classes or () if c in labels],
            "size": None if size == _TRAINED_SIZE else size,
            "line_width": line_width,
        }

    return values


def _show(context: Context) -> Callable[[Answer, Visit], Updates]:
    """The annotated picture, the table of boxes and the download links."""

    def show(answer: Answer, visit: Visit) -> Updates:
        assert answer.annotated is not None
        folder = str(context.service.uploads.folder)
        drawn = save_drawn(answer.annotated, folder, download_stem(visit.file_name))
        facts = with_display(answer.facts, answer.spec.labels, visit.locale)
        files = answer.task.files(answer.result, facts, visit.url, answer.query, visit.file_name)
        return (
            drawn.shown,
            answers.details(answer, visit.locale),
            answer_view.download_links(files, visit.locale, drawn.full),
        )

    return show
