"""File formats of results: JSON, CSV, COCO, YOLO and Pascal VOC."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from demo.export.polygons import yolo_segment_lines
from demo.export.rounding import steps_inside
from demo.export.spreadsheets import cell, csv_text
from demo.geometry.boxes import area, clip, xyxy_to_xywh
from demo.results import Detections, RunLengths, Scores

_HUNDREDTHS = (100.0, 100.0)
"""Steps a pixel of the formats in pixels."""
_MILLION = 1_000_000
"""Steps of a side in YOLO's format, which is relative to the picture."""
_INVALID_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(answer: Mapping[str, object]) -> str:
    """Indented JSON with non-ASCII characters unescaped. Raises ValueError for NaN."""
    return json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def detections_csv(
    found: Detections, columns: Sequence[str] = (), cells: Sequence[Sequence[object]] = ()
) -> str:
    """CSV with one row a box: label, class id, score, corners and size in pixels of the upload.

    Where there are masks, the last column is the area of each, pixels.

    Args:
        found: the boxes.
        columns: heads of further columns.
        cells: of these columns, a row a box.
    """
    head = ("label", "class_id", "score", "x0", "y0", "x1", "y1", "width", "height")
    sides = xyxy_to_xywh(found.xyxy)[:, 2:]
    numbers = np.concatenate([found.xyxy, sides], axis=1).tolist()
    rows = [
        (cell(found.labels[i]), i, f"{score:.4f}", *(f"{v:.2f}" for v in row))
        for i, score, row in zip(
            found.class_ids.tolist(), found.scores.tolist(), numbers, strict=True
        )
    ]
    if found.masks is not None:
        columns, cells = ("area",), [[area] for area in found.masks.runs().areas().tolist()]
    if not columns:
        return csv_text(head, *rows)
    names = (cell(column) for column in columns)
    wider = ((*row, *more) for row, more in zip(rows, cells, strict=True))
    return csv_text((*head, *names), *wider)


def scores_csv(scores: Scores) -> str:
    """CSV with one row a label, best first: label, score 0–1."""
    best_first = scores.top(len(scores.labels))
    return csv_text(("label", "score"), *((cell(label), f"{p:.6f}") for label, p in best_first))


def best_scores_csv(scores: Scores, count: int) -> str:
    """CSV with one row for each of the best labels: label, score 0–1, and whether it is known.

    known is 0 where the picture is probably none of the labels.
    """
    known = int(scores.known)
    rows = ((cell(label), f"{p:.6f}", known) for label, p in scores.top(count))
    return csv_text(("label", "score", "known"), *rows)


def coco(
    found: Detections, file_name: str, outline: Callable[[RunLengths, int], object] | None = None
) -> dict[str, object]:
    """The boxes as a COCO data set of one picture (https://cocodataset.org/#format-data).

    Ids start at 1, so category = class id + 1. bbox is left, top, width, height in pixels, inside
    the picture and at least 0.01 wide and high; masks are uncompressed RLE in column order, or what
    `outline` gives for each. The area of a mask is that of its pixels.
    """
    width, height = found.size_wh
    categories = [{"id": i, "name": name} for i, name in enumerate(found.labels, 1)]
    image = {"id": 1, "file_name": file_name, "width": width, "height": height}
    bboxes = xyxy_to_xywh(steps_inside(found.xyxy, _HUNDREDTHS, found.size_wh)) / 100
    areas = area(clip(found.xyxy.astype(np.float64), found.size_wh))
    rows = zip(bboxes.tolist(), areas.tolist(), strict=True)
    annotations = [_annotation(found, i, *row) for i, row in enumerate(rows)]
    if found.masks is not None:
        masks, outline = found.masks.runs(), outline or _rle
        for i, annotation in enumerate(annotations):
            annotation["segmentation"] = outline(masks, i)
            annotation["area"] = int(masks.counts[i][1::2].sum())
    return {"images": [image], "annotations": annotations, "categories": categories}


def yolo_txt(found: Detections) -> str:
    """One line a box: class id; centre x, y, width, height relative to the picture, 0–1.

    Where there are masks, a line is the class id and the polygon of a mask.
    """
    if found.masks is not None:
        return "".join(yolo_segment_lines(found.masks.runs(), found.class_ids))
    return "".join(yolo_lines(found.xyxy, found.class_ids, found.size_wh))


def yolo_lines(
    xyxy: NDArray[np.floating], class_ids: NDArray[np.int64], size_wh: tuple[int, int]
) -> list[str]:
    """A line a box: class id; centre x, y, width, height relative to the picture, 0–1.

    xyxy: N×4 corners in pixels of a picture of `size_wh`. Edges are rounded to a millionth of the
    side, inside the picture and at least one apart. A centre between two of them has a seventh
    decimal: rounded off, centre ± half the width would be beyond the picture.
    """
    width, height = size_wh
    edges = steps_inside(xyxy, (_MILLION / width, _MILLION / height), size_wh)
    doubled, sides = edges[:, :2] + edges[:, 2:], edges[:, 2:] - edges[:, :2]
    rows = zip(class_ids.tolist(), doubled.tolist(), sides.tolist(), strict=True)
    return [
        f"{i} {_half(x)} {_half(y)} {w / _MILLION:.6f} {h / _MILLION:.6f}\n"
        for i, (x, y), (w, h) in rows
    ]


def yolo_zip(found: Detections, stem: str, lines: str | None = None, yaml: str = "") -> bytes:
    """A ZIP in ultralytics' layout: `data.yaml` with the class names, and `labels/<stem>.txt`.

    Args:
        found: the boxes.
        stem: of the picture's own file, letter for letter, since trainers find the labels by it.
        lines: the labels, in place of `yolo_txt`.
        yaml: what `data.yaml` says besides.
    """
    data = yolo_yaml(found.labels) + yaml
    text = yolo_txt(found) if lines is None else lines
    return _zip({"data.yaml": data, f"labels/{stem}.txt": text})


def yolo_yaml(labels: Sequence[str]) -> str:
    """A `data.yaml` of ultralytics with the class names, for pictures in `images` beside it.

    It has no `path`: ultralytics takes a relative one from the folder in which it is run.
    """
    names = "".join(f"  {i}: {_yaml(name)}\n" for i, name in enumerate(labels))
    return f"train: images\nval: images\nnames:\n{names}"


def voc_zip(found: Detections, file_name: str, stem: str) -> bytes:
    """A ZIP in VOC's layout: `Annotations/<stem>.xml`, see `voc_xml` and `yolo_zip`."""
    return _zip({f"Annotations/{stem}.xml": voc_xml(found, file_name)})


def voc_xml(found: Detections, file_name: str) -> str:
    """The boxes as a Pascal VOC annotation (VOC2012 development kit, section 10).

    Corners are integer pixels, counted from 1, both inclusive: a box as wide as a picture of 640
    pixels goes from 1 to 640. Characters that are invalid in XML become U+FFFD.
    """
    width, height = found.size_wh
    root = ElementTree.Element("annotation")
    _elements(root, filename=file_name)
    size = ElementTree.SubElement(root, "size")
    _elements(size, width=width, height=height, depth=3)
    _elements(root, segmented=0)
    for xyxy, class_id in zip(_voc_pixels(found), found.class_ids.tolist(), strict=True):
        entry = ElementTree.SubElement(root, "object")
        name = found.labels[class_id]
        _elements(entry, name=name, pose="Unspecified", truncated=0, difficult=0)
        x0, y0, x1, y1 = xyxy
        box = ElementTree.SubElement(entry, "bndbox")
        _elements(box, xmin=x0, ymin=y0, xmax=x1, ymax=y1)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _zip(texts: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            # ZipInfo's fixed date keeps equal answers equal files.
            archive.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _half(doubled: float) -> str:
    """Half of so many millionths."""
    text = f"{doubled / (2 * _MILLION):.7f}"
    return text if doubled % 2 else text[:-1]


def _annotation(found: Detections, i: int, xywh: list[float], size: float) -> dict[str, object]:
    return {
        "id": i + 1,
        "image_id": 1,
        "category_id": int(found.class_ids[i]) + 1,
        "bbox": xywh,
        "area": round(size, 2),
        "score": round(float(found.scores[i]), 6),
        "iscrowd": 0,
    }


def _rle(masks: RunLengths, i: int) -> dict[str, list[int]]:
    """COCO's uncompressed RLE: run lengths in column order; the first run counts zeros."""
    return {"size": list(masks.size_wh[::-1]), "counts": masks.counts[i].tolist()}


def _yaml(name: str) -> str:
    """A double-quoted YAML 1.1 scalar; unprintable characters are escaped."""
    plain = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in name)
    return f'"{"".join(plain)}"'


def _voc_pixels(found: Detections) -> list[list[int]]:
    inside = clip(found.xyxy, found.size_wh)
    # Of a box within a pixel the rounded corners may be those of the next one.
    last = np.ceil(inside[:, 2:]) - 1
    low = np.minimum(np.rint(inside[:, :2]), last.clip(0)) + 1
    high = np.maximum(np.rint(inside[:, 2:]), low)
    rows: list[list[int]] = np.concatenate([low, high], axis=1).astype(np.int64).tolist()
    return rows


def _elements(parent: ElementTree.Element, **values: object) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = _INVALID_XML.sub("\ufffd", str(value))
