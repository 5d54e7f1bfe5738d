"""Where the sliders of a detector start, and where they go when another model is chosen."""

import gradio as gr

from demo.models.spec import ModelSpec
from demo.tasks.detect import DEFAULT_CONFIDENCE, DEFAULT_IOU, default_thresholds
from demo.web.components.numbers import moved
from demo.web.tab import Context, Label


def first_thresholds(context: Context, name: object) -> tuple[float, float]:
    """Where the sliders start with the model of that name, or without one."""
    if not isinstance(name, str):
        return DEFAULT_CONFIDENCE, DEFAULT_IOU
    return default_thresholds(context.service.engine.spec(name))


def threshold_updates(
    context: Context, spec: ModelSpec, confidence: float, iou: float, info: Label | None = None
) -> tuple[object, object]:
    """The updates of the sliders of overlap and confidence; info: the note of the former.

    A model's own threshold always counts. One that another model brought goes with that model; one
    that the visitor chose stays.
    """
    engine = context.service.engine
    others = [engine.spec(row["name"]) for row in engine.models() if row["task"] == spec.task]
    brought = ({one.confidence for one in others}, {one.iou for one in others})
    ordinary = (DEFAULT_CONFIDENCE, DEFAULT_IOU)
    own = (spec.confidence, spec.iou)
    moves = [
        own[i] if own[i] is not None else ordinary[i] if value in brought[i] else None
        for i, value in enumerate((confidence, iou))
    ]
    if moves[1] is None:
        overlap = gr.Slider(interactive=spec.needs_nms, info=info)
    else:
        overlap = gr.Slider(value=moves[1], interactive=spec.needs_nms, info=info)
    return overlap, moved(moves[0])
