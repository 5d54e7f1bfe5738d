"""What an `<img>` of the page gets, and what a link that saves the file gets."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.images.preview import PREVIEW_SIDE
from demo.settings import Settings
from tests.support.asgi_client import built

IMAGE = {"sec-fetch-dest": "image"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("cache")
    return built(Settings(cache_dir=folder, offline=True, device="cpu"))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def put(app: FastAPI, name: str, data: bytes) -> str:
    path = Path(app.state.uploads.folder) / "0123456789abcdef" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return f"/gradio_api/file={path}"


def photo(width: int, height: int) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1])


def test_a_large_upload_is_shown_as_a_preview_and_saved_whole(
    app: FastAPI, client: TestClient
) -> None:
    data = photo(3000, 2000)
    address = put(app, "large photo.jpg", data)
    shown = client.get(address, headers=IMAGE)
    assert shown.headers["content-type"] == "image/jpeg"
    assert "sec-fetch-dest" in shown.headers["vary"].lower()
    picture = cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (853, PREVIEW_SIDE, 3)
    for headers in ({}, {"sec-fetch-dest": "document"}):
        assert client.get(address, headers=headers).content == data


def test_small_pictures_travel_as_they_are(app: FastAPI, client: TestClient) -> None:
    data = photo(200, 100)
    assert client.get(put(app, "small.jpg", data), headers=IMAGE).content == data


def test_a_small_picture_that_browsers_cannot_decode_is_shown_as_jpeg(
    app: FastAPI, client: TestClient
) -> None:
    data = bytes(cv2.imencode(".tiff", np.full((20, 30, 3), 90, np.uint8))[1])
    address = put(app, "small.tiff", data)
    shown = client.get(address, headers=IMAGE).content
    picture = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)
    assert shown.startswith(b"\xff\xd8")
    assert picture is not None
    assert picture.shape == (20, 30, 3)
    assert client.get(address).content == data


def test_the_bytes_of_a_file_tell_its_format_not_its_name(app: FastAPI, client: TestClient) -> None:
    tiff = bytes(cv2.imencode(".tiff", np.full((20, 30, 3), 90, np.uint8))[1])
    assert client.get(put(app, "tiff.jpg", tiff), headers=IMAGE).content.startswith(b"\xff\xd8")
    jpeg = photo(200, 100)
    assert client.get(put(app, "jpeg.tiff", jpeg), headers=IMAGE).content == jpeg


@pytest.mark.parametrize("data", [b"\xff\xd8\xff" + bytes(400_000), bytes(400_000)])
def test_a_broken_file_is_left_to_who_serves_it(
    app: FastAPI, client: TestClient, data: bytes
) -> None:
    assert client.get(put(app, "broken.jpg", data), headers=IMAGE).content == data


def test_nothing_outside_the_private_folder_is_opened(client: TestClient, tmp_path: Path) -> None:
    outside = tmp_path / "photo.jpg"
    outside.write_bytes(photo(3000, 2000))
    for path in (str(outside), f"..%2f{outside}", "/etc/passwd", "%00"):
        assert client.get(f"/gradio_api/file={path}", headers=IMAGE).status_code in (403, 404)
