"""Middleware that refuses what pages of other sites would change here."""

import logging
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.host_check import host_names
from demo.asgi.hosts import Hosts
from demo.asgi.refusal import refuse
from demo.errors import DemoError

_log = logging.getLogger(__name__)

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OriginCheck:
    """ASGI middleware: 403 for a request that a page of another site sends.

    Any page may send forms and uploads to any server, and open WebSockets, without being allowed to
    read the answer. Browsers name the page's site in Origin, or say cross-site in Sec-Fetch-Site;
    other programs send neither and pass. Reading (GET) needs no check: without CORS headers no
    other site's page sees the answer.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, origins: Iterable[str] = ()) -> None:
        """Wrap `app`.

        Args:
            app: the application.
            hosts: the server's names; pages of a configured one are its own.
            origins: other origins whose pages may use this server, `*` for all.
        """
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        unsafe = scope["type"] == "websocket" or scope.get("method") not in _SAFE_METHODS
        if scope["type"] == "lifespan" or not unsafe or self._may(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        _log.info("refused a request of another site's page")
        await refuse(scope, receive, send, 403, DemoError("origin_foreign"))

    def _may(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if self._origins & {"*", (origin or "").lower()}:
            return True
        if headers.get("sec-fetch-site") == "cross-site":
            return False
        return origin is None or self._is_own(origin, headers)

    def _is_own(self, origin: str, headers: Headers) -> bool:
        """Whether an Origin is this server as the request calls it, or one of its names."""
        try:
            scheme, host, *_ = urlsplit(origin.lower())
        except ValueError:
            return False
        # The `null` of pages without a site has no host.
        if not host or scheme not in _DEFAULT_PORTS:
            return False
        default = _DEFAULT_PORTS[scheme]
        called = {name.lower().removesuffix(default) for name in host_names(headers)}
        return host.removesuffix(default) in called or self._hosts.is_configured(host)
