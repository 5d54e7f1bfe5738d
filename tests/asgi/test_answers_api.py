"""`POST /api/v1/<task>`: answers and files, refusals as problems, nothing kept."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.images.decode import decode
from demo.images.limits import Limits
from demo.service import examples
from demo.settings import Settings
from tests.support.asgi_client import built
from tests.support.checkpoints import network, save

BUS = next(path for path in examples.paths() if path.name == "bus.jpg").read_bytes()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    weights = tmp_path_factory.mktemp("weights")
    save(network("yolo11n-seg", ("one", "two")), weights / "mine.pt")
    save(network("yolo11n-pose", ("one", "two")), weights / "figures.pt")
    save(network("yolo11n-obb", ("one", "two")), weights / "turned.pt")
    settings = Settings(
        weights_dir=weights,
        cache_dir=tmp_path_factory.mktemp("cache"),
        offline=True,
        device="cpu",
        threads=1,
    )

    return built(settings)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def post(client: TestClient, task: str, **params: Any) -> Any:
    return client.post(f"/api/v1/{task}", params=params, content=BUS)


def test_segment_answers_boxes_with_masks(client: TestClient) -> None:
    answer = post(client, "segment", model="mine", confidence=0.6, iou="0.3", classes=["two"])
    assert answer.status_code == 200
    facts = answer.json()
    assert {"model", "weights_sha256", "size_wh", "boxes", "timing_ms"} <= set(facts)
    assert len(facts["boxes"]) > 3
    for box in facts["boxes"]:
        assert (box["label"], box["score"] >= 0.6) == ("two", True)
        assert box["mask"]["area"] > 0
        assert all(len(ring) >= 3 for ring in box["mask"]["polygons"])


def test_its_formats_are_the_files_of_the_page(client: TestClient) -> None:
    options: dict[str, Any] = {"model": "mine", "confidence": 0.6}
    boxes = post(client, "segment", **options).json()["boxes"]
    picture = post(client, "segment", format="jpeg", **options)
    assert picture.headers["content-type"] == "image/jpeg"
    assert decode(picture.content, Limits()).rgb.shape == (1080, 810, 3)
    table = post(client, "segment", format="csv", **options)
    assert len(table.text.splitlines()) == len(boxes) + 1
    coco = post(client, "segment", format="coco.json", **options).json()
    assert [one["area"] for one in coco["annotations"]] == [box["mask"]["area"] for box in boxes]
    labels = post(client, "segment", format="masks.png", **options).content
    read = cv2.imdecode(np.frombuffer(labels, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert read.shape == (1080, 810)
    assert int(read.max()) <= len(boxes)


def test_pose_answers_boxes_with_keypoints(client: TestClient) -> None:
    options: dict[str, Any] = {"model": "figures", "confidence": 0.6}
    boxes = post(client, "pose", **options).json()["boxes"]
    assert len(boxes) > 3
    for box in boxes:
        assert [point["name"] for point in box["keypoints"]][:2] == ["nose", "left_eye"]
        assert all(0 <= point["xy"][0] <= 810 for point in box["keypoints"])
    coco = post(client, "pose", format="coco.json", **options).json()
    assert [len(one["keypoints"]) for one in coco["annotations"]] == [51] * len(boxes)
    picture = post(client, "pose", format="jpeg", **options)
    assert decode(picture.content, Limits()).rgb.shape == (1080, 810, 3)


def test_obb_answers_boxes_with_their_corners(client: TestClient) -> None:
    options: dict[str, Any] = {"model": "turned", "confidence": 0.6}
    boxes = post(client, "obb", **options).json()["boxes"]
    assert len(boxes) > 3
    assert all(len(box["corners"]) == 4 and len(box["xywhr"]) == 5 for box in boxes)
    table = post(client, "obb", format="csv", **options)
    assert "angle_degrees" in table.text.splitlines()[0]
    strict = post(client, "obb", iou="0.01", **options).json()["boxes"]
    assert len(strict) < len(boxes)


def test_a_form_is_taken_too(client: TestClient) -> None:
    files = {"image": ("bus.jpg", io.BytesIO(BUS), "image/jpeg")}
    answer = client.post("/api/v1/segment", params={"model": "mine"}, files=files)
    assert answer.status_code == 200


def test_other_tasks_answer_as_well(client: TestClient) -> None:
    answer = post(client, "classify", model="cnn-cifar10", top_k=2)
    assert len(answer.json()["labels"]) == 2


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"model": "yolo-vitrine"}, "mine"),
        ({}, "mine"),
        ({"model": "yolo11n-seg"}, "VITRINE_WEIGHTS"),
        ({"model": "mine", "confidence": "high"}, "confidence"),
        ({"model": "mine", "iou": 2}, "iou"),
        ({"model": "mine", "classes": "cat"}, "cat"),
        ({"model": "mine", "format": "gif"}, "masks.png"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    client: TestClient, params: dict[str, Any], words: str
) -> None:
    answer = post(client, "segment", **params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in json.loads(answer.content)["detail"]


def test_nothing_is_kept(client: TestClient, app: FastAPI) -> None:
    folder: Path = app.state.service.uploads.folder
    before = set(folder.iterdir())
    post(client, "segment", model="mine")
    client.post("/api/v1/segment", params={"model": "mine"}, content=b"no picture")
    assert set(folder.iterdir()) == before
