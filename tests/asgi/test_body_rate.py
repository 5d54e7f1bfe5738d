import asyncio
import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from demo.asgi.body_rate import BodyRate
from tests.support.asgi_client import run

GRACE_S = 0.2


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """As event streams do: waits for the client to leave after the body is there."""
    await receive()
    ended = await receive()
    await PlainTextResponse(ended["type"])(scope, receive, send)


def send_slowly(app: BodyRate, chunk: bytes, chunks: int, pause_s: float) -> list[Message]:
    sent: list[Message] = []

    async def serve() -> None:
        left = chunks

        async def receive() -> Message:
            nonlocal left
            await asyncio.sleep(pause_s)
            left -= 1
            if left < 0:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": chunk, "more_body": left > 0}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        await app(scope, receive, send)

    run(serve())
    return sent


def test_a_steady_body_may_take_longer_than_the_grace_period() -> None:
    sent = send_slowly(BodyRate(echo, GRACE_S), b"x" * 2000, 8, 0.05)
    assert sent[1]["body"] == b"16000"


def test_a_body_that_pauses_is_ended() -> None:
    sent = send_slowly(BodyRate(echo, GRACE_S), b"x" * 100_000, 3, 0.5)
    assert sent[0]["status"] == 408
    assert "2000 bytes a second" in json.loads(sent[1]["body"])["error"]
    assert dict(sent[0]["headers"])[b"connection"] == b"close"


def test_a_body_that_trickles_is_ended() -> None:
    sent = send_slowly(BodyRate(echo, GRACE_S), b"x", 100, 0.05)
    assert sent[0]["status"] == 408


def test_what_follows_a_body_may_take_for_ever() -> None:
    sent = send_slowly(BodyRate(stream, GRACE_S), b"", 1, 0.15)
    assert sent[1]["body"] == b"http.disconnect"
    sent = send_slowly(BodyRate(stream, 0.3), b"", 1, 0.25)
    assert sent[1]["body"] == b"http.disconnect"
