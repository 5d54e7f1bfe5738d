"""A budget of memory for large pictures that are under way at once."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Bytes that requests claim in the order in which they ask.

    A claim waits until it fits beside the others. One that is larger than the whole budget waits
    until there are no others.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._claimed = 0
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    @contextmanager
    def claim(self) -> Iterator["Claim"]:
        """An empty claim for the block, at whose end it gives back what it holds."""
        claim = Claim(self)
        try:
            yield claim
        finally:
            claim.shrink(0)

    @property
    def claimed_bytes(self) -> int:
        """The sum of all claims."""
        with self._changed:
            return self._claimed

    def _take(self, size_bytes: int) -> None:
        place = object()
        with self._changed:
            self._line.append(place)
            self._changed.wait_for(lambda: self._line[0] is place and self._fits(size_bytes))
            self._line.popleft()
            self._claimed += size_bytes
            self._changed.notify_all()

    def _fits(self, size_bytes: int) -> bool:
        return not self._claimed or self._claimed + size_bytes <= self._limit

    def _give_back(self, size_bytes: int) -> None:
        with self._changed:
            self._claimed -= size_bytes
            self._changed.notify_all()


class Claim:
    """The bytes that one request holds. Not for several threads at once."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Wait until `size_bytes` more fit, then hold them. Only an empty claim may wait."""
        if self._size_bytes:
            raise ValueError(f"expected an empty claim, it holds {self._size_bytes} bytes")
        self._budget._take(size_bytes)
        self._size_bytes = size_bytes

    def shrink(self, size_bytes: int) -> None:
        """Give back all but `size_bytes`; does nothing where less is held."""
        given = self._size_bytes - size_bytes
        if given > 0:
            self._size_bytes = size_bytes
            self._budget._give_back(given)
