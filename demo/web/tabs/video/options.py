"""The controls of Video and the plain values that they stand for."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from demo import tasks
from demo.errors import DemoError
from demo.models.spec import ModelSpec
from demo.tasks.detect import (
    DEFAULT_CONFIDENCE,
    DEFAULT_IOU,
    MIN_CONFIDENCE,
    default_thresholds,
)
from demo.web.address import Parameter, Props, TabAddress
from demo.web.addressed import keep_in_address, read_number
from demo.web.components.boxes_address import BoxesControls, boxes_address
from demo.web.components.camera_pane import blur_choices
from demo.web.components.class_list import (
    Choices,
    class_choices,
    first_choices,
    translate_on_load,
)
from demo.web.components.dropdown import FollowingDropdown
from demo.web.components.model_picker import model_picker
from demo.web.components.more_models import more_models
from demo.web.components.numbers import Slider
from demo.web.components.thresholds import threshold_updates
from demo.web.request import request_locale
from demo.web.tab import Context, Label

OPTION_NAMES = ("model", "confidence", "iou", "classes", "every", "track", "blur", "heat")
"""Names of `StreamOptions`, in the order of `OptionControls.all` and of /video."""


@dataclass(frozen=True, slots=True)
class OptionControls:
    """The controls; `box_options` holds those that only a detector needs."""

    model: gr.Dropdown
    every: gr.Slider
    box_options: gr.Column
    confidence: gr.Slider
    iou: gr.Slider
    classes: gr.Dropdown
    track: gr.Checkbox
    blur: gr.Dropdown
    heat: gr.Checkbox

    def all(self) -> list[Component]:
        """The inputs of an event, in the order of OPTION_NAMES."""
        return [getattr(self, name) for name in OPTION_NAMES]

    def fitting(self) -> list[Component]:
        """The inputs of `fit_options`, behind the video."""
        return [self.model, self.classes, self.blur, self.confidence, self.iou]

    def fitted(self) -> list[Component | gr.Column]:
        """What `fit_options` sets, behind the group of the counting line."""
        return [self.box_options, self.classes, self.blur, self.iou, self.confidence]


def option_controls(context: Context) -> OptionControls:
    """Lay out model and frame step, and beside them the box options in a column of their own.

    The address of Video states what they are set to.
    """
    with gr.Row(elem_classes="controls"):
        with gr.Column(scale=5, min_width=320):
            model = model_picker(context, *streaming_tasks(), name="video")
            more_models(context, model, "video")
            label = context.t("video_every")
            every = Slider(1, 30, 1, step=1, label=label, elem_id="video-every")
        options = _box_options(context, model, every)
    _keep_in_address(context, options)
    translate_on_load(context, options.model, options.classes, options.blur)
    return options


def _box_options(context: Context, model: gr.Dropdown, every: gr.Slider) -> OptionControls:
    t = context.t
    available = isinstance(model.value, str)
    spec = boxes_spec(context, model.value)
    labels = first_choices(context, model.value if spec else None)
    least, overlap = default_thresholds(spec) if spec else (DEFAULT_CONFIDENCE, DEFAULT_IOU)
    shown = spec is not None or not available
    with gr.Column(scale=7, min_width=320, visible=shown) as box_options:
        confidence = Slider(
            MIN_CONFIDENCE,
            0.95,
            least,
            step=0.01,
            label=t("confidence"),
            elem_id="video-confidence",
        )
        track = gr.Checkbox(True, label=t("video_track"), elem_id="video-track")
        with gr.Accordion(t("more"), open=False, elem_id="video-more"):
            classes = _label_list(labels, t("classes"), elem_id="video-classes")
            blur = _label_list(labels, t("live_hide"), t("film_hide_info"), elem_id="video-blur")
            heat = gr.Checkbox(False, label=t("film_heat"), elem_id="video-heat")
            iou = Slider(0.05, 0.95, overlap, step=0.05, label=t("iou"))
    return OptionControls(model, every, box_options, confidence, iou, classes, track, blur, heat)


def _keep_in_address(context: Context, options: OptionControls) -> None:
    o = options
    boxes = BoxesControls(streaming_tasks(), o.model, o.confidence, o.iou, o.classes, o.blur)
    step = Parameter("every", o.every, read_number("every", o.every))
    address = boxes_address(context, boxes, step, notes=False)

    def fit(values: Mapping[str, object], locale: str) -> Props:
        has_boxes = boxes_spec(context, values.get("model", o.model.value)) is not None
        return {o.box_options: {"visible": has_boxes}, **address.fit(values, locale)}

    fitted = (*address.fitted, o.box_options)
    keep_in_address(context, "video", TabAddress(address.parameters, fit, fitted))


def fit_options(context: Context) -> Callable[..., tuple[object, ...]]:
    """The handler for another model: only what it understands can be set.

    It sets the group of the counting line, the box options, the classes, what is blurred, the
    overlap and the confidence.
    """

    def fit(
        path: str | None,
        model: str,
        chosen: list[str],
        blurred: list[str],
        confidence: float,
        iou: float,
        request: gr.Request,
    ) -> tuple[object, ...]:
        spec = boxes_spec(context, model)
        if spec is None:
            no_choice = gr.Dropdown(value=[])  # a hidden control must not ask for anything
            return (
                gr.Group(visible=False),
                gr.Column(visible=False),
                gr.skip(),
                no_choice,
                gr.skip(),
                gr.skip(),
            )
        choices = class_choices(spec.labels, request_locale(request))
        return (
            gr.Group(visible=path is not None),
            gr.Column(visible=True),
            gr.Dropdown(choices=choices, value=_known(chosen, spec.labels)),
            blur_choices(choices, blurred),
            *threshold_updates(context, spec, confidence, iou),
        )

    return fit


def stream_values(context: Context, values: Mapping[str, object]) -> dict[str, object]:
    """The values of the controls without what the model does not know.

    The model may have changed a moment before the list of its classes does.
    """
    spec = boxes_spec(context, values["model"])
    classes = _known(values["classes"], spec.labels) if spec else []
    return {**values, "classes": classes, "heat": values["heat"] and spec is not None}


def streaming_tasks() -> list[str]:
    """Names of the tasks whose models run over videos.

    Those that find boxes come first: only their results can be tracked and counted.
    """
    streaming = (task for task in tasks.all_tasks() if task.streams)
    return [task.name for task in sorted(streaming, key=lambda task: not task.finds_boxes)]


def boxes_spec(context: Context, model: object) -> ModelSpec | None:
    """The facts of a model that finds boxes, which can be tracked and counted; None for others."""
    if not isinstance(model, str):
        return None
    try:
        spec = context.service.engine.spec(model)
    except DemoError:  # the run reports what is wrong with the name
        return None
    return spec if tasks.find(spec.task).finds_boxes else None


def _label_list(
    choices: Choices, label: Label, info: Label | None = None, *, elem_id: str
) -> gr.Dropdown:
    return FollowingDropdown(
        choices, value=[], multiselect=True, label=label, info=info, elem_id=elem_id
    )


def _known(chosen: object, labels: Collection[str]) -> list[str]:
    return [name for name in chosen if name in labels] if isinstance(chosen, list) else []
