"""The endpoints over plain HTTP, as a program sees them: shapes, answers, faults, closed doors."""

import csv
import json
import re
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from gradio_client import Client as GradioClient
from gradio_client import handle_file

from benchmarks.client import Client
from tests.conftest import Server
from tests.support.eight_ways import eight_ways

PARTS = {"decode", "preprocess", "forward", "postprocess", "draw"}


def asset(name: str) -> Path:
    spec = find_spec("ultralytics")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "assets" / name


BUS = asset("bus.jpg")


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as made:
        yield made


def rgb_of(jpeg: bytes) -> np.ndarray[Any, Any]:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def test_detect_finds_four_persons_and_a_bus(client: Client) -> None:
    # An answer to the same bytes may be kept, and costs nothing then.
    image = client.upload(BUS.read_bytes() + b"of this test alone")
    picture, facts = client.call("detect", image, "yolo11n", 0.25, 0.7, [])
    labels = sorted(box["label"] for box in facts["boxes"])
    assert labels == ["bus", "person", "person", "person", "person"]
    assert facts["size_wh"] == [810, 1080]
    assert len(facts["weights_sha256"]) == 64
    assert set(facts["timing_ms"]) == PARTS
    assert facts["timing_ms"]["forward"] > 0
    drawn, plain = rgb_of(client.fetch(picture)), rgb_of(BUS.read_bytes())
    assert drawn.shape == plain.shape
    x0, y0, _, _ = (round(v) for v in facts["boxes"][0]["xyxy"])
    edge = np.s_[max(y0, 0) : y0 + 4, max(x0, 0) + 40 : x0 + 200]
    assert np.abs(drawn[edge].astype(int) - plain[edge]).mean() > 20


def test_detect_filters_by_class_and_confidence(client: Client) -> None:
    image = client.upload(BUS.read_bytes())
    _, buses = client.call("detect", image, "yolo11n", 0.25, 0.7, ["bus"])
    assert [box["label"] for box in buses["boxes"]] == ["bus"]
    assert buses["boxes"][0]["class_id"] == 5
    _, sure = client.call("detect", image, "yolo11n", 0.8, 0.7, [])
    assert all(box["score"] >= 0.8 for box in sure["boxes"])
    assert sure["timing_ms"]["forward"] == 0


def test_classify_answers_the_shape_of_the_contract(client: Client) -> None:
    (facts,) = client.call("classify", client.upload(BUS.read_bytes()), "mobilenet_v2", 3)
    assert set(facts) == {
        "model",
        "weights_sha256",
        "backend",
        "labels",
        "known",
        "known_by",
        "size_wh",
        "device",
        "timing_ms",
    }
    scores = [row["score"] for row in facts["labels"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert facts["labels"][0]["label"] in {"minibus", "trolleybus", "passenger car", "streetcar"}


def test_the_same_photo_written_eight_ways_has_one_top_label(client: Client) -> None:
    tops: dict[str, set[str]] = {"colour": set(), "grey": set()}
    ways = eight_ways(rgb_of(BUS.read_bytes()))
    assert len(ways) >= 8
    for way, data in ways.items():
        (facts,) = client.call("classify", client.upload(data, f"{way}.bin"), "mobilenet_v2", 1)
        # Without its colours it is another picture, the same one in every file that has none.
        tops["grey" if "grey" in way.lower() else "colour"].add(facts["labels"][0]["label"])
    assert len(tops["colour"]) == 1, tops
    assert len(tops["grey"]) == 1, tops


def test_augment_answers_pictures_draws_and_code(client: Client) -> None:
    image = client.upload(BUS.read_bytes())
    steps = [{"name": "rotation", "params": {"degrees": 20}}]
    pictures, facts = client.call("augment", image, steps, 4, 11)
    assert len(pictures) == 4
    assert len(facts["drawn"]) == 4
    assert facts["seed"] == 11
    assert "F.rotate" in facts["code"]
    first = client.fetch(pictures[0]["image"])
    again, _ = client.call("augment", image, steps, 1, 11)
    assert client.fetch(again[0]["image"]) == first


def test_models_lists_the_catalog(client: Client) -> None:
    (rows,) = client.call("models")
    by_name = {row["name"]: row for row in rows}
    assert len(rows) > 80
    assert by_name["yolo11n"]["available"]
    assert by_name["cnn-cifar10"]["embedded"]
    assert by_name["cnn-cifar10"]["measured"]["value"] > 0
    assert not by_name["resnet50"]["available"]


def test_gradio_client_gets_the_same_answers(server: Server, client: Client) -> None:
    peer = GradioClient(server.url, verbose=False)
    _, facts = peer.predict(
        image=handle_file(str(BUS)),
        model="yolo11n",
        confidence=0.25,
        iou=0.7,
        classes=[],
        api_name="/detect",
    )
    _, own = client.call("detect", client.upload(BUS.read_bytes()), "yolo11n", 0.25, 0.7, [])
    assert facts["boxes"] == own["boxes"]
    public = set(peer.view_api(return_format="dict")["named_endpoints"])
    tasks = {"/classify", "/detect", "/segment", "/pose", "/obb"}
    assert public == tasks | {"/augment", "/video", "/compare", "/explain", "/models"}


@pytest.mark.parametrize(
    ("function", "values", "word"),
    [
        ("detect", ("no-such-model", 0.25, 0.7, []), "no-such-model"),
        ("detect", ("mobilenet_v2", 0.25, 0.7, []), "mobilenet_v2"),
        ("detect", (None, 0.25, 0.7, []), "None"),
        ("detect", ("yolo11n", "high", 0.7, []), "confidence"),
        ("detect", ("yolo11n", 2, 0.7, []), "confidence"),
        ("detect", ("yolo11n", 0.25, -1, []), "iou"),
        ("detect", ("yolo11n", 0.25, 0.7, ["unicorn"]), "unicorn"),
        ("detect", ("yolo11n", 0.25, 0.7, "person"), "classes"),
        ("classify", ("mobilenet_v2", 0), "top_k"),
        ("classify", ("mobilenet_v2", 2.5), "top_k"),
        ("classify", ("resnet50", 5), "resnet50"),
        ("augment", ([{"name": "melt"}], 1, 1), "melt"),
        ("augment", ([{"name": "rotation", "params": {"degrees": 999}}], 1, 1), "degrees"),
        ("augment", ([], 0, 1), "count"),
        ("augment", ([], 1, -1), "-1"),
        ("augment", ({"name": "rotation"}, 1, 1), "list"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    client: Client, function: str, values: tuple[Any, ...], word: str
) -> None:
    image = client.upload(BUS.read_bytes())
    with pytest.raises(RuntimeError) as caught:
        client.call(function, image, *values)
    sentence = str(caught.value)
    assert word in sentence
    assert sentence.endswith((".", "…"))
    assert "Traceback" not in sentence
    assert "/" not in sentence.replace("python -m", "")


def test_no_picture_is_one_sentence(client: Client) -> None:
    with pytest.raises(RuntimeError, match="no picture"):
        client.call("detect", None, "yolo11n", 0.25, 0.7, [])


def test_a_broken_file_is_one_sentence_and_the_server_goes_on(client: Client) -> None:
    for data in (b"", b"not a picture", BUS.read_bytes()[:5000]):
        with pytest.raises(RuntimeError) as caught:
            client.call("classify", client.upload(data, "x.jpg"), "mobilenet_v2", 5)
        assert ("empty" if not data else "picture" if len(data) < 100 else "ends too early") in str(
            caught.value
        )
    (facts,) = client.call("classify", client.upload(BUS.read_bytes()), "mobilenet_v2", 1)
    assert facts["labels"]


@pytest.mark.parametrize(
    "image",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"path": "/etc/passwd"},
        {"path": "https://example.org/a.jpg", "meta": {"_type": "gradio.FileData"}},
        {"path": "http://127.0.0.1:1/a.jpg", "meta": {"_type": "gradio.FileData"}},
        {"url": "data:image/png;base64,iVBORw0KGgo=", "meta": {"_type": "gradio.FileData"}},
        "https://example.org/a.jpg",
        5,
    ],
)
def test_nothing_but_an_upload_is_read(client: Client, image: Any) -> None:
    with pytest.raises(RuntimeError, match="must be uploaded as a file"):
        client.call("classify", image, "mobilenet_v2", 5)


@pytest.mark.parametrize(
    "odd",
    ["folder", "folder/", "the folder of all", "gone", "NUL", "NUL alone", "long", "deep", "up"],
)
def test_an_odd_path_is_one_sentence(client: Client, odd: str) -> None:
    real = Path(client.upload(BUS.read_bytes())["path"])
    path = {
        "folder": str(real.parent),
        "folder/": f"{real.parent}/",
        "the folder of all": str(real.parents[1]),
        "gone": str(real.with_name("gone.jpg")),
        "NUL": f"{real}\0",
        "NUL alone": "\0",
        "long": str(real.with_name("x" * 5000)),
        "deep": str(real.parent / "/".join(["y" * 200] * 25)),
        "up": f"{real.parent}/../../passwd",
    }[odd]
    image = {"path": path, "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(RuntimeError, match=r"must be uploaded as a file|put it in again"):
        client.call("classify", image, "mobilenet_v2", 5)
    (facts,) = client.call("classify", client.upload(BUS.read_bytes()), "mobilenet_v2", 1)
    assert facts["labels"]


@pytest.mark.parametrize("function", ["classify", "detect"])
def test_half_a_surrogate_as_a_name_is_one_sentence(server: Server, function: str) -> None:
    rest = "5" if function == "classify" else "0.25, 0.7, []"
    with Client(server.url) as client, httpx.Client(base_url=server.url, timeout=30) as http:
        image = json.dumps(client.upload(BUS.read_bytes()))
        ids = {d["api_name"]: d["id"] for d in client.config["dependencies"]}
        # As an escape: no client library would send it, since it cannot be UTF-8.
        body = (
            f'{{"data": [{image}, "\\ud800", {rest}], "fn_index": {ids[function]},'
            f' "session_hash": "half-{function}"}}'
        )
        kind = {"content-type": "application/json"}
        http.post("/gradio_api/queue/join", content=body, headers=kind).raise_for_status()
        where = {"session_hash": f"half-{function}"}
        stream = http.get("/gradio_api/queue/data", params=where).text
    messages = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    (last,) = [m for m in messages if m["msg"] == "process_completed"]
    assert not last["success"]
    assert "There is no model" in last["output"]["error"]


def test_no_classes_are_all_classes(client: Client) -> None:
    image = client.upload(BUS.read_bytes())
    _, none = client.call("detect", image, "yolo11n", 0.25, 0.7, None)
    _, empty = client.call("detect", image, "yolo11n", 0.25, 0.7, [])
    assert none["boxes"] == empty["boxes"]
    assert len(none["boxes"]) == 5


def sample(folder: Path, every: int = 20) -> list[str]:
    """Each n-th of the odd pictures, so that every source and most kinds are among them."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8") as table:
        return sorted(row["path"] for row in csv.DictReader(table))[::every]


def test_odd_pictures_end_in_labels_or_one_sentence(client: Client, shared_data: Path) -> None:
    folder = shared_data / "odd_images"
    paths = sample(folder)
    assert len(paths) >= 25
    named = 0
    for path in paths:
        start = time.monotonic()
        image = client.upload((folder / path).read_bytes(), Path(path).name)
        try:
            (facts,) = client.call("classify", image, "mobilenet_v2", 1)
            assert 0 < facts["labels"][0]["score"] <= 1, path
            named += 1
        except RuntimeError as fault:
            sentence = str(fault)
            assert len(sentence) > 20, path
            assert sentence.endswith("."), (path, sentence)
            assert not re.search(r"/\S", sentence), (path, sentence)
            assert "Error" not in sentence, (path, sentence)
        assert time.monotonic() - start < 10, path
    assert 3 <= named < len(paths)


def test_the_language_of_a_fault_is_the_visitors(server: Server) -> None:
    with (
        Client(server.url, language="zh-HK,zh;q=0.9") as visitor,
        pytest.raises(RuntimeError, match="圖片"),
    ):
        visitor.call("detect", None, "yolo11n", 0.25, 0.7, [])


@pytest.mark.parametrize(
    "path",
    [
        "/monitoring",
        "/monitoring/summary",
        "/gradio_api/proxy=https://example.org",
        "/gradio_api/file=https://example.org/a.png",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/docs",
    ],
)
def test_closed_doors(server: Server, path: str) -> None:
    assert httpx.get(server.url + path).status_code in (403, 404)


def test_the_queue_cannot_be_bypassed(server: Server) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/run/models", json={"data": []})
    assert answer.status_code in (401, 404)


def test_bodies_are_capped(server: Server) -> None:
    body = json.dumps({"data": ["x" * 2_000_000]})
    headers = {"content-type": "application/json"}
    joined = httpx.post(f"{server.url}/gradio_api/queue/join", content=body, headers=headers)
    assert joined.status_code == 413
    # Only announced: what is refused is not read.
    announced = {"content-length": "211000000", "content-type": "multipart/form-data; boundary=x"}
    http = HTTPConnection("127.0.0.1", server.port, timeout=30)
    http.request("POST", "/gradio_api/upload", headers=announced)
    answer = http.getresponse()
    assert answer.status == 413
    assert b"larger than the limit of 210 MB" in answer.read()
    http.close()


def test_a_picture_of_too_many_bytes_is_one_sentence(client: Client) -> None:
    """An upload may be as large as a video may be."""
    with pytest.raises(RuntimeError, match="This file has 21 MB; the limit is 20 MB"):
        client.call("classify", client.upload(b"\0" * 21_000_000, "x.png"), "mobilenet_v2", 5)


def test_the_source_of_the_running_program_is_offered(server: Server) -> None:
    answer = httpx.get(f"{server.url}/source.zip")
    assert answer.content[:4] == b"PK\x03\x04"
    assert b"vitrine/demo/inference/engine.py" in answer.content
