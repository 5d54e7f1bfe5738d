"""Middleware that limits request bodies and closes routes of gradio that the page never uses."""

import json
import logging

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.i18n import locale_of, translate

_log = logging.getLogger(__name__)

_MAX_BODY_BYTES = 1_000_000
"""Largest body of any request but an upload."""
_MAX_PART_HEADER_BYTES = 100_000
"""What the multipart framing may add to an uploaded file."""
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
"""Parts of paths, in small letters."""


class BodyLimit:
    """ASGI middleware: 413 for a body beyond its limit, 404 for a closed route.

    A body is refused by its declared length before it is read, else as soon as what arrived is
    beyond the limit. starlette's own limit knows neither two limits nor the visitor's language.
    """

    def __init__(self, app: ASGIApp, file_bytes: int) -> None:
        """Wrap `app`; file_bytes limits an uploaded file, other bodies may have 1 MB."""
        self._app = app
        self._file_bytes = file_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].lower()
        if any(part in path for part in _CLOSED):
            _log.debug("closed route: %s", path)
            await _refusal(404, "Not found.")(scope, receive, send)
        elif path.rstrip("/").endswith("/upload"):
            await self._limited(scope, receive, send, self._file_bytes, _MAX_PART_HEADER_BYTES)
        else:
            await self._limited(scope, receive, send, _MAX_BODY_BYTES, 0)

    async def _limited(
        self, scope: Scope, receive: Receive, send: Send, limit: int, spare: int
    ) -> None:
        """Serve a request whose body may have `limit` + `spare` bytes; sentences name `limit`."""
        headers = Headers(scope=scope)
        most = limit + spare
        received = 0
        started = False

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > most else message

        async def send_within_limit(message: Message) -> None:
            nonlocal started
            if received <= most or started:
                started = True
                await send(message)

        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            received = int(declared)
        else:
            try:
                await self._app(scope, count, send_within_limit)
            except ClientDisconnect:
                _log.debug("disconnected within a body: %s", scope["path"])
        if received > most and not started:
            _log.debug("body beyond %d bytes: %s", most, scope["path"])
            locale = locale_of(headers.get("accept-language", ""))
            sentence = translate("body_too_big", locale, limit=limit / 1e6)
            await _refusal(413, sentence)(scope, receive, send)


def _refusal(status: int, sentence: str) -> Response:
    """The connection ends with it, since the rest of the body is not read."""
    body = json.dumps({"error": sentence, "detail": sentence}, ensure_ascii=False)
    return Response(body, status, {"connection": "close"}, "application/json")
