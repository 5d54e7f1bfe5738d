"""`POST /api/v1/compare`: the shape of the contract, refusals as problems, nothing kept."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.service import examples
from demo.settings import Settings
from tests.support.asgi_client import built

BUS = examples.paths()[0].read_bytes()
COMPARE = "/api/v1/compare"


@pytest.fixture(scope="module")
def app(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = Settings(
        weights_dir=shared_data / "weights",
        cache_dir=tmp_path_factory.mktemp("cache"),
        offline=True,
        device="cpu",
        threads=1,
        max_file_mb=1,
    )

    return built(settings)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def post(client: TestClient, models: str, body: bytes = BUS, **options: Any) -> Any:
    params = {"models": models, **options.pop("params", {})}
    return client.post(COMPARE, params=params, content=body, **options)


def test_classifiers_answer_the_shape_of_the_contract(client: TestClient) -> None:
    answer = post(client, "squeezenet1_0, resnet50, cnn-cifar10")
    assert answer.status_code == 200
    facts = answer.json()
    assert set(facts) == {"task", "answers", "agree", "pairs"}
    first, missing, last = facts["answers"]
    assert [one["model"] for one in facts["answers"]] == [
        "squeezenet1_0",
        "resnet50",
        "cnn-cifar10",
    ]
    assert "switched downloads off" in missing["error"]
    assert len(first["labels"]) == 5
    assert first["params"] == 1_248_424
    assert first["gflops"] == pytest.approx(1.638, abs=0.01)
    assert set(first["latency_ms"]) == {"p50", "low", "high", "passes"}
    assert last["latency_ms"]["passes"] >= 5
    assert last["measured"]["metric"] == "accuracy"
    assert facts["agree"]["same"] is False
    truck = next(row for row in facts["agree"]["labels"] if row["label"] == "truck")
    assert truck["scores"]["squeezenet1_0"] is None  # ImageNet knows several kinds, and no `truck`
    assert truck["scores"]["cnn-cifar10"] > 0
    [pair] = facts["pairs"]
    assert (pair["a"], pair["b"]) == ("squeezenet1_0", "cnn-cifar10")
    assert pair["classes"]["only_b"] == 10 - pair["classes"]["shared"]
    assert pair["only_a"]


def test_a_form_gives_the_same_boxes_as_the_raw_body(client: TestClient, app: FastAPI) -> None:
    models = "yolo11n,yolo-vitrine"
    raw = post(client, models).json()
    form = client.post(COMPARE, params={"models": models}, files={"image": ("x.jpg", BUS)}).json()
    assert raw["pairs"] == form["pairs"]
    [pair] = raw["pairs"]
    boxes = {one["model"]: one["boxes"] for one in raw["answers"]}
    both, alone = len(pair["both"]), len(pair["only_a"])
    assert both + alone == len(boxes["yolo11n"])
    assert both + len(pair["only_b"]) == len(boxes["yolo-vitrine"])
    assert all(row["iou"] >= 0.5 for row in pair["both"])
    sure = post(client, models, params={"confidence": 0.8}).json()["answers"][0]["boxes"]
    assert 0 < len(sure) < len(boxes["yolo11n"])
    folder = app.state.uploads.folder
    assert [path for path in folder.rglob("picture") if path.is_file()] == []


@pytest.mark.parametrize(
    ("models", "body", "status", "words"),
    [
        ("yolo11n", BUS, 422, "Choose 2 to 8"),
        ("", BUS, 422, "Choose 2 to 8"),
        (",".join(["yolo11n"] * 9), BUS, 422, "there are 9"),
        ("yolo11n,mobilenet_v2", BUS, 422, "different tasks"),
        ("yolo11n,yolo12n", BUS, 422, "yolo12n"),
        ("resnet50,resnet18", BUS, 422, "switched downloads off"),
        ("yolo11n,yolo26n", b"no picture", 415, "picture"),
        ("yolo11n,yolo26n", b"", 422, "empty"),
        ("yolo11n,yolo26n", b"x" * 1_200_000, 413, "1 MB"),
    ],
)
def test_a_refusal_is_a_problem_in_one_sentence(
    client: TestClient, models: str, body: bytes, status: int, words: str
) -> None:
    answer = post(client, models, body)
    assert answer.status_code == status
    facts = answer.json()
    assert words in facts["detail"]
    assert facts["detail"] == facts["error"]
    if status != 413:  # refused before the API sees it
        assert answer.headers["content-type"] == "application/problem+json"
        assert facts["status"] == status


def test_refusals_are_in_the_language_of_the_visitor(client: TestClient) -> None:
    chinese = post(client, "yolo11n", headers={"accept-language": "zh-CN"})
    assert "请选择" in chinese.json()["detail"]
    wrong = post(client, "yolo11n,yolo26n", params={"confidence": "high"})
    assert wrong.status_code == 422
    assert "confidence" in wrong.json()["detail"]
    form = client.post(COMPARE, params={"models": "a,b"}, files={"photo": ("x.jpg", BUS)})
    assert form.status_code == 422
    assert "image" in form.json()["detail"]


def packed(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.timeout(600)
def test_the_precisions_of_a_model_answer_on_a_set(client: TestClient) -> None:
    small = cv2.resize(cv2.imread(str(examples.paths()[0])), (96, 128))
    photo = cv2.imencode(".jpg", small)[1].tobytes()
    body = packed({"truck/1.jpg": photo, "ship/2.jpg": photo})
    answer = post(client, "cnn-cifar10", body, params={"precisions": "float32,int8"})
    assert answer.status_code == 200, answer.text
    facts = answer.json()
    assert (facts["model"], facts["pictures"], facts["reference"]) == ("cnn-cifar10", 2, "float32")
    fine, coarse = facts["precisions"]
    assert (fine["precision"], fine["backend"]) == ("float32", "openvino-f32")
    assert fine["size_bytes"] > 100_000
    assert fine["latency_ms"]["passes"] >= 5
    assert (fine["compared"], fine["changed"]) == (2, [])
    # The two pictures are the same one: at most one of the two classes is right.
    assert fine["score"]["metric"] == "accuracy"
    assert fine["score"]["value"] in (0, 0.5)
    assert fine["score"]["low"] <= fine["score"]["value"] <= fine["score"]["high"]
    assert coarse["precision"] == "int8"
    assert "demo.inference.quantize cnn-cifar10" in coarse["error"]


@pytest.mark.parametrize(
    ("models", "precisions", "word"),
    [
        ("cnn-cifar10,squeezenet1_0", "float32", "exactly one model"),
        ("cnn-cifar10", "float33", "float33"),
        ("cnn-cifar10", "", "at least one precision"),
        ("nothing", "float32", "nothing"),
    ],
)
def test_a_wrong_request_for_precisions_is_one_sentence(
    client: TestClient, models: str, precisions: str, word: str
) -> None:
    answer = post(client, models, params={"precisions": precisions})
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


def test_a_set_without_pictures_is_one_sentence(client: TestClient) -> None:
    body = packed({"notes.txt": b"none"})
    answer = post(client, "cnn-cifar10", body, params={"precisions": "float32"})
    assert answer.status_code == 422
    assert "no picture" in answer.json()["detail"]
