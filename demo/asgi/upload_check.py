"""Middleware that checks an upload while it streams: its parts, and the room for it."""

import logging

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import (
    MAX_BOUNDARY_LENGTH,
    MultipartParser,
    parse_options_header,
)
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.asgi.body_limit import UPLOAD_PATH
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
            parts = Parts(headers.get("content-type", ""))
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


class Parts:
    """Scans a multipart body that arrives in pieces, without keeping any of it."""

    def __init__(self, content_type: str) -> None:
        """Begin a body. Raises DemoError for a Content-Type that is not that of a form."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_LENGTH:
            raise DemoError("upload_malformed")
        self._header = (bytearray(), bytearray())
        self._is_file = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
            },
        )

    def feed(self, data: bytes) -> None:
        """Scan the next piece. Raises DemoError for a part that is not an uploaded file."""
        try:
            self._parser.write(data)
        except MultipartParseError:
            raise DemoError("upload_malformed") from None

    def _begin(self) -> None:
        self._is_file = False

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(value))
            self._is_file = b"filename" in options and options.get(b"name") == _FIELD
        name.clear()
        value.clear()

    def _end_headers(self) -> None:
        if not self._is_file:
            raise DemoError("part_without_file")
