"""`POST /api/v1/explain`: facts, map and picture, and refusals as problems."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from demo.service import examples
from demo.settings import Settings
from tests.support.asgi_client import built

BUS = examples.paths()[0].read_bytes()
EXPLAIN = "/api/v1/explain"
FACTS = {"model", "method", "target", "score", "layer", "map_wh", "checks", "timing_ms"}
CHECKS = {
    *("deletion_auc", "insertion_auc", "random_deletion_auc", "random_insertion_auc"),
    "better_than_random",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    cache = tmp_path_factory.mktemp("cache")
    settings = Settings(cache_dir=cache, offline=True, device="cpu", threads=1, max_file_mb=1)

    with TestClient(built(settings), base_url="http://127.0.0.1") as made:
        yield made


def post(client: TestClient, body: bytes = BUS, **params: object) -> Any:
    asked: dict[str, Any] = {"model": "cnn-cifar10", **params}
    return client.post(EXPLAIN, params=asked, content=body)


def test_the_facts_of_a_map_and_its_check(client: TestClient) -> None:
    answer = post(client)
    assert answer.status_code == 200
    facts = answer.json()
    assert facts.keys() >= FACTS
    assert (facts["model"], facts["method"]) == ("cnn-cifar10", "layer-cam")
    assert facts["checks"].keys() >= CHECKS
    assert 40 < facts["checks"]["passes"] <= 60
    assert post(client, check=False, target="dog").json()["checks"] is None


def test_the_raw_map_and_its_picture(client: TestClient) -> None:
    facts = post(client, check=False).json()
    heat = np.load(io.BytesIO(post(client, format="npy").content))
    assert heat.dtype == np.float32
    assert list(heat.shape[::-1]) == facts["map_wh"]
    assert heat.min() >= 0
    answer = post(client, format="png")
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.mode == "RGBA"


def test_the_map_of_another_class_is_another(client: TestClient) -> None:
    one, other = (
        np.load(io.BytesIO(post(client, format="npy", target=name).content))
        for name in ("automobile", "frog")
    )
    assert np.abs(one / one.max() - other / max(other.max(), 1e-9)).max() > 0.05


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"format": "gif"}, "json, png, npy"),
        ({"method": "tea-leaves"}, "tea-leaves"),
        ({"target": "unicorn"}, "unicorn"),
        ({"layer": "nowhere"}, "nowhere"),
        ({"model": "cnn-cifar11"}, "cnn-cifar10"),
    ],
)
def test_a_wrong_value_gets_a_sentence(
    client: TestClient, params: dict[str, object], word: str
) -> None:
    answer = post(client, BUS, **params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


def test_a_body_that_is_no_picture_gets_a_sentence(client: TestClient) -> None:
    answer = post(client, b"hello")
    assert answer.status_code == 415
    assert answer.json()["code"] == "image_unknown"
