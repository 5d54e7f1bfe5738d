"""A bounded queue between two threads that either of them can abort."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueAborted(Exception):
    """The other thread has aborted the queue."""


class BoundedQueue(Generic[T]):
    """FIFO queue with back-pressure, an end, and an abort."""

    def __init__(self, capacity: int) -> None:
        """capacity: items that it holds at most."""
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._aborted = False

    def put(self, item: T) -> None:
        """Append an item; blocks while the queue is full. Raises QueueAborted once aborted."""
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or len(self._items) < self._capacity)
            if self._aborted:
                raise QueueAborted
            self._items.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        """Mark the end; items in the queue can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Discard all items and wake both threads with QueueAborted."""
        with self._changed:
            self._aborted = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Take the items in order until the end. Raises QueueAborted once aborted."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._aborted or self._ended or self._items)
                if self._aborted:
                    raise QueueAborted
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
