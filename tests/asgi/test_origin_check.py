import json

import pytest
from starlette.responses import PlainTextResponse

from demo.asgi.hosts import Hosts
from demo.asgi.origin_check import OriginCheck
from tests.support.asgi_client import exchange, status_of

HOSTS = Hosts("127.0.0.1", ["vision.example", "*"])
APP = OriginCheck(PlainTextResponse("ok"), HOSTS, ["https://blog.example"])
HOST = "127.0.0.1:7860"

OWN = [
    {},
    {"origin": f"http://{HOST}"},
    {"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"},
    {"sec_fetch_site": "none"},
    {"origin": "https://vision.example"},
    {"origin": "https://VISION.example:443", "sec_fetch_site": "same-site"},
    {"origin": "https://shop.test", "x_forwarded_host": "shop.test"},
    {"origin": "https://shop.test", "x_forwarded_host": "a.test, shop.test:443"},
    {"origin": "https://blog.example", "sec_fetch_site": "cross-site"},
]
FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://127.0.0.1:7861"},
    {"origin": "http://127.0.0.1"},
    {"origin": "http://127.0.0.1:7860.evil.example"},
    {"origin": "https://blog.example.evil.example"},
    {"origin": "http://blog.example"},
    {"origin": "file://"},
    {"origin": f"chrome-extension://{HOST}"},
    {"origin": "http://[::1"},
    {"sec_fetch_site": "cross-site"},
    {"origin": f"http://{HOST}", "sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", OWN)
def test_own_pages_and_programs_pass(headers: dict[str, str]) -> None:
    assert status_of(exchange(APP, method="POST", host=HOST, headers=headers)) == 200
    assert (
        exchange(APP, kind="websocket", host=HOST, headers=headers)[0]["type"] != "websocket.close"
    )


@pytest.mark.parametrize("headers", FOREIGN)
def test_pages_of_other_sites_are_refused(headers: dict[str, str]) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert status_of(exchange(APP, method=method, host=HOST, headers=headers)) == 403
    closed = {"type": "websocket.close", "code": 1008}
    assert exchange(APP, kind="websocket", host=HOST, headers=headers) == [closed]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_left_to_the_browser(method: str) -> None:
    assert status_of(exchange(APP, method=method, host=HOST, origin="https://evil.example")) == 200


def test_the_refusal_is_a_sentence() -> None:
    headers = {"origin": "https://evil.example", "accept_language": "zh"}
    body = json.loads(exchange(APP, method="POST", host=HOST, headers=headers)[1]["body"])
    assert body["error"] == body["detail"]
    assert "VITRINE_ORIGINS" in body["error"]
    assert "网站" in body["error"]


def test_a_star_lets_every_site_in() -> None:
    app = OriginCheck(PlainTextResponse("ok"), HOSTS, ["*"])
    for headers in FOREIGN:
        assert status_of(exchange(app, method="POST", host=HOST, headers=headers)) == 200
