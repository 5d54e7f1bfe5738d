"""What stands in the address of a tab that finds boxes, and what goes with its model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gradio as gr

from demo import tasks, validate
from demo.models.spec import ModelSpec
from demo.web.address import Parameter, Props, TabAddress
from demo.web.addressed import keep_in_address, read_model, read_names, read_number
from demo.web.components.class_list import class_choices
from demo.web.components.thresholds import first_thresholds
from demo.web.tab import Context


@dataclass(frozen=True, slots=True)
class BoxesControls:
    """The controls of a model that finds boxes; blur: the labels of what is blurred."""

    tasks: Sequence[str]
    model: gr.Dropdown
    confidence: gr.Slider
    iou: gr.Slider
    classes: gr.Dropdown
    blur: gr.Dropdown


def keep_boxes_in_address(
    context: Context, task: str, controls: BoxesControls, size: gr.Dropdown, line_width: gr.Slider
) -> None:
    """Let the address of a task's tab state what its picture is answered with."""
    sizes = {str(value): value for _, value in size.choices}

    def read_size(texts: Sequence[str], _: Mapping[str, object]) -> object:
        return sizes[validate.names([texts[-1]], "size", sizes)[0]]

    more = (
        Parameter("size", size, read_size),
        Parameter("line_width", line_width, read_number("line_width", line_width)),
    )
    keep_in_address(context, task, boxes_address(context, controls, *more))


def boxes_address(
    context: Context, controls: BoxesControls, *more: Parameter, notes: bool = True
) -> TabAddress:
    """Model, thresholds and classes, then `more`.

    The choices of classes and the thresholds that are not stated are those of the model.

    notes: the slider of the overlap says what it is for.
    """
    c = controls
    infos = {True: context.t("iou_on"), False: context.t("iou_off")} if notes else {}

    def spec(values: Mapping[str, object]) -> ModelSpec | None:
        name = values.get("model", c.model.value)
        return context.service.engine.spec(name) if isinstance(name, str) else None

    def labels(values: Mapping[str, object]) -> list[str]:
        found = spec(values)
        return list(dict.fromkeys(found.labels)) if found else []

    def fit(values: Mapping[str, object], locale: str) -> Props:
        found = spec(values)
        if found is None or "model" not in values or not tasks.find(found.task).finds_boxes:
            return {}
        confidence, iou = first_thresholds(context, found.name)
        choices = class_choices(found.labels, locale)
        note: dict[str, object] = {"info": infos[found.needs_nms]} if infos else {}
        return {
            c.classes: {"choices": choices, "value": []},
            c.blur: {"choices": choices, "value": []},
            c.confidence: {"value": confidence},
            c.iou: {"value": iou, "interactive": found.needs_nms, **note},
        }

    parameters = (
        Parameter("model", c.model, read_model(context, *c.tasks), always=True),
        Parameter("confidence", c.confidence, read_number("confidence", c.confidence), always=True),
        Parameter("iou", c.iou, read_number("iou", c.iou), always=True),
        Parameter("classes", c.classes, read_names("classes", labels)),
        *more,
    )
    return TabAddress(parameters, fit, (c.blur,))
