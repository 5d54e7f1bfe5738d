"""YOLO: pictures, label files and the data.yaml from which ultralytics trains as it is."""

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.picture_file import put_any
from demo.batch.sinks import Sink
from demo.export.formats import yolo_yaml


class _Yolo(Writer):
    """Label files have the stem of their picture; one of a picture without boxes is empty."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._yaml = yolo_yaml(export.spec.labels)
        self._more = ""

    def add(self, entry: Entry) -> None:
        """The picture and its label file."""
        assert entry.parts.yolo is not None
        put_any(entry, "images", self._sink)
        self._sink.write(f"labels/{entry.stem}.txt", entry.parts.yolo().encode())
        self._more = entry.parts.yolo_yaml

    def finish(self) -> None:
        """Write data.yaml."""
        self._sink.write("data.yaml", (self._yaml + self._more).encode())


FORMAT = Format("yolo", 20, "batch_format_yolo", lambda task: "yolo" in task.data_sets, _Yolo)
