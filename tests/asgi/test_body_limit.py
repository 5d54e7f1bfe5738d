from typing import NoReturn

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from demo.asgi.body_limit import BodyLimit
from tests.support.asgi_client import run


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def ask(
    path: str, chunks: list[bytes], headers: list[tuple[bytes, bytes]] | None = None
) -> tuple[int, str]:
    sent: list[Message] = []
    waiting = [
        {"type": "http.request", "body": c, "more_body": i < len(chunks) - 1}
        for i, c in enumerate(chunks)
    ]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers or []}
    run(BodyLimit(echo, file_bytes=5_000_000)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


def test_a_small_body_passes() -> None:
    assert ask("/gradio_api/queue/join", [b"x" * 100]) == (200, "100")


def test_an_upload_may_be_larger_than_other_bodies() -> None:
    megabyte = [b"x" * 1_000_000] * 2
    assert ask("/gradio_api/upload", megabyte) == (200, "2000000")
    assert ask("/gradio_api/queue/join", megabyte)[0] == 413


def test_a_body_without_length_is_counted_and_cut() -> None:
    status, text = ask("/gradio_api/upload", [b"x" * 1_000_000] * 6)
    assert status == 413
    assert "5 MB" in text


def test_a_declared_length_is_refused_before_it_is_read() -> None:
    status, text = ask(
        "/gradio_api/upload",
        [],
        [(b"content-length", b"9000000"), (b"accept-language", b"zh-TW")],
    )
    assert status == 413
    assert "上限" in text


def test_the_sentence_is_in_the_chosen_language() -> None:
    """Which stands in the address of the page, whatever the browser prefers."""
    page = b"http://127.0.0.1:7860/detect?model=yolo11n&lang=zh-CN"
    headers = [(b"accept-language", b"en"), (b"referer", page)]
    status, text = ask("/gradio_api/queue/join", [b"x" * 2_000_000], headers)
    assert status == 413
    assert "上传" in text


def test_a_visitor_who_leaves_within_a_body_is_no_error() -> None:
    sent: list[Message] = []
    messages: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": []}
    run(BodyLimit(echo, file_bytes=5_000_000)(scope, receive, send))
    assert sent == []


def test_other_connections_pass_untouched() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def nothing(*_: object) -> NoReturn:
        raise AssertionError("nothing is received or sent")

    scope = {"type": "websocket", "path": "/monitoring"}
    run(BodyLimit(app, file_bytes=1)(scope, nothing, nothing))
    assert seen == [scope]
