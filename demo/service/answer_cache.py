"""What was decoded and answered a moment ago: bounded in bytes and in time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class AnswerCache:
    """A least-recently-used store, so that a slider never decodes or runs the network again.

    budget_bytes bounds the sum of the sizes; keep_s is how long an unused entry stays, seconds.
    """

    def __init__(
        self,
        budget_bytes: int,
        keep_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget = budget_bytes
        self._keep_s = keep_s
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any | None:
        """The value kept under `key`, or None where it is gone."""
        with self._lock:
            self._expire()
            entry = self._entries.pop(key, None)
            if entry is None:
                return None
            self._entries[key] = (entry[0], entry[1], self._clock())
            return entry[0]

    def put(self, key: Hashable, value: object, size_bytes: int) -> None:
        """Keep `value`, at the cost of the oldest ones; one beyond the budget is not kept."""
        with self._lock:
            self._drop(key)
            self._entries[key] = (value, size_bytes, self._clock())
            self._bytes += size_bytes
            self._expire()
            while self._bytes > self._budget:
                self._drop(next(iter(self._entries)))

    def expire(self) -> None:
        """Drop what has not been used for keep_s."""
        with self._lock:
            self._expire()

    @property
    def size_bytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    def _expire(self) -> None:
        oldest = self._clock() - self._keep_s
        while self._entries and next(iter(self._entries.values()))[2] < oldest:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry[1]
