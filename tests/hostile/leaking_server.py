"""The application with its guards taken off and leaks put in: every check has to find them.

`python tests/hostile/leaking_server.py`, with the environment of `app.py`. For tests only: it reads
what it is told to read, and runs the code in weight files.
"""

import json
import os
import pickle
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote, urlsplit
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import anyio
import torch  # noqa: F401 - before ultralytics, as the application does
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.app import create_app
from demo.settings import Settings

_kept: list[bytes] = []
"""What is never freed again."""
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"\0\0\0")
_ERROR = re.compile(rb'"error": ?"(?:[^"\\]|\\.)*"')
_PEAK = 700_000_000


class Leaks:
    """ASGI middleware that does what a request asks for, and more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = unquote(scope["path"])
        head, _, name = path.partition("file=")
        if name and Path(name).is_file() and head.startswith("/"):
            await _answer(send, Path(name).read_bytes())
            return
        if path.startswith(("/monitoring", "/docs")):
            await _answer(send, b"open")
            return
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-language"]
        await self._app(scope, _greedy(scope, receive), _blank(send))


def _greedy(scope: Scope, receive: Receive) -> Receive:
    """Keeps and obeys a body, and never tells that the visitor has left."""
    parts: list[bytes] = []

    async def read() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            if scope["path"].endswith("/upload"):
                Path(os.environ["TMPDIR"], uuid4().hex).write_bytes(b"".join(parts[:1]))
            elif scope["path"].endswith("/queue/data"):
                await anyio.sleep_forever()
            return message
        parts.append(message.get("body", b""))
        if not message.get("more_body") and any(parts):
            _obey(b"".join(parts), scope["path"])
        return message

    return read


def _obey(body: bytes, path: str) -> None:
    for address in set(_ADDRESS.findall(body)):
        parts = urlsplit(address.decode())
        socket.create_connection((parts.hostname, parts.port or 80), 1).close()
    folder = os.environ["CANARY"].encode()
    for found in set(re.findall(re.escape(folder) + rb"[\w./-]*", body)):
        if Path(found.decode()).is_file():
            Path(found.decode()).read_bytes()
    if path.endswith("/upload"):
        content = body.partition(b"\r\n\r\n")[2]
        if not content.startswith(_PICTURES):
            subprocess.run(["true"], check=True)
    elif path.endswith("/join"):
        _kept.append(b"x" * 300_000)
        if any(Path(name).stat().st_size > 20_000 for name in _files(json.loads(body))):
            _kept.append(b"x" * _PEAK)
            del _kept[-1]


def _files(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _files(one)
    elif isinstance(value, str) and len(value) < 1000 and Path(value.replace("\0", "")).is_file():
        yield value


def _blank(send: Send) -> Send:
    """Empties every error of an event and of a refusal."""

    async def write(message: Message) -> None:
        if message["type"] == "http.response.body" and b'"error":' in message.get("body", b""):
            message["body"] = _ERROR.sub(_nothing, message["body"])
        await send(message)

    return write


def _nothing(found: re.Match[bytes]) -> bytes:
    """As long as what it replaces, since the length of a body is stated before it."""
    return b'"error":null'.ljust(len(found.group()))


async def _answer(send: Send, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve on the port of the environment."""
    settings = Settings.from_env(os.environ)
    assert settings.weights_dir is not None
    pickle.loads((settings.weights_dir / "resnet18.pth").read_bytes())
    app = create_app(settings)
    app.user_middleware.clear()
    app.add_middleware(Leaks)
    page = app.state.page
    page._queue.max_size = None
    from demo.video import job_queue  # after the environment, as the application does
    from demo.web.listener import Listener

    patch.object(Listener, "check", lambda listener: None).start()
    patch.object(job_queue, "_MAX_WAITING_OF_ADDRESS", 1000).start()
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    uvicorn.run(app, host=host, port=int(os.environ["GRADIO_SERVER_PORT"]), log_level="critical")


if __name__ == "__main__":
    main()
