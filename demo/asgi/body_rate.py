"""Middleware that ends requests whose bodies arrive too slowly."""

import asyncio
import logging
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.refusal import refuse
from demo.errors import DemoError

_log = logging.getLogger(__name__)

_MIN_BYTES_PER_S = 2_000
"""Slowest body on average: a tenth of what a phone has in the worst network."""


class BodyRate:
    """ASGI middleware: 408 for a body that pauses or is slow; the application sees a disconnect.

    Neither gradio nor uvicorn ends a request whose body never comes.
    """

    def __init__(self, app: ASGIApp, grace_s: float = 10.0) -> None:
        """Wrap `app`; grace_s: longest pause, and how long a body may be slow at its begin."""
        self._app = app
        self._grace_s = grace_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.monotonic()
        received = 0
        complete = late = started = False

        async def receive_in_time() -> Message:
            nonlocal received, complete, late
            if complete:
                return await receive()
            left_s = begin + self._grace_s + received / _MIN_BYTES_PER_S - time.monotonic()
            try:
                async with asyncio.timeout(min(left_s, self._grace_s)):
                    message = await receive()
            except TimeoutError:
                complete = late = True
                return {"type": "http.disconnect"}
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            return message

        async def send_unless_late(message: Message) -> None:
            nonlocal started
            if not late or started:
                started = True
                await send(message)

        try:
            await self._app(scope, receive_in_time, send_unless_late)
        except ClientDisconnect:
            _log.debug("disconnected within a body: %s", scope["path"])
        if late and not started:
            _log.info("ended a slow body of %d bytes: %s", received, scope["path"])
            reason = DemoError("body_too_slow", limit=_MIN_BYTES_PER_S)
            await refuse(scope, receive, send, 408, reason)
