"""Slots for streams: first come, first served, and freed however their holder leaves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from demo.camera.slots import Slots


async def nothing(place: int) -> None:
    return


class Visitor:
    """Holds a slot until `leave` is called."""

    def __init__(self, slots: Slots) -> None:
        self.places: list[int] = []
        self.inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(slots))

    async def _stay(self, slots: Slots) -> None:
        async def notify(place: int) -> None:
            self.places.append(place)

        async with slots.hold(notify):
            self.inside = True
            await self._leave.wait()
        self.inside = False

    async def leave(self) -> None:
        self._leave.set()
        await self.task


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own, since the browser of other tests runs a loop in this one."""

    async def within() -> None:
        await asyncio.wait_for(story(), 5)

    with start_blocking_portal() as portal:
        portal.call(within)


def test_first_come_first_served_and_notified_of_places() -> None:
    async def story() -> None:
        slots = Slots(2)
        a, b, c, d = (Visitor(slots) for _ in range(4))
        await settle()
        assert [v.inside for v in (a, b, c, d)] == [True, True, False, False]
        assert (c.places, d.places) == ([1], [2])
        assert (slots.used, slots.waiting) == (2, 2)
        await b.leave()
        await settle()
        assert (c.inside, d.inside, d.places) == (True, False, [2, 1])
        await a.leave()
        await c.leave()
        await settle()
        assert d.inside
        await d.leave()
        assert (slots.used, slots.waiting) == (0, 0)

    run(story)


@pytest.mark.parametrize("who", [0, 1, 2])
def test_cancelling_frees_slot_or_place(who: int) -> None:
    async def story() -> None:
        slots = Slots(1)
        visitors = [Visitor(slots) for _ in range(3)]
        await settle()
        gone = visitors.pop(who)
        gone.task.cancel()
        await asyncio.gather(gone.task, return_exceptions=True)
        await settle()
        assert (slots.used, slots.waiting) == (1, 1)
        assert visitors[0].inside
        assert visitors[1].places[-1] == 1
        for visitor in visitors:
            await visitor.leave()
        assert (slots.used, slots.waiting) == (0, 0)

    run(story)


def test_an_error_inside_frees_the_slot() -> None:
    async def story() -> None:
        slots = Slots(1)
        with pytest.raises(ValueError, match="fault"):
            async with slots.hold(nothing):
                raise ValueError("fault")
        async with slots.hold(nothing):
            assert slots.used == 1

    run(story)


def test_a_failing_notification_frees_the_place() -> None:
    async def story() -> None:
        slots = Slots(1)
        first = Visitor(slots)
        await settle()

        async def broken(place: int) -> None:
            raise ConnectionError

        with pytest.raises(ConnectionError):
            async with slots.hold(broken):
                pass
        await first.leave()
        async with slots.hold(nothing):
            assert slots.waiting == 0

    run(story)
