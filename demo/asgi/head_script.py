"""Middleware that inserts a script at the start of the page, before any other script runs."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.html_answer import rewrite_html

_PAGE = b"gradio_config"


class HeadScript:
    """ASGI middleware: inserts `script` after the first `<head>` of the page.

    Gradio's own `head` option is applied by its front end, after it has chosen a language.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        """Wrap `app`; script: HTML, `<script>` tags included."""
        self._app = app
        self._script = script.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await rewrite_html(self._app, scope, receive, send, self._insert)

    def _insert(self, page: bytes, _: MutableHeaders) -> bytes:
        # Not into other documents, which are HTML too.
        if _PAGE not in page:
            return page
        return page.replace(b"<head>", b"<head>" + self._script, 1)
