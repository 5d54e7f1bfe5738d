"""Uvicorn in the main thread: announces when it is ready, and ends at once on a signal to stop."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from demo.asgi.connections import BACKLOG, Connections, LimitedProtocol

_GRACE_S = 0.3
"""How long answers in progress may go on after a signal to stop."""


class Server(uvicorn.Server):
    """A uvicorn server that does not wait for streams which never end by themselves."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        ready: Callable[[], None],
        connections: Connections,
        proxies: Sequence[str] = (),
    ) -> None:
        """Prepare, without opening the port.

        Args:
            app: the application.
            host: address to listen on, an IPv6 one with or without brackets.
            port: port to listen on.
            ready: called once when the port accepts connections.
            connections: limits of the open connections.
            proxies: addresses and networks whose X-Forwarded-For and -Proto are believed.
        """
        super().__init__(
            uvicorn.Config(
                app,
                host=host.removeprefix("[").removesuffix("]"),
                port=port,
                log_level="warning",
                timeout_graceful_shutdown=1,
                # uvicorn takes a class and makes one object a connection of it.
                http=partial(LimitedProtocol, connections),  # type: ignore[arg-type]
                backlog=BACKLOG,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then call `ready`."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port; drop the connections that are still open after the grace period."""
        asyncio.get_running_loop().call_later(_GRACE_S, self._drop_connections)
        await super().shutdown(sockets)

    def _drop_connections(self) -> None:
        """Event streams and WebSockets then end as when their visitors leave."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
