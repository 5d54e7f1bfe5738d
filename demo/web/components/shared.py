"""What the tabs share: the picture's column, the model picker and the waiting line."""

from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

import gradio as gr

from demo.errors import DemoError
from demo.i18n import translate
from demo.inference.engine import Engine
from demo.service import examples
from demo.service.service import Service
from demo.web.components.picture import PictureIn
from demo.web.tab import Context
from demo.web.views import answer as answer_view
from demo.web.views import camera as camera_view

T = TypeVar("T")

_BROWSER_FORMATS = {"JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"}
_PATIENCE_S = 0.3
_UI_LIMIT = 32
"""Visitors of one tab who may wait at once; waiting for a download holds up nobody else."""


def picture_column(context: Context, name: str) -> PictureIn:
    """The input picture with its examples under it; `name` makes the ids unique."""
    picture = PictureIn(
        sources=["upload", "clipboard", "webcam"],
        label=context.t("your_picture"),
        placeholder=context.t("put_picture"),
        height=380,
        buttons=["fullscreen"],
        webcam_options=gr.WebcamOptions(mirror=False),
        elem_id=f"{name}-picture",
    )
    gr.Examples(
        [[str(path)] for path in examples.paths()],
        inputs=[picture],
        label=context.t("examples"),
        elem_id=f"{name}-examples",
        api_visibility="private",
    )

    unseen = gr.State(None)

    def unfit(path: str | None) -> str | None:
        """The path again where browsers cannot show it; the answer tells what else is wrong."""
        if path is None:
            return None
        try:
            decoded, _ = context.service.open(path)
        except DemoError:
            return None
        return None if decoded.format in _BROWSER_FORMATS else path

    def preview(path: str | None) -> Any:
        return gr.skip() if path is None else context.service.open(path)[0].rgb

    # Through a state, because an event whose output is the picture would count as a new one.
    quiet: Any = {"api_visibility": "private", "show_progress": "hidden"}
    picture.upload(unfit, picture, unseen, **quiet)
    unseen.change(preview, unseen, picture, **quiet)
    return picture


def mode_switch() -> None:
    """The choice between a picture and the camera, above both."""
    gr.HTML(camera_view.mode_switch(), padding=False)


def live_stage(context: Context, task: str) -> None:
    """The camera of a tab, hidden until it is chosen."""
    html = camera_view.camera_pane(task, context.service.settings.cameras)
    gr.HTML(html, elem_id=f"{task}-live", elem_classes="live-only", padding=False)


def still_hidden(labels: list[str], hidden: list[str] | None) -> gr.Dropdown:
    """What another model makes of the list of what is blurred.

    A name that it does not know stays, so that the answer is a sentence: to drop it would be to
    show what it names.
    """
    kept = list(hidden or ())
    return gr.Dropdown(choices=list(dict.fromkeys([*labels, *kept])), value=kept)


def tell_camera(context: Context, task: str, controls: dict[str, Any]) -> None:
    """Give the values of `controls` to the page's script, at once and not by way of the server."""
    names = ", ".join(controls)
    tell = f"({names}) => {{ vitrineLive({task!r}, {{ {names} }}); }}"
    inputs = list(controls.values())
    gr.on(
        [context.page.load, *(control.change for control in inputs)],
        None,
        inputs,
        js=tell,
        api_visibility="private",
        show_progress="hidden",
    )


def model_picker(context: Context, *tasks: str, name: str = "") -> gr.Dropdown:
    """All models of the tasks: the present ones first with their size, then the downloadable.

    It opens on the best model of the first task that has one; `name` makes its id.
    """
    models = context.service.engine.models()
    rows = [m for task in tasks for m in models if m["task"] == task]
    choices = [
        (f"{m['name']} · {_kind(m)} · {answer_view.megabytes(m['size_bytes'])}", m["name"])
        for m in sorted(rows, key=lambda m: not m["available"])
    ]
    best = next((task for task in tasks if context.service.names(task)), None)
    return gr.Dropdown(
        choices,
        value=context.service.engine.default(best) if best else None,
        label=context.t("model"),
        elem_id=f"{name or tasks[0]}-model",
        filterable=True,
        min_width=280,
    )


def _kind(row: dict[str, Any]) -> str:
    score = row["measured"] or row["published"]
    told = f"{score['metric']} {score['value']:.1f}" if score else ""
    return told if row["available"] else f"⤓ {told}"


def answer_on_change(
    triggers: list[Any], handler: Callable[..., Any], inputs: list[Any], outputs: list[Any]
) -> None:
    """Call `handler` on any of the events; of events in a row the last one wins.

    A control that a handler sets (not only the visitor) has to come in by its `input` event, or
    every answer would be given twice.
    """
    gr.on(
        triggers,
        handler,
        inputs,
        outputs,
        trigger_mode="always_last",
        concurrency_limit=_UI_LIMIT,
        show_progress="hidden",
        api_visibility="private",
    )


def waiting(
    service: Service, model: object, locale: str, work: Callable[[], T]
) -> Iterator[str | T]:
    """Run `work` beside and yield what it waits for, as HTML, then its value.

    Raises what `work` raises.
    """
    job = service.beside(work)
    while True:
        try:
            yield job.result(timeout=_PATIENCE_S)
            return
        except NotYet:
            yield answer_view.note(model_progress(service.engine, model, locale), "busy")


def model_progress(engine: Engine, model: object, locale: str) -> str:
    """What an answer waits for: the download, the loading or the work of its model."""
    if not isinstance(model, str):
        return translate("working", locale)
    status = engine.status(model)
    size = answer_view.megabytes(engine.size_bytes(model))
    if status.stage == "downloading":
        percent = round(100 * (status.fraction or 0))
        return translate("downloading_model", locale, name=model, size=size, percent=percent)
    if status.stage == "loading":
        return translate("loading_model", locale, name=model, size=size)
    return translate("working", locale)


def sentence(error: DemoError, locale: str) -> str:
    """The error where the answer would stand."""
    return answer_view.note(translate(error.key, locale, **error.fields), "warn")


def needed(image: str | None) -> str:
    """The path of a picture that an endpoint cannot do without. Raises DemoError."""
    if image is None:
        raise DemoError("no_picture")
    return image


def default(context: Context, task: str) -> str:
    """The name of the model that the page opens on, empty where none is present."""
    return context.service.engine.default(task) if context.service.names(task) else ""


def hidden() -> gr.Column:
    """A place for the components of an endpoint that the page does not show."""
    return gr.Column(visible=False)
