"""Behind a proxy that serves the application under a prefix, everything works as without one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.client import Client
from tests.asgi.test_http import BUS
from tests.conftest import Server, free_port
from tests.support.prefix_proxy import proxied

PREFIX = "/vitrine"


@pytest.fixture(scope="module")
def behind(shared_data: Path) -> Iterator[Server]:
    weights = str(shared_data / "weights")
    running = Server(VITRINE_WEIGHTS=weights, GRADIO_ROOT_PATH=PREFIX).wait()
    yield running
    assert "Traceback" not in running.stop()


@pytest.fixture(params=[True, False], ids=["Host kept", "Host replaced"])
def address(behind: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    with proxied(PREFIX, behind.port, free_port(), keep_host=request.param) as url:
        yield url


def first_message(address: str, origin: str) -> str:
    url = f"{address.replace('http', 'ws', 1)}/live"
    with connect(url, origin=Origin(origin)) as socket:
        return str(json.loads(socket.recv(10))["type"])


def test_an_upload_is_answered_through_the_proxy(address: str) -> None:
    with Client(address) as client:
        assert client.config["root"] == address
        picture, facts = client.call(
            "detect", client.upload(BUS.read_bytes()), "yolo11n", 0.25, 0.7, []
        )
        assert len(facts["boxes"]) == 5
        assert picture["url"].startswith(f"{address}/gradio_api/file=")
        assert httpx.get(picture["url"]).content == client.fetch(picture)


def test_the_page_names_the_prefixed_address(address: str) -> None:
    page = httpx.get(f"{address}/").text
    assert re.findall(r'"root":"([^"]*)"', page) == [address]
    assert httpx.get(f"{address}/source.zip").content[:4] == b"PK\x03\x04"


def test_the_camera_is_reached_under_the_prefix(address: str) -> None:
    origin = address.removesuffix(PREFIX)
    assert first_message(address, origin) == "start"
    with pytest.raises(InvalidStatus):
        first_message(address, "http://evil.example")


def test_a_proxy_may_leave_the_prefix_in_the_path(behind: Server) -> None:
    assert httpx.get(f"{behind.url}{PREFIX}/source.zip").content[:4] == b"PK\x03\x04"
    assert first_message(f"{behind.url}{PREFIX}", behind.url) == "start"
