"""The endpoints of the Gradio API that need no tab: `/<task>` for each task, and `/models`."""

from collections.abc import Callable
from inspect import Parameter, Signature

import gradio as gr
from gradio.components import Component

from demo import tasks
from demo.errors import DemoError
from demo.tasks.base import AnyTask, QueryField
from demo.web.components.model_picker import default_model
from demo.web.components.picture import PictureIn, PictureOut
from demo.web.tab import Context

_FIELD_TYPES = {"number": float, "names": list[str]}


def publish_tasks(context: Context) -> None:
    """Add an endpoint `/<task>` to the page for every task that takes pictures."""
    with unseen_components():
        for task in tasks.all_tasks():
            if task.takes_pictures:
                _publish(context, task)


def publish_models(context: Context) -> None:
    """Add the endpoint `/models` to the page."""

    def models() -> list[dict[str, object]]:
        """Every model of the catalog: whether it can answer here, its size, scores and licence.

        Scores are in %.
        """
        return [dict(row) for row in context.service.engine.models()]

    with unseen_components():
        gr.Button().click(models, None, gr.JSON(label="answer"), api_name="models")


def required_picture(path: object) -> str:
    """The path of an endpoint's picture. Raises DemoError where there is none."""
    if not isinstance(path, str):
        raise DemoError("no_picture")
    return path


def unseen_components() -> gr.Column:
    """A container for the components of an endpoint, which the page does not show."""
    return gr.Column(visible=False)


def _publish(context: Context, task: AnyTask) -> None:
    inputs = [
        PictureIn(label="image"),
        gr.Textbox(default_model(context, task.name), label="model"),
        *(_field(field) for field in task.fields),
    ]
    outputs: list[Component] = [gr.JSON(label="answer")]
    if task.draws:
        outputs.insert(0, PictureOut(label="picture"))
    gr.Button().click(_endpoint(context, task), inputs, outputs, api_name=task.name)


def _field(field: QueryField) -> Component:
    if isinstance(field.default, tuple):
        return gr.JSON(list(field.default), label=field.name)
    return gr.Number(field.default, label=field.name)


def _endpoint(context: Context, task: AnyTask) -> Callable[..., object]:
    """The function behind an endpoint.

    Gradio takes the names of its parameters and its documentation from signature, annotations and
    docstring, which therefore come from the task.
    """
    names = [field.name for field in task.fields]

    def endpoint(*values: object) -> object:
        path, model, *options = values
        query = dict(zip(names, options, strict=True))
        answer = context.service.predict(task.name, required_picture(path), model, query)
        return (answer.annotated, answer.facts) if task.draws else answer.facts

    types: dict[str, object] = {"image": str | None, "model": str}
    types |= {field.name: _FIELD_TYPES[field.kind] for field in task.fields}
    endpoint.__name__ = task.name
    endpoint.__doc__ = _documentation(task)
    endpoint.__annotations__ = types
    endpoint.__dict__["__signature__"] = Signature(
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in types]
    )
    return endpoint


def _documentation(task: AnyTask) -> str:
    arguments = [
        "image: the picture, an uploaded file.",
        f"model: {task.model_doc}",
        *(f"{field.name}: {_described(field)}" for field in task.fields),
    ]
    return "\n".join(
        [task.summary, "", "Args:", *(f"    {line}" for line in arguments), "", "Returns:"]
        + [f"    {line}" for line in task.returns.splitlines()]
    )


def _described(field: QueryField) -> str:
    return f"{field.doc.removesuffix('.')}; null is the model's own." if field.own else field.doc
