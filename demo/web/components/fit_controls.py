"""The controls of a task that finds boxes, fitted to another model."""

from collections.abc import Callable

import gradio as gr

from demo.errors import DemoError
from demo.web.components.camera_pane import blur_choices
from demo.web.components.class_list import class_choices
from demo.web.components.thresholds import threshold_updates
from demo.web.request import request_locale
from demo.web.tab import Context


def fit_controls(context: Context, task: str) -> Callable[..., tuple[object, ...]]:
    """The handler for another model: classes, what it can blur, overlap, its own thresholds."""
    infos = {True: context.t("iou_on"), False: context.t("iou_off")}

    def fit(
        name: str,
        chosen: list[str],
        blurred: list[str],
        confidence: float,
        iou: float,
        request: gr.Request,
    ) -> tuple[object, ...]:
        try:
            spec = context.service.spec(name, task)
        except DemoError:  # the answer itself reports what is wrong with the name
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        known = [c for c in chosen or () if c in spec.labels]
        choices = class_choices(spec.labels, request_locale(request))
        return (
            gr.Dropdown(choices=choices, value=known),
            blur_choices(choices, blurred),
            *threshold_updates(context, spec, confidence, iou, infos[spec.needs_nms]),
        )

    return fit
