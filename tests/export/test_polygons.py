"""Masks in files: what COCO's tools, ultralytics' label reader and PNG readers make of them."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from faster_coco_eval import COCO

from demo.export import formats
from demo.export.files import DetectQuery, detection_files
from demo.export.polygons import coco_segmentation, label_map, mask_rows, yolo_segment_lines
from demo.results import Detections
from tests.support.masks import blobs, segments

LABELS = ("cat", "dog")
PIXELS = blobs(8, (320, 240))
FOUND = segments(PIXELS, LABELS)
PLAIN = Detections.empty(LABELS, (320, 240))


def read_coco(folder: Path, data: dict[str, Any]) -> Any:
    path = folder / "coco.json"
    path.write_text(formats.to_json(data), "utf-8")
    return COCO(str(path))


@pytest.mark.parametrize("outline", [None, coco_segmentation], ids=["rle", "polygons"])
def test_coco_has_the_same_areas_within_a_percent(tmp_path: Path, outline: Any) -> None:
    data = read_coco(tmp_path, formats.coco(FOUND, "x.jpg", outline))
    annotations = data.loadAnns(list(range(1, 9)))
    for pixels, annotation in zip(PIXELS, annotations, strict=True):
        read = data.annToMask(annotation).astype(bool)
        assert annotation["area"] == pixels.sum()
        assert read.sum() == pytest.approx(pixels.sum(), rel=0.01)
        assert (read & pixels).sum() >= (1 if outline is None else 0.97) * (read | pixels).sum()


def test_small_masks_keep_their_area_in_polygons(tmp_path: Path) -> None:
    pixels = np.zeros((4, 20, 30), np.bool_)
    pixels[0, 5, 5] = True
    pixels[1, 5, 5:9] = True
    pixels[2, 2:12, 3:13] = True
    pixels[3, :, :] = True
    pixels[3, 8:12, 8:12] = False
    found = segments(pixels, LABELS)
    data = read_coco(tmp_path, formats.coco(found, "x.jpg", coco_segmentation))
    for one, annotation in zip(pixels, data.loadAnns([1, 2, 3, 4]), strict=True):
        assert np.array_equal(data.annToMask(annotation).astype(bool), one)


def test_json_has_area_and_polygons_of_each() -> None:
    rows = mask_rows(FOUND)
    assert [row["area"] for row in rows] == PIXELS.sum(axis=(1, 2)).tolist()
    first: Any = rows[0]["polygons"]
    assert all(len(corner) == 2 for ring in first for corner in ring)
    assert json.loads(formats.to_json({"boxes": rows}))["boxes"][0]["polygons"] == first
    with pytest.raises(ValueError, match="with masks"):
        mask_rows(PLAIN)


def test_yolo_lines_are_one_polygon_each_and_read_by_ultralytics(tmp_path: Path) -> None:
    from demo.models.ultralytics import tasks

    tasks()
    from ultralytics.data.utils import verify_image_label

    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    image, label = tmp_path / "images" / "x.png", tmp_path / "labels" / "x.txt"
    cv2.imwrite(str(image), np.zeros((240, 320, 3), np.uint8))
    label.write_text(formats.yolo_txt(FOUND), "utf-8")
    arguments = (str(image), str(label), "", False, 2, 0, 0, False)
    _, boxes, shape, polygons, _, _, _, _, corrupt, message = verify_image_label(arguments)
    assert (corrupt, message, shape) == (0, "", (240, 320))
    assert boxes[:, 0].astype(int).tolist() == FOUND.class_ids.tolist()
    for pixels, polygon in zip(PIXELS, polygons, strict=True):
        drawn = np.zeros((240, 320), np.uint8)
        corners = (polygon * (320, 240) * 16 - 8).round().astype(np.int32)
        cv2.fillPoly(drawn, [corners], 1, shift=4)
        assert (drawn.astype(bool) & pixels).sum() >= 0.9 * pixels.sum()


def test_yolo_leaves_empty_masks_out() -> None:
    found = segments(np.zeros((1, 4, 4), np.bool_), LABELS)
    assert found.masks is not None
    assert yolo_segment_lines(found.masks.runs(), found.class_ids) == []


def test_csv_has_the_area_last() -> None:
    rows = list(csv.DictReader(io.StringIO(formats.detections_csv(FOUND))))
    assert [int(row["area"]) for row in rows] == PIXELS.sum(axis=(1, 2)).tolist()
    assert list(rows[0])[-1] == "area"
    assert "area" not in formats.detections_csv(PLAIN)


def test_labels_are_the_numbers_of_the_rows_best_on_top() -> None:
    labels = label_map(FOUND)
    assert labels.dtype == np.uint8
    assert np.array_equal(labels == 1, PIXELS[0])
    assert np.array_equal(labels == 2, PIXELS[1] & ~PIXELS[0])
    assert np.array_equal(labels == 0, ~PIXELS.any(axis=0))
    many = segments(np.ones((300, 2, 2), np.bool_), LABELS)
    assert label_map(many).dtype == np.uint16
    assert (label_map(many) == 1).all()
    with pytest.raises(ValueError, match="with masks"):
        label_map(PLAIN)


def test_the_files_of_an_answer_with_masks() -> None:
    query = DetectQuery(0.25, 0.7)
    facts = {"model": "mine", "boxes": []}
    files = detection_files(FOUND, facts, "http://here", query, "bus.jpg", "segment")
    by_name = {file.name: file for file in files}
    assert list(by_name) == [
        *("bus.json", "bus.csv", "bus.coco.json", "bus.coco-polygons.json", "bus.masks.png"),
        *("bus.yolo.zip", "bus.xml", "bus-http.py", "bus-local.py"),
    ]
    content = np.frombuffer(by_name["bus.masks.png"].content, np.uint8)
    read = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert np.array_equal(read, label_map(FOUND))
    assert b"/api/v1/segment" in by_name["bus-http.py"].content
    assert b"with_pixels" in by_name["bus-local.py"].content
    with zipfile.ZipFile(io.BytesIO(by_name["bus.yolo.zip"].content)) as archive:
        assert len(archive.read("labels/bus.txt").splitlines()) == len(FOUND)
    polygons = json.loads(by_name["bus.coco-polygons.json"].content)["annotations"]
    assert all(isinstance(one["segmentation"], list) for one in polygons)
