"""The queue of video jobs: a limited number at once, first come, first served."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from demo.errors import DemoError
from demo.video.job import VideoJob

_TICK_S = 0.35
"""Longest wait for a change of the place."""
_MAX_WAITING = 12
_MAX_WAITING_OF_ADDRESS = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Ticket:
    """A place in the queue, and who holds it."""

    visitor: str
    address: str


class VideoQueue:
    """Places of the waiting jobs, and the running jobs of each session."""

    def __init__(self, capacity: int) -> None:
        """capacity: jobs that run at once, from 1."""
        self._capacity = capacity
        self._tickets: list[_Ticket] = []
        self._changed = threading.Condition()
        self._sessions: dict[VideoJob, str] = {}

    @contextmanager
    def enter(self, visitor: str, address: str) -> Iterator[Callable[[], int]]:
        """Hold a place in the queue, and then a running one, for the block.

        Gives a function that returns the place: from 1 while waiting, 0 once the job may run. It
        blocks for a moment if the place has not changed since the last call.

        Args:
            visitor: session; only one of its jobs may wait.
            address: network address of the visitor, of whose jobs four may wait; empty if unknown.

        Raises:
            DemoError: where too many wait already, since each of them occupies a thread.
        """
        ticket, last = _Ticket(visitor, address), -1
        with self._changed:
            self._check_waiting(ticket)
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

    def _check_waiting(self, ticket: _Ticket) -> None:
        waiting = self._tickets[self._capacity :]
        if any(one.visitor == ticket.visitor for one in waiting):
            raise DemoError("video_waits_already")
        if len(waiting) >= _MAX_WAITING:
            raise DemoError("video_line_full", waiting=len(waiting))
        alike = sum(one.address == ticket.address for one in waiting)
        if ticket.address and alike >= _MAX_WAITING_OF_ADDRESS:
            raise DemoError("video_address_full", waiting=alike)

    def _place(self, ticket: _Ticket) -> int:
        return max(0, self._tickets.index(ticket) - self._capacity + 1)
