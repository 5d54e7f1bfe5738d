"""Middleware that limits the size of request bodies."""

import logging

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.refusal import refuse
from demo.asgi.rest_paths import is_rest
from demo.errors import DemoError

_log = logging.getLogger(__name__)

UPLOAD_PATH = "/gradio_api/upload"
_MAX_BODY_BYTES = 1_000_000
"""Largest body of any request but an upload."""
_MAX_PART_HEADER_BYTES = 100_000
"""What the multipart framing may add to an uploaded file."""


class BodyLimit:
    """ASGI middleware: 413 for a body beyond its limit.

    A body is refused by its declared length before it is read, else as soon as what arrived is
    beyond the limit; the application then sees that the client has left. starlette's own limit
    knows neither two limits nor the visitor's language.
    """

    def __init__(self, app: ASGIApp, file_bytes: int, picture_bytes: int = 0) -> None:
        """Wrap `app`.

        Args:
            app: the application.
            file_bytes: largest uploaded file.
            picture_bytes: largest picture in a request of the REST API. Other bodies may have 1 MB.
        """
        self._app = app
        self._file_bytes = file_bytes
        self._picture_bytes = picture_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif get_route_path(scope).rstrip("/") == UPLOAD_PATH:
            await self._limited(scope, receive, send, self._file_bytes, _MAX_PART_HEADER_BYTES)
        elif is_rest(scope):
            await self._limited(scope, receive, send, self._picture_bytes, _MAX_PART_HEADER_BYTES)
        else:
            await self._limited(scope, receive, send, _MAX_BODY_BYTES, 0)

    async def _limited(
        self, scope: Scope, receive: Receive, send: Send, limit: int, spare: int
    ) -> None:
        """Serve a request whose body may have `limit` + `spare` bytes; sentences name `limit`."""
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

        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            received = int(declared)
        else:
            try:
                await self._app(scope, count, send_within_limit)
            except ClientDisconnect:
                _log.debug("disconnected within a body: %s", scope["path"])
        if received > most and not started:
            _log.debug("body beyond %d bytes: %s", most, scope["path"])
            reason = DemoError("body_too_big", limit=limit / 1e6)
            await refuse(scope, receive, send, 413, reason)
