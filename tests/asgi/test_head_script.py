from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message

from demo.asgi.head_script import HeadScript
from tests.support.asgi_client import run


async def send_all(app: ASGIApp, sent: list[Message]) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)


def get(app: ASGIApp) -> list[Message]:
    sent: list[Message] = []
    run(send_all(app, sent))
    return sent


def test_the_script_stands_before_every_other() -> None:
    page = HTMLResponse("<html><head><script>late(gradio_config)</script></head></html>")
    start, body = get(HeadScript(page, "<script>early()</script>"))
    assert body["body"].index(b"early") < body["body"].index(b"late")
    assert not [name for name, _ in start["headers"] if name == b"content-length"]


def test_other_answers_pass_untouched() -> None:
    start, body = get(HeadScript(JSONResponse({"a": "<head>"}), "<script></script>"))
    assert body["body"] == b'{"a":"<head>"}'
    assert dict(start["headers"])[b"content-length"] == b"14"
