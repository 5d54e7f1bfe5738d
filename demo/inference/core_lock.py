"""Shared/exclusive lock on the CPU cores."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CoreLock:
    """Several shared holders at once, or one exclusive holder that has all cores.

    An exclusive holder waits for running shared holders; shared waiters queued meanwhile go next,
    so neither side starves.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shared_holders = 0
        self._shared_waiters = 0
        self._admitted = 0
        """Shared waiters that go before the next exclusive holder."""
        self._exclusive = 0
        """Exclusive holders and waiters."""

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other shared holders."""
        with self._changed:
            self._shared_waiters += 1
            self._changed.wait_for(lambda: self._admitted or not self._exclusive)
            self._shared_waiters -= 1
            self._admitted = max(0, self._admitted - 1)
            self._shared_holders += 1
        try:
            yield
        finally:
            with self._changed:
                self._shared_holders -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone; for one caller at a time."""
        with self._changed:
            self._exclusive += 1
            self._changed.wait_for(lambda: not self._shared_holders and not self._admitted)
        try:
            yield
        finally:
            with self._changed:
                self._exclusive -= 1
                # Without this a steady flow of exclusive holders would starve the shared ones.
                self._admitted = self._shared_waiters
                self._changed.notify_all()
