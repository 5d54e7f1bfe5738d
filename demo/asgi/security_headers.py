"""Middleware that adds the headers by which browsers take every answer as what it is."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


class SecurityHeaders:
    """ASGI middleware: nosniff and a Referrer-Policy on every answer, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, add)
