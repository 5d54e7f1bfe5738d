"""Slots for streams: first come, first served, and freed however their holder leaves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from demo.camera.messages import StreamEnded
from demo.camera.slots import Slots


async def nothing(place: int) -> None:
    return


def slots_of(capacity: int, longest_queue: int = 10, per_address: int = 10) -> Slots:
    return Slots(capacity, longest_queue, per_address)


class Visitor:
    """Holds a slot until `leave` is called."""

    def __init__(self, slots: Slots, address: str = "") -> None:
        self.places: list[int] = []
        self.inside = False
        self.address = address
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._stay(slots))

    async def _stay(self, slots: Slots) -> None:
        async def notify(place: int) -> None:
            self.places.append(place)

        async with slots.hold(self.address, notify):
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
        slots = slots_of(2)
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
        slots = slots_of(1)
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
        slots = slots_of(1)
        with pytest.raises(ValueError, match="fault"):
            async with slots.hold("", nothing):
                raise ValueError("fault")
        async with slots.hold("", nothing):
            assert slots.used == 1

    run(story)


def test_a_failing_notification_frees_the_place() -> None:
    async def story() -> None:
        slots = slots_of(1)
        first = Visitor(slots)
        await settle()

        async def broken(place: int) -> None:
            raise ConnectionError

        with pytest.raises(ConnectionError):
            async with slots.hold("", broken):
                pass
        await first.leave()
        async with slots.hold("", nothing):
            assert slots.waiting == 0

    run(story)


def key_of(visitor: Visitor) -> str:
    fault = visitor.task.exception()
    assert isinstance(fault, StreamEnded)
    return fault.key


def test_one_address_has_a_limited_number_of_places() -> None:
    async def story() -> None:
        slots = slots_of(1, per_address=2)
        greedy = [Visitor(slots, "10.0.0.1") for _ in range(300)]
        other = Visitor(slots, "10.0.0.2")
        await settle()
        assert [v.inside for v in greedy[:3]] == [True, False, False]
        assert {key_of(v) for v in greedy[2:]} == {"live_address_full"}
        assert (slots.waiting, other.places) == (2, [2])
        await greedy[0].leave()
        again = Visitor(slots, "10.0.0.1")
        await settle()
        assert (greedy[1].inside, other.places[-1], again.places) == (True, 1, [2])
        for visitor in (greedy[1], other, again):
            await visitor.leave()
        assert not slots._by_address

    run(story)


def test_the_queue_has_a_longest_length() -> None:
    async def story() -> None:
        slots = slots_of(1, longest_queue=2)
        visitors = [Visitor(slots, f"10.0.0.{i}") for i in range(5)]
        await settle()
        assert (slots.used, slots.waiting) == (1, 2)
        assert [key_of(v) for v in visitors[3:]] == ["live_queue_full"] * 2
        await visitors[0].leave()
        late = Visitor(slots, "10.0.0.9")
        await settle()
        assert late.places == [2]
        for visitor in (visitors[1], visitors[2], late):
            await visitor.leave()
        assert (slots.used, slots.waiting) == (0, 0)

    run(story)


def test_visitors_without_an_address_are_not_taken_for_one() -> None:
    async def story() -> None:
        slots = slots_of(1, per_address=1)
        visitors = [Visitor(slots) for _ in range(3)]
        await settle()
        assert (slots.used, slots.waiting) == (1, 2)
        for visitor in visitors:
            await visitor.leave()

    run(story)
