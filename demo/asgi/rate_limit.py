"""Middleware that limits the requests of each address."""

import logging
import math
import time
from collections.abc import Callable

from cachetools import TTLCache
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.refusal import refuse
from demo.errors import DemoError
from demo.web_addresses import remote_network_of

_log = logging.getLogger(__name__)

_MINUTE_S = 60.0
_MAX_ADDRESSES = 100_000
_FREE = ("/assets/", "/static/")
"""Files of the page, hundreds of which are asked for at once."""


class RateLimit:
    """ASGI middleware: 429 with Retry-After beyond `per_minute` requests of one address.

    A token bucket an address: it holds a minute's requests and fills evenly. Loopback is free; the
    address is that of the ASGI server, which honours X-Forwarded-For of known proxies.
    """

    def __init__(
        self, app: ASGIApp, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wrap `app`; per_minute: 0 for no limit. clock: seconds."""
        self._app = app
        self._limit = per_minute
        self._clock = clock
        # A bucket that was not used for a minute is full again, as a new one is.
        self._buckets: TTLCache[str, tuple[float, float]] = TTLCache(
            _MAX_ADDRESSES, _MINUTE_S, clock
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        wait_s = 0.0 if scope["type"] == "lifespan" else self._take(scope)
        if wait_s == 0:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait_s)
        _log.info("too many requests of %s", scope["client"])
        reason = DemoError("rate_exceeded", limit=self._limit, seconds=seconds)
        await refuse(scope, receive, send, 429, reason, {"retry-after": str(seconds)})

    def _take(self, scope: Scope) -> float:
        """Take a request from its address's bucket: seconds to wait, 0 where it may pass."""
        network = remote_network_of((scope.get("client") or ("", 0))[0])
        if not self._limit or network is None or get_route_path(scope).startswith(_FREE):
            return 0.0
        now = self._clock()
        left, filled = self._buckets.get(network, (float(self._limit), now))
        left = min(left + (now - filled) * self._limit / _MINUTE_S, self._limit)
        passes = left >= 1
        self._buckets[network] = (left - passes, now)
        return 0.0 if passes else (1 - left) * _MINUTE_S / self._limit
