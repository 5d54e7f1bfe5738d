"""Middleware that serves the page at the address of each of its tabs."""

from collections.abc import Iterable

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send


class TabAddresses:
    """ASGI middleware: `/detect` is answered as `/` is; a script of the page opens the tab.

    Only reading is: every other method finds at `/detect` what it would find without a tab.
    """

    def __init__(self, app: ASGIApp, tabs: Iterable[str]) -> None:
        """Wrap `app`; tabs: names of the tabs."""
        self._app = app
        self._paths = {f"/{tab}" for tab in tabs}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = get_route_path(scope)
            if path in self._paths:
                root = scope["path"].removesuffix(path) + "/"
                scope = {**scope, "path": root, "raw_path": root.encode()}
        await self._app(scope, receive, send)
