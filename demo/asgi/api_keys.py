"""Middleware that asks for one of the owner's keys on the REST API."""

import hmac
import logging
from collections.abc import Sequence
from hashlib import sha256

from cachetools import TTLCache
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.asgi.refusal import refuse
from demo.asgi.rest_paths import API_PATH, is_rest
from demo.errors import DemoError
from demo.web_addresses import remote_network_of

_log = logging.getLogger(__name__)

HEALTH_PATH = f"{API_PATH}/health"
"""The one route that asks for no key, so that a monitor needs none."""
_MAX_TRIES = 10
"""Wrong keys of one network within `_TRIES_S`; after them none is looked at for as long."""
_TRIES_S = 60
_MAX_NETWORKS = 100_000


class ApiKeys:
    """ASGI middleware: 401 for a request of the REST API without a key, 429 after ten wrong ones.

    The body is not read before. Keys are compared by their digests, each of them whichever fits,
    so that the time tells neither letters nor length. Loopback may try as often as it likes.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str]) -> None:
        """Wrap `app`; keys: at least one."""
        self._app = app
        self._digests = [_digest(key) for key in keys]
        self._tries: TTLCache[str, int] = TTLCache(_MAX_NETWORKS, _TRIES_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if not is_rest(scope) or get_route_path(scope) == HEALTH_PATH:
            await self._app(scope, receive, send)
            return
        network = remote_network_of((scope.get("client") or ("", 0))[0])
        if network is not None and self._tries.get(network, 0) >= _MAX_TRIES:
            wait = {"retry-after": str(_TRIES_S)}
            reason = DemoError("api_key_tries", seconds=_TRIES_S)
            await refuse(scope, receive, send, 429, reason, wait)
            return
        kind, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not given.strip():
            ask = {"www-authenticate": "Bearer"}
            await refuse(scope, receive, send, 401, DemoError("api_key_missing"), ask)
        elif self._is_known(given.strip()):
            await self._app(scope, receive, send)
        else:
            if network is not None:
                self._tries[network] = self._tries.get(network, 0) + 1
            _log.info("refused a wrong key")
            ask = {"www-authenticate": 'Bearer error="invalid_token"'}
            await refuse(scope, receive, send, 401, DemoError("api_key_wrong"), ask)

    def _is_known(self, given: str) -> bool:
        digest = _digest(given)
        found = False
        for one in self._digests:
            found |= hmac.compare_digest(one, digest)
        return found


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
