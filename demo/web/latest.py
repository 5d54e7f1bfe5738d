"""The last request of each visitor to a tab: older ones of his give way to it, or he stops it."""

import threading
from enum import Enum, auto

from cachetools import LRUCache

_SESSIONS = 500
"""Visitors whose last request is known; one beyond them counts as without a later request."""


class Standing(Enum):
    """What has become of a request meanwhile."""

    CURRENT = auto()
    STOPPED = auto()
    REPLACED = auto()


class LatestRequests:
    """Knows of each session which of its requests is the last, and whether it goes on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: LRUCache[str, object] = LRUCache(_SESSIONS)

    def begin(self, session: str) -> object:
        """Make a new request the session's last one; returns what `standing` knows it by."""
        request = object()
        with self._lock:
            self._last[session] = request
        return request

    def stop(self, session: str) -> None:
        """Stop the session's last request, if there is one."""
        with self._lock:
            if session in self._last:
                self._last[session] = Standing.STOPPED

    def is_current(self, session: str, request: object) -> bool:
        """Whether a request is the session's last one, and not stopped."""
        return self.standing(session, request) is Standing.CURRENT

    def standing(self, session: str, request: object) -> Standing:
        """Whether a request is still to be answered."""
        with self._lock:
            last = self._last.get(session, request)
        if last is request:
            return Standing.CURRENT
        return Standing.STOPPED if last is Standing.STOPPED else Standing.REPLACED
