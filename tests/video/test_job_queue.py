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
        places = [entry.enter_context(queue.enter()) for entry in entries]
        assert [place() for place in places] == [0, 0, 1, 2]
        entries[2].close()  # gives up
        assert places[3]() == 1
        threading.Timer(0.05, entries[0].close).start()
        start = time.monotonic()
        while places[3]():
            pass
        assert time.monotonic() - start < 1
        with queue.enter() as next_one:
            assert next_one() == 1


def test_a_full_queue_refuses_further_jobs() -> None:
    queue = VideoQueue(1)
    with ExitStack() as stack:
        for _ in range(13):
            stack.enter_context(queue.enter())
        with pytest.raises(DemoError) as caught, queue.enter():
            pass
        assert caught.value.key == "video_line_full"
    with queue.enter() as place:
        assert place() == 0
