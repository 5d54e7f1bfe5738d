"""The input side of Video: the upload, its first frame, and a counting line drawn on it."""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.service import examples
from demo.video.example_clip import write_example_clip
from demo.video.first_frame import FirstFrame
from demo.video.limits import VideoLimits
from demo.web.click import Click
from demo.web.components.answering import error_note
from demo.web.components.picture import PictureOut
from demo.web.components.private_files import new_folder
from demo.web.components.video import VideoIn, video_in
from demo.web.request import request_locale, to_toast
from demo.web.tab import Context
from demo.web.tabs.video.options import boxes_spec
from demo.web.tabs.video.result_area import empty_player
from demo.web.views import video as video_view


@dataclass(frozen=True, slots=True)
class InputColumn:
    """The components of the column.

    example: puts in a film on which the chosen model is worth seeing. line: the counting line as
    text, `x0,y0,x1,y1` in pixels of the video, or nothing. line_group: holds it; visible where a
    line can be counted.
    """

    video: VideoIn
    example: gr.Button
    frame: PictureOut
    line_group: gr.Group
    line: gr.Textbox


def input_column(context: Context) -> InputColumn:
    """Lay the column out; two clicks on the first frame write the line, which is drawn at once."""
    t = context.t
    video = video_in(t("your_video"), height=140, elem_id="video-file")
    example = gr.Button(t("video_example"), size="sm", elem_id="video-example")
    frame = PictureOut(
        label=t("video_frame"),
        interactive=False,
        visible=False,
        height=300,
        buttons=[],
        elem_id="video-frame",
    )
    with gr.Group(visible=False) as line_group:
        line = gr.Textbox(
            label=t("video_aim"), info=t("video_aim_how"), max_lines=1, elem_id="video-line"
        )
        remove = gr.Button(t("video_no_line"), size="sm", elem_id="video-no-line")
    remove.click(lambda: "", None, line, api_visibility="private", show_progress="hidden")
    frame.select(
        _add_point(context),
        [video, line],
        line,
        api_visibility="private",
        show_progress="hidden",
    )
    line.change(
        _draw_line(context),
        [video, line],
        frame,
        trigger_mode="always_last",
        api_visibility="private",
        show_progress="hidden",
    )
    return InputColumn(video, example, frame, line_group, line)


def show_first_frame(context: Context) -> Callable[..., tuple[object, ...]]:
    """The handler for another upload.

    It sets the first frame, the group of the line, the line, the player and the status.
    """

    def show(path: str | None, model: str, request: gr.Request) -> tuple[object, ...]:
        locale = request_locale(request)
        nothing = gr.Image(None, visible=False), gr.Group(visible=False), "", empty_player()
        if path is None:
            return *nothing, ""
        try:
            first = _first_frame(context, path)
        except DemoError as error:
            return *nothing, error_note(error, locale)
        frame = PictureOut(first.draw_line(""), visible=True)
        line_group = gr.Group(visible=boxes_spec(context, model) is not None)
        return frame, line_group, "", empty_player(), video_view.input_facts(first, locale)

    return show


def offer_example(context: Context, column: InputColumn, model: gr.Dropdown) -> None:
    """Connect the button of the example: a slow pan over an example picture of the model."""

    def example(name: str | None, request: gr.Request) -> str:
        service = context.service
        try:
            spec = service.engine.spec(name) if name else None
            photo = decode(examples.film_picture(spec).read_bytes(), Limits.of(service.settings))
            target = new_folder(str(service.uploads.folder)) / "example.mp4"
            write_example_clip(photo.rgb, target)
        except DemoError as error:
            raise to_toast(error, request) from None
        return str(target)

    column.example.click(example, model, column.video, api_visibility="private")


def _first_frame(context: Context, path: str) -> FirstFrame:
    """Raises DemoError for an upload that is gone or cannot be used."""
    service = context.service
    return FirstFrame.of(service.uploads.touch(path), VideoLimits.of(service.settings))


def _add_point(context: Context) -> Callable[..., object]:
    def click(path: str | None, text: str | None, event: Click) -> object:
        try:
            return _first_frame(context, path or "").add_click(text or "", event.place)
        except DemoError:  # the upload is gone, or this is not a click
            return gr.skip()

    return click


def _draw_line(context: Context) -> Callable[..., object]:
    def draw(path: str | None, text: str | None) -> object:
        try:
            return _first_frame(context, path or "").draw_line(text or "")
        except DemoError:  # reported when the video was uploaded
            return gr.skip()

    return draw
