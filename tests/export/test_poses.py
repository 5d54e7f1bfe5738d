"""Keypoints in files: what COCO's tools and ultralytics' label reader make of them."""

import csv
import io
import json
import zipfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from faster_coco_eval import COCO

from demo.export import formats, poses
from demo.export.files import DetectQuery, detection_files
from demo.models.coco_pose import SKELETON
from demo.results.poses import Skeleton
from tests.support.poses import persons

FOUND = persons(3, (320, 240), hidden=(0, 16))


def test_coco_reads_the_keypoints(tmp_path: Path) -> None:
    path = tmp_path / "coco.json"
    path.write_text(formats.to_json(poses.coco_keypoints(FOUND, "x.jpg")), "utf-8")
    data = COCO(str(path))
    [category] = data.loadCats([1])
    assert category["keypoints"] == list(SKELETON.names)
    assert [16, 14] in category["skeleton"]
    for one, wanted in zip(data.loadAnns([1, 2, 3]), FOUND.keypoints, strict=True):
        points = np.array(one["keypoints"]).reshape(17, 3)
        assert one["num_keypoints"] == 15
        assert points[[0, 16]].tolist() == [[0, 0, 0]] * 2
        assert (points[1:16, 2] == 2).all()
        np.testing.assert_allclose(points[1:16, :2], wanted[1:16, :2], atol=0.01)


def test_yolo_lines_are_read_by_ultralytics(tmp_path: Path) -> None:
    from demo.models.ultralytics import tasks

    tasks()
    from ultralytics.data.utils import verify_image_label

    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    image, label = tmp_path / "images" / "x.png", tmp_path / "labels" / "x.txt"
    cv2.imwrite(str(image), np.zeros((240, 320, 3), np.uint8))
    label.write_text("".join(poses.yolo_pose_lines(FOUND)), "utf-8")
    arguments = (str(image), str(label), "", True, 1, 17, 3, False)
    _, boxes, shape, _, keypoints, _, _, _, corrupt, message = verify_image_label(arguments)
    assert (corrupt, message, shape) == (0, "", (240, 320))
    assert boxes.shape == (3, 5)
    places, seen = keypoints[:, :, :2] * (320, 240), keypoints[:, :, 2]
    assert (seen[:, 1:16] == 2).all()
    assert (seen[:, [0, 16]] == 0).all()
    np.testing.assert_allclose(places[:, 1:16], FOUND.keypoints[:, 1:16, :2], atol=0.01)


def test_the_description_says_what_a_mirrored_picture_exchanges() -> None:
    from demo.models.ultralytics import tasks

    tasks()
    from ultralytics.cfg import __file__ as cfg

    facts = (Path(cfg).parent / "datasets" / "coco-pose.yaml").read_text("utf-8").splitlines()
    for line in poses.yolo_pose_yaml(SKELETON).splitlines():
        assert any(fact.startswith(line) for fact in facts), line
    own = poses.yolo_pose_yaml(Skeleton(("tip", "left", "tip")))
    assert own == "kpt_shape: [3, 3]\nflip_idx: [0, 1, 2]\n"


def test_json_and_csv_have_every_keypoint() -> None:
    [first, *_] = poses.keypoint_rows(FOUND)
    assert first[1] == {"name": "left_eye", "score": 0.9, "xy": [57.6, 16.8]}
    assert first[0]["score"] == pytest.approx(0.1)
    rows = list(csv.DictReader(io.StringIO(poses.written(FOUND, "x.jpg").table)))
    assert len(rows) == 3
    assert (rows[0]["left_eye_x"], rows[0]["left_eye_y"]) == ("57.60", "16.80")
    assert list(rows[0])[-1] == "right_ankle_score"


def test_the_files_of_an_answer_with_poses() -> None:
    query = DetectQuery(0.25, 0.7)
    write = partial(poses.written, FOUND)
    facts = {"model": "mine", "boxes": []}
    files = detection_files(FOUND, facts, "http://here", query, "bus.jpg", "pose", write)
    by_name = {file.name: file.content for file in files}
    assert list(by_name) == [
        *("bus.json", "bus.csv", "bus.coco.json", "bus.yolo.zip", "bus.xml"),
        *("bus-http.py", "bus-local.py"),
    ]
    assert json.loads(by_name["bus.coco.json"])["annotations"][0]["num_keypoints"] == 15
    assert b"/api/v1/pose" in by_name["bus-http.py"]
    assert b"keypoints" in by_name["bus-local.py"]
    compile(by_name["bus-local.py"], "script", "exec")
    with zipfile.ZipFile(io.BytesIO(by_name["bus.yolo.zip"])) as archive:
        [line, *_] = archive.read("labels/bus.txt").decode().splitlines()
        assert len(line.split()) == 5 + 17 * 3
        assert b"kpt_shape: [17, 3]" in archive.read("data.yaml")
