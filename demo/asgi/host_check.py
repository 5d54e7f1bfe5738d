"""Middleware that refuses requests made under a name that is not this server's."""

import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.hosts import Hosts
from demo.asgi.refusal import refuse
from demo.errors import DemoError

_log = logging.getLogger(__name__)


class HostCheck:
    """ASGI middleware: 403 for a Host header that is not the server's; WebSockets too.

    A proxy's X-Forwarded-Host is held to the same names, because gradio builds addresses from it.
    A request without a Host header is no browser's and passes. starlette's TrustedHostMiddleware
    knows no IPv6 address and neither of the two.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        """Wrap `app`, which goes by `hosts`."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        for host in host_names(Headers(scope=scope)):
            if not self._hosts.accepts(host):
                _log.info("refused a request for the host %r", host)
                reason = DemoError("host_unknown", host=host[:100])
                await refuse(scope, receive, send, 403, reason)
                return
        await self._app(scope, receive, send)


def host_names(headers: Headers) -> list[str]:
    """What a request calls the server: its Host, and those that proxies have passed on."""
    forwarded = (
        name.strip() for value in headers.getlist("x-forwarded-host") for name in value.split(",")
    )
    return [*headers.getlist("host"), *forwarded]
