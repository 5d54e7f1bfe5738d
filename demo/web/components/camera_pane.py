"""The live camera of a tab and the controls whose values it sends to the server."""

from collections.abc import Mapping

import gradio as gr

from demo.web.components.class_list import Choices, with_unknown
from demo.web.tab import Context
from demo.web.views import camera as camera_view

Control = gr.Dropdown | gr.Slider


def mode_switch() -> None:
    """Lay out the choice between a picture and the camera."""
    gr.HTML(camera_view.mode_switch(), padding=False)


def camera_pane(context: Context, task: str) -> None:
    """Lay out the camera, hidden until it is chosen."""
    html = camera_view.camera_pane(task, context.service.settings.cameras)
    gr.HTML(html, elem_id=f"{task}-camera", elem_classes="camera-only", padding=False)


def send_to_camera(context: Context, task: str, controls: Mapping[str, Control]) -> None:
    """Give the values of `controls` to the page's script at every change, without the server.

    controls: by the names of `demo.tracking.stream.StreamOptions`.
    """
    names = ", ".join(controls)
    inputs = list(controls.values())
    gr.on(
        [context.page.load, *(control.change for control in inputs)],
        None,
        inputs,
        js=f"({names}) => {{ vitrineCamera({task!r}, {{ {names} }}); }}",
        api_visibility="private",
        show_progress="hidden",
    )


def blur_choices(choices: Choices, chosen: list[str] | None) -> gr.Dropdown:
    """The list of what is blurred, updated for another model.

    A chosen label that the model does not know stays, so that the answer is an error: dropping it
    would show what it names.
    """
    return gr.Dropdown(choices=with_unknown(choices, chosen), value=list(chosen or ()))
