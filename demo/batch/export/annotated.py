"""Annotated pictures: the answers drawn on them, as JPEG."""

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.sinks import Sink
from demo.images.encode import encode_jpeg
from demo.labels.names import localized


class _Annotated(Writer):
    """Draws as the page does, and where that draws nothing, as a video does."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._export = export
        self._sink = sink

    def add(self, entry: Entry) -> None:
        """Decode the picture once more and draw on it."""
        task, query = self._export.task, self._export.query
        shown = localized(entry.result, self._export.locale)
        drawn = task.draw(entry.rgb(), shown, query)
        if drawn is None:
            drawn = task.draw_frame(entry.rgb(), shown)
        self._sink.write(f"annotated/{entry.stem}.jpg", encode_jpeg(drawn))

    def finish(self) -> None:
        """Nothing is about all pictures."""


FORMAT = Format(
    "annotated",
    60,
    "batch_format_annotated",
    lambda task: task.takes_pictures and (task.draws or task.streams),
    _Annotated,
)
