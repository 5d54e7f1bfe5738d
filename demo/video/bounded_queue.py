"""A bounded queue between two threads, which either of them can break."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class QueueAborted(Exception):
    """The other side has given up."""


class BoundedQueue(Generic[T]):
    """Holds at most `room` things, so that a fast stage waits for a slow one."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._broken = False

    def put(self, thing: T) -> None:
        """Wait for room. Raises BrokenPipe as soon as the pipe is broken."""
        with self._changed:
            self._changed.wait_for(lambda: self._broken or len(self._things) < self._room)
            if self._broken:
                raise QueueAborted
            self._things.append(thing)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will come; what is in it will still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abort(self) -> None:
        """Break it: drop what is in it, and wake all who wait."""
        with self._changed:
            self._broken = True
            self._things.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Everything in order until the end. Raises BrokenPipe as soon as the pipe is broken."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._broken or self._ended or self._things)
                if self._broken:
                    raise QueueAborted
                if not self._things:
                    return
                thing = self._things.popleft()
                self._changed.notify_all()
            yield thing
