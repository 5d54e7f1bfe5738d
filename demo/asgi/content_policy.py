"""Middleware that says what the page may load and run, and which sites may show it in a frame."""

import secrets
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.html_answer import rewrite_html

_POLICY = {
    "default-src": "'self'",
    # Gradio's front end makes functions of the texts that Python gives it for events.
    "script-src": "'self' 'nonce-{nonce}' 'unsafe-eval'",
    # Its components are styled by attributes.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self' {ancestors}",
}
_HUB = ("https://huggingface.co", "https://*.huggingface.co", "https://*.hf.space")
"""Sites that show the page of a Space in a frame."""


class ContentPolicy:
    """ASGI middleware: a Content-Security-Policy for every HTML answer to a GET.

    Scripts run from this server, and within the page if they were in it when it was sent: each of
    its `<script` tags gets the answer's nonce.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str] = ()) -> None:
        """Wrap `app`; origins: sites that may show the page in a frame, besides the Hub."""
        self._app = app
        self._ancestors = " ".join((*_HUB, *origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await rewrite_html(self._app, scope, receive, send, self._apply)

    def _apply(self, page: bytes, headers: MutableHeaders) -> bytes:
        nonce = secrets.token_urlsafe(16)
        policy = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
        headers["content-security-policy"] = policy.format(nonce=nonce, ancestors=self._ancestors)
        return page.replace(b"<script", f'<script nonce="{nonce}"'.encode())
