import json

import pytest
from starlette.responses import PlainTextResponse

from demo.asgi.host_check import HostCheck
from demo.asgi.hosts import Hosts
from tests.support.asgi_client import exchange, status_of

APP = HostCheck(PlainTextResponse("ok"), Hosts("127.0.0.1", ["vision.example"]))


def test_the_servers_own_names_pass() -> None:
    assert status_of(exchange(APP, host="localhost:7860")) == 200
    assert status_of(exchange(APP, host="vision.example")) == 200
    assert status_of(exchange(APP)) == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_another_name_is_refused_in_the_visitors_language(method: str) -> None:
    sent = exchange(APP, method=method, host="evil.example:7860", accept_language="zh-TW")
    assert status_of(sent) == 403
    sentence = json.loads(sent[1]["body"])["error"]
    assert "evil.example:7860" in sentence
    assert "VITRINE_HOSTS" in sentence
    assert "伺服器" in sentence


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("vision.example", 200),
        ("localhost:9000", 200),
        ("evil.example", 403),
        ("vision.example, evil.example", 403),
    ],
)
def test_what_a_proxy_passes_on_is_held_to_the_same_names(forwarded: str, status: int) -> None:
    sent = exchange(APP, host="127.0.0.1:7860", x_forwarded_host=forwarded)
    assert status_of(sent) == status


def test_a_good_forwarded_name_does_not_excuse_a_bad_one() -> None:
    sent = exchange(APP, host="evil.example", x_forwarded_host="localhost")
    assert status_of(sent) == 403


def test_a_websocket_under_another_name_is_closed_before_it_is_accepted() -> None:
    assert exchange(APP, kind="websocket", host="evil.example") == [
        {"type": "websocket.close", "code": 1008}
    ]
