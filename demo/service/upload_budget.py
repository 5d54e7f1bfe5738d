"""The room on disk that uploads may take, shared out before they are written."""

import time

from anyio import Lock
from anyio.to_thread import run_sync

from demo.errors import DemoError
from demo.service.uploads import UploadStore

_MEASURE_S = 1.0
"""How old a measurement of the folder may be: answers are written to it as well."""
_MEASURE_SHARE = 0.02
"""Of the time that measuring may take: a folder of many files is measured less often."""
_FREE_SHARE = 0.1
"""Of the budget that is cleared at once where there is no room, so that it lasts for a while."""


class UploadBudget:
    """Gives out room for uploads, and removes the least recently used files to make some.

    Used in one event loop.
    """

    def __init__(self, store: UploadStore, budget_bytes: int) -> None:
        """Share out `budget_bytes` in the folder of `store`."""
        self._store = store
        self._budget = budget_bytes
        self._measuring = Lock()
        self._due_at = float("-inf")
        """When the folder is to be measured again, by time.monotonic()."""
        self._used = 0
        """Bytes in the folder when it was measured, and what uploads have added since."""
        self._reserved = 0
        """Bytes that uploads have asked for and not yet received."""

    async def check(self, size_bytes: int) -> None:
        """Check that there is room for an upload of a declared length, without reserving it.

        A visitor who declares much and sends little would otherwise keep the room from others.

        Raises:
            DemoError: uploads_full where the room is in use, upload_over_budget where the upload
                is larger than all of it.
        """
        if self._is_to_measure(size_bytes):
            async with self._measuring:
                if self._is_to_measure(size_bytes):
                    await self._measure(size_bytes)
        if not self._fits(size_bytes):
            key = "upload_over_budget" if size_bytes > self._budget else "uploads_full"
            raise DemoError(key, limit=self._budget / 1e6)

    def reservation(self) -> "Reservation":
        """A reservation without room as yet."""
        return Reservation(self)

    async def _ask(self, size_bytes: int) -> None:
        await self.check(size_bytes)
        self._reserved += size_bytes

    def _fits(self, size_bytes: int) -> bool:
        return self._used + self._reserved + size_bytes <= self._budget

    def _is_to_measure(self, size_bytes: int) -> bool:
        return time.monotonic() > self._due_at or not self._fits(size_bytes)

    async def _measure(self, size_bytes: int) -> None:
        start = time.monotonic()
        self._due_at = start + _MEASURE_S
        most = max(self._budget - self._reserved - size_bytes, 0)
        clear = most - round(self._budget * _FREE_SHARE)
        self._used = await run_sync(self._store.make_room, most, max(clear, 0))
        elapsed_s = time.monotonic() - start
        self._due_at = max(self._due_at, start + elapsed_s / _MEASURE_SHARE)

    def _move(self, received_bytes: int, released_bytes: int) -> None:
        self._used += received_bytes
        self._reserved -= received_bytes + released_bytes


class Reservation:
    """Room for one upload as it arrives; as a context it gives the unused rest back."""

    def __init__(self, budget: UploadBudget) -> None:
        """Begin with no room."""
        self._budget = budget
        self.left_bytes = 0
        """Room that is reserved and not yet taken."""

    async def extend(self, size_bytes: int) -> None:
        """Reserve more room. Raises DemoError where there is none."""
        await self._budget._ask(size_bytes)
        self.left_bytes += size_bytes

    def take(self, size_bytes: int) -> None:
        """Count bytes that were received, at most `left_bytes`."""
        self.left_bytes -= size_bytes
        self._budget._move(size_bytes, 0)

    def __enter__(self) -> "Reservation":
        return self

    def __exit__(self, *_: object) -> None:
        self._budget._move(0, self.left_bytes)
        self.left_bytes = 0
