"""The pictures of each visitor of a tab: his own alone, for as long as uploads are kept."""

import threading
import time
from collections.abc import Callable

from cachetools import TTLCache

from demo.web.components.batches.visitor_batch import VisitorBatch

_MOST = 64
"""Visitors whose pictures are known at once; of more, the one unused for longest has to begin
again."""


class Visitors:
    """Session of the page → its pictures; nobody else can name them."""

    def __init__(self, keep_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without any; keep_s: how long unused ones are kept, seconds."""
        self._lock = threading.Lock()
        self._batches: TTLCache[str, VisitorBatch] = TTLCache(_MOST, keep_s, clock)

    def get(self, session: str) -> VisitorBatch | None:
        """The pictures of a session, their time renewed."""
        with self._lock:
            found = self._batches.get(session)
            if found is not None:
                self._batches[session] = found
        return found

    def put(self, session: str, batch: VisitorBatch) -> None:
        """Take new pictures in the place of the session's older ones, whose run ends."""
        self.drop(session)
        with self._lock:
            self._batches[session] = batch

    def drop(self, session: str) -> None:
        """Forget the pictures of a session, if there are any, and end their run."""
        with self._lock:
            found = self._batches.pop(session, None)
        if found is not None:
            found.end()
