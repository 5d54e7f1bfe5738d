"""The input picture of a tab, with examples under it."""

from typing import cast

import gradio as gr

from demo.errors import DemoError
from demo.images.file_types import SHOWN_BY_BROWSERS
from demo.service import examples
from demo.web.components.picture import PictureIn, ShownAs
from demo.web.components.shared_picture import share_picture
from demo.web.components.uploads import given_name
from demo.web.tab import Context

_JS_TAKE_PREVIEW = "(shown, of, own) => shown && own?.path === of ? shown : undefined"


def picture_input(context: Context, name: str) -> PictureIn:
    """Lay out upload, clipboard and webcam with the examples; `name` makes the ids unique."""
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
    gr.Examples(
        [[str(path)] for path in examples.paths()],
        inputs=[picture],
        label=context.t("examples"),
        elem_id=f"{name}-examples",
        api_visibility="private",
    )
    _show_what_browsers_cannot(context, picture)
    return picture


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
