"""Video components: uploads stay untouched files, answers are sent as they are."""

from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from demo.web.components.uploads import UploadedPath, UploadOnly
from demo.web.tab import Label


class Upload(UploadOnly, FileData):
    """An uploaded video."""


class VideoIn(gr.File):
    """An input whose handlers get the path of the uploaded file, untouched, or None.

    Gradio's video component would pass it to the machine's FFmpeg, which opens every address that
    a playlist names; its file component leaves an empty file behind at each call.
    """

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "file"

    def preprocess(self, payload: FileData | ListFiles | None) -> UploadedPath | None:
        """Return the path; `demo.service.service` checks that it lies in the private folder."""
        assert not isinstance(payload, ListFiles), "one file, since file_count is single"
        return None if payload is None else UploadedPath.of(payload)

    def postprocess(self, value: object) -> FileData | None:
        """Show a file of the private folder."""
        return None if value is None else _file_data(value)


class VideoOut(gr.Video):
    """An output of an endpoint: the path of an MP4 in the private folder, sent as it is."""

    def get_block_name(self) -> str:
        """Name of the front end's component."""
        return "video"

    def postprocess(self, value: object) -> FileData | None:
        """Skip Gradio's conversion: every browser plays what `demo.video` writes."""
        return None if value is None else _file_data(value)


def video_in(label: Label, height: int | None = None, elem_id: str | None = None) -> VideoIn:
    """A `VideoIn` that refuses everything but uploads."""
    made = VideoIn(label=label, height=height, elem_id=elem_id)
    made.data_model = Upload  # gr.File's constructor has set its own
    return made


def _file_data(value: object) -> FileData:
    path = Path(str(value))
    return FileData(path=str(path), orig_name=path.name, size=path.stat().st_size)
