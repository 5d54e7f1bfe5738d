"""COCO: one JSON file about all pictures, with masks as RLE and poses as keypoints."""

from collections.abc import Mapping

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.json_list import JsonList, to_line
from demo.batch.sinks import Sink


class _Coco(Writer):
    """Numbers pictures and annotations from 1; the categories are those of the model."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._whole = export.spool()
        self._images, self._annotations = JsonList(export.spool()), JsonList(export.spool())
        self._pictures = self._boxes = 0
        labels = enumerate(export.spec.labels, 1)
        self._categories: object = [{"id": i, "name": name} for i, name in labels]

    def add(self, entry: Entry) -> None:
        """The picture and its annotations."""
        assert entry.parts.coco is not None
        data = entry.parts.coco(entry.answer.name)
        self._pictures += 1
        self._categories = data["categories"]
        for image in _rows(data, "images"):
            self._images.append({**image, "id": self._pictures})
        for annotation in _rows(data, "annotations"):
            self._boxes += 1
            numbers = {"id": self._boxes, "image_id": self._pictures}
            self._annotations.append({**annotation, **numbers})

    def finish(self) -> None:
        """Write the file."""
        whole = self._whole
        whole.write(b'{"images": ')
        self._images.finish_into(whole)
        whole.write(b', "annotations": ')
        self._annotations.finish_into(whole)
        whole.write(b', "categories": ' + to_line(self._categories) + b"}\n")
        whole.seek(0)
        self._sink.write_from("coco.json", whole)


def _rows(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    rows = data[key]
    assert isinstance(rows, list)
    return rows


FORMAT = Format("coco", 10, "batch_format_coco", lambda task: "coco" in task.data_sets, _Coco)
