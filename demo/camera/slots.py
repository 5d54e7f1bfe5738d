"""A fixed number of places for streams, given out in the order of coming."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio


class _Ticket:
    """One visitor in the line; `moved` is set when the line or the places change."""

    def __init__(self) -> None:
        self.moved = anyio.Event()


class Slots:
    """Lives in one event loop; whoever leaves, in whatever way, gives the place to the next."""

    def __init__(self, most: int) -> None:
        """most: streams at once, from 1."""
        self._most = most
        self._used = 0
        self._line: deque[_Ticket] = deque()

    @property
    def used(self) -> int:
        """Streams that have a place now."""
        return self._used

    @property
    def waiting(self) -> int:
        """Visitors who stand in the line."""
        return len(self._line)

    @asynccontextmanager
    async def hold(self, tell: Callable[[int], Awaitable[None]]) -> AsyncIterator[None]:
        """A place for the length of the block; `tell` hears each new place in the line, from 1."""
        ticket = _Ticket()
        self._line.append(ticket)
        try:
            await self._wait(ticket, tell)
            self._used += 1
        finally:
            self._line.remove(ticket)
            self._wake()
        try:
            yield
        finally:
            self._used -= 1
            self._wake()

    async def _wait(self, ticket: _Ticket, tell: Callable[[int], Awaitable[None]]) -> None:
        told = 0
        while (place := self._line.index(ticket) + 1) > self._most - self._used:
            moved = ticket.moved
            if place != told:
                await tell(place)
                told = place
            await moved.wait()

    def _wake(self) -> None:
        """Nothing here waits, so that it also runs whole in a task that is being cancelled."""
        for ticket in self._line:
            ticket.moved.set()
            ticket.moved = anyio.Event()
