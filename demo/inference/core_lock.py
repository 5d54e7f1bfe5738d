"""Who may use the cores: many side by side, or one with all of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CoreLock:
    """Whoever goes alone waits only for those who are at it, and lets those in who then waited."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._going = 0
        self._waiting = 0
        self._owed = 0
        self._alone = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """A turn together with others of this kind."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._owed or not self._alone)
            self._waiting -= 1
            self._owed = max(0, self._owed - 1)
            self._going += 1
        try:
            yield
        finally:
            with self._changed:
                self._going -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A turn with nobody beside; for one caller at a time."""
        with self._changed:
            self._alone += 1
            self._changed.wait_for(lambda: not self._going and not self._owed)
        try:
            yield
        finally:
            with self._changed:
                self._alone -= 1
                # Else a crowd that goes alone, one after the other, would keep them out for ever.
                self._owed = self._waiting
                self._changed.notify_all()
