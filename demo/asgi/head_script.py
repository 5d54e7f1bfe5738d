"""An ASGI middleware that puts a script at the start of the page, before any other runs."""

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

Message = MutableMapping[str, Any]


class HeadScript:
    """Inserts `script` behind the first `<head>` of every HTML answer.

    Gradio's own `head` option is applied by the front end, after it has chosen a language.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        self._app = app
        self._script = script.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        body = b""

        async def insert(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start" and _is_html(message):
                held = message
            elif held is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await send({**held, "headers": _without_length(held)})
                    page = body.replace(b"<head>", b"<head>" + self._script, 1)
                    await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, insert)


def _is_html(start: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in start["headers"]
    )


def _without_length(start: Message) -> list[tuple[bytes, bytes]]:
    """Without it the server sends chunks; the length has changed."""
    return [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
