"""What the endpoints of the Gradio API share."""

import gradio as gr

from demo.errors import DemoError


def required_picture(path: str | None) -> str:
    """The path of an endpoint's picture. Raises DemoError where there is none."""
    if path is None:
        raise DemoError("no_picture")
    return path


def unseen_components() -> gr.Column:
    """A container for the components of an endpoint, which the page does not show."""
    return gr.Column(visible=False)
