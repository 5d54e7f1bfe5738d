import json

import pytest
from starlette.responses import PlainTextResponse

from demo.asgi.rate_limit import RateLimit
from tests.support.asgi_client import exchange, status_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def limited(per_minute: int, clock: Clock | None = None) -> RateLimit:
    return RateLimit(PlainTextResponse("ok"), per_minute, clock or Clock())


def statuses(app: RateLimit, number: int, client: str, path: str = "/config") -> list[int]:
    return [status_of(exchange(app, path, client=client)) for _ in range(number)]


def test_a_minutes_requests_may_come_at_once_and_then_as_time_passes() -> None:
    clock = Clock()
    app = limited(6, clock)
    assert statuses(app, 8, "192.0.2.7") == [200] * 6 + [429] * 2
    clock.now += 21
    assert statuses(app, 3, "192.0.2.7") == [200, 200, 429]
    clock.now += 3600
    assert statuses(app, 7, "192.0.2.7") == [200] * 6 + [429]


def test_the_refusal_says_when_to_come_back() -> None:
    app = limited(6)
    statuses(app, 6, "192.0.2.7")
    start, body = exchange(app, client="192.0.2.7", accept_language="zh-CN")
    assert dict(start["headers"])[b"retry-after"] == b"10"
    assert json.loads(body["body"])["error"] == (
        "同一地址每分钟的请求超过了 6 次；请在 10 秒后重试。"
    )


def test_each_address_has_its_own_requests() -> None:
    app = limited(2)
    assert statuses(app, 3, "192.0.2.7") == [200, 200, 429]
    assert statuses(app, 2, "192.0.2.8") == [200, 200]
    # A customer may take any address of a network of IPv6.
    assert statuses(app, 1, "2001:db8::1") + statuses(app, 1, "2001:db8::2") == [200, 200]
    assert statuses(app, 1, "2001:db8::3") == [429]
    assert statuses(app, 1, "2001:db8:0:1::1") == [200]
    assert statuses(app, 1, "::ffff:192.0.2.7") == [429]


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1", ""])
def test_loopback_is_free(client: str) -> None:
    assert statuses(limited(1), 5, client) == [200] * 5


def test_files_of_the_page_and_zero_are_free() -> None:
    assert statuses(limited(1), 5, "192.0.2.7", "/assets/a.js") == [200] * 5
    assert statuses(limited(0), 5, "192.0.2.7") == [200] * 5


def test_a_websocket_counts_as_a_request() -> None:
    app = limited(1)
    statuses(app, 1, "192.0.2.7")
    sent = exchange(app, kind="websocket", client="192.0.2.7")
    assert sent == [{"type": "websocket.close", "code": 1008}]
