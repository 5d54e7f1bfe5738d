"""The film that comes in: an upload stays an untouched file, of which the first frame is shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from demo.errors import DemoError
from demo.images.decode import decode
from demo.images.limits import Limits
from demo.service import examples
from demo.video.example_clip import write_example_clip
from demo.video.first_frame import FirstFrame
from demo.video.limits import VideoLimits
from demo.web.components.picture import PictureOut, UploadOnly, place
from demo.web.components.shared import sentence
from demo.web.tab import Context, request_locale
from demo.web.tabs.video.run_view import EMPTY
from demo.web.views import video as video_view

_QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


class Upload(UploadOnly, FileData):
    """An uploaded film."""


class FilmIn(gr.File):
    """An input whose handlers get the path of the uploaded file, untouched, or None.

    Gradio's video component would hand it to an FFmpeg of the machine, which opens whatever a
    playlist names; its file component leaves an empty file behind at each call.
    """

    def get_block_name(self) -> str:
        """The front end's component."""
        return "file"

    def preprocess(self, payload: Any) -> str | None:
        """Pass the path on; `demo.service.service` checks that it lies in the private folder."""
        return None if payload is None else str(payload.path)

    def postprocess(self, value: Any) -> FileData | None:
        """A path of a file that stands in the private folder."""
        return None if value is None else _told(value)


def film_in(**options: Any) -> FilmIn:
    """An input for a film. The parent sets its data model itself, so that it is set again."""
    made = FilmIn(**options)
    made.data_model = Upload
    return made


class FilmOut(gr.Video):
    """An output of an endpoint: the path of an MP4 in the private folder, sent as it is."""

    def get_block_name(self) -> str:
        """The front end's component."""
        return "video"

    def postprocess(self, value: Any) -> FileData | None:
        """No conversion: every browser plays what `demo.video` writes."""
        return None if value is None else _told(value)


def _told(value: str | Path) -> FileData:
    path = Path(value)
    return FileData(path=str(path), orig_name=path.name, size=path.stat().st_size)


@dataclass(frozen=True, slots=True)
class Column:
    """The input film, its first frame, and the counting line as text: `x0,y0,x1,y1` or nothing."""

    film: FilmIn
    frame: PictureOut
    aim: gr.Group
    line: gr.Textbox


def film_column(context: Context) -> Column:
    """Lay it out; two clicks on the first frame write the line, which is drawn at once."""
    t = context.t
    film = film_in(label=t("your_video"), height=140, elem_id="video-film")
    example = gr.Button(t("video_example"), size="sm", elem_id="video-example")
    frame = PictureOut(
        label=t("video_frame"),
        interactive=False,
        visible=False,
        height=300,
        buttons=[],
        elem_id="video-frame",
    )
    with gr.Group(visible=False) as aim:
        line = gr.Textbox(
            label=t("video_aim"), info=t("video_aim_how"), max_lines=1, elem_id="video-line"
        )
        away = gr.Button(t("video_no_line"), size="sm", elem_id="video-no-line")
    example.click(_example(context), None, film, api_visibility="private")
    away.click(lambda: "", None, line, **_QUIET)
    frame.select(_click(context), [film, line], line, **_QUIET)
    line.change(_draw(context), [film, line], frame, trigger_mode="always_last", **_QUIET)
    return Column(film, frame, aim, line)


def first(context: Context, path: str) -> FirstFrame:
    """The first frame of an upload. Raises DemoError for one that is gone or will not do."""
    service = context.service
    return FirstFrame.of(service.uploads.touch(path), VideoLimits.of(service.settings))


def detects(context: Context, model: object) -> bool:
    """Whether a model finds boxes, which can be tracked and counted."""
    try:
        context.service.spec(model, "detect")
    except DemoError:
        return False
    return True


def opened(context: Context) -> Any:
    """What a new film changes: the first frame, the line's place, the line, the words."""

    def show(path: str | None, model: str, request: gr.Request) -> tuple[Any, ...]:
        locale = request_locale(request)
        nothing = gr.Image(None, visible=False), gr.Group(visible=False), "", EMPTY
        if path is None:
            return *nothing, ""
        try:
            film = first(context, path)
        except DemoError as error:
            return *nothing, sentence(error, locale)
        frame = PictureOut(film.aimed(""), visible=True)
        aim = gr.Group(visible=detects(context, model))
        return frame, aim, "", EMPTY, video_view.input_facts(film, locale)

    return show


def _click(context: Context) -> Any:
    def click(path: str | None, text: str | None, event: gr.SelectData) -> Any:
        try:
            x, y = event.index
            return first(context, path or "").clicked(text or "", (float(x), float(y)))
        except (DemoError, TypeError, ValueError):  # the film is gone, or this is no click
            return gr.skip()

    return click


def _draw(context: Context) -> Any:
    def draw(path: str | None, text: str | None) -> Any:
        try:
            return first(context, path or "").aimed(text or "")
        except DemoError:  # told where the film came in
            return gr.skip()

    return draw


def _example(context: Context) -> Any:
    def example() -> str:
        service = context.service
        photo = decode(examples.paths()[0].read_bytes(), Limits.of(service.settings))
        goal = place(str(service.uploads.folder)) / "example.mp4"
        write_example_clip(photo.rgb, goal)
        return str(goal)

    return example
