"""Middleware that checks an upload while it streams: its parts, and the room for it."""

import logging
from collections.abc import Mapping

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.body_limit import UPLOAD_PATH
from demo.asgi.form_parts import FormParts
from demo.asgi.refusal import refuse
from demo.errors import DemoError
from demo.service.upload_budget import Reservation, UploadBudget

_log = logging.getLogger(__name__)

_FIELD = b"files"
"""The form field of uploads; gradio writes other files down and forgets them."""
_STEP_BYTES = 1_000_000
"""Room that is asked for at once."""


class UploadCheck:
    """ASGI middleware: 400 for an upload of anything but files, 413 or 507 without room for it.

    Gradio reads a part without a file name into memory whole, and leaves what a visitor who left
    has uploaded. Here its parser takes either for a malformed body: it then removes the
    files that it has begun.
    """

    def __init__(self, app: ASGIApp, budget: UploadBudget) -> None:
        """Wrap `app`; budget: room for uploads."""
        self._app = app
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        is_upload = scope["type"] == "http" and scope["method"] == "POST"
        if not is_upload or get_route_path(scope).rstrip("/") != UPLOAD_PATH:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        refused: DemoError | None = None
        complete = False
        try:
            kind, malformed = headers.get("content-type", ""), DemoError("upload_malformed")
            parts = FormParts(kind, malformed, _check_part)
            await self._budget.check(int(declared) if declared.isdecimal() else 0)
        except DemoError as error:
            await _refuse(scope, receive, send, error)
            return
        with self._budget.reservation() as room:

            async def receive_checked() -> Message:
                nonlocal refused, complete
                message = await receive()
                if complete:
                    return message
                if message["type"] == "http.disconnect":
                    raise MultiPartException("the client has left")
                body = message.get("body", b"")
                complete = not message.get("more_body", False)
                try:
                    parts.feed(body)
                    await _take(room, len(body))
                except DemoError as error:
                    refused, complete = error, True
                    raise MultiPartException(error.key) from None
                return message

            async def send_unless_refused(message: Message) -> None:
                if refused is None:
                    await send(message)

            await self._app(scope, receive_checked, send_unless_refused)
            if refused is not None:
                await _refuse(scope, receive, send, refused)


async def _take(room: Reservation, size_bytes: int) -> None:
    if size_bytes > room.left_bytes:
        await room.extend(max(size_bytes, _STEP_BYTES))
    room.take(size_bytes)


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: DemoError) -> None:
    statuses = {"uploads_full": 507, "upload_over_budget": 413}
    _log.debug("upload refused: %s", reason.key)
    await refuse(scope, receive, send, statuses.get(reason.key, 400), reason)


def _check_part(named: Mapping[bytes, bytes]) -> None:
    if b"filename" not in named or named.get(b"name") != _FIELD:
        raise DemoError("part_without_file")
