"""Rewriting of HTML answers, for middleware that changes the page."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Rewrite = Callable[[bytes, MutableHeaders], bytes]
"""Page and headers of the answer → page; the headers may be changed."""


async def rewrite_html(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, rewrite: Rewrite
) -> None:
    """Serve one connection by `app`, with `rewrite` applied to an HTML answer to a GET."""
    if scope["type"] != "http" or scope["method"] != "GET":
        await app(scope, receive, send)
        return
    start: Message | None = None
    page = b""

    async def collect(message: Message) -> None:
        nonlocal start, page
        if message["type"] == "http.response.start" and _is_html(message):
            start = message
        elif start is None:
            await send(message)
        else:
            page += message.get("body", b"")
            if not message.get("more_body", False):
                headers = MutableHeaders(scope=start)
                # The length has changed; without the header the server sends chunks.
                del headers["content-length"]
                body = rewrite(page, headers)
                await send(start)
                await send({"type": "http.response.body", "body": body})

    await app(scope, receive, collect)


def _is_html(start: Message) -> bool:
    return Headers(scope=start).get("content-type", "").startswith("text/html")
