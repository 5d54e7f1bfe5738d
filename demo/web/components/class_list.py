"""The choices of classes: names in the visitor's language, whose values are the labels."""

from collections.abc import Sequence

import gradio as gr

from demo import tasks
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


def with_unknown(choices: Choices, chosen: Sequence[str] | None) -> Choices:
    """The choices, and chosen labels that the model does not know, which stay in a list."""
    known = {label for _, label in choices}
    return [*choices, *((label, label) for label in chosen or () if label not in known)]


def translate_on_load(
    context: Context, model: gr.Dropdown, classes: gr.Dropdown, blur: gr.Dropdown
) -> None:
    """Show the classes of the model in the visitor's language as soon as the page is there.

    Also of a model that an address sets meanwhile. What is chosen stays.
    """

    def translated(
        name: object, blurred: list[str] | None, request: gr.Request
    ) -> tuple[object, object]:
        try:
            spec = context.service.engine.spec(name if isinstance(name, str) else "")
        except DemoError:  # no model, or one that is gone: the answer itself says so
            return gr.skip(), gr.skip()
        if not tasks.find(spec.task).finds_boxes:
            return gr.skip(), gr.skip()
        choices = class_choices(spec.labels, request_locale(request))
        return gr.Dropdown(choices=choices), gr.Dropdown(choices=with_unknown(choices, blurred))

    for event in (context.page.load, model.change):
        event(
            translated,
            [model, blur],
            [classes, blur],
            show_progress="hidden",
            api_visibility="private",
        )
