"""A fixed number of places for streams, given out in the order of coming."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


class Slots:
    """Lives in one event loop; whoever leaves, in whatever way, gives the place to the next."""

    def __init__(self, most: int) -> None:
        """most: streams at once, from 1."""
        self._most = most
        self._used = 0
        self._line: deque[object] = deque()
        self._changed = asyncio.Condition()

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
        ticket = object()
        self._line.append(ticket)
        try:
            await self._wait(ticket, tell)
            self._used += 1
        finally:
            self._line.remove(ticket)
            await self._wake()
        try:
            yield
        finally:
            self._used -= 1
            await self._wake()

    async def _wait(self, ticket: object, tell: Callable[[int], Awaitable[None]]) -> None:
        told = 0
        while (place := self._line.index(ticket) + 1) > self._most - self._used:
            if place != told:
                # Outside the lock: a slow line to one visitor must not hold up the others.
                await tell(place)
                told = place
                continue
            async with self._changed:
                ahead = self._line.index(ticket) + 1
                if ahead == place and place > self._most - self._used:
                    await self._changed.wait()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
