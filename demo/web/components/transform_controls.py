"""Controls for the parameters of all transforms, generated from their SPECs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import gradio as gr

from demo.augment.pipeline import specs
from demo.augment.spec import Param
from demo.web.components.numbers import Slider
from demo.web.tab import Context

ParamControl = gr.Checkbox | gr.Radio | gr.Slider


@dataclass(frozen=True, slots=True)
class TransformControls:
    """A group for each transform, with a control for each of its parameters.

    groups: by transform. controls: by transform and parameter. Both in the order of the page.
    """

    groups: dict[str, gr.Group]
    controls: dict[tuple[str, str], ParamControl]

    def show(self, chosen: Collection[str]) -> list[gr.Group]:
        """Updates of all groups: those of the chosen transforms are visible."""
        return [gr.Group(visible=name in chosen) for name in self.groups]

    def pipeline(
        self, chosen: Collection[str], values: Iterable[object]
    ) -> list[dict[str, object]]:
        """The chosen transforms with their parameters, in the form of the API.

        values: one for each control.
        """
        params: dict[str, dict[str, object]] = {name: {} for name in self.groups if name in chosen}
        for (transform, param), value in zip(self.controls, values, strict=True):
            if transform in params:
                params[transform][param] = value
        return [{"name": name, "params": given} for name, given in params.items()]


def transform_controls(context: Context, chosen: Collection[str]) -> TransformControls:
    """Lay the controls out; the groups of the `chosen` transforms are visible."""
    groups: dict[str, gr.Group] = {}
    controls: dict[tuple[str, str], ParamControl] = {}
    with gr.Row(elem_id="augment-controls"):
        for transform in specs().values():
            with gr.Group(visible=transform.name in chosen, elem_classes="transform") as group:
                gr.Markdown(f"**{context.t(transform.title)!s}**", padding=True)
                for param in transform.params:
                    controls[transform.name, param.name] = _control(context, param)
            groups[transform.name] = group
    return TransformControls(groups, controls)


def _control(context: Context, param: Param) -> ParamControl:
    label = f"{context.t(param.title)!s}{f' ({param.unit})' if param.unit else ''}"
    if param.kind == "bool":
        return gr.Checkbox(bool(param.default), label=label)
    if param.kind == "choice":
        choices = [(context.t(f"{param.title}_{choice}"), choice) for choice in param.choices]
        return gr.Radio(choices, value=str(param.default), label=label)
    step = 1 if param.kind == "int" else param.step
    return Slider(param.low, param.high, float(param.default), step=step, label=label)
