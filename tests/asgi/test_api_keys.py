"""Keys of the REST API: who is let in, who is not, and that nobody is told them."""

import json
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from demo.asgi.api_keys import ApiKeys
from demo.asgi.rest_paths import API_PATH
from demo.errors import DemoError
from demo.service import examples
from demo.settings import Settings
from tests.conftest import Server
from tests.support.asgi_client import exchange, status_of

KEYS = ("first-key.0123", "second+KEY/45==")
BUS = next(path for path in examples.paths() if path.name == "bus.jpg")


async def answered(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("in")(scope, receive, send)


def ask(guard: ApiKeys, path: str = f"{API_PATH}/detect", **headers: str) -> int:
    return status_of(exchange(guard, path, method="POST", headers=headers))


@pytest.mark.parametrize("key", KEYS)
def test_each_key_opens_every_route(key: str) -> None:
    guard = ApiKeys(answered, KEYS)
    assert ask(guard, authorization=f"Bearer {key}") == 200
    assert ask(guard, authorization=f"bearer  {key} ") == 200


@pytest.mark.parametrize(
    "given",
    [
        *("", KEYS[0], "Bearer", "Bearer ", f"Basic {KEYS[0]}", "Bearer first-key.012", "Bearer é"),
        *(f"Bearer {','.join(KEYS)}", f"Bearer {KEYS[0].upper()}"),
    ],
)
def test_anything_else_does_not(given: str) -> None:
    guard = ApiKeys(answered, KEYS)
    sent = exchange(guard, f"{API_PATH}/detect", headers={"authorization": given})
    assert status_of(sent) == 401
    headers = dict(sent[0]["headers"])
    assert headers[b"www-authenticate"].startswith(b"Bearer")
    assert headers[b"content-type"] == b"application/problem+json"
    assert not any(key in sent[1]["body"].decode() for key in KEYS)


def test_health_documents_and_the_page_ask_for_none() -> None:
    guard = ApiKeys(answered, KEYS)
    for path in (f"{API_PATH}/health", "/api/docs", "/api/openapi.json", "/", "/gradio_api/info"):
        assert ask(guard, path) == 200
    for path in (f"{API_PATH}/health/", f"{API_PATH}/models", f"{API_PATH}/nothing"):
        assert ask(guard, path) == 401


def test_after_ten_wrong_keys_none_of_that_address_is_looked_at() -> None:
    guard = ApiKeys(answered, KEYS)
    wrong = {"authorization": "Bearer wrong"}
    assert [ask(guard, **wrong) for _ in range(11)] == [401] * 10 + [429]
    assert ask(guard, authorization=f"Bearer {KEYS[0]}") == 429
    right = {"authorization": f"Bearer {KEYS[0]}"}
    path = f"{API_PATH}/detect"
    assert status_of(exchange(guard, path, client="203.0.113.77", headers=right)) == 200


def test_a_server_asks_and_never_tells(tmp_path: Path) -> None:
    running = Server(VITRINE_API_KEYS=",".join(KEYS), VITRINE_LOG="debug", TMPDIR=str(tmp_path))
    try:
        running.wait()
        address = f"{running.url}{API_PATH}/detect?model=yolo-vitrine"
        refused = httpx.post(address, content=BUS.read_bytes())
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert json.loads(refused.content)["code"] == "api_key_missing"
        wrong = httpx.post(address, content=b"x", headers={"authorization": "Bearer wrong-key"})
        assert wrong.json()["code"] == "api_key_wrong"
        right = {"authorization": f"Bearer {KEYS[1]}"}
        answer = httpx.post(address, content=BUS.read_bytes(), headers=right, timeout=60)
        assert answer.json()["boxes"]
        assert httpx.get(f"{running.url}{API_PATH}/health").status_code == 200
        described = httpx.get(f"{running.url}/api/openapi.json").json()
        assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        shown = httpx.get(running.url).text + httpx.get(f"{running.url}/config").text
    finally:
        printed = running.stop()
    for text in (printed, shown, refused.text, wrong.text, answer.text):
        assert not any(key in text for key in KEYS)
    assert "wrong-key" not in printed


def test_settings_hold_the_keys_and_show_none() -> None:
    settings = Settings.from_env({"VITRINE_API_KEYS": f" {KEYS[0]} ,{KEYS[1]},"})
    assert settings.api_keys == KEYS
    assert not any(key in repr(settings) for key in KEYS)
    for text in ("hunter2 hunter3", "hunter2,hünter", ",", "hunter2,=x"):
        with pytest.raises(DemoError) as caught:
            Settings.from_env({"VITRINE_API_KEYS": text})
        assert "VITRINE_API_KEYS" in str(caught.value)
        assert "hunter" not in str(caught.value)
