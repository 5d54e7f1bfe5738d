"""Cache of decoded pictures and answers, bounded in bytes and in time."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from cachetools import TTLCache


class _Entry(NamedTuple):
    value: object
    size_bytes: int


class AnswerCache:
    """Thread-safe least-recently-used cache, so that a slider never runs the network again."""

    def __init__(
        self,
        budget_bytes: int,
        keep_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty.

        Args:
            budget_bytes: limit of the sum of all sizes.
            keep_s: how long an unused entry is kept, seconds.
            clock: time in seconds.
        """
        self._entries: TTLCache[Hashable, _Entry] = TTLCache(
            budget_bytes, keep_s, clock, getsizeof=lambda entry: entry.size_bytes
        )
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any | None:
        """The value kept under `key`, its time renewed, or None where there is none."""
        with self._lock, self._entries.timer:  # one moment: an entry must not end in between
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries[key] = entry
            return entry.value

    def put(self, key: Hashable, value: object, size_bytes: int) -> None:
        """Keep `value`, evicting the least recently used ones for it.

        A value larger than the whole budget is not kept and evicts nothing but the old value of
        its key.
        """
        with self._lock, self._entries.timer:
            self._entries.pop(key, None)
            if size_bytes <= self._entries.maxsize:
                self._entries[key] = _Entry(value, size_bytes)

    def expire(self) -> None:
        """Drop entries that were not used for keep_s."""
        with self._lock:
            self._entries.expire()

    @property
    def size_bytes(self) -> int:
        """Bytes kept now."""
        with self._lock:
            return int(self._entries.currsize)
