"""The last request of each visitor to a tab: older ones of his give way to it."""

import threading
from collections.abc import Callable

from cachetools import LRUCache

_SESSIONS = 500
"""Visitors whose last request is known; one beyond them counts as without a later request."""


class LatestRequests:
    """Knows of each session which of its requests is the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: LRUCache[str, object] = LRUCache(_SESSIONS)

    def begin(self, session: str) -> Callable[[], bool]:
        """Make a new request the session's last one; returns whether it still is, at each call."""
        request = object()
        with self._lock:
            self._last[session] = request

        def is_last() -> bool:
            with self._lock:
                return self._last.get(session, request) is request

        return is_last
