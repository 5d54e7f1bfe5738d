"""Each way of running that the README prints: who reaches the server, and who does not."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.conftest import Server

LINK = "https://abc123.gradio.live"
SHARED = f"""
import os, runpy, sys
sys.path.insert(0, os.getcwd())
from demo.asgi import public_link
public_link.open_public_link = lambda page, host, port: {LINK!r}
sys.argv = ["app.py", "--share"]
runpy.run_path("app.py", run_name="__main__")
"""
"""As `python app.py --share`, but for the tunnel itself, which needs a network."""

Headers = dict[str, str]
PROXY = "127.0.0.8"
"""An address of the loopback, taken for a proxy's, through which visitors come from afar."""
CHEAP = "/theme.css"
"""A path that counts as any other, and costs the server little."""


def served(address: str, headers: Headers, origin: str) -> list[int]:
    """Statuses of page, upload, call and camera, with the headers that a browser sends."""
    from_page = headers | {"origin": origin, "sec-fetch-site": "same-origin"}
    statuses = [httpx.get(f"{address}/", headers=headers).status_code]
    for path, sent in (
        ("upload", {"files": {"files": ("a.jpg", b"x")}}),
        ("call/models", {"json": {"data": []}}),
    ):
        url = f"{address}/gradio_api/{path}"
        statuses.append(httpx.post(url, headers=from_page, **sent).status_code)
    socket_url = f"{address.replace('http', 'ws', 1)}/live"
    try:
        with connect(socket_url, origin=Origin(origin), additional_headers=headers) as camera:
            statuses.append(200 if json.loads(camera.recv(10))["type"] == "start" else 500)
    except InvalidStatus as refused:
        statuses.append(refused.response.status_code)
    return statuses


def running(**environ: str) -> Iterator[Server]:
    server = Server(**environ).wait()
    yield server
    assert "Traceback" not in server.stop()


OK, REFUSED = [200] * 4, [403] * 4


@pytest.fixture(scope="module")
def network() -> Iterator[Server]:
    """On every address of the machine, as in a container too, with few requests a minute."""
    yield from running(GRADIO_SERVER_NAME="0.0.0.0", VITRINE_RATE="40", VITRINE_PROXIES=PROXY)


@pytest.fixture(scope="module")
def space() -> Iterator[Server]:
    yield from running(
        GRADIO_SERVER_NAME="0.0.0.0",
        SYSTEM="spaces",
        SPACE_ID="somebody/vitrine",
        SPACE_HOST="somebody-vitrine.hf.space",
        VITRINE_RATE="40",
    )


@pytest.fixture(scope="module")
def proxied() -> Iterator[Server]:
    yield from running(
        VITRINE_HOSTS="vision.example", VITRINE_PROXIES="127.0.0.1", VITRINE_RATE="40"
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = tmp_path_factory.mktemp("shared") / "shared.py"
    program.write_text(textwrap.dedent(SHARED), "utf-8")
    yield from running(program=str(program), VITRINE_RATE="40")


def burst(server: Server, headers: Headers, number: int = 60) -> list[int]:
    with httpx.Client(base_url=server.url, headers=headers) as visitor:
        return [visitor.get(CHEAP).status_code for _ in range(number)]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_bare_it_is_reached_from_this_machine(server: Server, name: str) -> None:
    own = f"{name}:{server.port}"
    assert served(server.url, {"host": own}, f"http://{own}") == OK


def test_a_tunnel_of_ssh_may_have_another_port(server: Server) -> None:
    assert served(server.url, {"host": "localhost:9999"}, "http://localhost:9999") == OK


def test_bare_it_is_not_reached_by_a_page_of_another_site(server: Server) -> None:
    evil = f"evil.example:{server.port}"
    assert served(server.url, {"host": evil}, f"http://{evil}") == REFUSED
    assert served(server.url, {}, f"http://{evil}") == [200, 403, 403, 403]
    own = f"192.168.1.5:{server.port}"
    assert served(server.url, {"host": own}, f"http://{own}") == REFUSED


def test_a_program_needs_neither_host_nor_origin(server: Server) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/call/models", json={"data": []})
    assert answer.status_code == 200


def test_a_phone_reaches_it_by_address(network: Server) -> None:
    own = f"192.168.1.5:{network.port}"
    assert served(network.url, {"host": own}, f"http://{own}") == OK
    evil = f"evil.example:{network.port}"
    assert served(network.url, {"host": evil}, f"http://{evil}") == REFUSED


def test_a_container_is_reached_by_its_published_port_and_its_short_name(network: Server) -> None:
    assert served(network.url, {"host": "localhost:8080"}, "http://localhost:8080") == OK
    assert served(network.url, {"host": "vitrine:7860"}, "http://vitrine:7860") == OK


def test_a_visitor_of_the_network_has_so_many_requests_a_minute(network: Server) -> None:
    proxy = httpx.HTTPTransport(local_address=PROXY)
    language = {"accept-language": "zh-CN"}
    with httpx.Client(base_url=network.url, headers=language, transport=proxy) as visitor:
        # What a visitor says of himself stands before the address that the proxy has seen.
        answers = [
            visitor.get(CHEAP, headers={"x-forwarded-for": f"203.0.113.{number}, 192.168.1.9"})
            for number in range(60)
        ]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[-1].headers["retry-after"]) <= 2
    assert "每分钟" in refused[-1].json()["error"]
    assert burst(network, {}) == [200] * 60


def test_a_space_is_reached_by_its_name_also_in_the_frame_of_the_hub(space: Server) -> None:
    name = "somebody-vitrine.hf.space"
    hub = {"x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"}
    assert served(space.url, hub | {"host": name}, f"https://{name}") == OK
    assert served(space.url, hub | {"host": "10.1.2.3:7860"}, f"https://{name}") == OK
    foreign = served(space.url, hub | {"host": name}, "https://evil.example")
    assert foreign == [200, 403, 403, 403]
    config = httpx.get(f"{space.url}/config", headers=hub | {"host": name}).json()
    assert config["root"] == f"https://{name}"


def test_visitors_of_a_space_are_told_apart(space: Server) -> None:
    assert 429 in burst(space, {"x-forwarded-for": "203.0.113.6"})
    # Whatever a visitor writes into the header stands before what the proxies add.
    assert 429 in burst(space, {"x-forwarded-for": "198.51.100.1, 203.0.113.6"}, 10)
    assert burst(space, {"x-forwarded-for": "203.0.113.7"}, 30) == [200] * 30


def test_a_proxy_may_keep_the_host_or_pass_it_on(proxied: Server) -> None:
    https = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.5"}
    for headers in (
        https | {"host": "vision.example"},
        https | {"host": f"127.0.0.1:{proxied.port}", "x-forwarded-host": "vision.example"},
    ):
        assert served(proxied.url, headers, "https://vision.example") == OK
        config = httpx.get(f"{proxied.url}/config", headers=headers).json()
        assert config["root"] == "https://vision.example"
    passed_on = https | {"x-forwarded-host": "evil.example"}
    assert served(proxied.url, passed_on, "https://evil.example") == REFUSED


def test_visitors_behind_a_proxy_are_told_apart(proxied: Server) -> None:
    assert 429 in burst(proxied, {"x-forwarded-for": "203.0.113.6"})
    assert burst(proxied, {"x-forwarded-for": "203.0.113.7"}, 30) == [200] * 30


def test_a_public_link_is_reached_by_its_name_only(shared: Server) -> None:
    name = LINK.removeprefix("https://")
    tunnel = {"x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"}
    assert served(shared.url, tunnel | {"host": name}, LINK) == OK
    other = {"host": "abc124.gradio.live"}
    assert served(shared.url, tunnel | other, "https://abc124.gradio.live") == REFUSED
    own = f"127.0.0.1:{shared.port}"
    assert served(shared.url, {"host": own}, f"http://{own}") == OK
    assert 429 in burst(shared, {"host": name, "x-forwarded-for": "203.0.113.6"})


def test_the_page_of_a_public_link_loads_nothing_from_elsewhere(shared: Server) -> None:
    headers = {"host": LINK.removeprefix("https://"), "x-forwarded-proto": "https"}
    page = httpx.get(f"{shared.url}/", headers=headers).text
    assert 'src="./assets/' in page
    assert "amazonaws" not in page


def test_the_readme_names_each_way() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    for way in ("python app.py --share", "GRADIO_SERVER_NAME=0.0.0.0", "GRADIO_ROOT_PATH=/vitrine"):
        assert way in text
