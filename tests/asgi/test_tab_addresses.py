"""The addresses of the tabs: each is the page, behind the same checks as the page itself."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from demo.asgi.tab_addresses import TabAddresses
from demo.asgi.used_routes import is_used
from demo.settings import Settings
from demo.web.page import tabs
from tests.browser.acts import TABS
from tests.support.asgi_client import built, exchange

PREFIX = "/vitrine"


@pytest.fixture(scope="module", params=["", PREFIX], ids=["at the root", "under a prefix"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    settings = Settings(cache_dir=tmp_path_factory.mktemp("cache"), offline=True, device="cpu")
    app: FastAPI = built(settings, str(request.param))
    # Without its lifespan, which would load models: none is asked for.
    made = TestClient(app, base_url="http://127.0.0.1")
    made.headers["x-prefix"] = str(request.param)
    yield made
    made.close()
    app.state.closing.close()


def plain(client: TestClient, path: str) -> str:
    """The page without what differs from one answer to the next."""
    answer = client.get(path)
    nonce = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
    assert answer.status_code == 200
    assert nonce is not None
    return str(answer.text).replace(nonce[1], "")


def headers(client: TestClient, path: str) -> dict[str, str]:
    changing = ("content-security-policy", "content-length", "date")
    return {name: text for name, text in client.get(path).headers.items() if name not in changing}


def test_the_tabs_are_those_of_the_page() -> None:
    assert [tab.name for tab in tabs()] == list(TABS)
    assert not [name for name in TABS if is_used(f"/{name}") or not name.isalpha()]


@pytest.mark.parametrize("tab", TABS)
def test_the_address_of_a_tab_is_the_page(client: TestClient, tab: str) -> None:
    address = f"/{tab}?confidence=0.4&lang=zh-CN"
    assert plain(client, address) == plain(client, "/")
    assert headers(client, address) == headers(client, "/")
    assert client.head(f"/{tab}").status_code == 200


def test_a_proxy_may_leave_the_prefix_in_the_path(client: TestClient) -> None:
    prefix = client.headers["x-prefix"]
    assert plain(client, f"{prefix}/detect") == plain(client, "/")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/detect/", "/detect/x", "/Detect", "//detect", "/x/detect", "/detect.js"]
)
def test_any_other_path_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"http://127.0.0.1{path}").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_address_of_a_tab_is_only_read(client: TestClient, method: str) -> None:
    assert client.request(method, "/detect").status_code in (404, 405)


def test_the_checks_of_the_page_are_made(client: TestClient) -> None:
    evil = client.get("/detect", headers={"host": "evil.example"})
    assert evil.status_code == 403
    answer = client.get("/detect", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_a_websocket_has_no_tab(client: TestClient) -> None:
    seen: list[object] = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append(scope)

    exchange(TabAddresses(app, ["detect"]), "/detect", kind="websocket")
    exchange(TabAddresses(app, ["detect"]), "/detect")
    paths = [scope["path"] for scope in seen if isinstance(scope, dict)]
    assert paths == ["/detect", "/"]
