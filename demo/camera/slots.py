"""A limited number of slots for streams, assigned first come, first served."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

Notify = Callable[[int], Awaitable[None]]


class _Ticket:
    """A waiting visitor; `changed` is set when the queue or the free slots change."""

    def __init__(self) -> None:
        self.changed = anyio.Event()


class Slots:
    """A fair semaphore that tells the waiting their places; for use in one event loop."""

    def __init__(self, capacity: int) -> None:
        """capacity: streams at once, from 1."""
        self._capacity = capacity
        self._used = 0
        self._queue: deque[_Ticket] = deque()

    @property
    def used(self) -> int:
        """Slots in use."""
        return self._used

    @property
    def waiting(self) -> int:
        """Visitors in the queue."""
        return len(self._queue)

    @asynccontextmanager
    async def hold(self, notify: Notify) -> AsyncIterator[None]:
        """Hold a slot for the block, waiting for it first.

        Leaving the block or the queue in any way, by cancellation too, passes the slot on.

        Args:
            notify: called with each new place in the queue, from 1.
        """
        ticket = _Ticket()
        self._queue.append(ticket)
        try:
            await self._wait(ticket, notify)
            self._used += 1
        finally:
            self._queue.remove(ticket)
            self._wake()
        try:
            yield
        finally:
            self._used -= 1
            self._wake()

    async def _wait(self, ticket: _Ticket, notify: Notify) -> None:
        last = 0
        while (place := self._queue.index(ticket) + 1) > self._capacity - self._used:
            changed = ticket.changed
            if place != last:
                await notify(place)
                last = place
            await changed.wait()

    def _wake(self) -> None:
        """Wake all waiting; without an await, so that it completes in a cancelled task too."""
        for ticket in self._queue:
            ticket.changed.set()
            ticket.changed = anyio.Event()
