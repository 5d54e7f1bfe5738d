"""The queue of video jobs: order, places, and its limit."""

import threading
import time
from contextlib import ExitStack

import pytest

from demo.errors import DemoError
from demo.video.job_queue import VideoQueue


def test_queue_wait_first_come_first_served() -> None:
    queue = VideoQueue(2)
    with ExitStack() as stack:
        entries = [stack.enter_context(ExitStack()) for _ in range(4)]
        places = [entry.enter_context(queue.enter(str(i), "")) for i, entry in enumerate(entries)]
        assert [place() for place in places] == [0, 0, 1, 2]
        entries[2].close()  # gives up
        assert places[3]() == 1
        threading.Timer(0.05, entries[0].close).start()
        start = time.monotonic()
        while places[3]():
            pass
        assert time.monotonic() - start < 1
        with queue.enter("next", "") as next_one:
            assert next_one() == 1


def refusal(queue: VideoQueue, visitor: str, address: str) -> DemoError:
    with pytest.raises(DemoError) as caught, queue.enter(visitor, address):
        pass
    return caught.value


def test_a_full_queue_refuses_further_jobs() -> None:
    queue = VideoQueue(1)
    with ExitStack() as stack:
        for i in range(13):
            stack.enter_context(queue.enter(str(i), str(i)))
        refused = refusal(queue, "13", "13")
        assert refused.key == "video_line_full"
        assert refused.fields == {"waiting": 12}
    with queue.enter("13", "13") as place:
        assert place() == 0


def test_one_job_of_a_visitor_may_wait() -> None:
    queue = VideoQueue(1)
    with queue.enter("a", "1"), queue.enter("a", "1"):
        assert refusal(queue, "a", "2").key == "video_waits_already"
        with queue.enter("b", "1") as place:
            assert place() == 2
    with queue.enter("a", "1") as place:
        assert place() == 0


def test_one_address_leaves_places_to_others() -> None:
    queue = VideoQueue(2)
    with ExitStack() as stack:
        for i in range(6):
            stack.enter_context(queue.enter(str(i), "greedy"))
        refused = refusal(queue, "6", "greedy")
        assert refused.key == "video_address_full"
        assert refused.fields == {"waiting": 4}
        for i in range(10, 18):
            place = stack.enter_context(queue.enter(str(i), ""))
        assert place() == 12
