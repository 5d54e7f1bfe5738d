"""An ASGI middleware in front of everything: caps every body, closes relays and monitoring."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect

from demo.i18n import locale_of, translate

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_JSON_BYTES = 1_000_000
_PART_BYTES = 100_000
_CLOSED = (
    "/proxy=",
    "/file=http",
    "/file=ftp",
    "/file/http",
    "/monitoring",
    "/vibe-",
    "/undo-vibe",
    "/process_recording",
    "/component_server",
    "/custom_component",
    "/deep_link",
    "/run-history",
    "/dev/reload",
)


class BodyLimit:
    """Answers 413 to a body beyond its cap and 404 to what the page never needs.

    file_bytes caps an uploaded file; the headers of its part may add 0.1 MB. Every other body may
    have 1 MB, since no request of the page is larger.
    """

    def __init__(self, app: App, file_bytes: int) -> None:
        self._app = app
        self._file_bytes = file_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].lower()
        if any(part in path for part in _CLOSED):
            await _refuse(send, 404, "Not found.")
            return
        uploads = path.rstrip("/").endswith("/upload")
        limit, spare = (self._file_bytes, _PART_BYTES) if uploads else (_JSON_BYTES, 0)
        await self._capped(scope, receive, send, limit, limit + spare)

    async def _capped(
        self, scope: Scope, receive: Receive, send: Send, limit: int, cap: int
    ) -> None:
        headers = dict(scope["headers"])
        locale = locale_of(headers.get(b"accept-language", b"").decode("latin-1"))
        sentence = translate("body_too_big", locale, limit=limit / 1e6)
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > cap:
            await _refuse(send, 413, sentence)
            return
        taken = 0
        started = False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > cap else message

        async def unless_beyond(message: Message) -> None:
            nonlocal started
            if taken <= cap or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, unless_beyond)
        except ClientDisconnect:
            if taken <= cap:
                raise
        if taken > cap and not started:
            await _refuse(send, 413, sentence)


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence, "detail": sentence}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
