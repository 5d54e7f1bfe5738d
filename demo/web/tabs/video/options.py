"""What is asked of a film: the controls of Video and the plain values that they hand over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.service.service import DEFAULT_CONFIDENCE, DEFAULT_IOU, LOWEST_CONFIDENCE
from demo.web.components.numbers import Slider
from demo.web.components.shared import model_picker, still_hidden
from demo.web.components.video_file import detects
from demo.web.tab import Context

NAMES = ("model", "confidence", "iou", "classes", "every", "track", "blur", "heat")
"""As `StreamOptions.from_values` takes them, in the order of `Controls.all` and of /video."""


@dataclass(frozen=True, slots=True)
class Controls:
    """The controls; `boxes` holds those that only a detector understands."""

    model: gr.Dropdown
    every: gr.Slider
    boxes: gr.Column
    confidence: gr.Slider
    iou: gr.Slider
    classes: gr.Dropdown
    track: gr.Checkbox
    blur: gr.Dropdown
    heat: gr.Checkbox

    def all(self) -> list[Any]:
        """The inputs of an event, in the order of NAMES."""
        return [getattr(self, name) for name in NAMES]

    def fitted(self) -> list[Any]:
        """What another model changes."""
        return [self.boxes, self.classes, self.blur, self.iou]


def controls(context: Context) -> Controls:
    """Model, n-th frame, and in a column of their own what is only about boxes."""
    t = context.t
    model = model_picker(context, "detect", "classify", name="video")
    every = Slider(1, 30, 1, step=1, label=t("video_every"), elem_id="video-every")
    found = isinstance(model.value, str)
    spec = context.service.engine.spec(model.value) if found else None
    labels = list(spec.labels) if spec else []
    with gr.Column(visible=spec is None or spec.task == "detect") as boxes:
        confidence = Slider(
            LOWEST_CONFIDENCE,
            0.95,
            DEFAULT_CONFIDENCE,
            step=0.01,
            label=t("confidence"),
            elem_id="video-confidence",
        )
        track = gr.Checkbox(True, label=t("video_track"), elem_id="video-track")
        with gr.Accordion(t("more"), open=False, elem_id="video-more"):
            classes = _names(labels, label=t("classes"), elem_id="video-classes")
            blur = _names(
                labels, label=t("live_hide"), info=t("film_hide_info"), elem_id="video-hide"
            )
            heat = gr.Checkbox(False, label=t("film_heat"), elem_id="video-heat")
            iou = Slider(0.05, 0.95, DEFAULT_IOU, step=0.05, label=t("iou"))
    return Controls(model, every, boxes, confidence, iou, classes, track, blur, heat)


def fit(context: Context) -> Any:
    """The handler for another model: only what it understands can be set."""

    def changed(
        path: str | None, model: str, chosen: list[str], hidden: list[str]
    ) -> tuple[Any, ...]:
        if not detects(context, model):
            nothing = gr.Dropdown(value=[])  # what nobody sees is not asked for
            return gr.Group(visible=False), gr.Column(visible=False), gr.skip(), nothing, gr.skip()
        spec = context.service.spec(model, "detect")
        labels = list(spec.labels)
        return (
            gr.Group(visible=path is not None),
            gr.Column(visible=True),
            gr.Dropdown(choices=labels, value=_known(chosen, labels)),
            still_hidden(labels, hidden),
            gr.Slider(interactive=spec.needs_nms),
        )

    return changed


def wanted(context: Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the controls say, without what the model does not know.

    The model may have changed a moment before the list of its classes does.
    """
    model = values["model"]
    boxes = detects(context, model)
    labels = context.service.engine.spec(model).labels if boxes else ()
    classes = _known(values["classes"], labels)
    return {**values, "classes": classes, "heat": values["heat"] and boxes}


def _names(labels: list[str], **options: Any) -> gr.Dropdown:
    return gr.Dropdown(labels, value=[], multiselect=True, **options)


def _known(chosen: list[str] | None, labels: Any) -> list[str]:
    return [name for name in chosen or () if name in labels]
