"""Middleware that inserts a script at the start of the page, before any other script runs."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadScript:
    """ASGI middleware: inserts `script` after the first `<head>` of every HTML answer to a GET.

    Gradio's own `head` option is applied by its front end, after it has chosen a language.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        """Wrap `app`; script: HTML, `<script>` tags included."""
        self._app = app
        self._script = script.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def insert(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    # The length has changed; without the header the server sends chunks.
                    del MutableHeaders(scope=start)["content-length"]
                    await send(start)
                    page = body.replace(b"<head>", b"<head>" + self._script, 1)
                    await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, insert)


def _is_html(start: Message) -> bool:
    return Headers(scope=start).get("content-type", "").startswith("text/html")
