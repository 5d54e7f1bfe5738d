"""The line of the REST API: how many requests wait, and how many are answered at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Self, TypeVar

from starlette.requests import ClientDisconnect, Request

from demo.errors import DemoError
from demo.explain.passes import Progress
from demo.service.service import Service
from demo.web.faults import explained

T = TypeVar("T")
Work = Callable[[Progress], T]
"""What answers a request, in a thread; it may be told to stop between two passes."""
_log = logging.getLogger(__name__)

_BODY_S = 2.0
"""How long a body keeps its place while it arrives: slow senders must not fill the line."""


class Slots:
    """As many answers at once as keep the device busy; the first who waits is the next."""

    def __init__(self, count: int) -> None:
        """Begin with all of them free."""
        self._semaphore = asyncio.Semaphore(count)
        self.free = count

    async def take(self) -> None:
        """Wait for a free one."""
        await self._semaphore.acquire()
        self.free -= 1

    def give_back(self) -> None:
        """Let the next one in."""
        self.free += 1
        self._semaphore.release()


class Line:
    """Requests about a picture, from their header to the begin of their answer.

    Answers of a single pass have slots of their own, so that they need not wait for comparisons and
    explanations, which take many; between two passes these let others in.
    """

    def __init__(self, service: Service, waiting: int) -> None:
        """Begin empty; waiting: how many may be in line besides those that find a free slot."""
        self.service = service
        self._most = waiting
        self.waiting = 0
        """Requests whose body arrives or that wait."""
        self.running = 0
        """Answers under way, those included whose clients have left."""
        count = service.engine.concurrency
        self._single, self._long = Slots(count), Slots(count)

    def enter(self, free: int) -> None:
        """Count one more that waits; free: slots that it may find. Raises DemoError if full."""
        if self.waiting >= self._most + free:
            raise DemoError("queue_full", waiting=self.waiting)
        self.waiting += 1

    def leave(self) -> None:
        """Count one less."""
        self.waiting -= 1

    def place(self, *, many_passes: bool = False) -> "Place":
        """A place at the end of the line, for a `with` block."""
        return Place(self, self._long if many_passes else self._single)


class Place:
    """The place of one request. As a context it ends with the request."""

    def __init__(self, line: Line, slots: Slots) -> None:
        """Stand beside the line as yet."""
        self._line = line
        self._slots = slots
        self._stands = False
        self._clock: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Raises DemoError where the line is full."""
        self._enter()
        self._clock = asyncio.get_running_loop().call_later(_BODY_S, self._leave)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_clock()
        self._leave()

    async def answer(self, request: Request, models: Sequence[str], work: Work[T]) -> T:
        """What `work` gives, once its turn has come.

        Args:
            request: its body has been read.
            models: who answers. While one of them has to be loaded or downloaded, the request stays
                in line and takes no slot from others.
            work: is not begun where the client leaves before its turn, and told to stop later.

        Raises:
            DemoError: the line was full when a slow body had arrived, or the work has failed.
            ClientDisconnect: the client has left.
        """
        self._stop_clock()
        self._enter()
        gone = asyncio.create_task(_departure(request))
        try:
            if not self._are_resident(models):
                self._stands = False  # the end of the work leaves the line
                return await self._run(gone, work, self._line.leave)
            await self._turn(gone)
            self._leave()
            return await self._run(gone, work, self._slots.give_back)
        finally:
            gone.cancel()

    def _are_resident(self, models: Sequence[str]) -> bool:
        engine = self._line.service.engine
        try:
            return all(engine.status(model).state == "resident" for model in models)
        except DemoError:  # an unknown name; the work says so with names that would do
            return False

    async def _turn(self, gone: "asyncio.Task[None]") -> None:
        """Wait for a slot."""
        turn = asyncio.create_task(self._slots.take())
        taken = False
        try:
            await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            taken = turn.done() and not gone.done()
        finally:
            if not taken and not turn.cancel():
                self._slots.give_back()
        if not taken:
            _log.debug("dropped a request that waited: its client has left")
            raise ClientDisconnect

    async def _run(
        self, gone: "asyncio.Task[None]", work: Work[T], release: Callable[[], None]
    ) -> T:
        """Run the work; `release` is called at its end, also where nobody waits for it."""
        line, progress = self._line, Progress()

        def ended(future: "asyncio.Future[T]") -> None:
            line.running -= 1
            release()
            if not future.cancelled():
                future.exception()  # read, so that one that nobody waits for is not logged

        try:
            begun = line.service.submit(partial(work, progress))
        except DemoError:
            release()
            raise
        line.running += 1
        future = asyncio.wrap_future(begun)
        settled = asyncio.Event()
        future.add_done_callback(ended)
        for one in (future, gone):
            one.add_done_callback(lambda _: settled.set())
        try:
            await settled.wait()
        finally:
            progress.stop()
        if not future.done():
            begun.cancel()  # where no thread has begun it
            raise ClientDisconnect
        fault = future.exception()
        if fault is not None:
            raise explained(fault) from fault
        return future.result()

    def _enter(self) -> None:
        if self._stands:
            return
        self._line.enter(self._slots.free)
        self._stands = True

    def _leave(self) -> None:
        if self._stands:
            self._stands = False
            self._line.leave()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


async def _departure(request: Request) -> None:
    """Return when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
