"""A limited number of slots for streams, assigned first come, first served."""

from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio

from demo.camera.messages import StreamEnded

Notify = Callable[[int], Awaitable[None]]


class _Ticket:
    """A waiting visitor; `changed` is set when the queue or the free slots change."""

    def __init__(self) -> None:
        self.changed = anyio.Event()


class Slots:
    """A fair semaphore that tells the waiting their places; for use in one event loop."""

    def __init__(self, capacity: int, longest_queue: int, per_address: int) -> None:
        """Start with all slots free.

        Args:
            capacity: streams at once, from 1.
            longest_queue: visitors that may wait.
            per_address: streams and waiting visitors of one address.
        """
        self._capacity = capacity
        self._longest_queue = longest_queue
        self._per_address = per_address
        self._used = 0
        self._queue: deque[_Ticket] = deque()
        self._by_address: Counter[str] = Counter()

    @property
    def used(self) -> int:
        """Slots in use."""
        return self._used

    @property
    def waiting(self) -> int:
        """Visitors in the queue."""
        return len(self._queue)

    @asynccontextmanager
    async def hold(self, address: str, notify: Notify) -> AsyncIterator[None]:
        """Hold a slot for the block, waiting for it first.

        Leaving the block or the queue in any way, by cancellation too, passes the slot on.

        Args:
            address: of the visitor; empty where it is not known.
            notify: called with each new place in the queue, from 1.

        Raises:
            StreamEnded: the queue is full, or the address has as many streams as it may have.
        """
        with self._counted(address):
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

    @contextmanager
    def _counted(self, address: str) -> Iterator[None]:
        """Count a visitor for the block. Raises StreamEnded where there are too many already."""
        if address and self._by_address[address] >= self._per_address:
            raise StreamEnded("live_address_full", streams=self._per_address)
        if self.waiting >= self._longest_queue and self._used >= self._capacity:
            raise StreamEnded("live_queue_full", waiting=self.waiting)
        self._by_address[address] += 1
        try:
            yield
        finally:
            self._by_address[address] -= 1
            # Or every address that was ever here would be kept.
            if not self._by_address[address]:
                del self._by_address[address]

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
