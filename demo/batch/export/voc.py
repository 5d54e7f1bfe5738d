"""Pascal VOC: pictures, annotations and lists of them, in the folders of VOC2012."""

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.picture_file import put_jpeg
from demo.batch.sinks import Sink

_LISTS = ("train", "val", "trainval")


class _Voc(Writer):
    """Readers take the pictures as JPEG files, and the stems from a list."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._stems: list[str] = []

    def add(self, entry: Entry) -> None:
        """The picture and its annotation."""
        assert entry.parts.voc is not None
        name = put_jpeg(entry, "JPEGImages", self._sink)
        self._sink.write(f"Annotations/{entry.stem}.xml", entry.parts.voc(name).encode())
        self._stems.append(entry.stem)

    def finish(self) -> None:
        """Write the lists: every picture is in each of them."""
        lines = "".join(f"{stem}\n" for stem in self._stems).encode()
        for name in _LISTS:
            self._sink.write(f"ImageSets/Main/{name}.txt", lines)


FORMAT = Format("voc", 30, "batch_format_voc", lambda task: "voc" in task.data_sets, _Voc)
