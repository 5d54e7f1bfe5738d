"""Middleware that closes the routes of gradio that neither the page nor a client needs."""

import logging
import re

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.refusal import refuse
from demo.errors import DemoError

_log = logging.getLogger(__name__)

_API = "/gradio_api"
_USED = (
    "/",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.json",
    "/assets/.+",
    "/static/.+",
    f"{_API}/theme\\.css",
    f"{_API}/info",
    f"{_API}/upload",
    f"{_API}/upload_progress",
    f"{_API}/queue/(join|data|status)",
    f"{_API}/run/[^/]+",
    f"{_API}/call/(v2/)?[^/]+(/[^/]+)?",
    f"{_API}/(cancel|reset)",
    f"{_API}/heartbeat/[^/]+",
    # Asked for until it answers, where the connection was lost.
    f"{_API}/app_id",
    # Not the address of another server, which gradio would relay.
    f"{_API}/file=(?![A-Za-z][A-Za-z0-9+.-]+:).+",
)
_PATTERN = re.compile("|".join(f"(?:{path})" for path in _USED), re.DOTALL)


class UsedRoutes:
    """ASGI middleware: 404 for every path but those that the page and clients of the API use."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, the application that gradio made of the page."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and not is_used(get_route_path(scope)):
            _log.debug("closed route: %s", scope["path"])
            await refuse(scope, receive, send, 404, DemoError("route_unknown"))
            return
        await self._app(scope, receive, send)


def is_used(path: str) -> bool:
    """Whether a path below the root of the application leads to a route that is open."""
    # Gradio answers most of its routes with a slash at the end as well.
    return any(_PATTERN.fullmatch(one) for one in (path or "/", path.rstrip("/")))
