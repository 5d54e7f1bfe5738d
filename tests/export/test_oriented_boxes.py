"""Turned boxes in files: what COCO's tools and ultralytics' label reader make of them."""

import csv
import io
import json
import math
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from faster_coco_eval import COCO

from demo.export import formats, oriented_boxes
from demo.export.files import DetectQuery, detection_files
from demo.geometry.rotated_boxes import corners
from tests.support.turned import turned

FOUND = turned(
    [[100, 80, 60, 20, 0.5], [200, 150, 30, 70, -0.4], [0, 10, 40, 20, 0.3]], class_ids=[0, 1, 1]
)
"""The last one leaves the picture."""


def test_yolo_lines_are_read_by_ultralytics(tmp_path: Path) -> None:
    from demo.models.ultralytics import tasks

    tasks()
    from ultralytics.data.utils import verify_image_label
    from ultralytics.utils.ops import xyxyxyxy2xywhr

    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    image, label = tmp_path / "images" / "x.png", tmp_path / "labels" / "x.txt"
    cv2.imwrite(str(image), np.zeros((240, 320, 3), np.uint8))
    label.write_text("".join(oriented_boxes.yolo_obb_lines(FOUND)), "utf-8")
    assert [len(line.split()) for line in label.read_text("utf-8").splitlines()] == [9] * 3
    arguments = (str(image), str(label), "", False, 2, 0, 0, False)
    _, boxes, shape, polygons, _, _, _, _, corrupt, message = verify_image_label(arguments)
    assert (corrupt, message, shape) == (0, "", (240, 320))
    assert boxes[:, 0].astype(int).tolist() == [0, 1, 1]
    points = np.stack(polygons) * (320, 240)
    np.testing.assert_allclose(points[:2], corners(FOUND.xywhr)[:2], atol=1e-2)
    read = xyxyxyxy2xywhr(points[:1].reshape(1, 8).astype(np.float32))[0]
    assert float(read[2] * read[3]) == pytest.approx(60 * 20, rel=0.01)


def test_coco_has_the_corners_as_polygons(tmp_path: Path) -> None:
    path = tmp_path / "coco.json"
    path.write_text(formats.to_json(oriented_boxes.coco_polygons(FOUND, "x.jpg")), "utf-8")
    data = COCO(str(path))
    one, other, cut = data.loadAnns([1, 2, 3])
    assert one["area"] == pytest.approx(1200, abs=1)
    assert other["area"] == pytest.approx(2100, abs=1)
    assert int(data.annToMask(one).sum()) == pytest.approx(1200, rel=0.05)
    assert 0 < cut["area"] < 800
    assert cut["bbox"][0] == 0


def test_json_and_csv_have_place_and_angle() -> None:
    [first, *_] = oriented_boxes.oriented_rows(FOUND)
    assert first["xywhr"] == [100.0, 80.0, 60.0, 20.0, 0.5]
    points: Any = first["corners"]
    np.testing.assert_allclose(points, corners(FOUND.xywhr)[0], atol=0.051)
    rows = list(csv.DictReader(io.StringIO(oriented_boxes.written(FOUND, "x.jpg").table)))
    assert float(rows[0]["angle_degrees"]) == pytest.approx(math.degrees(0.5), abs=0.01)
    assert (rows[1]["center_x"], rows[1]["box_height"]) == ("200.00", "70.00")


def test_the_files_of_an_answer_with_turned_boxes() -> None:
    query = DetectQuery(0.25, 0.7)
    write = partial(oriented_boxes.written, FOUND)
    facts = {"model": "mine", "boxes": []}
    files = detection_files(FOUND, facts, "http://here", query, "bus.jpg", "obb", write)
    by_name = {file.name: file.content for file in files}
    assert list(by_name) == [
        *("bus.json", "bus.csv", "bus.coco.json", "bus.yolo.zip"),
        *("bus-http.py", "bus-local.py"),
    ]
    assert len(json.loads(by_name["bus.coco.json"])["annotations"][0]["segmentation"][0]) == 8
    assert b"/api/v1/obb" in by_name["bus-http.py"]
    assert b"rotated_boxes.nms(found, 0.7)" in by_name["bus-local.py"]
    compile(by_name["bus-local.py"], "script", "exec")
    with zipfile.ZipFile(io.BytesIO(by_name["bus.yolo.zip"])) as archive:
        assert len(archive.read("labels/bus.txt").splitlines()) == 3
