"""File formats of results: JSON, CSV, COCO, YOLO and Pascal VOC."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from demo.geometry.boxes import area, clip, xyxy_to_cxcywhn, xyxy_to_xywh
from demo.results import Detections, Scores

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets evaluate a cell that starts so (OWASP, CSV injection)."""
_INVALID_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(answer: Mapping[str, object]) -> str:
    """Indented JSON with non-ASCII characters unescaped. Raises ValueError for NaN."""
    return json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def detections_csv(found: Detections) -> str:
    """CSV with one row a box: label, class id, score, corners and size in pixels of the upload."""
    head = ("label", "class_id", "score", "x0", "y0", "x1", "y1", "width", "height")
    sides = xyxy_to_xywh(found.xyxy)[:, 2:]
    numbers = np.concatenate([found.xyxy, sides], axis=1).tolist()
    rows = (
        (_cell(found.labels[i]), i, f"{score:.4f}", *(f"{v:.2f}" for v in row))
        for i, score, row in zip(
            found.class_ids.tolist(), found.scores.tolist(), numbers, strict=True
        )
    )
    return _csv(head, rows)


def scores_csv(scores: Scores) -> str:
    """CSV with one row a label, best first: label, score 0–1."""
    best_first = scores.top(len(scores.labels))
    return _csv(("label", "score"), ((_cell(label), f"{p:.6f}") for label, p in best_first))


def coco(found: Detections, file_name: str) -> dict[str, object]:
    """The boxes as a COCO data set of one picture (https://cocodataset.org/#format-data).

    Ids start at 1, so category = class id + 1. bbox is left, top, width, height in pixels; masks
    are uncompressed RLE in column order.
    """
    width, height = found.size_wh
    categories = [{"id": i, "name": name} for i, name in enumerate(found.labels, 1)]
    image = {"id": 1, "file_name": file_name, "width": width, "height": height}
    xyxy = found.xyxy.astype(np.float64)
    rows = zip(xyxy_to_xywh(xyxy).tolist(), area(xyxy).tolist(), strict=True)
    annotations = [_annotation(found, i, *row) for i, row in enumerate(rows)]
    return {"images": [image], "annotations": annotations, "categories": categories}


def yolo_txt(found: Detections) -> str:
    """One line a box: class id; centre x, y, width, height relative to the picture, 0–1."""
    inside = clip(found.xyxy.astype(np.float64), found.size_wh)
    rows = xyxy_to_cxcywhn(inside, found.size_wh).tolist()
    return "".join(
        f"{i} " + " ".join(f"{v:.6f}" for v in row) + "\n"
        for i, row in zip(found.class_ids.tolist(), rows, strict=True)
    )


def yolo_zip(found: Detections, base: str) -> bytes:
    """A ZIP in ultralytics' layout: `labels/<base>.txt` and `data.yaml` with the class names."""
    names = "".join(f"  {i}: {_yaml(name)}\n" for i, name in enumerate(found.labels))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("data.yaml", f"path: .\ntrain: images\nval: images\nnames:\n{names}"),
            (f"labels/{base}.txt", yolo_txt(found)),
        ):
            # ZipInfo's fixed date keeps equal answers equal files.
            archive.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


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


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _cell(label: str) -> str:
    formula = label.startswith(_FORMULA_STARTS) or label.lstrip().startswith(_FORMULA_STARTS)
    return f"'{label}" if formula else label


def _annotation(found: Detections, i: int, xywh: list[float], size: float) -> dict[str, object]:
    annotation: dict[str, object] = {
        "id": i + 1,
        "image_id": 1,
        "category_id": int(found.class_ids[i]) + 1,
        "bbox": [round(v, 2) for v in xywh],
        "area": round(size, 2),
        "score": round(float(found.scores[i]), 6),
        "iscrowd": 0,
    }
    if found.masks is not None:
        annotation["segmentation"] = _rle(found.masks[i])
        annotation["area"] = int(found.masks[i].sum())
    return annotation


def _rle(mask: NDArray[np.bool_]) -> dict[str, list[int]]:
    """COCO's uncompressed RLE: run lengths in column order; the first run counts zeros."""
    flat = mask.ravel(order="F")
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = [*([0] if flat[0] else []), 0, *ends.tolist(), flat.size]
    return {"size": list(mask.shape), "counts": np.diff(edges).tolist()}


def _yaml(name: str) -> str:
    """A double-quoted YAML 1.1 scalar; unprintable characters are escaped."""
    plain = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in name)
    return f'"{"".join(plain)}"'


def _voc_pixels(found: Detections) -> list[list[int]]:
    pixels = np.rint(clip(found.xyxy, found.size_wh)).astype(np.int64)
    low = np.minimum(pixels[:, :2] + 1, found.size_wh)
    rows: list[list[int]] = np.concatenate([low, np.maximum(pixels[:, 2:], low)], axis=1).tolist()
    return rows


def _elements(parent: ElementTree.Element, **values: object) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = _INVALID_XML.sub("\ufffd", str(value))
