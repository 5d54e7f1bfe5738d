"""The application in this process, without a port: its routes, its order, its beginning and end."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from demo.asgi.app import create_app
from demo.errors import DemoError
from demo.i18n import LOCALES
from demo.settings import Settings
from tests.support.asgi_client import built

PREFIX = "/vitrine"


def settings(folder: Path) -> Settings:
    return Settings(cache_dir=folder, offline=True, device="cpu", max_file_mb=3, max_video_mb=3)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return built(settings(tmp_path_factory.mktemp("cache")), PREFIX)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    # As a proxy that takes the prefix off the path.
    with TestClient(app, base_url="http://127.0.0.1") as made:
        yield made


def test_the_page_is_built_from_the_root_path(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert f'"root":"http://127.0.0.1{PREFIX}"' in page.text
    assert page.text.index('src="./page.js?') < page.text.index("gradio_config")
    assert client.get("/config").json()["root"] == f"http://127.0.0.1{PREFIX}"


def test_compression_goes_around_every_answer(client: TestClient) -> None:
    for path in ("/", "/config", "/page.js", "/theme.css", "/gradio_api/info"):
        assert client.get(path).headers["content-encoding"] in ("br", "gzip")


def test_the_page_is_small(client: TestClient) -> None:
    with client.stream("GET", "/", headers={"accept-encoding": "gzip"}) as answer:
        assert sum(map(len, answer.iter_raw())) <= 60_000


def test_browsers_keep_the_scripts_until_they_change(client: TestClient) -> None:
    (address,) = re.findall(r'<script[^>]* src="\./(page\.js\?\w+)"', client.get("/").text)
    answer = client.get(f"/{address}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert "vitrineAddress" in answer.text
    assert hashlib.sha256(answer.content).hexdigest().startswith(address.partition("?")[2])


def test_labels_of_the_page_travel_in_every_language(client: TestClient) -> None:
    config = client.get("/config")
    shown = set(re.findall(r'translation_metadata\\+", \\+"key\\+": \\+"(\w+)', config.text))
    assert len(shown) > 50
    for locale in LOCALES:
        assert shown <= set(config.json()["i18n_translations"][locale])


def test_every_answer_has_the_headers_of_security(client: TestClient) -> None:
    evil = {"host": "evil.example"}
    for answer, status in (
        (client.get("/"), 200),
        (client.get("/source.zip"), 200),
        (client.get("/nowhere"), 404),
        (client.get("/", headers=evil), 403),
        (client.post("/gradio_api/queue/join", content=b"x" * 2_000_000), 413),
    ):
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_no_other_site_may_read_answers(client: TestClient) -> None:
    for origin in ("http://localhost:9", "https://evil.example", "null"):
        for answer in (
            client.get("/config", headers={"origin": origin}),
            client.options(
                "/gradio_api/upload",
                headers={"origin": origin, "access-control-request-method": "POST"},
            ),
        ):
            assert "access-control-allow-origin" not in answer.headers


def test_a_site_that_the_owner_names_may_read_answers_and_frame_the_page(tmp_path: Path) -> None:
    origin = "https://blog.example"
    made = built(replace(settings(tmp_path), origins=(origin,)))
    with TestClient(made, base_url="http://127.0.0.1") as visitor:
        headers = {"origin": origin, "sec-fetch-site": "cross-site"}
        files = {"files": ("a.jpg", b"x")}
        answer = visitor.post("/gradio_api/upload", files=files, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin
        policy = visitor.get("/").headers["content-security-policy"]
        assert origin in policy[policy.index("frame-ancestors") :]
        other = visitor.get("/config", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_no_documents_of_the_program_are_offered(client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/gradio_api/mcp", "/gradio_api/runs"):
        assert client.get(path).status_code == 404, path


def test_the_queue_is_started_once(client: TestClient) -> None:
    assert client.get("/gradio_api/startup-events").status_code == 404


def test_a_foreign_file_is_not_read(client: TestClient) -> None:
    """Gradio checks paths only in an application that it believes to be launched."""
    functions = {d["api_name"]: d["id"] for d in client.get("/config").json()["dependencies"]}
    image = {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}
    body = {"data": [image, "none", 5], "fn_index": functions["classify"], "session_hash": "a"}
    assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    stream = client.get("/gradio_api/queue/data", params={"session_hash": "a"}).text
    assert "must be uploaded as a file" in stream


def test_the_camera_answers_its_own_page_only(client: TestClient) -> None:
    headers = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}
    for path in ("/live", f"{PREFIX}/live"):
        with client.websocket_connect(path, headers=headers) as socket:
            assert socket.receive_json()["type"] == "start"
    with pytest.raises(WebSocketDisconnect) as refused:
        client.websocket_connect("/live", headers={"origin": "http://evil.example"}).__enter__()
    assert refused.value.code == 1008


def test_nothing_is_left_when_the_application_ends(tmp_path: Path) -> None:
    names = ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY")
    place, before = tempfile.gettempdir(), [os.environ.get(name) for name in names]
    made = built(settings(tmp_path))
    folder = Path(tempfile.gettempdir())
    with TestClient(made, base_url="http://127.0.0.1") as visitor:
        visitor.post("/gradio_api/upload", files={"files": ("a.jpg", b"x")})
        assert list(folder.rglob("a.jpg"))
    assert not folder.exists()
    assert tempfile.gettempdir() == place
    assert [os.environ.get(name) for name in names] == before


def test_a_fault_of_the_settings_leaves_nothing(tmp_path: Path) -> None:
    place = tempfile.gettempdir()
    before = set(Path(place).glob("vitrine-*"))
    with pytest.raises(DemoError) as fault:
        create_app(Settings(weights_dir=tmp_path / "gone"))
    assert fault.value.key == "no_weights_folder"
    assert tempfile.gettempdir() == place
    assert set(Path(place).glob("vitrine-*")) <= before
