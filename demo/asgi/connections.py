"""Limits of the open connections, and of the time and size of the header of a request."""

import asyncio
import logging
import sys
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from demo.i18n import LOCALES, translate
from demo.web_addresses import Networks, remote_network_of

_log = logging.getLogger(__name__)

HEADER_S = 10.0
"""How long the header of a request may take to arrive."""
_MAX_HEADER_BYTES = 65_536
BACKLOG = 256
"""Connections that are accepted at once."""
_RESERVED_FILES = 384
"""Open files left for everything but connections: BACKLOG, uploads, models and libraries."""


class Connections:
    """The open connections of a server.

    Where one more is too many, the oldest of those that wait for a request makes room. If all of
    them are being answered, the new one is refused.
    """

    def __init__(
        self, per_address: int, exempt: Iterable[str] = (), most: int | None = None
    ) -> None:
        """Begin with none.

        Args:
            per_address: connections of one address (IPv6: of one network); loopback has no limit.
            exempt: networks without a limit: proxies, which connect for many visitors.
            most: connections altogether; by default what the limit of open files leaves.
        """
        self._per_address = per_address
        self._exempt = Networks(exempt)
        self._most = _most_connections() if most is None else most
        self._open: dict[LimitedProtocol, str | None] = {}
        """Connection → its address, None where that has no limit; the oldest first."""

    def admit(self, new: "LimitedProtocol", host: str) -> bool:
        """Take in a new connection from `host`; False where it has to be refused."""
        address = None if host in self._exempt else remote_network_of(host)
        if self._rivals(address):
            self._forget_closed()
        rivals = self._rivals(address)
        if rivals:
            waiting = next((one for one in rivals if one.is_waiting), None)
            if waiting is None:
                _log.warning("refused a connection: %d are open", len(self._open))
                return False
            waiting.drop()
        self._open[new] = address
        return True

    def _rivals(self, address: str | None) -> list["LimitedProtocol"]:
        """The connections of which one has to end for a new one, none where there is room."""
        if len(self._open) >= self._most:
            return list(self._open)
        if address is None:
            return []
        same = [one for one, its in self._open.items() if its == address]
        return same if len(same) >= self._per_address else []

    def discard(self, one: "LimitedProtocol") -> None:
        """Forget a connection that has ended."""
        self._open.pop(one, None)

    def _forget_closed(self) -> None:
        # Those that became WebSockets do not tell of their end.
        for one in [one for one in self._open if one.transport.is_closing()]:
            del self._open[one]


class LimitedProtocol(HttpToolsProtocol):
    """A connection whose requests must have their header within HEADER_S and 64 KiB."""

    def __init__(self, connections: Connections, *args: Any, **options: Any) -> None:
        """Wait for a connection; uvicorn gives the arguments after `connections`."""
        super().__init__(*args, **options)
        self._connections = connections
        self.is_waiting = True
        """Whether no request is being answered."""
        self._header_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the time of the first header, or refuse the connection."""
        super().connection_made(transport)
        if self._connections.admit(self, self.client[0] if self.client else ""):
            self._expect_header()
        else:
            self._end(503, "too_many_connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self._connections.discard(self)
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a header."""
        if self.is_waiting:
            self._header_bytes += len(data)
            if self._deadline is None:
                self._expect_header()
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.is_waiting and self._header_bytes > _MAX_HEADER_BYTES:
            self._end(431, "header_too_big")

    def on_headers_complete(self) -> None:
        """End the time of the header."""
        self._stop_clock()
        self.is_waiting = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request of this connection, as long as uvicorn keeps it alive."""
        self.is_waiting = not self.pipeline
        self._header_bytes = 0
        super().on_response_complete()

    def drop(self) -> None:
        """End the connection at once."""
        self._connections.discard(self)
        self._stop_clock()
        self.transport.abort()

    def _expect_header(self) -> None:
        self._deadline = self.loop.call_later(HEADER_S, self._end, 408, "header_too_slow")

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, status: int, key: str) -> None:
        """Answer with a sentence and end; the language is unknown before the header is there."""
        self._stop_clock()
        self._connections.discard(self)
        sentences = "\n".join(translate(key, locale) for locale in LOCALES).encode()
        head = (
            f"HTTP/1.1 {status} \r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(sentences)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + sentences)
        self.transport.close()


def _most_connections() -> int:
    """How many connections the limit of open files leaves."""
    if sys.platform == "win32":  # sockets are not files there
        return sys.maxsize
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(files - _RESERVED_FILES, files // 2)
