"""The input picture of a tab, with examples under it."""

from typing import cast

import gradio as gr

from demo.errors import DemoError
from demo.images.file_types import SHOWN_BY_BROWSERS
from demo.service import examples
from demo.web.components.batches.strip import batch_opener
from demo.web.components.model_picker import default_model
from demo.web.components.picture import PictureIn, ShownAs
from demo.web.components.shared_picture import share_picture
from demo.web.components.uploads import given_name
from demo.web.tab import Context, Files

_JS_TAKE_PREVIEW = "(shown, of, own) => shown && own?.path === of ? shown : undefined"


def picture_input(context: Context, name: str, task: str = "") -> PictureIn:
    """Lay out upload, clipboard and webcam with the examples.

    Args:
        context: gives the service.
        name: the prefix of the elements' ids.
        task: the task whose models have examples of their own, see `follow_model`, and answer about
            several pictures at once; none for the page's common ones.
    """
    picture = PictureIn(
        sources=["upload", "clipboard", "webcam"],
        label=context.t("your_picture"),
        placeholder=cast(str, context.t("put_picture")),  # translated as labels are
        height=380,
        buttons=["fullscreen"],
        webcam_options=gr.WebcamOptions(mirror=False),
        elem_id=f"{name}-picture",
    )
    share_picture(context, name, picture)
    if task:
        batch_opener(context, task)
    with gr.Column(elem_id=f"{name}-examples"):
        context.examples[picture] = _examples(context, picture, task)
    _show_what_browsers_cannot(context, picture)
    return picture


def follow_model(context: Context, picture: PictureIn, model: gr.Dropdown) -> None:
    """Show under `picture` the examples on which the chosen model is worth seeing."""
    lists = context.examples[picture]

    def follow(name: str) -> list[object]:
        try:
            chosen = tuple(examples.of(context.service.engine.spec(name)))
        except DemoError:  # the answer itself reports what is wrong with the name
            return [gr.skip() for _ in lists]
        return [gr.Column(visible=files == chosen) for files in lists]

    model.change(
        follow, model, list(lists.values()), show_progress="hidden", api_visibility="private"
    )


def _examples(context: Context, picture: PictureIn, task: str) -> dict[Files, gr.Column]:
    """A row of examples for each group of models that have the same; that of the default shows."""
    engine = context.service.engine
    specs = [engine.spec(row["name"]) for row in engine.models() if row["task"] == task]
    # The common ones too: they belong to the owner's own models, which may come later.
    groups = dict.fromkeys([*(tuple(examples.of(one)) for one in specs), tuple(examples.paths())])
    default = default_model(context, task)
    first = tuple(examples.of(engine.spec(default) if default else None))
    return {files: _row(context, picture, files, files == first) for files in groups}


def _row(context: Context, picture: PictureIn, files: Files, visible: bool) -> gr.Column:
    column = gr.Column(visible=visible)
    with column:
        gr.Examples(
            [[str(path)] for path in files],
            inputs=[picture],
            label=context.t("examples"),
            api_visibility="private",
        )
    return column


def _show_what_browsers_cannot(context: Context, picture: PictureIn) -> None:
    """Show pictures in formats that browsers cannot decode, such as TIFF, as PNG."""
    undisplayable = gr.State(None)

    def check(path: str | None) -> str | None:
        """The path if browsers cannot show its format; the answer reports all other faults."""
        if path is None:
            return None
        try:
            decoded, _ = context.service.open(path)
        except DemoError:
            return None
        return None if decoded.format in SHOWN_BY_BROWSERS else path

    def preview(path: str | None) -> tuple[ShownAs | None, str]:
        if path is None:
            return None, ""
        return ShownAs(context.service.open(path)[0].rgb, given_name(path)), path

    # By way of a state: an event whose output is the picture itself would count as a new upload.
    picture.upload(check, picture, undisplayable, api_visibility="private", show_progress="hidden")
    # The browser takes the preview: there may be another picture meanwhile.
    shown, of = PictureIn(visible=False), gr.Textbox(visible=False)
    undisplayable.change(
        preview, undisplayable, [shown, of], api_visibility="private", show_progress="hidden"
    ).success(None, [shown, of, picture], picture, js=_JS_TAKE_PREVIEW, api_visibility="private")
