"""COCO: one JSON file about all pictures, with masks as RLE and poses as keypoints."""

import json
import shutil
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile

from demo.batch.export.base import Entry, Export, Format, Writer
from demo.batch.export.spool import spool
from demo.batch.sinks import Sink


class _Coco(Writer):
    """Numbers pictures and annotations from 1; the categories are those of the model."""

    def __init__(self, export: Export, sink: Sink) -> None:
        self._sink = sink
        self._images, self._annotations = spool(), spool()
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
            _append(self._images, {**image, "id": self._pictures}, self._pictures == 1)
        for annotation in _rows(data, "annotations"):
            self._boxes += 1
            numbers = {"id": self._boxes, "image_id": self._pictures}
            _append(self._annotations, {**annotation, **numbers}, self._boxes == 1)

    def finish(self) -> None:
        """Write the file."""
        with self._images, self._annotations, spool() as whole:
            for head, part in (("{", self._images), (",\n", self._annotations)):
                key = "images" if part is self._images else "annotations"
                whole.write(f'{head}"{key}": [\n'.encode())
                part.seek(0)
                shutil.copyfileobj(part, whole)
                whole.write(b"\n]")
            whole.write(f',\n"categories": {_json(self._categories)}}}\n'.encode())
            whole.seek(0)
            self._sink.write_from("coco.json", whole)


def _rows(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    rows = data[key]
    assert isinstance(rows, list)
    return rows


def _append(file: "SpooledTemporaryFile[bytes]", row: Mapping[str, object], first: bool) -> None:
    file.write(("" if first else ",\n").encode() + _json(row).encode())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


FORMAT = Format("coco", 10, "batch_format_coco", lambda task: "coco" in task.data_sets, _Coco)
