"""The queue of video jobs: a limited number at once, first come, first served."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from demo.errors import DemoError
from demo.video.job import VideoJob

_TICK_S = 0.35
"""Longest wait for a change of the place."""
_MAX_WAITING = 12


class VideoQueue:
    """Places of the waiting jobs, and the running jobs of each session."""

    def __init__(self, capacity: int) -> None:
        """capacity: jobs that run at once, from 1."""
        self._capacity = capacity
        self._tickets: list[object] = []
        self._changed = threading.Condition()
        self._sessions: dict[VideoJob, str] = {}

    @contextmanager
    def enter(self) -> Iterator[Callable[[], int]]:
        """Hold a place in the queue, and then a running one, for the block.

        Gives a function that returns the place: from 1 while waiting, 0 once the job may run. It
        blocks for a moment if the place has not changed since the last call.

        Raises:
            DemoError: where too many wait already, since each of them occupies a thread.
        """
        ticket, last = object(), -1
        with self._changed:
            if len(self._tickets) >= self._capacity + _MAX_WAITING:
                raise DemoError("video_line_full", waiting=_MAX_WAITING)
            self._tickets.append(ticket)

        def place() -> int:
            nonlocal last
            with self._changed:
                self._changed.wait_for(lambda: self._place(ticket) != last, _TICK_S)
                last = self._place(ticket)
                return last

        try:
            yield place
        finally:
            with self._changed:
                self._tickets.remove(ticket)
                self._changed.notify_all()

    @contextmanager
    def running(self, job: VideoJob, session: str) -> Iterator[None]:
        """Register `job` as running for `session`, for the block."""
        self._sessions[job] = session
        try:
            yield
        finally:
            del self._sessions[job]

    def stop(self, session: str) -> None:
        """End the jobs of a session early and keep the frames that are done."""
        for job, owner in list(self._sessions.items()):
            if owner == session:
                job.stop()

    def _place(self, ticket: object) -> int:
        return max(0, self._tickets.index(ticket) - self._capacity + 1)
