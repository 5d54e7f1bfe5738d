"""The choices of classes: names in the visitor's language, whose values are the labels."""

from collections.abc import Sequence

import gradio as gr

from demo.errors import DemoError
from demo.labels.names import display_names
from demo.web.request import request_locale
from demo.web.tab import Context

Choices = list[tuple[str, str]]
"""(name for people, label) each."""


def class_choices(labels: Sequence[str], locale: str) -> Choices:
    """The classes to choose from; a list of choices must not hold one twice."""
    names = display_names(tuple(labels), locale)
    return list(dict.fromkeys(zip(names, labels, strict=True)))


def first_choices(context: Context, name: object) -> Choices:
    """The classes of the model that the page opens on, in English."""
    if not isinstance(name, str):
        return []
    return class_choices(context.service.engine.spec(name).labels, "en")


def translate_on_load(context: Context, model: gr.Dropdown, classes: gr.Dropdown) -> None:
    """Show the classes of the model in the visitor's language as soon as the page is there.

    Also of a model that an address sets meanwhile.
    """

    def translated(name: object, request: gr.Request) -> object:
        try:
            labels = context.service.engine.spec(name if isinstance(name, str) else "").labels
        except DemoError:  # no model, or one that is gone: the answer itself says so
            return gr.skip()
        return gr.Dropdown(choices=class_choices(labels, request_locale(request)))

    for event in (context.page.load, model.change):
        event(translated, model, classes, show_progress="hidden", api_visibility="private")
